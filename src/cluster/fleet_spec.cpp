#include "epfleet/config/scenario.h"

namespace epfleet::config {
namespace {

// The layouts but for redundant experts, which are solved for on them.
model::PrefillLayout bare_prefill_layout(const Scenario& scenario) {
  model::PrefillLayout layout;
  layout.gpus = scenario.prefill.gpus;
  layout.dual_batch = scenario.prefill.overlap == serving::Overlap::DualBatch;
  layout.phase_barriers = scenario.prefill.phase_barriers;
  layout.expert_precision = scenario.prefill.expert_precision;
  layout.mtp = scenario.decode.mtp.enabled;
  layout.gpus_per_node = scenario.prefill_hardware.gpus_per_node;
  return layout;
}

model::DecodeLayout bare_decode_layout(const Scenario& scenario) {
  model::DecodeLayout layout;
  layout.gpus = scenario.decode.gpus;
  layout.draft_tokens = scenario.decode.mtp.enabled ? scenario.decode.mtp.draft_tokens : 0;
  layout.dual_batch = scenario.decode.overlap == serving::Overlap::DualBatch;
  layout.phase_barriers = scenario.decode.phase_barriers;
  layout.expert_precision = scenario.decode.expert_precision;
  layout.gpus_per_node = scenario.decode_hardware.gpus_per_node;
  layout.host_time = scenario.decode.host_time;
  layout.max_requests_per_gpu = max_requests_per_gpu(scenario);
  return layout;
}

}  // namespace

std::optional<std::int64_t> prefill_redundant_experts(const Scenario& scenario) {
  if (scenario.prefill.redundant_experts) {
    return scenario.prefill.redundant_experts;
  }
  return model::auto_redundant_experts(scenario.model, bare_prefill_layout(scenario),
                                       scenario.prefill_hardware.memory,
                                       scenario.prefill.runtime_memory);
}

std::optional<std::int64_t> decode_redundant_experts(const Scenario& scenario) {
  if (scenario.decode.redundant_experts) {
    return scenario.decode.redundant_experts;
  }
  return model::auto_redundant_experts(scenario.model, bare_decode_layout(scenario),
                                       scenario.decode_hardware.memory,
                                       scenario.decode.runtime_memory);
}

std::int64_t max_requests_per_gpu(const Scenario& scenario) {
  const serving::MtpConfig& mtp = scenario.decode.mtp;
  return scenario.decode.max_requests_per_gpu.value_or(
      model::auto_max_requests(mtp.enabled ? mtp.draft_tokens : 0));
}

model::PrefillLayout prefill_layout(const Scenario& scenario) {
  model::PrefillLayout layout = bare_prefill_layout(scenario);
  layout.redundant_experts = prefill_redundant_experts(scenario).value_or(layout.redundant_experts);
  return layout;
}

model::DecodeLayout decode_layout(const Scenario& scenario) {
  model::DecodeLayout layout = bare_decode_layout(scenario);
  layout.redundant_experts = decode_redundant_experts(scenario).value_or(layout.redundant_experts);
  return layout;
}

}  // namespace epfleet::config
