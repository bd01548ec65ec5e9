#include "expert_reload.h"

#include <algorithm>

namespace epfleet::cluster {

// Of E experts in S slots, S - E have a second copy. Of L lost slots, L (E - (S - E)) / S held the
// only copy of an expert, and of the S - E pairs of copies L (L - 1) / (S (S - 1)) were lost whole:
// expectations, for copies that lie anywhere. They are read by all that are left at once.
ExpertReload expert_reload(const FleetSpec& spec, std::int64_t lost_gpus) {
  const model::DecodeLayout layout = decode_layout(spec);
  const std::int64_t slots = spec.model.experts + layout.redundant_experts;
  const std::int64_t lost = slots / layout.gpus * lost_gpus;
  if (slots - lost < spec.model.experts) {
    return {};
  }
  const auto real = [](std::int64_t count) { return static_cast<double>(count); };
  const std::int64_t copied = std::min(layout.redundant_experts, spec.model.experts);
  const double alone = real(lost) * real(spec.model.experts - copied) / real(slots);
  const double pairs = real(copied) * real(lost) * real(lost - 1) / (real(slots) * real(slots - 1));
  const base::Bytes expert = model::routed_expert_bytes(spec.model, layout.expert_precision);
  const double bytes = (alone + pairs) * real(expert.count()) * real(spec.model.moe_layers());
  const double rate = spec.decode_hardware.rdma_bandwidth.count() * real(layout.gpus - lost_gpus);
  return {true, base::duration_from_seconds(bytes / rate)};
}

}  // namespace epfleet::cluster
