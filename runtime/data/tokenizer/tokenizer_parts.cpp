#include "runtime/data/tokenizer/tokenizer_parts.h"

#include <algorithm>

#include "runtime/data/tokenizer/model_source.h"

namespace titan::tokenizer {

std::optional<int32_t> TokenizerParts::id_of(const std::string& token) const {
  for (const AddedToken& added : added_tokens) {
    if (added.content == token) return added.id;
  }
  return model->vocabulary().id_of(token);
}

int32_t TokenizerParts::add(AddedToken token) {
  // The package numbers new tokens by the size of the vocabulary, then upwards.
  auto next = static_cast<int32_t>(model->vocabulary().size());
  for (const AddedToken& added : added_tokens) next = std::max(next, added.id + 1);
  token.id = id_of(token.content).value_or(next);
  const auto known = std::find_if(added_tokens.begin(), added_tokens.end(),
                                  [&](const AddedToken& added) { return added.content == token.content; });
  if (known == added_tokens.end()) {
    added_tokens.push_back(token);
  } else {
    *known = token;
  }
  return token.id;
}

namespace {

void read_added_token(JsonObject section, TokenizerParts& parts) {
  const int64_t id = section.get_integer("id", 0, kMaxTokenId);
  AddedToken token;
  token.content = section.get_string("content");
  token.single_word = section.find_bool("single_word", false);
  token.lstrip = section.find_bool("lstrip", false);
  token.rstrip = section.find_bool("rstrip", false);
  token.special = section.find_bool("special", false);
  token.normalized = section.find_bool("normalized", !token.special);
  section.finish();
  if (token.content.empty()) section.fail("'content' must not be empty");
  const int32_t assigned = parts.add(token);
  if (assigned != id) {
    section.fail("token '" + token.content + "' has id " + std::to_string(id) + " here, but its id is " +
                 std::to_string(assigned) + ": added tokens follow the vocabulary without gaps");
  }
}

}  // namespace

TokenizerParts read_tokenizer_json(const Json& file, const std::string& where) {
  JsonObject root(file, where, "");
  const std::string version = root.get_string("version");
  if (version != "1.0") root.fail("version '" + version + "' is not supported, only '1.0'");
  for (const char* member : {"truncation", "padding"}) {
    if (root.find(member)) root.fail(std::string("'") + member + "' is not supported: it must be null");
  }
  TokenizerParts parts;
  ModelSource model = read_model(root.get_object("model"));
  PreTokenizerSpec words;
  if (root.find("pre_tokenizer")) {
    words = read_pre_tokenizer(root.get_object("pre_tokenizer"), model.can_read_raw_bytes());
  }
  parts.pre_tokenizer = std::move(words.pre_tokenizer);
  parts.model = build_model(std::move(model), words.raw_bytes);
  if (root.find("normalizer")) parts.normalizer = read_normalizer(root.get_object("normalizer"));
  if (root.find("decoder")) parts.decoder = read_decoder(root.get_object("decoder"));
  if (root.find("post_processor")) parts.surroundings = read_post_processor(root.get_object("post_processor"));
  if (root.find("added_tokens")) {
    const Json& tokens = root.get_array("added_tokens");
    for (size_t i = 0; i < tokens.size(); ++i) read_added_token(root.element(tokens[i], "added_tokens", i), parts);
  }
  root.finish();
  return parts;
}

TokenizerParts read_plain_tokenizer(const std::string& vocabulary_path, const std::string& merges_path) {
  TokenizerParts parts;
  ModelSource model = read_vocabulary_files(vocabulary_path, merges_path);
  if (merges_path.empty()) {
    parts.model = build_model(std::move(model), false);
    return parts;
  }
  const Json pre_tokenizer = byte_level_pre_tokenizer_json();
  const Json decoder = byte_level_decoder_json();
  PreTokenizerSpec words =
      read_pre_tokenizer(JsonObject(pre_tokenizer, vocabulary_path, ""), model.can_read_raw_bytes());
  parts.pre_tokenizer = std::move(words.pre_tokenizer);
  parts.model = build_model(std::move(model), words.raw_bytes);
  parts.decoder = read_decoder(JsonObject(decoder, vocabulary_path, ""));
  return parts;
}

}  // namespace titan::tokenizer
