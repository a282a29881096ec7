#include "cli/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "runtime/config/config_error.h"

// The ranks are shells: what the launcher does is the same for any program.
namespace titan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Where a launch writes, in memory.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("output", 0)) {}
  ~MemoryFile() { ::close(file_); }
  int file() const { return file_; }
  std::string text() const {
    std::string text(static_cast<size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    text.resize(static_cast<size_t>(::pread(file_, text.data(), text.size(), 0)));
    return text;
  }
  std::vector<std::string> sorted_lines() const {
    std::istringstream stream(text());
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

 private:
  int file_;
};

class Launch : public testing::Test {
 protected:
  Launch() {
    options_.program = "/bin/sh";
    options_.environment = {{"PATH", "/usr/bin:/bin"}};
    options_.standard_output = out_.file();
    options_.standard_error = err_.file();
    options_.linger = 100ms;
    options_.grace = 300ms;
  }

  int run(int num_procs, const std::string& script) {
    options_.num_procs = num_procs;
    options_.arguments = {"-c", script};
    const auto started = Clock::now();
    const int status = launch(options_);
    seconds_ = std::chrono::duration<double>(Clock::now() - started).count();
    return status;
  }

  /// Starts the launch in a process of its own.
  pid_t start(int num_procs, const std::string& script) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(run(num_procs, script));
    return pid;
  }

  /// Waits until standard output holds `num_lines` lines.
  void wait_for_lines(size_t num_lines) {
    for (int i = 0; i < 1000 && out_.sorted_lines().size() < num_lines; ++i) std::this_thread::sleep_for(5ms);
    ASSERT_EQ(out_.sorted_lines().size(), num_lines);
  }

  static int status_of(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  MemoryFile out_, err_;
  LaunchOptions options_;
  double seconds_ = 0;
};

TEST_F(Launch, GivesEachRankTheVariablesOfTorchrun) {
  options_.log_ranks = {0, 1, 2};
  EXPECT_EQ(run(3, "echo $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $MASTER_ADDR ${MASTER_PORT:+port}"), 0);
  EXPECT_THAT(out_.sorted_lines(), ElementsAre("[rank 0] 0 3 0 3 127.0.0.1 port", "[rank 1] 1 3 1 3 127.0.0.1 port",
                                               "[rank 2] 2 3 2 3 127.0.0.1 port"));
  EXPECT_EQ(err_.text(), "");
}

TEST_F(Launch, ShowsOutputOfRankZeroAndErrorsOfAllRanks) {
  EXPECT_EQ(run(3, "echo out $RANK; echo error $RANK >&2"), 0);
  EXPECT_EQ(out_.text(), "out 0\n");
  EXPECT_THAT(err_.sorted_lines(), ElementsAre("[rank 0] error 0", "[rank 1] error 1", "[rank 2] error 2"));
}

TEST_F(Launch, ShowsOutputOfTheLogRanks) {
  options_.log_ranks = {1};
  EXPECT_EQ(run(3, "echo out $RANK"), 0);
  EXPECT_EQ(out_.text(), "out 1\n");
}

TEST_F(Launch, NeverMixesLines) {
  options_.log_ranks = {0, 1, 2, 3};
  EXPECT_EQ(run(4, "i=0; while [ $i -lt 200 ]; do printf begin; printf -- -$RANK-; echo end; i=$((i+1)); done"), 0);
  const auto lines = out_.sorted_lines();
  ASSERT_EQ(lines.size(), 800u);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string rank = std::to_string(i / 200);
    ASSERT_EQ(lines[i], "[rank " + rank + "] begin-" + rank + "-end");
  }
}

TEST_F(Launch, EndsTheLastLine) {
  EXPECT_EQ(run(1, "printf 'first\\nlast'"), 0);
  EXPECT_EQ(out_.text(), "first\nlast\n");
}

TEST_F(Launch, DoesNotWaitForGrandchildrenThatKeepThePipe) {
  EXPECT_EQ(run(1, "sleep 5 & echo done"), 0);
  EXPECT_EQ(out_.text(), "done\n");
  EXPECT_LT(seconds_, 3);
}

TEST_F(Launch, ReturnsTheStatusOfTheFirstRankThatFails) {
  EXPECT_EQ(run(3, "[ $RANK = 1 ] && exit 7; sleep 60"), 7);
  EXPECT_EQ(err_.text(), "titan launch: rank 1 ended with status 7\n");
  EXPECT_LT(seconds_, 5);
}

TEST_F(Launch, NamesTheSignalThatEndedARank) {
  EXPECT_EQ(run(3, "[ $RANK = 2 ] && kill -9 $$; sleep 60"), 128 + 9);
  EXPECT_EQ(err_.text(), "titan launch: rank 2 was ended by signal 9 (Killed)\n");
}

