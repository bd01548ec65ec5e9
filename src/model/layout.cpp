#include "epfleet/model/layout.h"

#include <fmt/core.h>

#include "epfleet/base/error.h"

namespace epfleet::model {
namespace {

constexpr std::int64_t kMinimumRedundancy = 32;  // the published deployments
constexpr std::int64_t kFp8ScaleBlock = 16'384;  // one FP32 scale per 128 x 128 weights
constexpr std::int64_t kFp8ScaleBytes = 4;
constexpr std::int64_t kLowLatencyHeaderBytes = 224;  // scales and header of a message

struct Placement {
  std::int64_t gpus = 0, redundant_experts = 0;
  bool mtp = false, kv_b_in_bf16 = false;
  ExpertPrecision experts = ExpertPrecision::Fp8;
};

Placement placement_of(const DecodeLayout& layout) {
  return {layout.gpus, layout.redundant_experts, layout.draft_tokens > 0, layout.kv_b_in_bf16,
          layout.expert_precision};
}

Placement placement_of(const PrefillLayout& layout) {
  return {layout.gpus, layout.redundant_experts, layout.mtp, false, layout.expert_precision};
}

base::Bytes weights(const Model& model, const Placement& placement) {
  const std::int64_t slots =
      expert_slots_per_gpu(model, placement.gpus, placement.redundant_experts);
  const std::int64_t mtp_layers = placement.mtp ? model.mtp_layers : 0;
  const std::int64_t moe_layers = model.moe_layers() + mtp_layers;
  const std::int64_t experts =
      moe_layers * (slots + model.shared_experts) * model.expert_parameters();
  const bool wide = placement.experts == ExpertPrecision::Bf16;
  const std::int64_t fp8 = (wide ? 0 : experts) +
                           (model.layers + mtp_layers) * model.attention_parameters() +
                           model.dense_layers * model.dense_ffn_parameters();
  std::int64_t bf16 = moe_layers * model.router_parameters() +
                      2 * model.head_parameters() +                  // embedding and head
                      mtp_layers * 2 * model.hidden * model.hidden;  // projection of the MTP module
  bf16 += wide ? experts : 0;
  if (placement.kv_b_in_bf16) {
    bf16 += (model.layers + mtp_layers) * model.kv_b_parameters();
  }
  return base::Bytes(fp8 + fp8 / kFp8ScaleBlock * kFp8ScaleBytes + Model::kBf16 * bf16);
}

base::Bytes buffer_bytes(const Model& model, const DecodeLayout& layout) {
  return low_latency_buffer_bytes(model, layout);
}

// Normal kernels need well under 1 GB, which is part of the runtime memory.
base::Bytes buffer_bytes(const Model& /*model*/, const PrefillLayout& /*layout*/) {
  return base::Bytes(0);
}

double gigabytes(base::Bytes bytes) { return static_cast<double>(bytes.count()) * 1e-9; }

std::optional<std::string> shape_problem(const Model& model, std::int64_t gpus,
                                         std::int64_t gpus_per_node,
                                         std::int64_t redundant_experts) {
  if (gpus <= 0 || gpus_per_node <= 0 || gpus % gpus_per_node != 0) {
    return fmt::format("{} GPUs are not whole nodes of {} GPUs", gpus, gpus_per_node);
  }
  const std::int64_t slots = model.experts + redundant_experts;
  if (redundant_experts < 0 || slots % gpus != 0) {
    return fmt::format("{} + {} redundant experts cannot be spread evenly over {} GPUs",
                       model.experts, redundant_experts, gpus);
  }
  return std::nullopt;
}

template <class Layout>
std::optional<std::string> any_problem(const Model& model, const Layout& layout, base::Bytes memory,
                                       base::Bytes runtime) {
  if (auto wrong =
          shape_problem(model, layout.gpus, layout.gpus_per_node, layout.redundant_experts)) {
    return wrong;
  }
  const base::Bytes weight = weights_bytes(model, layout);
  const base::Bytes buffer = buffer_bytes(model, layout);
  if (kv_capacity_tokens(memory, weight, buffer, runtime, model.kv_bytes_per_token(false))) {
    return std::nullopt;
  }
  return fmt::format(
      "{:.1f} GB of weights, {:.1f} GB of all-to-all buffer and {:.1f} GB of runtime memory leave "
      "no room for KV in {:.1f} GB per GPU",
      gigabytes(weight), gigabytes(buffer), gigabytes(runtime), gigabytes(memory));
}

template <class Layout>
std::optional<std::int64_t> smallest_redundancy(const Model& model, Layout layout,
                                                base::Bytes memory, base::Bytes runtime) {
  if (layout.gpus <= 0) {
    return std::nullopt;
  }
  const std::int64_t least = model.experts + kMinimumRedundancy;
  const std::int64_t slots = (least + layout.gpus - 1) / layout.gpus * layout.gpus;
  layout.redundant_experts = slots - model.experts;
  if (any_problem(model, layout, memory, runtime)) {
    return std::nullopt;  // more copies only need more memory
  }
  return layout.redundant_experts;
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
  return base::Bytes(precision == ExpertPrecision::Bf16
                         ? Model::kBf16 * parameters
                         : parameters + parameters / kFp8ScaleBlock * kFp8ScaleBytes);
}

base::Bytes weights_bytes(const Model& model, const DecodeLayout& layout) {
  return weights(model, placement_of(layout));
}

base::Bytes weights_bytes(const Model& model, const PrefillLayout& layout) {
  return weights(model, placement_of(layout));
}

base::Bytes low_latency_buffer_bytes(const Model& model, const DecodeLayout& layout) {
  const std::int64_t per_batch =
      (layout.max_requests_per_gpu + layout.micro_batches() - 1) / layout.micro_batches();
  const std::int64_t tokens = per_batch * layout.tokens_per_request();
  const std::int64_t slots = model.experts + layout.redundant_experts;
  return base::Bytes(4 * slots * tokens * (2 * model.hidden + kLowLatencyHeaderBytes));
}

std::optional<base::Tokens> kv_capacity_tokens(base::Bytes memory, base::Bytes weights,
                                               base::Bytes buffer, base::Bytes runtime,
                                               std::int64_t kv_bytes_per_token) {
  EPFLEET_CHECK(kv_bytes_per_token > 0, "a token's KV takes room");
  const base::Bytes left = memory - weights - buffer - runtime;
  if (left.count() < kv_bytes_per_token) {
    return std::nullopt;
  }
  return base::Tokens(left.count() / kv_bytes_per_token);
}

std::optional<std::int64_t> auto_redundant_experts(const Model& model, const DecodeLayout& layout,
                                                   base::Bytes memory, base::Bytes runtime) {
  return smallest_redundancy(model, layout, memory, runtime);
}

std::optional<std::int64_t> auto_redundant_experts(const Model& model, const PrefillLayout& layout,
                                                   base::Bytes memory, base::Bytes runtime) {
  return smallest_redundancy(model, layout, memory, runtime);
}

std::optional<std::string> problem(const Model& model, const DecodeLayout& layout,
                                   base::Bytes memory, base::Bytes runtime) {
  if (layout.max_requests_per_gpu <= 0 || layout.draft_tokens < 0) {
    return "a decode GPU needs room for at least one request and no negative number of drafts";
  }
  return any_problem(model, layout, memory, runtime);
}

std::optional<std::string> problem(const Model& model, const PrefillLayout& layout,
                                   base::Bytes memory, base::Bytes runtime) {
  return any_problem(model, layout, memory, runtime);
}

}  // namespace epfleet::model
