#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/data/tokenizer/function_ref.h"
#include "runtime/data/tokenizer/json_object.h"

namespace titan::tokenizer {

/// A part of the text on its way through the pre-tokenizers.
struct Piece {
  std::string_view text;
  bool at_start;  // begins where the input begins
};

/// Cuts text into the words that the model sees. Const use is thread-safe.
class PreTokenizer {
 public:
  using Sink = FunctionRef<void(Piece)>;
  virtual ~PreTokenizer() = default;
  /// Calls `sink` for the non-empty parts in order; their texts are valid during the call only.
  virtual void split(Piece piece, Sink sink) const = 0;
};

/// What a pre_tokenizer section says. Without one the text is one word.
struct PreTokenizerSpec {
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  bool raw_bytes = false;  // words are raw bytes: the byte alphabet is left to the model
};

/// Reads the `pre_tokenizer` section. `model_reads_raw_bytes`: a ByteLevel that comes last may leave its words as raw
/// bytes. Throws ConfigError for a type or setting that is not supported.
PreTokenizerSpec read_pre_tokenizer(JsonObject section, bool model_reads_raw_bytes);

/// The pre-tokenizer of GPT-2: the byte alphabet over the parts of its regular expression.
Json byte_level_pre_tokenizer_json();

/// GPT-2's splitting pattern, in the dialect of tokenizer.json.
extern const char* const kGpt2Pattern;

}  // namespace titan::tokenizer
