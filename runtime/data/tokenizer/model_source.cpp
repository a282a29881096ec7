#include "runtime/data/tokenizer/model_source.h"

#include <fstream>

#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/utf8.h"
#include "runtime/data/tokenizer/word_level_model.h"

namespace titan::tokenizer {
namespace {

void add_entries(const Json& entries, const std::string& where, Vocabulary& vocabulary) {
  if (!entries.is_object())
    throw file_error(where, std::string("the vocabulary must be an object, found ") + entries.type_name());
  for (const auto& [token, id] : entries.items()) {
    if (!id.is_number_integer()) throw file_error(where, "token '" + token + "' needs an integer id");
    const bool huge = id.is_number_unsigned() && id.get<uint64_t>() > kMaxTokenId;
    vocabulary.add(token, huge ? kMaxTokenId + 1 : id.get<int64_t>(), where);
  }
  if (vocabulary.size() == 0) throw file_error(where, "the vocabulary is empty");
}

// "a b" or ["a", "b"].
MergeRule read_merge(const Json& merge, const JsonObject& section, size_t index) {
  const std::string place = "merges[" + std::to_string(index) + "]";
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (!merge.is_string()) section.fail(place + " must be \"a b\" or [\"a\", \"b\"]");
  const auto& text = merge.get_ref<const std::string&>();
  const size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    section.fail(place + " must be two tokens with one space between, found \"" + text + "\"");
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

void read_bpe(JsonObject& section, ModelSource& source) {
  BpeOptions& options = source.options;
  options.continuing_subword_prefix = section.find_string("continuing_subword_prefix").value_or("");
  options.end_of_word_suffix = section.find_string("end_of_word_suffix").value_or("");
  options.fuse_unk = section.find_bool("fuse_unk", false);
  options.byte_fallback = section.find_bool("byte_fallback", false);
  options.ignore_merges = section.find_bool("ignore_merges", false);
  const bool affixes = !options.continuing_subword_prefix.empty() || !options.end_of_word_suffix.empty();
  if (affixes && options.byte_fallback) {
    section.fail("byte_fallback together with continuing_subword_prefix or end_of_word_suffix is not supported");
  }
  const Json* dropout = section.find("dropout");
  if (dropout && *dropout != 0.0) {
    section.fail("dropout " + dropout->dump(-1, ' ', false, Json::error_handler_t::replace) +
                 " is not supported: encoding would be random");
  }
  const Json& merges = section.get_array("merges");
  for (size_t i = 0; i < merges.size(); ++i) source.merges.push_back(read_merge(merges[i], section, i));
}

std::vector<MergeRule> read_merges_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw file_error(path, "cannot be opened");
  std::vector<MergeRule> merges;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    if (space == std::string::npos || space == 0 || space + 1 == line.size() ||
        line.find(' ', space + 1) != std::string::npos || !is_valid_utf8(line)) {
      throw file_error(path + ":" + std::to_string(number), "must be two tokens with one space between");
    }
    merges.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  return merges;
}

void read_token_lines(const std::string& path, Vocabulary& vocabulary) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw file_error(path, "cannot be opened");
  std::string line;
  for (int64_t id = 0; std::getline(file, line); ++id) {
    const size_t begin = line.find_first_not_of(" \t\r\f\v");
    if (begin == std::string::npos) continue;
    line = line.substr(begin, line.find_last_not_of(" \t\r\f\v") + 1 - begin);
    if (!is_valid_utf8(line)) throw file_error(path + ":" + std::to_string(id + 1), "is not UTF-8");
    vocabulary.add(line, id, path);
  }
  if (vocabulary.size() == 0) throw file_error(path, "the vocabulary is empty");
}

}  // namespace

ModelSource read_model(JsonObject section) {
  ModelSource source;
  source.where = section.where();
  // The oldest files name no type; only BPE has merges.
  const std::string type = section.has("type") || !section.has("merges") ? section.get_string("type") : "BPE";
  if (type != "BPE" && type != "WordLevel") {
    section.fail("model type '" + type + "' is not supported; known are BPE, WordLevel");
  }
  source.options.unk_token = section.find_string("unk_token");
  add_entries(section.get("vocab"), source.where, source.vocabulary);
  if (type == "BPE") {
    read_bpe(section, source);
  } else {
    source.kind = ModelSource::Kind::kWordLevel;
    if (!source.options.unk_token) section.fail("'unk_token' is missing");
  }
  section.finish();
  return source;
}

ModelSource read_vocabulary_files(const std::string& vocabulary_path, const std::string& merges_path) {
  ModelSource source;
  source.where = vocabulary_path;
  if (vocabulary_path.ends_with(".json")) {
    add_entries(read_json_file(vocabulary_path), vocabulary_path, source.vocabulary);
  } else {
    read_token_lines(vocabulary_path, source.vocabulary);
  }
  if (merges_path.empty()) {
    source.kind = ModelSource::Kind::kWordLevel;
    source.options.unk_token = "[UNK]";
  } else {
    source.where = merges_path;
    source.merges = read_merges_file(merges_path);
  }
  return source;
}

std::unique_ptr<Model> build_model(ModelSource source, bool raw_bytes) {
  if (source.kind == ModelSource::Kind::kWordLevel) {
    return std::make_unique<WordLevelModel>(std::move(source.vocabulary), *source.options.unk_token, source.where);
  }
  source.options.raw_bytes = raw_bytes;
  return std::make_unique<BpeModel>(std::move(source.vocabulary), source.merges, std::move(source.options),
                                    source.where);
}

}  // namespace titan::tokenizer
