#include "cli/tokenizer_command.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "cli/tokenizer_arguments.h"
#include "runtime/config/config_error.h"
#include "runtime/data/tokenizer/bpe_trainer.h"
#include "runtime/data/tokenizer/text_files.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_writer.h"

namespace titan::cli {
namespace {

using config::ConfigError;
using tokenizer::Tokenizer;
using Clock = std::chrono::steady_clock;

constexpr const char* kDefaultFolder = "./tests/assets/tokenizer";

constexpr const char* kHelp = R"(titan tokenizer: train, try and look at tokenizers (Hugging Face tokenizer.json)

A tokenizer cuts text into words with a pattern, then merges the bytes of each word into longer and longer
tokens, in the order in which training found the merges useful (byte-pair encoding, BPE). Models see the ids.

  titan tokenizer train --input F... --vocab-size N --output DIR
      Learns a byte-level BPE tokenizer and writes DIR/tokenizer.json and DIR/tokenizer_config.json, which
      titan, transformers and the tokenizers package read. The same text always gives the same files.
      --input F...          .jsonl (one object a line) or text, also .gz; several files or repeated flags
      --vocab-size N        all tokens together: special tokens, the 256 bytes, the rest learned merges
      --output DIR          made if missing
      --field NAME          where .jsonl keeps the text (default: text)
      --pattern P           how text is cut into words: llama3 (default), gpt2, or a regular expression
      --min-frequency N     pairs that occur less often are not merged (default: 2)
      --bos-token T         put before every document (default: <|begin_of_text|>, id 0)
      --eos-token T         put behind every document (default: <|end_of_text|>, id 1); may equal the BOS token
      --special-token T...  more tokens that are never split

  titan tokenizer encode [--tokenizer DIR] [--text T | --input F] [--bos] [--eos] [--tokens]
      Prints the ids of a text (standard input without --text and --input), separated by spaces.
      --bos, --eos          add the tokens that begin and end a document
      --tokens              one line a token: id and text

  titan tokenizer decode [--tokenizer DIR] [--ids I...] [--special]
      Prints the text of ids (standard input without --ids); --special also prints special tokens.

  titan tokenizer inspect [--tokenizer DIR]
      Prints the kind of tokenizer, its size, its special tokens and what is odd about its files.

--tokenizer defaults to ./tests/assets/tokenizer. Examples:
  titan tokenizer train --input corpus.jsonl --vocab-size 2000 --output my_tokenizer
  titan tokenizer encode --tokenizer my_tokenizer --text "Hello, world" --tokens
  titan train --model.hf_assets_path my_tokenizer
)";

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string quoted(const std::string& text) {
  return tokenizer::Json(text).dump(-1, ' ', false, tokenizer::Json::error_handler_t::replace);
}

/// Reports on standard error, from two seconds after the start, at most once a second.
class Progress {
 public:
  void report(const std::string& message) {
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::seconds(1);
    std::cerr << "tokenizer: " << message << '\n';
  }

