#include "runtime/data/dataset.h"

#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

std::vector<std::string> names(const Dataset& dataset) {
  std::vector<std::string> result;
  for (const auto& file : dataset.files) result.push_back(file.filename().string());
  return result;
}

using Names = std::vector<std::string>;

TEST(Dataset, NameIsLowerCasedAndAnUnknownOneListsTheKnown) {
  EXPECT_EQ(find_dataset({.name = "C4_Test", .installation = TITAN_SOURCE_DIR}).name, "c4_test");
  EXPECT_EQ(config_error([] { find_dataset({.section = "validation", .name = "Pile"}); }),
            "validation.dataset: Dataset Pile is not supported. Supported datasets are: [c4, c4_test, c4_validation]");
}

TEST(Dataset, SampleIsFoundFromTheInstallationWhereTheWorkingFolderHasNone) {
  const TextFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Dataset sample = find_dataset({.installation = TITAN_SOURCE_DIR});
  std::filesystem::current_path(before);
  EXPECT_EQ(names(sample), Names{"c4_test.jsonl"});
}

TEST(Dataset, C4NeedsAPath) {
  EXPECT_EQ(config_error([] { find_dataset({.name = "c4"}); }),
            "training.dataset_path: data set c4 is not shipped: name the folder that holds its shards "
            "(c4-train.00000-of-01024.json.gz and so on, from huggingface.co/datasets/allenai/c4, folder en)");
}

TEST(Dataset, C4ReadsItsSplitAlsoFromTheEnSubfolder) {
  const TextFolder folder;
  folder.write("en/c4-train.00001-of-01024.json.gz", "");
  folder.write("en/c4-train.00000-of-01024.json.gz", "");
  folder.write("en/c4-validation.00000-of-00008.json.gz", "");
  folder.write("en/notes.md", "");
  EXPECT_EQ(names(find_dataset({.name = "c4", .path = folder.path()})),
            (Names{"c4-train.00000-of-01024.json.gz", "c4-train.00001-of-01024.json.gz"}));
  EXPECT_EQ(names(find_dataset({.name = "c4_validation", .path = folder.path() / "en"})),
            Names{"c4-validation.00000-of-00008.json.gz"});
}

TEST(Dataset, C4RefusesAFolderOfTheOtherSplit) {
  const TextFolder folder;
  folder.write("c4-validation.00000-of-00008.json.gz", "");
  EXPECT_EQ(config_error([&] { find_dataset({.name = "c4", .path = folder.path()}); }),
            "training.dataset_path: the folder '" + folder.path().string() +
                "' holds shards c4-validation.* but none of c4-train.*, which data set c4 reads");
}

TEST(Dataset, AnyNameReadsAFolderOfOtherText) {
  const TextFolder folder;
  for (const char* name : {"b.txt", "a.jsonl", "c.jsonl.gz", "d.txt.gz", "e.json", "f.parquet"}) folder.write(name, "");
  for (const char* name : {"c4", "c4_test", "c4_validation"}) {
    EXPECT_EQ(names(find_dataset({.name = name, .path = folder.path()})),
              (Names{"a.jsonl", "b.txt", "c.jsonl.gz", "d.txt.gz", "e.json"}));
  }
}

TEST(Dataset, PathThatIsMissingUnreadableOrEmptyIsAnError) {
  const TextFolder folder;
  const std::string root = folder.path().string();
  EXPECT_EQ(config_error([&] { find_dataset({.path = root + "/none"}); }),
            "training.dataset_path: no such file or folder: '" + root + "/none'");
  EXPECT_EQ(config_error([&] { find_dataset({.path = folder.path()}); }),
            "training.dataset_path: the folder '" + root + "' holds no file .jsonl, .json or .txt, also with .gz");
  folder.write("x.parquet", "");
  EXPECT_EQ(
      config_error([&] { find_dataset({.path = root + "/x.parquet"}); }),
      "training.dataset_path: cannot read '" + root + "/x.parquet': allowed are .jsonl, .json or .txt, also with .gz");
}

}  // namespace
}  // namespace titan::data
