#include "estimator/report/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "runtime/config/config_error.h"
#include "runtime/files/write_file.h"
#include "tests/estimator/report/json_schema.h"
#include "tests/estimator/report/sample_estimate.h"

namespace titan::estimator {
namespace {

using nlohmann::json;

Estimate pictured(Estimate estimate) {
  add_pictures(estimate);
  return estimate;
}

json schema() { return json::parse(std::ifstream(std::string(TITAN_SOURCE_DIR) + "/docs/estimate.schema.json")); }

std::string refusal_of(const std::string& text) {
  try {
    from_json(text, "e.json");
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(EstimateJson, FollowsItsSchemaFieldByField) {
  std::mt19937_64 random(7);
  std::vector<Estimate> estimates = {small_sample(), large_sample(), pictured(small_sample()),
                                     pictured(large_sample())};
  for (int i = 0; i < 20; ++i) estimates.push_back(random_estimate(random));
  for (const Estimate& estimate : estimates) {
    EXPECT_EQ(schema_breaks(schema(), json::parse(to_json(estimate))), std::vector<std::string>());
  }
}

/// Visits every object member below `value` as (its object's pointer, name).
template <class Visit>
void for_each_member(const json& value, const json::json_pointer& at, Visit visit) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) visit(at, name);
  }
  for (const auto& [name, member] : value.items()) {
    if (member.is_structured() && !member.empty()) {
      for_each_member(member, value.is_array() ? at / std::stoul(name) : at / name, visit);
    }
  }
}

/// Whether the members of an object are names of things (categories, axes, settings) rather than fields.
bool holds_names(const std::string& pointer) {
  for (const char* map : {"/degrees", "/settings", "/categories", "/beside_allocator", "/first_step", "/steady",
                          "/compute_s", "/exposed_communication_s"}) {
    if (pointer.ends_with(map)) return true;
  }
  return false;
}

/// A field that is left out, and one that nobody knows, break both the schema and the reader, wherever they are.
TEST(EstimateJson, EveryFieldIsRequiredAndNoOtherAllowed) {
  const json whole = json::parse(to_json(pictured(large_sample())));
  json sample = whole;
  // One item of each long array says it all.
  const auto keep_first = [](json& array) { array = json::array({array[0]}); };
  keep_first(sample["memory"]["ranks"]);
  keep_first(sample["memory"]["ranks"][0]["curve"]["samples"]);
  keep_first(sample["timeline"]);
  keep_first(sample["timeline"][0]["spans"]);
  int fields = 0;
  for_each_member(sample, json::json_pointer(), [&](const json::json_pointer& object, const std::string& name) {
    if (holds_names(object.to_string())) return;
    ++fields;
    json less = sample;
    less[object].erase(name);
    EXPECT_FALSE(schema_breaks(schema(), less).empty()) << object << " " << name;
    EXPECT_NE(refusal_of(less.dump()), "no error") << object << " " << name;
    json more = sample;
    more[object]["surplus"] = 1;
    EXPECT_FALSE(schema_breaks(schema(), more).empty()) << object;
    EXPECT_NE(refusal_of(more.dump()).find("surplus is no field of an estimate"), std::string::npos) << object;
    json wrong = sample;
    wrong[object][name] = sample[object][name].is_array() ? json(1) : json::array({json::array()});
    EXPECT_FALSE(schema_breaks(schema(), wrong).empty()) << object << " " << name;
    EXPECT_NE(refusal_of(wrong.dump()), "no error") << object << " " << name;
  });
  EXPECT_GT(fields, 60);
}

TEST(EstimateJson, EverySchemaPropertyIsDescribed) {
  int properties = 0;
  const json document = schema();
  for_each_member(document, json::json_pointer(), [&](const json::json_pointer& object, const std::string& name) {
    if (!object.to_string().ends_with("/properties")) return;
    ++properties;
    EXPECT_TRUE(document[object][name].contains("description")) << object << " " << name;
  });
  EXPECT_GT(properties, 60);
}

TEST(EstimateJson, ComesBackAsItWas) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 50; ++i) {
    const std::string text = to_json(i % 2 == 0 ? random_estimate(random) : pictured(random_estimate(random)));
    EXPECT_EQ(to_json(from_json(text, "e.json")), text);
  }
  const Estimate back = from_json(to_json(large_sample()), "e.json");
  EXPECT_EQ(back.step_time_s, large_sample().step_time_s);
  EXPECT_EQ(back.step_times_s, large_sample().step_times_s);
  EXPECT_EQ(back.memory[0].out_of_memory->where, large_sample().memory[0].out_of_memory->where);
  EXPECT_EQ(back.memory[3].pp_rank, 3);
  EXPECT_EQ(back.subject.keys, large_sample().subject.keys);
  EXPECT_EQ(back.remedies.size(), 3u);
}

