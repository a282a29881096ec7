#include "runtime/config/declare.h"

namespace titan::config {

void declare_quantization(Schema& schema, JobConfig& config) {
  Float8LinearSection& float8 = config.quantize.linear.float8;
  schema.section("quantize.linear.float8", "linear layers in float8 (converter quantize.linear.float8)")
      .field("enable_fsdp_float8_all_gather", float8.enable_fsdp_float8_all_gather, "gather sharded weights as float8")
      .field("precompute_float8_dynamic_scale_for_fsdp", float8.precompute_float8_dynamic_scale_for_fsdp,
             "compute all weights' scales in one collective after each step")
      .field("recipe_name", float8.recipe_name, "how scales are shared; none: tensorwise, with the two keys above",
             {.choices = {"tensorwise", "rowwise", "rowwise_with_gw_hp"}})
      .field("filter_fqns", float8.filter_fqns,
             "layers whose names contain one of these stay as they are; auto_filter_small_kn: small ones too")
      .field("emulate", float8.emulate, "compute float8 numbers in float32, on hardware without them");
  MxLinearSection& mx = config.quantize.linear.mx;
  schema.section("quantize.linear.mx", "linear layers in MXFP8 (converter quantize.linear.mx)")
      .field("mxfp8_dim1_cast_kernel_choice", mx.mxfp8_dim1_cast_kernel_choice, "kernel of the column-wise cast",
             {.choices = {"triton", "cuda", "torch"}})
      .field("recipe_name", mx.recipe_name, "how scales are rounded",
             {.choices = {"mxfp8_cublas", "mxfp8_cublas_rceil"}})
      .field("filter_fqns", mx.filter_fqns, "layers whose names contain one of these stay as they are");
  schema.section("quantize.grouped_mm.float8", "experts in float8 (converter quantize.grouped_mm.float8)")
      .field("fqns", config.quantize.grouped_mm.float8.fqns, "modules whose names contain one of these are converted",
             {.text_is_list = true});
  MxGroupedMmSection& grouped_mx = config.quantize.grouped_mm.mx;
  schema.section("quantize.grouped_mm.mx", "experts in MXFP8 (converter quantize.grouped_mm.mx)")
      .field("recipe_name", grouped_mx.recipe_name, "how scales are rounded", {.choices = {"mxfp8"}})
      .field("fqns", grouped_mx.fqns, "modules whose names contain one of these are converted", {.text_is_list = true});
}

}  // namespace titan::config
