#include "runtime/data/tokenizer/post_processor.h"

#include <map>

#include "runtime/data/tokenizer/vocabulary.h"

namespace titan::tokenizer {
namespace {

using SpecialTokens = std::map<std::string, std::vector<int32_t>>;

SpecialTokens read_special_tokens(JsonObject& section) {
  SpecialTokens tokens;
  const Json& members = section.get("special_tokens");
  JsonObject list = section.get_object("special_tokens");
  for (const auto& [name, value] : members.items()) {
    JsonObject token = list.get_object(name);
    token.allow("id");      // repeats the name
    token.allow("tokens");  // the texts of the ids
    const Json& ids = token.get_array("ids");
    for (size_t i = 0; i < ids.size(); ++i) {
      const bool valid = ids[i].is_number_integer() && ids[i] >= 0 && ids[i] <= kMaxTokenId;
      if (!valid) token.fail("ids[" + std::to_string(i) + "] must be a token id");
      tokens[name].push_back(ids[i].get<int32_t>());
    }
    token.finish();
  }
  return tokens;
}

// A template lists special tokens around the text: [{"SpecialToken": {"id": "<s>", …}}, {"Sequence": {"id": "A", …}}].
Surroundings read_template(JsonObject& section) {
  section.allow("pair");  // for two texts at once, which titan does not encode
  const SpecialTokens tokens = read_special_tokens(section);
  const Json& parts = section.get_array("single");
  Surroundings surroundings;
  int num_texts = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    JsonObject part = section.element(parts[i], "single", i);
    const bool is_text = part.has("Sequence");
    JsonObject item = part.get_object(is_text ? "Sequence" : "SpecialToken");
    item.allow("type_id");  // segment numbers, which titan does not return
    const std::string id = item.get_string("id");
    item.finish();
    part.finish();
    if (is_text) {
      if (id != "A") item.fail("a template for one text can hold 'A' only, found '" + id + "'");
      ++num_texts;
      continue;
    }
    const auto token = tokens.find(id);
    if (token == tokens.end()) item.fail("'" + id + "' is not among special_tokens");
    std::vector<int32_t>& side = num_texts ? surroundings.after : surroundings.before;
    side.insert(side.end(), token->second.begin(), token->second.end());
  }
  if (num_texts != 1) section.fail("'single' must hold the text exactly once, found " + std::to_string(num_texts));
  return surroundings;
}

int32_t read_token_pair(JsonObject& section, const std::string& key) {
  const Json& pair = section.get_array(key);
  const bool valid =
      pair.size() == 2 && pair[0].is_string() && pair[1].is_number_integer() && pair[1] >= 0 && pair[1] <= kMaxTokenId;
  if (!valid) section.fail("'" + key + "' must be a token and its id");
  return pair[1].get<int32_t>();
}

Surroundings read_surroundings(JsonObject section, int depth) {
  if (depth > kMaxSequenceDepth) section.fail("sequences are nested deeper than " + std::to_string(kMaxSequenceDepth));
  const std::string type = section.get_string("type");
  Surroundings surroundings;
  if (type == "TemplateProcessing") {
    surroundings = read_template(section);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    surroundings.before = {read_token_pair(section, "cls")};
    surroundings.after = {read_token_pair(section, "sep")};
    for (const char* offsets_only : {"trim_offsets", "add_prefix_space"}) section.allow(offsets_only);
  } else if (type == "ByteLevel") {
    for (const char* offsets_only : {"trim_offsets", "add_prefix_space", "use_regex"}) section.allow(offsets_only);
  } else if (type == "Sequence") {
    const Json& list = section.get_array("processors");
    for (size_t i = 0; i < list.size(); ++i) {
      const Surroundings outer = read_surroundings(section.element(list[i], "processors", i), depth + 1);
      surroundings.before.insert(surroundings.before.begin(), outer.before.begin(), outer.before.end());
      surroundings.after.insert(surroundings.after.end(), outer.after.begin(), outer.after.end());
    }
  } else {
    section.fail("post-processor type '" + type +
                 "' is not supported; known are Sequence, TemplateProcessing, ByteLevel, BertProcessing, "
                 "RobertaProcessing");
  }
  section.finish();
  return surroundings;
}

}  // namespace

Surroundings read_post_processor(JsonObject section) { return read_surroundings(std::move(section), 0); }

}  // namespace titan::tokenizer