 private:
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(2);
};

std::string pattern_of(const TokenizerArguments& arguments) {
  const std::string pattern = arguments.find("--pattern").value_or("llama3");
  if (pattern == "llama3") return tokenizer::kLlama3Pattern;
  if (pattern == "gpt2") return tokenizer::kGpt2Pattern;
  return pattern;
}

tokenizer::WordCounter count_words(const TokenizerArguments& arguments, Progress& progress) {
  tokenizer::WordCounter counter(pattern_of(arguments));
  const std::vector<std::string> inputs = arguments.list("--input");
  if (inputs.empty()) throw ConfigError("--input", "is required");
  const std::string field = arguments.find("--field").value_or("text");
  size_t num_bytes = 0;
  for (const std::string& path : inputs) {
    tokenizer::for_each_text(path, field, [&](std::string_view text) {
      counter.add(text);
      num_bytes += text.size();
      progress.report("reading " + path + ": " + std::to_string(num_bytes >> 20) + " MiB of text, " +
                      std::to_string(counter.counts().size()) + " different words");
    });
  }
  return counter;
}

int train(const TokenizerArguments& arguments) {
  Progress progress;
  const std::string output = arguments.get("--output");
  tokenizer::TrainOptions options;
  options.vocab_size = arguments.integer("--vocab-size", 1);
  options.min_frequency = arguments.integer("--min-frequency", 1, options.min_frequency);
  tokenizer::TokenizerFiles files;
  files.bos_token = arguments.find("--bos-token").value_or(options.special_tokens[0]);
  files.eos_token = arguments.find("--eos-token").value_or(options.special_tokens[1]);
  options.special_tokens = {*files.bos_token};
  if (files.eos_token != files.bos_token) options.special_tokens.push_back(*files.eos_token);
  for (const std::string& token : arguments.list("--special-token")) options.special_tokens.push_back(token);
  options.progress = [&](int64_t num_tokens) {
    progress.report(std::to_string(num_tokens) + " of " + std::to_string(options.vocab_size) + " tokens");
  };
  tokenizer::check_train_options(options);
  files.pattern = pattern_of(arguments);
  files.special_tokens = options.special_tokens;
  files.bpe = tokenizer::train_bpe(count_words(arguments, progress).counts(), options);
  tokenizer::write_tokenizer(files, output);
  const size_t num_tokens = files.bpe.tokens.size();
  std::cout << output << ": " << num_tokens << " tokens, " << files.bpe.merges.size() << " merges\n";
  if (static_cast<int64_t>(num_tokens) < options.vocab_size) {
    std::cout << "fewer than --vocab-size " << options.vocab_size << ": no pair of tokens is left that occurs "
              << options.min_frequency << " times; give more text or a lower --min-frequency\n";
  }
  return 0;
}

Tokenizer load(const TokenizerArguments& arguments) {
  return Tokenizer::load(arguments.find("--tokenizer").value_or(kDefaultFolder));
}

std::string input_text(const TokenizerArguments& arguments) {
  if (const auto text = arguments.find("--text")) return *text;
  const auto path = arguments.find("--input");
  if (!path) return read_all(std::cin);
  std::ifstream file(*path, std::ios::binary);
  if (!file) throw ConfigError(*path, "cannot be opened");
  return read_all(file);
}

int encode(const TokenizerArguments& arguments) {
  const Tokenizer tokenizer = load(arguments);
  const std::vector<int32_t> ids =
      tokenizer.encode(input_text(arguments), arguments.is_set("--bos"), arguments.is_set("--eos"));
  if (!arguments.is_set("--tokens")) {
    for (size_t i = 0; i < ids.size(); ++i) std::cout << (i ? " " : "") << ids[i];
    std::cout << '\n';
    return 0;
  }
  for (const int32_t id : ids) {
    std::cout << id << '\t' << quoted(tokenizer.decode(std::vector<int32_t>{id}, false)) << '\n';
  }
  return 0;
}

int decode(const TokenizerArguments& arguments) {
  const Tokenizer tokenizer = load(arguments);
  std::vector<std::string> words = arguments.list("--ids");
  if (words.empty()) {
    std::istringstream input(read_all(std::cin));
    words.assign(std::istream_iterator<std::string>(input), {});
  }
  std::vector<int32_t> ids;
  for (const std::string& word : words) {
    int32_t id = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (error != std::errc() || end != word.data() + word.size())
      throw ConfigError("--ids", "'" + word + "' is not an id");
    if (!tokenizer.token_of(id)) {
      throw ConfigError(
          "--ids", word + " is not an id of this tokenizer; ids are below " + std::to_string(tokenizer.vocab_size()));
    }
    ids.push_back(id);
  }
  std::cout << tokenizer.decode(ids, !arguments.is_set("--special")) << '\n';
  return 0;
}

void print_role(const Tokenizer& tokenizer, const char* name, std::optional<int32_t> id) {
  std::cout << name << (id ? std::to_string(*id) + " " + quoted(*tokenizer.token_of(*id)) : "none") << '\n';
}

int inspect(const TokenizerArguments& arguments) {
  const Tokenizer tokenizer = load(arguments);
  const tokenizer::TokenizerParts& parts = tokenizer.parts();
  std::cout << "model         " << parts.model->name() << ", " << parts.model->vocabulary().size() << " tokens, "
            << parts.model->num_merges() << " merges\n"
            << "vocabulary    " << tokenizer.vocab_size() << " ids with added tokens\n";
  print_role(tokenizer, "bos           ", tokenizer.bos_id());
  print_role(tokenizer, "eos           ", tokenizer.eos_id());
  print_role(tokenizer, "pad           ", tokenizer.pad_id());
  std::cout << "added tokens  " << parts.added_tokens.size() << '\n';
  for (const tokenizer::AddedToken& token : parts.added_tokens) {
    std::cout << "  " << token.id << ' ' << quoted(token.content) << (token.special ? " special" : "") << '\n';
  }
  for (const std::string& notice : parts.notices) std::cout << "notice: " << notice << '\n';
  return 0;
}

}  // namespace

int tokenizer_command(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") return std::cout << kHelp, 0;
  }
  if (words.empty()) return std::cerr << kHelp, 2;
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "train") {
    return train({words,
                  {"--input", "--vocab-size", "--output", "--field", "--pattern", "--min-frequency", "--bos-token",
                   "--eos-token", "--special-token"}});
  }
  if (verb == "encode") return encode({words, {"--tokenizer", "--text", "--input", "--bos", "--eos", "--tokens"}});
  if (verb == "decode") return decode({words, {"--tokenizer", "--ids", "--special"}});
  if (verb == "inspect") return inspect({words, {"--tokenizer"}});
  throw ConfigError("titan tokenizer", "'" + verb + "' is not one of train, encode, decode, inspect");
}

}  // namespace titan::cli
