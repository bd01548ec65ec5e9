#include "epfleet/cluster/fleet_spec.h"

namespace epfleet::cluster {
namespace {

// The layouts but for redundant experts, which are solved for on them.
model::PrefillLayout bare_prefill_layout(const FleetSpec& spec) {
  model::PrefillLayout layout;
  layout.gpus = spec.prefill.gpus;
  layout.dual_batch = spec.prefill.overlap == serving::Overlap::DualBatch;
  layout.phase_barriers = spec.prefill.phase_barriers;
  layout.expert_precision = spec.prefill.expert_precision;
  layout.mtp = spec.decode.mtp.enabled;
  layout.gpus_per_node = spec.prefill_hardware.gpus_per_node;
  return layout;
}

model::DecodeLayout bare_decode_layout(const FleetSpec& spec) {
  model::DecodeLayout layout;
  layout.gpus = spec.decode.gpus;
  layout.draft_tokens = spec.decode.mtp.enabled ? spec.decode.mtp.draft_tokens : 0;
  layout.dual_batch = spec.decode.overlap == serving::Overlap::DualBatch;
  layout.phase_barriers = spec.decode.phase_barriers;
  layout.expert_precision = spec.decode.expert_precision;
  layout.gpus_per_node = spec.decode_hardware.gpus_per_node;
  layout.host_time = spec.decode.host_time;
  layout.max_requests_per_gpu = max_requests_per_gpu(spec);
  return layout;
}

}  // namespace

std::optional<std::int64_t> prefill_redundant_experts(const FleetSpec& spec) {
  if (spec.prefill.redundant_experts) {
    return spec.prefill.redundant_experts;
  }
  return model::auto_redundant_experts(spec.model, bare_prefill_layout(spec),
                                       spec.prefill_hardware.memory, spec.prefill.runtime_memory);
}

std::optional<std::int64_t> decode_redundant_experts(const FleetSpec& spec) {
  if (spec.decode.redundant_experts) {
    return spec.decode.redundant_experts;
  }
  return model::auto_redundant_experts(spec.model, bare_decode_layout(spec),
                                       spec.decode_hardware.memory, spec.decode.runtime_memory);
}

std::int64_t max_requests_per_gpu(const FleetSpec& spec) {
  const serving::MtpConfig& mtp = spec.decode.mtp;
  return spec.decode.max_requests_per_gpu.value_or(
      model::auto_max_requests(mtp.enabled ? mtp.draft_tokens : 0));
}

model::PrefillLayout prefill_layout(const FleetSpec& spec) {
  model::PrefillLayout layout = bare_prefill_layout(spec);
  layout.redundant_experts = prefill_redundant_experts(spec).value_or(layout.redundant_experts);
  return layout;
}

model::DecodeLayout decode_layout(const FleetSpec& spec) {
  model::DecodeLayout layout = bare_decode_layout(spec);
  layout.redundant_experts = decode_redundant_experts(spec).value_or(layout.redundant_experts);
  return layout;
}

}  // namespace epfleet::cluster
