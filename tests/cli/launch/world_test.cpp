#include "cli/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

using config::ConfigError;
using platform::World;
using testing::StartsWith;

const Environment kTorchrun = {{"RANK", "5"},          {"WORLD_SIZE", "8"},      {"LOCAL_RANK", "1"},
                               {"MASTER_ADDR", "big"}, {"MASTER_PORT", "29512"}, {"NGPU", "3"}};
const Environment kSrun = {{"SLURM_PROCID", "5"},
                           {"SLURM_NTASKS", "8"},
                           {"SLURM_LOCALID", "1"},
                           {"SLURM_JOB_ID", "77"},
                           {"SLURM_JOB_NODELIST", "node[03-04,09],gpu1"}};

Environment with(Environment environment, const Environment& changes) {
  for (const auto& [name, value] : changes) environment[name] = value;
  return environment;
}

TEST(DecideWorld, IsThisProcessAloneWhenNothingIsSet) {
  const WorldPlan plan = decide_world({});
  EXPECT_EQ(plan.kind, WorldKind::solo);
  EXPECT_EQ(plan.world, (World{0, 1, 0}));
}

TEST(DecideWorld, LaunchesNgpuLocalProcesses) {
  const WorldPlan plan = decide_world({{"NGPU", "4"}});
  EXPECT_EQ(plan.kind, WorldKind::launch);
  EXPECT_EQ(plan.world.size, 4);
  EXPECT_EQ(decide_world({{"NGPU", "1"}}).kind, WorldKind::solo);
}

TEST(DecideWorld, CountsAnEmptyVariableAsNotSet) {
  EXPECT_EQ(decide_world({{"COMM_MODE", ""}, {"NGPU", ""}, {"RANK", ""}}).kind, WorldKind::solo);
}

TEST(DecideWorld, FollowsTorchrun) {
  const WorldPlan plan = decide_world(kTorchrun);
  EXPECT_EQ(plan.kind, WorldKind::processes);
  EXPECT_EQ(plan.world, (World{5, 8, 1}));
  EXPECT_EQ(plan.store.host, "big");
  EXPECT_EQ(plan.store.port, 29512);
  EXPECT_TRUE(plan.rank_0_serves);
}

TEST(DecideWorld, UsesTheStoreOfTheSupervisor) {
  const WorldPlan plan =
      decide_world(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "2"}}));
  EXPECT_FALSE(plan.rank_0_serves);
  EXPECT_EQ(plan.store.prefix, supervised_prefix("2"));
  EXPECT_TRUE(decide_world(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "False"}})).rank_0_serves);
}

TEST(DecideWorld, NeedsNoRendezvousForOneProcess) {
  EXPECT_EQ(decide_world({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).kind, WorldKind::solo);
  EXPECT_EQ(decide_world({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}, {"SLURM_LOCALID", "0"}}).kind, WorldKind::solo);
}

TEST(DecideWorld, FollowsSrun) {
  const WorldPlan plan = decide_world(kSrun);
  EXPECT_EQ(plan.kind, WorldKind::processes);
  EXPECT_EQ(plan.world, (World{5, 8, 1}));
  EXPECT_EQ(plan.store.host, "node03");
  EXPECT_EQ(plan.store.port, 15000 + 77);
  EXPECT_TRUE(plan.rank_0_serves);
}

TEST(DecideWorld, PrefersMasterAddrAndPortUnderSrun) {
  const WorldPlan plan = decide_world(with(kSrun, {{"MASTER_ADDR", "head"}, {"MASTER_PORT", "4000"}}));
  EXPECT_EQ(plan.store.host, "head");
  EXPECT_EQ(plan.store.port, 4000);
}

TEST(DecideWorld, PrefersTheStepToTheJobUnderSrun) {
  const WorldPlan plan = decide_world(with(kSrun, {{"SLURM_STEP_NUM_TASKS", "6"}, {"SLURM_STEP_NODELIST", "gpu1"}}));
  EXPECT_EQ(plan.world.size, 6);
  EXPECT_EQ(plan.store.host, "gpu1");
}

TEST(DecideWorld, PrefersTorchrunToSrun) { EXPECT_EQ(decide_world(with(kSrun, kTorchrun)).store.host, "big"); }

TEST(DecideWorld, ShowsOneRankOfAFakeWorld) {
  const WorldPlan plan = decide_world({{"COMM_MODE", "fake_backend"}, {"NGPU", "512"}, {"RANK", "511"}});
  EXPECT_EQ(plan.kind, WorldKind::fake);
  EXPECT_EQ(plan.world, (World{511, 512, 0}));
  EXPECT_EQ(decide_world({{"COMM_MODE", "fake_backend"}}).world, (World{0, 8, 0}));
  EXPECT_EQ(decide_world({{"NGPU", "4"}}, {"fake_backend", 16}).world, (World{0, 16, 0}));
}

