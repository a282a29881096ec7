#include "runtime/data/data_loader.h"

#include <map>
#include <set>

#include "runtime/config/check.h"
#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

// Cuts a stream of byte tokens into the texts of its complete documents; `tokens` starts with one.
std::vector<std::string> documents_in(const std::vector<int64_t>& tokens) {
  std::vector<std::string> texts;
  std::string text;
  for (const int64_t token : tokens) {
    if (token == kEnd) texts.push_back(std::exchange(text, ""));
    if (token < kBegin) text += static_cast<char>(token);
  }
  return texts;
}

// Each shard's whole stream: a row's input and the last label, which the packing drops from the next row.
std::map<int64_t, std::vector<int64_t>> shard_streams(DataLoader& loader, int64_t first_shard, int max_batches) {
  std::map<int64_t, std::vector<int64_t>> streams;
  for (int step = 0; step < max_batches; ++step) {
    const std::optional<Batch> batch = loader.next();
    if (!batch) break;
    const int64_t rows = batch->tokens.size(0), seq_len = batch->tokens.size(1);
    const std::vector<int64_t> tokens = values(batch->tokens), labels = values(batch->labels);
    for (int64_t row = 0; row < rows; ++row) {
      auto& stream = streams[first_shard + row];
      stream.insert(stream.end(), tokens.begin() + row * seq_len, tokens.begin() + (row + 1) * seq_len);
      stream.push_back(labels[(row + 1) * seq_len - 1]);
    }
  }
  return streams;
}

// The folders of the laws: documents are dealt, files are dealt, fewer documents than shards.
std::vector<std::vector<std::filesystem::path>> data_sets(const TextFolder& folder) {
  std::vector<std::filesystem::path> many;
  for (int i = 0; i < 14; ++i) {
    const auto texts = numbered_texts(3 + i % 4);
    const std::string name = "f" + std::to_string(i);
    many.push_back(i % 2 ? folder.write_gz(name + ".json.gz", json_lines(texts))
                         : folder.write(name + ".jsonl", json_lines(texts)));
  }
  return {{folder.write("a.jsonl", json_lines(numbered_texts(100))),
           folder.write_gz("b.jsonl.gz", json_lines(numbered_texts(53)))},
          many,
          {folder.write("few.jsonl", json_lines(numbered_texts(5, 30)))}};
}

TEST(DataLoaderLaw, GlobalBatchIsTheSameForEveryDegreeThatDividesIt) {
  const TextFolder folder;
  constexpr int64_t kShards = 12;
  for (const auto& files : data_sets(folder)) {
    DataLoader whole(byte_loader(files, 32, kShards));
    std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> expected;
    for (int step = 0; step < 20; ++step) {
      const auto batch = whole.next();
      expected.emplace_back(values(batch->tokens), values(batch->labels));
    }
    for (const int64_t degree : {2, 3, 4, 6, 12}) {
      std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> found(20);
      for (int64_t rank = 0; rank < degree; ++rank) {
        DataLoaderOptions options = byte_loader(files, 32, kShards);
        options.dp_rank = rank;
        options.dp_degree = degree;
        DataLoader loader(options);
        for (auto& [tokens, labels] : found) {
          const auto batch = loader.next();
          const auto own_tokens = values(batch->tokens), own_labels = values(batch->labels);
          tokens.insert(tokens.end(), own_tokens.begin(), own_tokens.end());
          labels.insert(labels.end(), own_labels.begin(), own_labels.end());
        }
      }
      EXPECT_EQ(found, expected) << "degree " << degree;
    }
  }
}

