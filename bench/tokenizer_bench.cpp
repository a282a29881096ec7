// Encoding speed in MB per second of processor time on one thread, for a tokenizer that the bench trains itself, and
// the ratio to the Python package `tokenizers` on the same file, which needs the peer environment. TITAN_BENCH_TEXT
// names another text.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <sstream>
#include <stdexcept>

#include "bench/comparison.h"
#include "bench/peer.h"
#include "runtime/data/tokenizer/bpe_trainer.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_writer.h"

namespace {

using titan::tokenizer::Tokenizer;

constexpr size_t kDocumentBytes = 4096;
constexpr size_t kTextBytes = 2 << 20;

// English-like text: words of a Zipf-distributed vocabulary of made-up syllables, numbers, punctuation, lines.
std::string make_text() {
  std::mt19937 random(1);
  const std::array<const char*, 24> syllables{"ta",   "ri",  "on",  "est", "mer", "al", "sho", "ing",
                                              "de",   "con", "ver", "li",  "the", "an", "ou",  "gr",
                                              "ness", "bi",  "po",  "ent", "ka",  "ur", "fi",  "sta"};
  std::vector<std::string> words(20000);
  for (std::string& word : words) {
    for (unsigned n = 1 + random() % 4; n > 0; --n) word += syllables[random() % syllables.size()];
  }
  std::string text;
  while (text.size() < kTextBytes) {
    const double u = std::generate_canonical<double, 32>(random);
    text += words[static_cast<size_t>(std::pow(static_cast<double>(words.size()), u)) - 1];
    const unsigned mark = random() % 40;
    text += mark == 0 ? ".\n" : mark < 3 ? ", " : mark == 3 ? " " + std::to_string(random() % 3000) + " " : " ";
  }
  return text;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A text file and a tokenizer trained on it, in a folder of their own that goes away with the object.
class Workplace {
 public:
  Workplace()
      : folder_(std::filesystem::temp_directory_path() /
                ("titan_tokenizer_bench_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(folder_);
    const char* given = std::getenv("TITAN_BENCH_TEXT");
    text_ = given ? read_file(given) : make_text();
    std::ofstream(text_path(), std::ios::binary) << text_;
    titan::tokenizer::WordCounter words(titan::tokenizer::kLlama3Pattern);
    words.add(text_);
    titan::tokenizer::TrainOptions options{.vocab_size = 8000};
    titan::tokenizer::write_tokenizer({.bpe = titan::tokenizer::train_bpe(words.counts(), options),
                                       .pattern = titan::tokenizer::kLlama3Pattern,
                                       .special_tokens = options.special_tokens,
                                       .bos_token = options.special_tokens[0],
                                       .eos_token = options.special_tokens[1]},
                                      folder_);
  }
  ~Workplace() { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_.string(); }
  std::string text_path() const { return (folder_ / "text.txt").string(); }
  const std::string& text() const { return text_; }

 private:
  std::filesystem::path folder_;
  std::string text_;
};

size_t encode_documents(const Tokenizer& tokenizer, const std::string& text) {
  size_t num_ids = 0;
  for (size_t begin = 0; begin < text.size(); begin += kDocumentBytes) {
    num_ids += tokenizer.encode(std::string_view(text).substr(begin, kDocumentBytes), false, false).size();
  }
  return num_ids;
}

/// What tokenizer_peer.py prints.
struct PeerResult {
  double speed = 0.0;  // MB/s
  size_t num_ids = 0;
};

PeerResult run_package(const Workplace& place) {
  PeerResult result;
  std::istringstream output(titan::bench::run_peer("bench/tokenizer_peer.py", {place.folder(), place.text_path()}));
  if (!(output >> result.speed >> result.num_ids)) throw std::runtime_error("tokenizer_peer.py: no result printed");
  return result;
}

void encode(benchmark::State& state, const Workplace& place) {
  const Tokenizer tokenizer = Tokenizer::load(place.folder());
  size_t num_ids = encode_documents(tokenizer, place.text());  // warm cache
  double best_s = 1e9;
  for (auto _ : state) {
    const std::clock_t start = std::clock();
    num_ids = encode_documents(tokenizer, place.text());
    best_s = std::min(best_s, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  const double speed = static_cast<double>(place.text().size()) / best_s / 1e6;
  state.counters["MB/s"] = speed;
  state.counters["bytes_per_token"] = static_cast<double>(place.text().size()) / static_cast<double>(num_ids);
  if (titan::bench::peer_python().empty()) {
    state.SetLabel(std::string("comparison with the tokenizers package ") + titan::bench::kNoPeer);
    return;
  }
  const PeerResult peer = run_package(place);
  if (peer.num_ids != num_ids) return state.SkipWithError("the tokenizers package gives another number of ids");
  const double text_mb = static_cast<double>(place.text().size()) / 1e6;
  titan::bench::report(state, {.name = "encoding on one thread",
                               .ours = {"titan", best_s},
                               .other = {"tokenizers package", text_mb / peer.speed},
                               .bound = "at least 1.0x"});
}

void train(benchmark::State& state, const Workplace& place) {
  titan::tokenizer::WordCounter words(titan::tokenizer::kLlama3Pattern);
  words.add(place.text());
  for (auto _ : state) benchmark::DoNotOptimize(titan::tokenizer::train_bpe(words.counts(), {.vocab_size = 8000}));
}

}  // namespace

int main(int argc, char** argv) {
  const Workplace place;
  benchmark::RegisterBenchmark("tokenizer_encode", encode, std::cref(place))->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("tokenizer_train_8000", train, std::cref(place))->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
