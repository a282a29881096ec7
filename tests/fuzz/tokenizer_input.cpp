#include "tests/fuzz/tokenizer_input.h"

#include <stdexcept>
#include <string>

#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::fuzz {
namespace {

constexpr std::string_view kTextMark = "\n#text\n";

void encode_and_decode(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> ids;
  try {
    ids = tokenizer.encode(text, false, true);
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).starts_with("regular expression '")) return;
    throw std::logic_error(std::string("encode: ") + error.what());
  }
  if (ids != tokenizer.encode(text, false, true)) throw std::logic_error("the word cache changes the ids");
  for (const int32_t id : ids) {
    if (!tokenizer.token_of(id)) throw std::logic_error("encode gives the id " + std::to_string(id));
  }
  if (!tokenizer::is_valid_utf8(tokenizer.decode(ids))) throw std::logic_error("the decoded text is not UTF-8");
}

}  // namespace

void try_tokenizer(std::string_view input) {
  const size_t mark = input.find(kTextMark);
  const std::string json(input.substr(0, mark));
  const std::string_view text = mark == std::string_view::npos ? "" : input.substr(mark + kTextMark.size());
  try {
    const tokenizer::Tokenizer tokenizer(
        tokenizer::read_tokenizer_json(tokenizer::parse_json(json, "fuzz.json"), "fuzz.json"));
    encode_and_decode(tokenizer, text);
  } catch (const config::ConfigError& error) {
    const std::string message = error.what();
    if (message.find('\n') != std::string::npos) throw std::logic_error("an error of several lines: " + message);
  }
}

}  // namespace titan::fuzz
