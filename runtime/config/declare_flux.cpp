#include "runtime/config/declare.h"

namespace titan::config {

void declare_flux(Schema& schema, JobConfig& config) {
  TrainingSection& training = config.training;
  schema.section("training")
      .field("classifier_free_guidance_prob", training.classifier_free_guidance_prob,
             "Flux: share of samples without a prompt", {.minimum = 0, .maximum = 1})
      .field("img_size", training.img_size, "Flux: edge of the images", {.minimum = 1})
      .field("test_mode", training.test_mode, "Flux: small random encoders");
  ValidationSection& validation = config.validation;
  schema.section("validation")
      .field("enable_classifier_free_guidance", validation.enable_classifier_free_guidance,
             "Flux: guide generated images")
      .field("classifier_free_guidance_scale", validation.classifier_free_guidance_scale, "Flux: how strongly",
             {.minimum = 0})
      .field("denoising_steps", validation.denoising_steps, "Flux: steps per image", {.minimum = 1})
      .field("eval_freq", validation.eval_freq, "Flux: training steps between images", {.minimum = 1})
      .field("save_img_count", validation.save_img_count, "Flux: images written; -1: all",
             {.minimum = 0, .special = {-1}})
      .field("save_img_folder", validation.save_img_folder, "Flux: where, in dump_folder")
      .field("all_timesteps", validation.all_timesteps, "Flux: loss at every timestep");
  EncoderSection& encoder = config.encoder;
  schema.section("encoder", "Flux: text and image encoders")
      .field("t5_encoder", encoder.t5_encoder, "T5 model")
      .field("clip_encoder", encoder.clip_encoder, "CLIP model")
      .field("autoencoder_path", encoder.autoencoder_path, "weights of the image autoencoder")
      .field("max_t5_encoding_len", encoder.max_t5_encoding_len, "longest prompt in T5 tokens", {.minimum = 1});
  InferenceSection& inference = config.inference;
  schema.section("inference", "Flux: images from prompts")
      .field("save_img_folder", inference.save_img_folder, "where, in dump_folder")
      .field("prompts_path", inference.prompts_path, "file with a prompt a line")
      .field("local_batch_size", inference.local_batch_size, "prompts at a time per rank", {.minimum = 1})
      .field("img_size", inference.img_size, "edge of the images", {.minimum = 1});
}

}  // namespace titan::config
