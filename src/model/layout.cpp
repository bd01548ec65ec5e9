#include "epfleet/model/layout.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::model {
namespace {

constexpr std::int64_t kFp8ScaleBlock = 16'384;  // one FP32 scale per 128 x 128 weights
constexpr std::int64_t kFp8ScaleBytes = 4;
constexpr std::int64_t kLowLatencyHeaderBytes = 224;  // scales and header of a message

std::int64_t fp8_bytes(std::int64_t parameters) {
  return parameters + parameters / kFp8ScaleBlock * kFp8ScaleBytes;
}

template <class Layout>
base::Bytes weights_bytes(const Model& model, const Layout& layout) {
  const std::int64_t slots = expert_slots_per_gpu(model, layout.gpus, layout.redundant_experts);
  const std::int64_t mtp_layers = layout.has_mtp() ? model.mtp_layers : 0;
  const std::int64_t moe_layers = model.moe_layers() + mtp_layers;
  const std::int64_t experts =
      moe_layers * (slots + model.shared_experts) * model.expert_parameters();
  const bool wide = layout.expert_precision == ExpertPrecision::Bf16;
  const std::int64_t fp8 = (wide ? 0 : experts) +
                           (model.layers + mtp_layers) * model.attention_parameters() +
                           model.dense_layers * model.dense_ffn_parameters();
  const std::int64_t mtp_projection = 2 * model.hidden * model.hidden;
  const std::int64_t bf16 = (wide ? experts : 0) + moe_layers * model.router_parameters() +
                            2 * model.head_parameters() +  // embedding and head
                            mtp_layers * mtp_projection;
  return base::Bytes(fp8_bytes(fp8) + Model::kBf16 * bf16);
}

template <class Layout>
MemoryPlan plan(const Model& model, const Layout& layout, base::Bytes memory, base::Bytes runtime) {
  return {.memory = memory,
          .weights = weights_bytes(model, layout),
          .runtime = runtime,
          .kv_bytes_per_token = model.kv_bytes_per_token(layout.has_mtp())};
}

}  // namespace

std::int64_t expert_slots_per_gpu(const Model& model, std::int64_t gpus,
                                  std::int64_t redundant_experts) {
  EPFLEET_CHECK(
      gpus > 0 && redundant_experts >= 0 && (model.experts + redundant_experts) % gpus == 0,
      "expert slots are spread evenly over the GPUs");
  return (model.experts + redundant_experts) / gpus;
}

base::Bytes routed_expert_bytes(const Model& model, ExpertPrecision precision) {
  const std::int64_t parameters = model.expert_parameters();
  return base::Bytes(precision == ExpertPrecision::Bf16 ? Model::kBf16 * parameters
                                                        : fp8_bytes(parameters));
}

std::int64_t MemoryPlan::kv_capacity_tokens() const {
  const base::Bytes left = memory - weights - buffer - runtime;
  return std::max<std::int64_t>(0, left.count()) / kv_bytes_per_token;
}

MemoryPlan memory_plan(const Model& model, const DecodeLayout& layout, base::Bytes memory,
                       base::Bytes runtime) {
  const std::int64_t per_batch =
      (layout.max_requests_per_gpu + layout.micro_batches() - 1) / layout.micro_batches();
  const std::int64_t tokens = per_batch * layout.tokens_per_request();
  const std::int64_t slots = model.experts + layout.redundant_experts;
  MemoryPlan decode = plan(model, layout, memory, runtime);
  decode.buffer = base::Bytes(4 * slots * tokens * (2 * model.hidden + kLowLatencyHeaderBytes));
  return decode;
}

MemoryPlan memory_plan(const Model& model, const PrefillLayout& layout, base::Bytes memory,
                       base::Bytes runtime) {
  return plan(model, layout, memory, runtime);
}

}  // namespace epfleet::model