TEST(DecideWorld, RunsAllRanksAsThreads) {
  const WorldPlan plan = decide_world({{"COMM_MODE", "local_tensor"}, {"NGPU", "6"}});
  EXPECT_EQ(plan.kind, WorldKind::threads);
  EXPECT_EQ(plan.world, (World{0, 6, 0}));
}

TEST(DecideWorld, LetsTheConfigurationOverrideTheEnvironment) {
  EXPECT_EQ(decide_world({{"COMM_MODE", "fake_backend"}}, {"local_tensor", {}}).kind, WorldKind::threads);
  EXPECT_EQ(decide_world({{"COMM_MODE", "fake_backend"}}, {"default", {}}).kind, WorldKind::solo);
}

struct Mistake {
  Environment environment;
  std::string comm_mode;  // of the configuration; empty: not given
  std::string message;
};

TEST(DecideWorld, NamesTheVariableThatIsWrong) {
  Environment no_port = kTorchrun, no_nodes = kSrun, no_local = kSrun;
  no_port.erase("MASTER_PORT");
  no_nodes.erase("SLURM_JOB_NODELIST");
  no_local.erase("SLURM_LOCALID");
  const std::vector<Mistake> mistakes = {
      {{{"NGPU", "0"}}, "", "NGPU: found '0', allowed are integers from 1"},
      {{{"NGPU", "two"}}, "", "NGPU: found 'two'"},
      {{{"NGPU", "2x"}}, "", "NGPU: found '2x'"},
      {{{"NGPU", "99999999999999999999"}}, "", "NGPU: found '99999999999999999999'"},
      {{{"COMM_MODE", "fake"}}, "", "COMM_MODE: found 'fake', allowed are default, fake_backend, local_tensor"},
      {{}, "fake", "comm.mode: found 'fake', allowed are default, fake_backend, local_tensor"},
      {{{"COMM_MODE", "fake_backend"}, {"RANK", "8"}}, "", "RANK: found '8', allowed are integers from 0 to 7"},
      {{{"COMM_MODE", "fake_backend"}, {"RANK", "-1"}}, "", "RANK: found '-1', allowed are integers from 0 to 7"},
      {with(kTorchrun, {{"COMM_MODE", "local_tensor"}}), "", "WORLD_SIZE: found 8, but with comm.mode local_tensor"},
      {{{"RANK", "0"}}, "", "WORLD_SIZE: is not set although RANK is"},
      {{{"WORLD_SIZE", "2"}}, "", "RANK: is not set although WORLD_SIZE is"},
      {with(kTorchrun, {{"RANK", "8"}}), "", "RANK: found '8', allowed are integers from 0 to 7"},
      {with(kTorchrun, {{"MASTER_ADDR", ""}}), "", "MASTER_ADDR: is not set although WORLD_SIZE is"},
      {no_port, "", "MASTER_PORT: is not set although WORLD_SIZE is"},
      {with(kTorchrun, {{"MASTER_PORT", "70000"}}), "",
       "MASTER_PORT: found '70000', allowed are integers from 1 to 65535"},
      {with(kSrun, {{"SLURM_PROCID", "8"}}), "", "SLURM_PROCID: found '8', allowed are integers from 0 to 7"},
      {with(kSrun, {{"SLURM_NTASKS", ""}}), "", "SLURM_NTASKS: is not set although SLURM_PROCID is"},
      {no_local, "", "SLURM_LOCALID: is not set although SLURM_PROCID is"},
      {no_nodes, "", "SLURM_JOB_NODELIST: is not set although SLURM_PROCID is, and neither is MASTER_ADDR"},
      {with(kSrun, {{"SLURM_JOB_NODELIST", "node[1-2"}}), "", "SLURM_JOB_NODELIST: found 'node[1-2'"},
  };
  for (const Mistake& mistake : mistakes) {
    WorldSettings settings;
    if (!mistake.comm_mode.empty()) settings.comm_mode = mistake.comm_mode;
    try {
      decide_world(mistake.environment, settings);
      ADD_FAILURE() << "no error: " << mistake.message;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), StartsWith(mistake.message));
    }
  }
}

TEST(FirstHost, ExpandsTheFirstOfEachRange) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"node1", "node1"},
      {"node1,node2", "node1"},
      {"node[001-004,007],gpu12", "node001"},
      {"node[7,9]-ib", "node7-ib"},
      {"rack[2-3]node[10-12]", "rack2node10"},
      {"a-b.example.org", "a-b.example.org"},
  };
  for (const auto& [list, host] : cases) EXPECT_EQ(first_host("LIST", list), host) << list;
  for (const std::string list : {"", ",a", "node[", "node[]", "node[-3]"})
    EXPECT_THROW(first_host("LIST", list), ConfigError) << list;
}

}  // namespace
}  // namespace titan::cli