TEST_F(Launch, LetsTheOtherRanksEndByThemselvesFirst) {
  options_.linger = 10s;
  EXPECT_EQ(run(2, "[ $RANK = 1 ] && exit 7; sleep 0.3; echo rank 0 says why"), 7);
  EXPECT_EQ(out_.text(), "rank 0 says why\n");
  EXPECT_LT(seconds_, 5) << "nobody to wait for any more";
}

TEST_F(Launch, KillsARankThatDoesNotHeed) {
  EXPECT_EQ(run(2, "[ $RANK = 1 ] && sleep 0.2 && exit 7; trap '' TERM; while :; do sleep 0.1; done"), 7);
  EXPECT_LT(seconds_, 5);
}

TEST_F(Launch, EndsAStoppedRankWithoutTheGracePeriod) {
  options_.grace = 30s;
  EXPECT_EQ(run(2, "[ $RANK = 1 ] && sleep 0.2 && exit 7; kill -STOP $$"), 7);
  EXPECT_LT(seconds_, 5);
}

TEST_F(Launch, HandsOnAnInterrupt) {
  options_.log_ranks = {0, 1};
  options_.grace = 10s;
  const pid_t pid = start(2, "trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.05; done");
  wait_for_lines(2);
  ::kill(pid, SIGINT);
  EXPECT_EQ(status_of(pid), 128 + SIGINT);
  EXPECT_THAT(out_.sorted_lines(),
              ElementsAre("[rank 0] interrupted", "[rank 0] ready", "[rank 1] interrupted", "[rank 1] ready"));
  EXPECT_EQ(err_.text(), "");
}

TEST_F(Launch, KillsTheRanksAtASecondInterrupt) {
  options_.grace = 60s;
  const pid_t pid = start(1, "trap 'echo still here' INT; echo ready; while :; do sleep 0.05; done");
  wait_for_lines(1);
  ::kill(pid, SIGINT);
  wait_for_lines(2);
  ::kill(pid, SIGINT);
  EXPECT_EQ(status_of(pid), 128 + SIGINT);
}

/// The state letter of a process, 'Z' or 0 when it is dead.
char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name;
  char state = 0;
  file >> number >> name >> state;
  return state;
}

TEST_F(Launch, LeavesNoRankBehindWhenTheLauncherIsKilled) {
  const pid_t pid = start(1, "echo $$; while :; do sleep 0.05; done");
  wait_for_lines(1);
  const pid_t rank = std::stoi(out_.text());
  EXPECT_NE(state_of(rank), 0);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(status_of(pid), -SIGKILL);
  for (int i = 0; i < 400 && state_of(rank) != 0 && state_of(rank) != 'Z'; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(state_of(rank) == 0 || state_of(rank) == 'Z');
}

TEST_F(Launch, NamesAProgramThatCannotStart) {
  options_.program = "/nowhere/titan";
  try {
    run(2, "");
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "launch: cannot start /nowhere/titan: No such file or directory");
  }
}

TEST(RankEnvironment, DividesTheProcessorsUnlessTold) {
  const int whole = std::stoi(rank_environment({}, 0, 1, 1).at("OMP_NUM_THREADS"));
  EXPECT_GE(whole, 1);
  EXPECT_EQ(std::stoi(rank_environment({}, 0, 2, 1).at("OMP_NUM_THREADS")), std::max(1, whole / 2));
  EXPECT_EQ(rank_environment({}, 0, 100000, 1).at("OMP_NUM_THREADS"), "1");
  EXPECT_EQ(rank_environment({{"OMP_NUM_THREADS", "3"}}, 0, 2, 1).at("OMP_NUM_THREADS"), "3");
}

TEST(RankEnvironment, MakesTheWorldThatDecideWorldReads) {
  const WorldPlan plan = decide_world(rank_environment({{"NGPU", "4"}}, 2, 4, 1234));
  EXPECT_EQ(plan.kind, WorldKind::processes);
  EXPECT_EQ(plan.world, (platform::World{2, 4, 2}));
  EXPECT_EQ(plan.store.port, 1234);
  EXPECT_FALSE(plan.rank_0_serves);
}

TEST(LogRanks, ReadsACommaList) {
  EXPECT_THAT(log_ranks({}, 4), ElementsAre(0));
  EXPECT_THAT(log_ranks({{"LOG_RANK", ""}}, 4), ElementsAre(0));
  EXPECT_THAT(log_ranks({{"LOG_RANK", "3,1"}}, 4), ElementsAre(3, 1));
}

TEST(LogRanks, NamesTheVariableThatIsWrong) {
  for (const std::string list : {"4", "a", "1,", ",1", "1,,2", "-1", "1 2"}) {
    try {
      log_ranks({{"LOG_RANK", list}}, 4);
      ADD_FAILURE() << list;
    } catch (const config::ConfigError& error) {
      EXPECT_EQ(std::string(error.what()),
                "LOG_RANK: found '" + list + "', allowed are ranks from 0 to 3 separated by commas");
    }
  }
}

}  // namespace
}  // namespace titan::cli
