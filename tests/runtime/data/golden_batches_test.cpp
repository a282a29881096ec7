#include <gtest/gtest.h>

#include "runtime/data/tokenizer/tokenizer.h"
#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

const std::filesystem::path kRoot = TITAN_SOURCE_DIR;

// FNV-1a, 64 bits, over the ids as little-endian int64.
std::string fingerprint(const std::vector<int64_t>& ids) {
  uint64_t value = 0xcbf29ce484222325;
  for (const int64_t id : ids) {
    for (int byte = 0; byte < 8; ++byte) value = (value ^ ((id >> (8 * byte)) & 0xff)) * 0x100000001b3;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// The golden file holds what validate/data_reference.py, an independent program, makes of the same files; its first
// line is the command that regenerates it.
TEST(GoldenBatches, EqualThoseOfTheIndependentReference) {
  const auto golden = nlohmann::json::parse(std::ifstream(kRoot / "tests/runtime/data/golden/batches.json"));
  const auto tokenizer = tokenizer::Tokenizer::load((kRoot / "tests/assets/tokenizer").string());
  const Encode encode_ids = [&](const std::string& text) {
    const std::vector<int32_t> ids = tokenizer.encode(text, true, true);
    return std::vector<int64_t>(ids.begin(), ids.end());
  };
  ASSERT_FALSE(golden.at("cases").empty());
  for (const auto& item : golden.at("cases")) {
    DataLoader loader({.dataset = find_dataset({.path = kRoot / item.at("dataset_path").get<std::string>()}),
                       .encode = item.at("encoder") == "bytes" ? Encode(encode_bytes) : encode_ids,
                       .seq_len = item.at("seq_len"),
                       .global_batch_size = item.at("global_batch_size")});
    for (const auto& expected : item.at("batches")) {
      EXPECT_EQ(fingerprint(contents(loader.next())), expected.get<std::string>()) << item.dump();
    }
  }
}

}  // namespace
}  // namespace titan::data
