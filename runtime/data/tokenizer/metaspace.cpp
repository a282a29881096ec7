#include "runtime/data/tokenizer/metaspace.h"

namespace titan::tokenizer {

Metaspace read_metaspace(JsonObject& section) {
  Metaspace metaspace;
  metaspace.replacement = section.get_char("replacement");
  metaspace.split = section.find_bool("split", true);
  section.allow("str_rep");  // older files repeat the replacement under this name
  const std::string scheme = section.find_string("prepend_scheme").value_or("always");
  if (scheme == "always") {
    metaspace.prepend = MetaspacePrepend::kAlways;
  } else if (scheme == "never") {
    metaspace.prepend = MetaspacePrepend::kNever;
  } else if (scheme == "first") {
    metaspace.prepend = MetaspacePrepend::kFirst;
  } else {
    section.fail("prepend_scheme '" + scheme + "' is not one of always, never, first");
  }
  const bool add_prefix_space = section.find_bool("add_prefix_space", true);
  if (!add_prefix_space && metaspace.prepend != MetaspacePrepend::kNever) {
    section.fail("add_prefix_space = false contradicts prepend_scheme '" + scheme + "'");
  }
  return metaspace;
}

}  // namespace titan::tokenizer