TEST(EstimateJson, HasTheNamedFieldsWhereOtherProgramsLookForThem) {
  const json found = json::parse(to_json(small_sample()));
  EXPECT_EQ(found["config"], "llama3_8b");
  EXPECT_EQ(found["hardware"], "h100_sxm_96gb_500w");
  EXPECT_EQ(found["software"], "titan");
  EXPECT_EQ(found["world_size"], 8);
  EXPECT_TRUE(found["fits"].get<bool>());
  EXPECT_EQ(found["interval"]["level"], 0.8);
  EXPECT_EQ(found["interval"]["tokens_per_second_per_gpu"].size(), 2u);
  const json& role = found["memory"]["ranks"][0];
  int64_t sum = 0;
  for (const auto& [name, bytes] : role["categories"].items()) sum += bytes.get<int64_t>();
  EXPECT_EQ(role["peak_allocated_bytes"], sum);
  EXPECT_EQ(role["multiplicity"], 8);
}

TEST(EstimateJson, OfForeignTextIsStillJson) {
  Estimate estimate = small_sample();
  estimate.subject.config = "caf\xe9 \"quoted\"\n\x01";
  EXPECT_NO_THROW(from_json(to_json(estimate), "e.json"));
}

TEST(EstimateJson, RefusesNumbersThatAreNone) {
  Estimate estimate = small_sample();
  estimate.mfu_percent = std::numeric_limits<double>::quiet_NaN();
  EXPECT_ANY_THROW(to_json(estimate));
}

TEST(EstimateJson, AnswersAFileThatIsNoEstimateInOneLine) {
  EXPECT_EQ(refusal_of("").substr(0, 20), "e.json: is no JSON: ");
  EXPECT_EQ(refusal_of("{\"format\": \"titan").substr(0, 20), "e.json: is no JSON: ");
  EXPECT_EQ(refusal_of("[]"), "e.json: is no estimate: expects what `titan estimate --json` writes");
  EXPECT_EQ(refusal_of("{\"steps\": 3}"), "e.json: is no estimate: expects what `titan estimate --json` writes");
  EXPECT_EQ(refusal_of("{\"format\": \"x\ny\"}").find('\n'), std::string::npos);
  EXPECT_EQ(refusal_of("{\"format\": \"x\"}"), "e.json: format must be \"titan estimate\", found 'x'");
  EXPECT_EQ(refusal_of("{\"format\": \"titan estimate\", \"version\": 2}"), "e.json: version must be 1, found '2'");
}

std::string refusal_after(const std::function<void(json&)>& change) {
  json found = json::parse(to_json(pictured(small_sample())));
  change(found);
  return refusal_of(found.dump());
}

