#include "cli/run_rank.h"

#include <c10/core/DeviceType.h>

#include <iostream>
#include <memory>

#include "cli/start_lines.h"
#include "runtime/config/config_error.h"
#include "runtime/data/data_loader.h"
#include "runtime/data/dataset.h"
#include "runtime/data/tokenizer/tokenizer.h"
#include "runtime/metrics/metrics_processor.h"
#include "runtime/train/dtypes.h"
#include "runtime/train/session.h"
#include "runtime/train/trainer.h"

namespace titan::cli {
namespace {

data::DataLoader make_loader(const Job& job, const RunInputs& inputs, const train::Session& session,
                             metrics::Logger& log) {
  return data::DataLoader({.dataset = inputs.dataset,
                           .encode =
                               [tokens = inputs.tokens](const std::string& text) {
                                 const auto ids = tokens->encode(text, true, true);
                                 return std::vector<int64_t>(ids.begin(), ids.end());
                               },
                           .seq_len = job.config.training.seq_len,
                           .global_batch_size = session.batch_rules().global,
                           .dp_rank = session.batch_rank(),
                           .dp_degree = session.batch_degree(),
                           .log = [&log](const std::string& line) { log.info(line); }});
}

metrics::MetricsOptions metrics_options(const Job& job, const train::ModelSpec& model, const train::Session& session) {
  return {.log_freq = job.config.metrics.log_freq,
          .flops_per_token = model.flops_per_token(job.config.training.seq_len),
          .peak_flops = std::nullopt,  // a CPU has no peak rate worth comparing with
          .ranks_per_batch = session.dims().non_data_parallel_size(),
          .colours = !job.config.metrics.disable_color_printing};
}

}  // namespace

void run_rank(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, platform::Platform& platform,
              const RankOptions& options) {
  metrics::Logger log(std::cout, {.quiet = !options.log});
  log_start(job, platform.world(), options.notices, log);
  std::optional<c10::ScalarType> dtype;
  if (job.titan.dtype) dtype = train::parse_dtype(*job.titan.dtype);
  train::Session session({.config = job.config,
                          .model = model,
                          .platform = platform,
                          .log = log,
                          .uniform_dtype = dtype,
                          .fsdp_blocks_per_unit = job.titan.fsdp_blocks_per_unit});
  log.info(model_size_line(model));
  const auto memory = platform.memory_stats();
  log.info(metrics::model_memory_line(c10::DeviceTypeName(platform.device().type()), memory.peak_reserved_bytes,
                                      memory.capacity_bytes));
  auto loader = make_loader(job, inputs, session, log);
  std::optional<metrics::RunFiles> files;
  if (options.write_files && platform.world().rank == 0) files.emplace(job.config.job.dump_folder, 0);
  metrics::MetricsProcessor metrics(metrics_options(job, model, session), log, files ? &*files : nullptr,
                                    platform.now());
  train::Trainer trainer(session, [&loader] { return loader.next(); }, metrics,
                         {.after_first_step = options.after_first_step});
  trainer.run();
  log.info("Training completed");
}

}  // namespace titan::cli
