#include "tests/runtime/data/text_files.h"

namespace titan::data {
namespace {

using Contents = std::vector<std::vector<int64_t>>;

Contents take(DataLoader& loader, int count) {
  Contents batches;
  for (int step = 0; step < count; ++step) batches.push_back(contents(loader.next()));
  return batches;
}

Contents tail(const Contents& all, size_t begin) { return {all.begin() + static_cast<long>(begin), all.end()}; }

// The state as a checkpoint keeps it.
LoaderState through_json(const LoaderState& state) {
  return loader_state_from_json(nlohmann::json::parse(to_json(state).dump()));
}

struct Case {
  std::string name;
  std::vector<std::filesystem::path> files;
};

// 30 batches of 4 rows go several times round each of them.
std::vector<Case> cases(const TextFolder& folder) {
  std::vector<std::filesystem::path> six;
  for (int i = 0; i < 6; ++i) {
    six.push_back(folder.write_gz("f" + std::to_string(i) + ".jsonl.gz", json_lines(numbered_texts(2 + i))));
  }
  return {{"documents dealt",
           {folder.write("a.jsonl", json_lines(numbered_texts(23))), folder.write("b.txt", "p\n\nq\n\nr\n")}},
          {"files dealt", six},
          {"fewer documents than shards", {folder.write("few.jsonl", json_lines(numbered_texts(3)))}}};
}

TEST(ResumeLaw, ContinuingAfterAnyNumberOfBatchesEqualsNeverHavingStopped) {
  const TextFolder folder;
  for (const Case& data : cases(folder)) {
    const DataLoaderOptions options = byte_loader(data.files, 32, 4);
    DataLoader reference(options);
    const Contents all = take(reference, 30);
    for (int stop = 0; stop <= 20; ++stop) {
      DataLoader stopped(options);
      take(stopped, stop);
      DataLoader resumed(options);
      resumed.load_state(through_json(stopped.state()));
      EXPECT_EQ(resumed.state(), stopped.state());
      EXPECT_EQ(take(resumed, 30 - stop), tail(all, stop)) << data.name << " after " << stop;
    }
  }
}

TEST(ResumeLaw, SecondResumeContinuesToo) {
  const TextFolder folder;
  for (const Case& data : cases(folder)) {
    const DataLoaderOptions options = byte_loader(data.files, 32, 4);
    DataLoader reference(options);
    const Contents all = take(reference, 30);
    DataLoader first(options);
    take(first, 7);
    DataLoader second(options);
    second.load_state(through_json(first.state()));
    take(second, 9);
    DataLoader third(options);
    third.load_state(through_json(second.state()));
    EXPECT_EQ(take(third, 14), tail(all, 16)) << data.name;
  }
}

TEST(ResumeLaw, AnotherDegreeContinuesFromTheMergedStates) {
  const TextFolder folder;
  for (const Case& data : cases(folder)) {
    DataLoader reference(byte_loader(data.files, 32, 12));
    take(reference, 11);
    const LoaderState expected_state = reference.state();
    const Contents expected = take(reference, 5);
    std::vector<LoaderState> states;
    for (int64_t rank = 0; rank < 4; ++rank) {
      DataLoaderOptions options = byte_loader(data.files, 32, 12);
      options.dp_rank = rank;
      options.dp_degree = 4;
      DataLoader loader(options);
      take(loader, 11);
      states.push_back(through_json(loader.state()));
    }
    std::swap(states[0], states[3]);
    EXPECT_EQ(merge(states), expected_state) << data.name;
    for (const int64_t degree : {1, 2, 3, 6}) {
      for (int64_t rank = 0; rank < degree; ++rank) {
        DataLoaderOptions options = byte_loader(data.files, 32, 12);
        options.dp_rank = rank;
        options.dp_degree = degree;
        DataLoader loader(options);
        loader.load_state(merge(states));
        const int64_t own = 12 / degree * 32;
        for (const std::vector<int64_t>& step : expected) {
          const auto begin = step.begin() + rank * own;
          EXPECT_EQ(values(loader.next()->tokens), std::vector<int64_t>(begin, begin + own))
              << data.name << " " << degree;
        }
      }
    }
  }
}

TEST(Resume, StateTellsWhatWasHandedOutAndNotWhatWasMadeAhead) {
  const TextFolder folder;
  for (const Case& data : cases(folder)) {
    DataLoaderOptions eager = byte_loader(data.files, 32, 4);
    eager.num_prefetch = 16;
    DataLoaderOptions strict = eager;
    strict.num_prefetch = 1;
    DataLoader one(eager), other(strict);
    take(one, 5);
    take(other, 5);
    EXPECT_EQ(one.state(), other.state());
  }
}

TEST(Resume, LoadingIntoARunningLoaderGoesBack) {
  const TextFolder folder;
  for (const Case& data : cases(folder)) {
    DataLoader loader(byte_loader(data.files, 32, 4));
    take(loader, 3);
    const LoaderState state = loader.state();
    const Contents next = take(loader, 6);
    loader.load_state(state);
    EXPECT_EQ(take(loader, 6), next) << data.name;
  }
}

TEST(Resume, AnotherSequenceLengthContinuesAtTheSameToken) {
  const TextFolder folder;
  const auto file = folder.write("a.jsonl", json_lines({"abcdefghijklmnopqrstuvwxyz"}));
  DataLoader loader(byte_loader({file}, 3, 1));  // B a b c
  loader.next();
  DataLoader longer(byte_loader({file}, 5, 1));
  longer.load_state(loader.state());
  EXPECT_EQ(values(longer.next()->tokens), (std::vector<int64_t>{'d', 'e', 'f', 'g', 'h'}));
}

TEST(Resume, FiniteDataEndsAtTheSameBatch) {
  const TextFolder folder;
  DataLoaderOptions options = byte_loader({folder.write("a.jsonl", json_lines(numbered_texts(9)))}, 16, 2);
  options.infinite = false;
  DataLoader whole(options);
  Contents all;
  while (const auto batch = whole.next()) all.push_back(contents(batch));
  ASSERT_GT(all.size(), 3U);
  DataLoader stopped(options);
  take(stopped, 3);
  DataLoader resumed(options);
  resumed.load_state(stopped.state());
  for (size_t step = 3; step < all.size(); ++step) EXPECT_EQ(contents(resumed.next()), all[step]);
  EXPECT_FALSE(resumed.next());
  DataLoader after_the_end(options);
  after_the_end.load_state(resumed.state());
  EXPECT_FALSE(after_the_end.next());
}

TEST(Resume, ReloopIsNotLoggedAgainByResuming) {
  const TextFolder folder;
  DataLoaderOptions options = byte_loader({folder.write("a.jsonl", json_lines({"aa", "bb", "cc"}))}, 3, 1);
  DataLoader loader(options);
  for (int step = 0; step < 4; ++step) loader.next();
  int lines = 0;
  options.log = [&](const std::string&) { ++lines; };
  DataLoader resumed(options);
  resumed.load_state(loader.state());
  resumed.next();
  resumed.next();
  EXPECT_EQ(lines, 0);
  resumed.next();
  EXPECT_EQ(lines, 1);
}

TEST(Resume, StateOfSomethingElseIsRefusedByName) {
  const TextFolder folder;
  const auto a = folder.write("a.jsonl", json_lines(numbered_texts(9)));
  const auto b = folder.write("b.jsonl", json_lines(numbered_texts(9)));
  DataLoader loader(byte_loader({a}, 8, 2));
  loader.next();
  const LoaderState good = loader.state();

  DataLoader wide(byte_loader({a}, 8, 4));
  EXPECT_EQ(config_error([&] { wide.load_state(good); }),
            "training.global_batch_size: the checkpoint's data was dealt to 2 sequences per step, not to 4");
  DataLoader moved(byte_loader({b}, 8, 2));
  EXPECT_EQ(config_error([&] { moved.load_state(good); }),
            "training.dataset_path: the checkpoint continues in a.jsonl, which is not file 0 of this data set");
  LoaderState renamed = good;
  renamed.dataset = "c4";
  EXPECT_EQ(config_error([&] { loader.load_state(renamed); }),
            "training.dataset: the checkpoint was written while training on c4, not on c4_test");
  LoaderState partial = good;
  partial.shards.erase(partial.shards.begin());
  EXPECT_EQ(config_error([&] { loader.load_state(partial); }),
            "checkpoint.dataloader: the state of shard 0 is missing");
}

TEST(Resume, DataThatChangedUnderTheCheckpointIsRefused) {
  const TextFolder folder;
  const auto path = folder.write("a.jsonl", json_lines(numbered_texts(9)));
  const DataLoaderOptions options = byte_loader({path}, 40, 1);
  DataLoader loader(options);
  take(loader, 3);
  const LoaderState state = loader.state();
  const int64_t record = state.shards[0].position.record;
  ASSERT_GE(record, 2);
  folder.write("a.jsonl", json_lines({"d"}));
  DataLoader shorter(options);
  shorter.load_state(state);
  EXPECT_EQ(config_error([&] { shorter.next(); }),
            path.string() + ": the file has become shorter since the checkpoint: it holds 1 documents, document " +
                std::to_string(record) + " is to be read");
  folder.write("a.jsonl", json_lines(std::vector<std::string>(9, "")));
  DataLoader changed(options);
  changed.load_state(state);
  const std::string message = config_error([&] { changed.next(); });
  EXPECT_NE(message.find("which is not there: the data set or the tokenizer has changed"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace titan::data
