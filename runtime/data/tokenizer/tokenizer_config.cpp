#include <array>
#include <charconv>
#include <map>

#include "runtime/data/tokenizer/tokenizer_parts.h"

namespace titan::tokenizer {
namespace {

constexpr std::array<const char*, 7> kRoles{"bos_token", "eos_token", "pad_token", "unk_token",
                                            "sep_token", "cls_token", "mask_token"};

AddedToken read_flags(JsonObject& section) {
  AddedToken token;
  token.content = section.get_string("content");
  token.single_word = section.find_bool("single_word", false);
  token.lstrip = section.find_bool("lstrip", false);
  token.rstrip = section.find_bool("rstrip", false);
  token.special = section.find_bool("special", true);
  token.normalized = section.find_bool("normalized", !token.special);
  return token;
}

int32_t register_token(const AddedToken& token, const std::string& where, TokenizerParts& parts) {
  const bool known = parts.id_of(token.content).has_value();
  const int32_t id = parts.add(token);
  if (!known) {
    parts.notices.push_back(where + ": '" + token.content + "' is not in the vocabulary; it gets the id " +
                            std::to_string(id));
  }
  return id;
}

// A role's token is a text or an object with flags. A text says nothing about flags: a token that has some keeps them.
std::optional<int32_t> read_role(const char* role, JsonObject& root, TokenizerParts& parts) {
  const Json* member = root.find(role);
  if (!member) return std::nullopt;
  AddedToken token;
  if (member->is_string()) {
    token.content = member->get<std::string>();
    token.special = true;
    for (const AddedToken& added : parts.added_tokens) {
      if (added.content == token.content) return added.id;
    }
  } else {
    JsonObject section = root.get_object(role);
    token = read_flags(section);
    token.special = true;
  }
  if (token.content.empty()) root.fail(std::string("'") + role + "' must not be empty");
  return register_token(token, root.where(), parts);
}

int32_t parse_id(const std::string& key, const JsonObject& section) {
  int32_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size() || id < 0)
    section.fail("'" + key + "' must be a token id");
  return id;
}

void read_decoder_table(JsonObject& root, TokenizerParts& parts) {
  if (!root.find("added_tokens_decoder")) return;
  const Json& table = root.get("added_tokens_decoder");
  JsonObject section = root.get_object("added_tokens_decoder");
  std::map<int32_t, std::string> keys;
  for (const auto& [key, value] : table.items()) keys.emplace(parse_id(key, section), key);
  for (const auto& [declared, key] : keys) {
    JsonObject entry = section.get_object(key);
    const AddedToken token = read_flags(entry);
    if (token.content.empty()) entry.fail("'content' must not be empty");
    const int32_t id = register_token(token, root.where(), parts);
    if (id != declared) {
      parts.notices.push_back(root.where() + ": '" + token.content + "' has the id " + std::to_string(id) + ", not " +
                              key + " as added_tokens_decoder says");
    }
  }
}

}  // namespace

void apply_tokenizer_config(const Json& file, const std::string& where, TokenizerParts& parts) {
  JsonObject root(file, where, "");
  for (const char* role : kRoles) {
    const std::optional<int32_t> id = read_role(role, root, parts);
    const std::string_view name = role;
    if (name == "bos_token") parts.bos_id = id;
    if (name == "eos_token") parts.eos_id = id;
    if (name == "pad_token") parts.pad_id = id;
  }
  read_decoder_table(root, parts);
  parts.add_bos_by_default = root.find_bool("add_bos_token", parts.add_bos_by_default);
  parts.add_eos_by_default = root.find_bool("add_eos_token", parts.add_eos_by_default);
}

}  // namespace titan::tokenizer
