#include <gtest/gtest.h>

#include "tests/runtime/config/combination.h"

namespace titan::config {
namespace {

const char* const kTp = "--parallelism.tensor_parallel_degree";
const char* const kPp = "--parallelism.pipeline_parallel_degree";
const char* const kCp = "--parallelism.context_parallel_degree";
const char* const kEp = "--parallelism.expert_parallel_degree";
const char* const kEtp = "--parallelism.expert_tensor_parallel_degree";
const char* const kSchedule = "--parallelism.pipeline_parallel_schedule";

TEST(ParallelRules, TheProductOfDegreesIsTheWorldSize) {
  expect_answers(
      {{8, {kTp, "2", kCp, "2"}, ""},
       {8,
        {kTp, "3"},
        "parallelism.data_parallel_shard_degree: Invalid parallel dims: dp_replicate(1) * dp_shard(2) * cp(1) * "
        "tp(3) * pp(1) != WORLD_SIZE(8), with parallelism.data_parallel_replicate_degree = 1, "
        "parallelism.data_parallel_shard_degree = -1, parallelism.context_parallel_degree = 1, "
        "parallelism.tensor_parallel_degree = 3, parallelism.pipeline_parallel_degree = 1, "
        "parallelism.expert_parallel_degree = 1, parallelism.expert_tensor_parallel_degree = 1"}});
}

TEST(ParallelRules, ExpertDegreesFitTheMesh) {
  expect_answers({{8, {kEp, "4"}, ""},
                  {8,
                   {kTp, "4", kEp, "2", kEtp, "2"},
                   "parallelism.expert_tensor_parallel_degree: Currently we only support ETP=TP or ETP=1, found 2 with "
                   "parallelism.tensor_parallel_degree = 4"},
                  {4,
                   {kEp, "3"},
                   "parallelism.expert_parallel_degree: ep * etp must divide dp_shard * cp * tp (4 % 3 != 0), with "
                   "parallelism.data_parallel_replicate_degree = 1, parallelism.data_parallel_shard_degree = 4, "
                   "parallelism.context_parallel_degree = 1, parallelism.tensor_parallel_degree = 1, "
                   "parallelism.pipeline_parallel_degree = 1, parallelism.expert_parallel_degree = 3, "
                   "parallelism.expert_tensor_parallel_degree = 1"}});
}

TEST(ParallelRules, DeepEpNeedsExpertsAndWholeOnes) {
  const char* const kBackend = "--parallelism.expert_parallel_comm_backend=deepep";
  expect_answers(
      {{4, {kBackend, kEp, "2"}, ""},
       {4,
        {kBackend},
        "parallelism.expert_parallel_comm_backend: deepep needs parallelism.expert_parallel_degree above 1, found 1"},
       {4,
        {kBackend, kEp, "2", kEtp, "2", kTp, "2"},
        "parallelism.expert_parallel_comm_backend: deepep needs parallelism.expert_tensor_parallel_degree 1, found "
        "2"}});
}

// Divisors that 16 heads, 16 kv heads, 768 and 2048 share: those of 16.
TEST(ParallelRules, TensorParallelismDividesTheModel) {
  expect_answers(
      {{8, {kTp, "8"}, ""},
       {6,
        {kTp, "6"},
        "parallelism.tensor_parallel_degree: must divide the model's attention heads (16), found 6; allowed: 1, 2, "
        "4, 8, 16"}});
  const auto refusal = [](const ModelDims& model, const char* degree) {
    TestJob job;
    job.load({kTp, degree});
    return error_of([&] { validate(job.config, {.world_size = std::atoi(degree), .model = model}); });
  };
  ModelDims model = kDebugModel;
  model.num_kv_heads = 2;
  EXPECT_EQ(
      refusal(model, "4"),
      "parallelism.tensor_parallel_degree: must divide the model's key and value heads (2), found 4; allowed: 1, 2");
  model = kDebugModel;
  model.ffn_hidden = 772;
  EXPECT_EQ(refusal(model, "8"),
            "parallelism.tensor_parallel_degree: must divide the model's feed-forward width (772), found 8; allowed: "
            "1, 2, 4");
  model = kDebugModel;
  model.vocab_size = 2050;
  EXPECT_EQ(refusal(model, "4"),
            "parallelism.tensor_parallel_degree: must divide the model's vocabulary (2050), found 4; allowed: 1, 2");
}

TEST(ParallelRules, AsyncTensorParallelismNeedsACompiledModel) {
  const char* const kAsync = "--parallelism.enable_async_tensor_parallel";
  const std::string answer =
      "parallelism.enable_async_tensor_parallel: Async TP requires 'model' in --compile.components and "
      "--compile.enable";
  expect_answers({{2, {kAsync, kTp, "2", "--compile.enable"}, ""},
                  {2, {kAsync}, ""},
                  {2, {kAsync, kTp, "2"}, answer},
                  {2, {kAsync, kTp, "2", "--compile.enable", "--compile.components", "loss"}, answer}});
}

TEST(ParallelRules, ContextParallelismNeedsAFittingAttention) {
  const char* const kPtrr = "--parallelism.context_parallel_load_balancer=ptrr";
  expect_answers({{2,
                   {kCp, "2", "--model.flavor", "debugmodel_varlen_attn"},
                   "parallelism.context_parallel_degree: must be 1 with varlen attention (model.flavor = "
                   "debugmodel_varlen_attn), found 2"},
                  {2, {kCp, "2", kPtrr, "--model.flavor", "debugmodel_flex_attn"}, ""},
                  {2, {kPtrr}, ""},
                  {2,
                   {kCp, "2", kPtrr},
                   "parallelism.context_parallel_load_balancer: ptrr balances by the mask of flex attention, which "
                   "model.flavor = debugmodel lacks; allowed: headtail, none"}});
}

TEST(SequenceRules, ContextParallelismDividesTheSequenceAndTensorParallelismNeedNot) {
  expect_answers(
      {{4, {kTp, "4", "--training.seq_len", "33"}, ""},
       {2, {kCp, "2", "--training.seq_len", "32"}, ""},
       {2,
        {kCp, "2", "--training.seq_len", "30"},
        "training.seq_len: Sequence length 30 must be divisible by 2 * CP degree (2)"},
       {2, {kCp, "2", "--training.seq_len", "30", "--parallelism.context_parallel_load_balancer", "None"}, ""},
       {2,
        {kCp, "2", "--training.seq_len", "31", "--parallelism.context_parallel_load_balancer", "None"},
        "training.seq_len: Sequence length 31 must be divisible by the CP degree (2)"},
       {2, {kCp, "2", "--validation.seq_len", "30"}, ""},
       {2,
        {kCp, "2", "--validation.seq_len", "30", "--validation.enable"},
        "validation.seq_len: Sequence length 30 must be divisible by 2 * CP degree (2)"}});
}

TEST(BatchRules, TheGlobalBatchIsAMultipleOfWhatAllRanksTakeAtOnce) {
  expect_answers(
      {{4, {"--training.global_batch_size", "64"}, ""},
       {4, {"--training.global_batch_size", "32", kTp, "2"}, ""},
       {4,
        {"--training.global_batch_size", "48"},
        "training.global_batch_size: global batch size must be multiple of local batch size times data-parallel "
        "degree (48 % (8 * 4) != 0)"}});
}

TEST(PipelineRules, MicrobatchesDivideTheBatch) {
  expect_answers(
      {{2, {kPp, "2", "--parallelism.pipeline_parallel_microbatch_size", "2"}, ""},
       {2,
        {kPp, "2", "--parallelism.pipeline_parallel_microbatch_size", "3"},
        "parallelism.pipeline_parallel_microbatch_size: Batch size 8 must be divisible by microbatch_size 3. Update "
        "training.local_batch_size or parallelism.pipeline_parallel_microbatch_size."}});
}

// 6 layers + 1 + 1 for the ends = 8: 4 a stage make 2 stages, 2 a stage 4, 3 a stage ceil(8/3) = 3.
TEST(PipelineRules, StagesAreDividedAmongTheRanksAsTheScheduleNeeds) {
  const char* const kLayers = "--parallelism.pipeline_parallel_layers_per_stage";
  const std::string key = "parallelism.pipeline_parallel_layers_per_stage: ";
  const std::string found = " with parallelism.pipeline_parallel_schedule = ";
  expect_answers({{2, {kPp, "2", kLayers, "4"}, ""},
                  {2, {kPp, "2", kLayers, "2", kSchedule, "Interleaved1F1B"}, ""},
                  {2,
                   {kPp, "2", kLayers, "3"},
                   key + "Number of virtual stages (3) must be divisible by pipeline parallel size (2)"},
                  {2,
                   {kPp, "2", kLayers, "2"},
                   key + "Single stage schedule requires exactly 1 stage per rank, found 2" + found + "1F1B"},
                  {2,
                   {kPp, "2", kLayers, "4", kSchedule, "LoopedBFS"},
                   key + "Multi-stage schedule requires at least 2 stages per rank, found 1" + found + "LoopedBFS"},
                  {2,
                   {kPp, "2", kLayers, "1", kSchedule, "ZBVZeroBubble"},
                   key + "V schedule requires exactly 2 stages per rank, found 4" + found + "ZBVZeroBubble"}});
}

TEST(PipelineRules, EveryStageHasLayers) {
  expect_answers(
      {{4, {kPp, "4", kSchedule, "Interleaved1F1B"}, ""},
       {10,
        {kPp, "10", "--training.local_batch_size", "16"},
        "parallelism.pipeline_parallel_degree: Number of stages (10) cannot be greater than effective layers (8)"},
       {4,
        {kPp, "4", "--parallelism.pipeline_parallel_first_stage_less_layers", "4"},
        "parallelism.pipeline_parallel_first_stage_less_layers: input_weight (4) exceeds minimum layers per stage (2)"},
       {4,
        {kPp, "4", "--parallelism.pipeline_parallel_last_stage_less_layers", "5"},
        "parallelism.pipeline_parallel_last_stage_less_layers: output_weight (5) exceeds minimum layers per stage "
        "(3)"}});
}

TEST(PipelineRules, ExplicitPartsAreOnePerStageAndNotEmpty) {
  const char* const kParts = "--parallelism.module_fqns_per_model_part";
  expect_answers(
      {{2, {kPp, "2", kParts, "[[\"tok_embeddings\"], [\"norm\"]]"}, ""},
       {2,
        {kPp, "2", kParts, "[[\"tok_embeddings\"], []]"},
        "parallelism.module_fqns_per_model_part: part 1 names no module"},
       {2,
        {kPp, "2", kParts, "[[\"a\"], [\"b\"], [\"c\"]]"},
        "parallelism.module_fqns_per_model_part: Number of virtual stages (3) must be divisible by pipeline parallel "
        "size (2)"}});
}

// Interleaved schedules: 7 microbatches on 2 ranks make 7 / 2 = 3 rounds, which 7 is no multiple of.
TEST(PipelineRules, SchedulesGetTheMicrobatchesThatTheyNeed) {
  const char* const kBatch = "--training.local_batch_size";
  expect_answers(
      {{4, {kPp, "4", kBatch, "4"}, ""},
       {4, {kPp, "4", kBatch, "1"}, ""},
       {2,
        {kPp, "2", kBatch, "3", kSchedule, "DualPipeV"},
        "training.local_batch_size: DualPipeV needs at least as many microbatches as stages (4), found 3"},
       {2,
        {kPp, "2", kBatch, "7", kSchedule, "Interleaved1F1B"},
        "training.local_batch_size: Interleaved1F1B runs its microbatches in equal rounds of about 2: 7 microbatches "
        "cannot be divided by 3 rounds"},
       {2, {kPp, "2", kBatch, "1", kSchedule, "ZBVZeroBubble"}, ""}});
}

TEST(PipelineRules, DualPipeVOverlapsExpertsOnlyWithoutCheckpointing) {
  const std::vector<std::string> overlap = {kPp, "2", kEp, "2", kSchedule, "DualPipeV"};
  auto none = overlap, off = overlap;
  none.insert(none.end(), {"--activation_checkpoint.mode", "none"});
  off.push_back("--parallelism.no_pipeline_parallel_expert_parallel_overlap");
  expect_answers(
      {{4, none, ""},
       {4, off, ""},
       {4, overlap,
        "activation_checkpoint.mode: Expert Parallel with DualPipeV and Activation Checkpointing cannot be used "
        "together. Please disable one of them. Found selective, or set "
        "parallelism.pipeline_parallel_expert_parallel_overlap to false"}});
}

TEST(CheckpointRules, SeedCheckpointsAreWrittenByOneRank) {
  const char* const kSeed = "--checkpoint.create_seed_checkpoint";
  expect_answers(
      {{1, {kSeed, "--checkpoint.enable"}, ""},
       {1,
        {kSeed},
        "checkpoint.create_seed_checkpoint: Must enable checkpointing when creating a seed checkpoint. Set "
        "checkpoint.enable"},
       {2,
        {kSeed, "--checkpoint.enable"},
        "checkpoint.create_seed_checkpoint: Must create seed checkpoint using a single device, to disable sharding. "
        "Found 2 ranks"}});
}

TEST(CheckpointRules, HuggingFaceFilesHoldWeightsOnly) {
  const std::string answer = "Hugging Face's format holds weights only: needs checkpoint.";
  expect_answers(
      {{1, {"--checkpoint.initial_load_in_hf", "--checkpoint.no_initial_load_model_only"}, ""},
       {1,
        {"--checkpoint.enable", "--checkpoint.initial_load_in_hf", "--checkpoint.no_initial_load_model_only"},
        "checkpoint.initial_load_in_hf: " + answer + "initial_load_model_only, found false"},
       {1,
        {"--checkpoint.enable", "--checkpoint.last_save_in_hf", "--checkpoint.no_last_save_model_only"},
        "checkpoint.last_save_in_hf: " + answer + "last_save_model_only, found false"},
       {1,
        {"--checkpoint.enable", "--checkpoint.initial_load_in_hf_quantized"},
        "checkpoint.initial_load_in_hf_quantized: needs checkpoint.initial_load_in_hf, found false"}});
}

TEST(TrainingRules, SelectiveCheckpointingTakesOpOrAPositiveNumber) {
  const std::string valid = ". Valid options: 'op' or a positive int representing layer frequency";
  for (const std::string option : {"op", "1", "12"}) {
    expect_answers({{1, {"--activation_checkpoint.selective_ac_option", option}, ""}});
  }
  for (const std::string option : {"0", "-1", "ops", "2.5", ""}) {
    expect_answers(
        {{1,
          {"--activation_checkpoint.selective_ac_option=" + option},
          "activation_checkpoint.selective_ac_option: Invalid selective AC option: '" + option + "'" + valid}});
  }
}

TEST(TrainingRules, EarlyOptimizerStepsNeedGradientsThatAreCompleteAtOnce) {
  const char* const kEarly = "--optimizer.early_step_in_backward";
  const std::string key = "optimizer.early_step_in_backward: ";
  expect_answers(
      {{2, {kEarly}, ""},
       {2, {kEarly, kEp, "2"}, key + "Optimizers in backward is not supported with Expert Parallel."},
       {2, {kEarly, kPp, "2"}, key + "Optimizers in backward is not supported with Pipeline Parallel."},
       {2, {kEarly, "--fault_tolerance.enable"}, key + "TorchFT is not supported with optimizers in backward."}});
}

TEST(TrainingRules, AProfilingCycleHoldsItsWarmUpAndItsSteps) {
  expect_answers({{1, {"--profiling.profile_freq", "4", "--profiling.enable_profiling"}, ""},
                  {1, {"--profiling.profile_freq", "3"}, ""},
                  {1,
                   {"--profiling.profile_freq", "3", "--profiling.enable_profiling"},
                   "profiling.profile_freq: must be at least profiling.profiler_warmup + profiling.profiler_active "
                   "(4), found 3"}});
}

TEST(TrainingRules, OnlyFluxTrainsOnImages) {
  expect_answers(
      {{1, {"--training.dataset", "cc12m-wds", "--model.name", "flux"}, ""},
       {1,
        {"--training.dataset", "cc12m-wds"},
        "training.dataset: 'cc12m-wds' holds images, which only model.name = flux trains on, found llama3"},
       {1, {"--model.name", "flux"}, "training.dataset: 'c4_test' holds text, but model.name = flux trains on images"},
       {1,
        {"--validation.enable", "--validation.dataset", "coco-validation"},
        "validation.dataset: 'coco-validation' holds images, which only model.name = flux trains on, found llama3"}});
}

TEST(QuantizationRules, ConvertersAreKnownAndOfOneFormat) {
  const std::string known =
      "model.converters: must be among quantize.linear.float8, quantize.grouped_mm.float8, quantize.linear.mx, "
      "quantize.grouped_mm.mx; found ";
  expect_answers(
      {{1, {"--model.converters", "quantize.linear.float8,quantize.grouped_mm.float8"}, ""},
       {1, {"--model.converters", "float8"}, known + "'float8'; did you mean 'quantize.linear.float8'?"},
       {1,
        {"--model.converters", "quantize.linear.float9"},
        known + "'quantize.linear.float9'; did you mean 'quantize.linear.float8'?"},
       {1,
        {"--model.converters", "quantize.linear.float8,quantize.grouped_mm.mx"},
        "model.converters: Cannot combine model converters with different quantization types: quantize.linear.float8, "
        "quantize.grouped_mm.mx"}});
}

TEST(QuantizationRules, Float8GathersOnlyTensorwiseScales) {
  const char* const kConverter = "--model.converters=quantize.linear.float8";
  const std::string section = "quantize.linear.float8.";
  const std::string recipe = "--" + section + "recipe_name";
  expect_answers(
      {{1, {kConverter, "--quantize.linear.float8.enable_fsdp_float8_all_gather"}, ""},
       {1, {recipe, "rowwise", "--quantize.linear.float8.enable_fsdp_float8_all_gather"}, ""},
       {1,
        {kConverter, recipe, "rowwise", "--quantize.linear.float8.enable_fsdp_float8_all_gather"},
        section + "enable_fsdp_float8_all_gather: works without a recipe only (tensorwise scales), found " + section +
            "recipe_name = rowwise"},
       {1,
        {kConverter, recipe, "rowwise_with_gw_hp", "--quantize.linear.float8.filter_fqns", "auto_filter_small_kn"},
        section + "filter_fqns: auto_filter_small_kn has no thresholds for " + section +
            "recipe_name = rowwise_with_gw_hp"}});
}

TEST(QuantizationRules, SomeFormatsExcludeSomeParallelisms) {
  const char* const kGrouped = "--model.converters=quantize.grouped_mm.float8";
  expect_answers(
      {{2, {kGrouped, kTp, "2"}, ""},
       {2,
        {kGrouped, kPp, "2"},
        "parallelism.pipeline_parallel_degree: must be 1 with the converter quantize.grouped_mm.float8, found 2"},
       {2,
        {kGrouped, kCp, "2"},
        "parallelism.context_parallel_degree: must be 1 with the converter quantize.grouped_mm.float8, found 2"},
       {2, {"--model.converters=quantize.linear.mx", kTp, "2"}, ""},
       {2,
        {"--model.converters=quantize.linear.mx", kTp, "2", "--compile.enable"},
        "model.converters: TP not yet supported with torch.compile for mxfp8: quantize.linear.mx needs "
        "parallelism.tensor_parallel_degree 1 or no compiled model"}});
}

}  // namespace
}  // namespace titan::config
