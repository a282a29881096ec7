#include "runtime/data/tokenizer/tokenizer_writer.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/decoder.h"
#include "runtime/files/write_file.h"

namespace titan::tokenizer {
namespace {

using OrderedJson = nlohmann::ordered_json;

void write_file(const OrderedJson& content, const std::filesystem::path& path) {
  files::write_file(path, content.dump(1) + "\n");
}

OrderedJson flags_json(const std::string& content) {
  return {{"content", content}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false},    {"normalized", false},  {"special", true}};
}

OrderedJson added_tokens_json(const TokenizerFiles& files) {
  OrderedJson tokens = OrderedJson::array();
  for (size_t id = 0; id < files.special_tokens.size(); ++id) {
    OrderedJson token{{"id", id}};
    token.update(flags_json(files.special_tokens[id]));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

OrderedJson model_json(const TrainedBpe& bpe) {
  OrderedJson vocabulary = OrderedJson::object();
  // The container under the ordered object: its own insertion would search all entries each time, and tokens differ.
  OrderedJson::object_t::Container& entries = vocabulary.get_ref<OrderedJson::object_t&>();
  for (size_t id = 0; id < bpe.tokens.size(); ++id) entries.emplace_back(bpe.tokens[id], id);
  OrderedJson merges = OrderedJson::array();
  for (const MergeRule& merge : bpe.merges) merges.push_back({merge.left, merge.right});
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

OrderedJson pre_tokenizer_json(const std::string& pattern) {
  const OrderedJson split{
      {"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  const OrderedJson bytes{
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
}

// Puts BOS before every text, as the files of Llama 3 do.
OrderedJson post_processor_json(const TokenizerFiles& files) {
  const OrderedJson bytes{
      {"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", false}, {"use_regex", true}};
  if (!files.bos_token) return bytes;
  const std::string& bos = *files.bos_token;
  const auto id =
      std::find(files.special_tokens.begin(), files.special_tokens.end(), bos) - files.special_tokens.begin();
  const auto special = [&](int type) { return OrderedJson{{"SpecialToken", {{"id", bos}, {"type_id", type}}}}; };
  const auto text = [&](const char* name, int type) {
    return OrderedJson{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  OrderedJson tokens = OrderedJson::object();
  tokens[bos] = {{"id", bos}, {"ids", OrderedJson::array({id})}, {"tokens", OrderedJson::array({bos})}};
  const OrderedJson around{{"type", "TemplateProcessing"},
                           {"single", OrderedJson::array({special(0), text("A", 0)})},
                           {"pair", OrderedJson::array({special(0), text("A", 0), special(1), text("B", 1)})},
                           {"special_tokens", tokens}};
  return {{"type", "Sequence"}, {"processors", OrderedJson::array({bytes, around})}};
}

OrderedJson tokenizer_json(const TokenizerFiles& files) {
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens_json(files)},
          {"normalizer", nullptr},
          {"pre_tokenizer", pre_tokenizer_json(files.pattern)},
          {"post_processor", post_processor_json(files)},
          {"decoder", byte_level_decoder_json()},
          {"model", model_json(files.bpe)}};
}

OrderedJson config_json(const TokenizerFiles& files) {
  OrderedJson table = OrderedJson::object();
  for (size_t id = 0; id < files.special_tokens.size(); ++id) {
    table[std::to_string(id)] = flags_json(files.special_tokens[id]);
  }
  OrderedJson config{{"added_tokens_decoder", table}};
  if (files.bos_token) config["bos_token"] = *files.bos_token;
  if (files.eos_token) config["eos_token"] = *files.eos_token;
  config["clean_up_tokenization_spaces"] = false;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  return config;
}

}  // namespace

void write_tokenizer(const TokenizerFiles& files, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw config::ConfigError(folder, "cannot make this folder: " + error.message());
  write_file(tokenizer_json(files), std::filesystem::path(folder) / "tokenizer.json");
  write_file(config_json(files), std::filesystem::path(folder) / "tokenizer_config.json");
}

}  // namespace titan::tokenizer
