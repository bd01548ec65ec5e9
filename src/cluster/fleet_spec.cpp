#include "epfleet/cluster/fleet_spec.h"

namespace epfleet::cluster {

std::int64_t max_requests_per_gpu(const FleetSpec& spec) {
  return spec.decode.max_requests_per_gpu.value_or(
      model::auto_max_requests(spec.decode.mtp.drafts()));
}

model::PrefillLayout prefill_layout(const FleetSpec& spec) {
  const serving::PrefillConfig& unit = spec.prefill;
  return {.gpus = unit.gpus,
          .redundant_experts =
              unit.redundant_experts.value_or(model::filling_redundancy(spec.model, unit.gpus)),
          .overlap = unit.overlap,
          .phase_barriers = unit.phase_barriers,
          .mtp = spec.decode.mtp.enabled,
          .gpus_per_node = spec.prefill_hardware.gpus_per_node,
          .expert_precision = unit.expert_precision,
          .engine = spec.engine};
}

model::DecodeLayout decode_layout(const FleetSpec& spec) {
  const serving::DecodeConfig& unit = spec.decode;
  return {.gpus = unit.gpus,
          .redundant_experts =
              unit.redundant_experts.value_or(model::filling_redundancy(spec.model, unit.gpus)),
          .draft_tokens = unit.mtp.drafts(),
          .overlap = unit.overlap,
          .phase_barriers = unit.phase_barriers,
          .gpus_per_node = spec.decode_hardware.gpus_per_node,
          .max_requests_per_gpu = max_requests_per_gpu(spec),
          .expert_precision = unit.expert_precision,
          .engine = spec.engine};
}

model::MemoryPlan prefill_memory(const FleetSpec& spec) {
  return model::memory_plan(spec.model, prefill_layout(spec), spec.prefill_hardware.memory,
                            spec.prefill.runtime_memory);
}

model::MemoryPlan decode_memory(const FleetSpec& spec) {
  return model::memory_plan(spec.model, decode_layout(spec), spec.decode_hardware.memory,
                            spec.decode.runtime_memory);
}

}  // namespace epfleet::cluster