TEST(EstimateJson, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(refusal_after([](json& e) { e["fits"] = "yes"; }), "e.json: fits must be true or false, found 'yes'");
  EXPECT_EQ(refusal_after([](json& e) { e["world_size"] = 8.5; }),
            "e.json: world_size must be a whole number, found '8.5'");
  EXPECT_EQ(refusal_after([](json& e) { e["world_size"] = UINT64_MAX; }),
            "e.json: world_size must be a whole number, found '18446744073709551615'");
  EXPECT_EQ(refusal_after([](json& e) { e["memory"]["ranks"][0]["pp_rank"] = -1; }),
            "e.json: memory.ranks[0].pp_rank must be a rank, found '-1'");
  EXPECT_EQ(refusal_after([](json& e) {
              e["interval"]["peak_reserved_bytes"] = {2, 1};
            }),
            "e.json: interval.peak_reserved_bytes must be [low, high] with low at most high");
  EXPECT_EQ(refusal_after([](json& e) { e["time_breakdown"].erase("idle_s"); }),
            "e.json: time_breakdown.idle_s is missing");
  EXPECT_EQ(refusal_after([](json& e) { e["memory"]["ranks"][0]["device_used_bytes"] = -5; }),
            "e.json: memory.ranks[0].device_used_bytes must be between 0 and 2^50 bytes, found -5");
  EXPECT_EQ(
      refusal_after([](json& e) { e["memory"]["ranks"][0]["beside_allocator"]["nccl"] = INT64_MAX; }),
      "e.json: memory.ranks[0].beside_allocator.nccl must be between 0 and 2^50 bytes, found 9223372036854775807");
  EXPECT_EQ(refusal_after([](json& e) { e["time_breakdown"]["compute_s"]["matmul"] = 1e7; }),
            "e.json: time_breakdown.compute_s.matmul must be at most 1e6 seconds");
  EXPECT_EQ(refusal_after([](json& e) {
              e["interval"]["peak_reserved_bytes"] = {0, 1e300};
            }),
            "e.json: interval.peak_reserved_bytes must be between 0 and 2^50 bytes");
  for (const json& times : {json::array(), json({2.0}), json({small_sample().step_time_s, 2.0})}) {
    EXPECT_EQ(refusal_after([&](json& e) { e["step_times_s"] = times; }),
              "e.json: step_times_s must end with step_time_s, the steady step");
  }
  EXPECT_EQ(refusal_after([](json& e) { e["memory"]["ranks"] = json::array(); }),
            "e.json: memory.ranks must hold at least one role");
  EXPECT_EQ(refusal_after([](json& e) {
              e["memory"]["ranks"][0]["categories"] = {{"parameters", 5}};
            }).substr(0, 83),
            "e.json: memory.ranks[0].categories must sum to peak_allocated_bytes (" +
                std::to_string(small_sample().memory[0].peak_allocated_bytes) + "), ");
  EXPECT_EQ(refusal_after([](json& e) { e["memory"]["ranks"][0]["curve"]["samples"][3]["bytes"] = {1}; }),
            "e.json: memory.ranks[0].curve.samples must hold a number for each of 7 categories, found 1");
}

TEST(EstimateJson, IsReadFromAFile) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "titan_estimate_json_test.json";
  files::write_file(path, to_json(small_sample()));
  EXPECT_EQ(to_json(read_estimate(path)), to_json(small_sample()));
  std::filesystem::remove(path);
  try {
    read_estimate(path);
    FAIL() << "a missing file was read";
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(error.what(), path.string() + ": cannot be read: No such file or directory");
  }
  EXPECT_THROW(read_estimate(std::filesystem::temp_directory_path()), config::ConfigError);
}

/// Truncated or changed anywhere, a file is read or refused, never worse.
TEST(EstimateJson, SurvivesDamage) {
  const std::string text = to_json(large_sample());
  std::mt19937_64 random(9);
  for (int i = 0; i < 300; ++i) {
    EXPECT_NE(refusal_of(text.substr(0, random() % (text.size() - 2))), "no error");
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random() % 256);
    refusal_of(changed);
  }
}

}  // namespace
}  // namespace titan::estimator