// Rows of 2 tokens and documents of an even number of tokens: nothing is left over at the end of a pass.
TEST(DataLoaderLaw, OnePassUsesEveryDocumentExactlyOnce) {
  const TextFolder folder;
  std::vector<std::filesystem::path> files;
  std::multiset<std::string> expected;
  for (int file = 0; file < 6; ++file) {
    std::vector<std::string> texts;
    for (int i = 0; i < 4 + file; ++i)
      texts.push_back("f" + std::to_string(file) + std::string(2 * (i % 5), 'e') + std::to_string(10 + i));
    expected.insert(texts.begin(), texts.end());
    files.push_back(folder.write("f" + std::to_string(file) + ".jsonl", json_lines(texts)));
  }
  for (const int64_t shards : {1, 2, 3, 6, 7, 10}) {  // up to 6 files are dealt, above documents
    std::multiset<std::string> found;
    for (int64_t rank = 0; rank < shards; ++rank) {  // one shard a rank: with more, the shortest ends the pass for all
      DataLoaderOptions options = byte_loader(files, 1, shards);
      options.dp_rank = rank;
      options.dp_degree = shards;
      options.infinite = false;
      DataLoader loader(options);
      for (const auto& [shard, stream] : shard_streams(loader, rank, 100000)) {
        for (const std::string& text : documents_in(stream)) found.insert(text);
      }
    }
    EXPECT_EQ(found, expected) << shards << " shards";
  }
}

// "ab" and "c" as byte tokens: B a b E B c E, and again. Rows of 3 + 1: [B a b E] [B c E B] [a b E B].
TEST(DataLoader, PacksDocumentsEndToEndInPiecesOfSeqLenPlusOne) {
  const TextFolder folder;
  DataLoader loader(byte_loader({folder.write("a.jsonl", json_lines({"ab", "c"}))}, 3, 1));
  const std::vector<std::vector<int64_t>> tokens = {{kBegin, 'a', 'b'}, {kBegin, 'c', kEnd}, {'a', 'b', kEnd}};
  const std::vector<std::vector<int64_t>> labels = {{'a', 'b', kEnd}, {'c', kEnd, kBegin}, {'b', kEnd, kBegin}};
  for (size_t step = 0; step < tokens.size(); ++step) {
    const auto batch = loader.next();
    EXPECT_EQ(batch->tokens.sizes(), (std::vector<int64_t>{1, 3}));
    EXPECT_EQ(batch->tokens.scalar_type(), at::kLong);
    EXPECT_EQ(values(batch->tokens), tokens[step]);
    EXPECT_EQ(values(batch->labels), labels[step]);
  }
}

// 8 shards, 2 documents of 3 + 2 and 6 + 2 tokens. Shards 0 2 4 6 start in the first at floor(k * 5 / 4) = 0 1 2 3,
// shards 1 3 5 7 in the second at k * 8 / 4 = 0 2 4 6; each goes on with the other document.
TEST(DataLoader, FewerDocumentsThanShardsStartApart) {
  const TextFolder folder;
  DataLoader loader(byte_loader({folder.write("a.jsonl", json_lines({"abc", "uvwxyz"}))}, 4, 8));
  const std::vector<int64_t> ring = {kBegin, 'a', 'b', 'c', kEnd, kBegin, 'u', 'v', 'w', 'x', 'y', 'z', kEnd};
  const std::vector<size_t> starts = {0, 5, 1, 7, 2, 9, 3, 11};
  const std::vector<int64_t> tokens = values(loader.next()->tokens);
  for (size_t shard = 0; shard < starts.size(); ++shard) {
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(tokens[shard * 4 + i], ring[(starts[shard] + i) % ring.size()]) << shard;
  }
}

