#pragma once

#include <string>

#include "runtime/data/tokenizer/json_object.h"

namespace titan::tokenizer {

enum class MetaspacePrepend { kAlways, kNever, kFirst };

/// SentencePiece's way with spaces, as pre-tokenizer and as decoder.
struct Metaspace {
  std::string replacement;
  MetaspacePrepend prepend = MetaspacePrepend::kAlways;
  bool split = true;
};

/// Reads the members of a Metaspace section, also the older form with add_prefix_space.
Metaspace read_metaspace(JsonObject& section);

}  // namespace titan::tokenizer