TEST(DataLoader, TinyDocumentsFillARowTogetherAndALongOneFillsMany) {
  const TextFolder folder;
  const std::string long_text(10'000, 'q');
  DataLoader tiny(byte_loader({folder.write("tiny.jsonl", json_lines({"", "a", ""}))}, 100, 1));
  const std::vector<int64_t> tokens = values(tiny.next()->tokens);
  // A pass is B E B a E B E: 7 tokens; 100 tokens are 14 passes and B E.
  for (size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_EQ(tokens[i], (std::vector<int64_t>{kBegin, kEnd, kBegin, 'a', kEnd, kBegin, kEnd}[i % 7]));
  }
  DataLoader large(byte_loader({folder.write("long.jsonl", json_lines({long_text}))}, 63, 1));
  auto streams = shard_streams(large, 0, 157);  // 157 rows of 64 tokens hold the 10002 tokens of one pass
  EXPECT_EQ(documents_in(streams[0]), std::vector<std::string>{long_text});
}

// 3 documents of 4 tokens in rows of 4: a pass is three batches.
TEST(DataLoader, ReloopIsLoggedOncePerPassWhenItsFirstBatchIsHandedOut) {
  const TextFolder folder;
  std::vector<std::string> log;
  DataLoaderOptions options = byte_loader({folder.write("a.jsonl", json_lines({"aa", "bb", "cc"}))}, 3, 1);
  options.log = [&](const std::string& line) { log.push_back(line); };
  DataLoader loader(options);
  for (int step = 0; step < 3; ++step) loader.next();
  EXPECT_TRUE(log.empty());
  loader.next();
  EXPECT_EQ(log, std::vector<std::string>{"Dataset c4_test is being re-looped"});
  for (int step = 0; step < 3; ++step) loader.next();
  EXPECT_EQ(log.size(), 2U);
}

TEST(DataLoader, FiniteDataEndsAndStaysEnded) {
  const TextFolder folder;
  DataLoaderOptions options = byte_loader({folder.write("a.jsonl", json_lines({"aa", "bb", "cc"}))}, 4, 1);
  options.infinite = false;
  DataLoader loader(options);
  EXPECT_TRUE(loader.next());  // 12 tokens: two rows of 5, the last two tokens are dropped
  EXPECT_TRUE(loader.next());
  const LoaderState last = loader.state();
  EXPECT_FALSE(loader.next());
  EXPECT_FALSE(loader.next());
  EXPECT_EQ(loader.state(), last);
}

TEST(DataLoader, BrokenLineSurfacesAfterTheBatchesBeforeIt) {
  const TextFolder folder;
  const auto path = folder.write("a.jsonl", json_lines({"aa", "bb"}) + "{\"no\": 1}\n");
  DataLoader loader(byte_loader({path}, 3, 1));
  EXPECT_TRUE(loader.next());
  EXPECT_TRUE(loader.next());
  const std::string message = path.string() + ":3: the document has no field \"text\"";
  EXPECT_EQ(config_error([&] { loader.next(); }), message);
  EXPECT_EQ(config_error([&] { loader.next(); }), message);
}

TEST(DataLoader, ExceptionOfTheTokenizerReachesTheCaller) {
  const TextFolder folder;
  DataLoaderOptions options = byte_loader({folder.write("a.jsonl", json_lines({"aa"}))}, 3, 1);
  options.encode = [](const std::string&) -> std::vector<int64_t> { throw std::runtime_error("no such merge"); };
  DataLoader failing(options);
  EXPECT_THROW(failing.next(), std::runtime_error);
  options.encode = [](const std::string&) { return std::vector<int64_t>{}; };
  DataLoader silent(options);
  EXPECT_THROW(silent.next(), config::ContractError);
}

TEST(DataLoader, EmptyDataSetsAreErrors) {
  const TextFolder folder;
  const auto empty = folder.write("empty.jsonl", "\n\n"), empty_gz = folder.write_gz("e.json.gz", "");
  EXPECT_EQ(config_error([&] { DataLoader(byte_loader({empty}, 3, 2)); }), empty.string() + ": holds no documents");
  DataLoader one(byte_loader({empty}, 3, 1));
  EXPECT_EQ(config_error([&] { one.next(); }), empty.string() + ": holds no documents");
  DataLoader two(byte_loader({empty, empty_gz}, 3, 1));
  EXPECT_EQ(config_error([&] { two.next(); }),
            empty.string() + ": this file and the 1 other files of its shard hold no documents");
}

TEST(DataLoader, RefusesSizesThatDoNotFit) {
  const TextFolder folder;
  const auto file = folder.write("a.jsonl", json_lines({"a"}));
  const auto message = [&](int64_t shards, int64_t rank, int64_t degree) -> std::string {
    DataLoaderOptions options = byte_loader({file}, 3, shards);
    options.dp_rank = rank;
    options.dp_degree = degree;
    try {
      DataLoader loader(options);
    } catch (const config::ContractError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message(8, 0, 3), "DataLoader: dp_degree must divide global_batch_size: global_batch_size=8 dp_degree=3");
  EXPECT_EQ(message(8, 2, 2), "DataLoader: dp_rank must be below dp_degree: dp_rank=2 dp_degree=2");
  EXPECT_EQ(message(0, 0, 1), "DataLoader: sizes must be positive: seq_len=3 global_batch_size=0 num_prefetch=4");
  EXPECT_EQ(message(8, 1, 2), "accepted");
}

}  // namespace
}  // namespace titan::data
