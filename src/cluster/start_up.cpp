#include "epfleet/cluster/start_up.h"

#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/random.h"

namespace epfleet::cluster {
namespace {

base::Duration start_up(const policy::StartUpConfig& config, base::Bytes weights_per_gpu,
                        const hardware::HardwareProfile& hardware, std::int64_t loading) {
  if (config.total) {
    return *config.total;
  }
  const double share =
      config.store_bandwidth.count() / static_cast<double>(std::max<std::int64_t>(loading, 1));
  double narrowest = std::min(hardware.storage_bandwidth.count(), share);
  if (config.nvme_bandwidth) {
    narrowest = std::min(narrowest, config.nvme_bandwidth->count());
  }
  const base::Bytes bytes(weights_per_gpu.count() * hardware.gpus_per_node);
  return config.node + config.container +
         config.weights.value_or(bytes / base::BytesPerSecond(narrowest)) + config.compile +
         config.graphs;
}

}  // namespace

base::Duration prefill_start_up(const FleetSpec& spec, std::int64_t loading) {
  return start_up(spec.scaling.start_up, prefill_memory(spec).weights, spec.prefill_hardware,
                  loading);
}

base::Duration decode_start_up(const FleetSpec& spec, std::int64_t loading) {
  return start_up(spec.scaling.start_up, decode_memory(spec).weights, spec.decode_hardware,
                  loading);
}

Start draw_start(const FleetSpec& spec, std::string_view phase, base::Duration in_common,
                 std::int64_t nodes, std::uint64_t unit, std::uint64_t start) {
  const policy::StartUpConfig& config = spec.scaling.start_up;
  if (config.spread == 0.0 && config.failure_ratio == 0.0) {
    return {in_common};
  }
  const base::StreamFamily family(spec.seed, fmt::format("scaling.start_up.{}", phase));
  base::Stream draw(family, unit, start);
  if (draw.uniform() < config.failure_ratio) {
    return {config.timeout, true};
  }
  double slowest = 0.0;
  for (std::int64_t node = 0; node < nodes; ++node) {
    slowest = std::max(slowest, draw.uniform());
  }
  const double longer = static_cast<double>(in_common.count()) * config.spread * slowest;
  return {in_common + base::Duration(static_cast<std::int64_t>(longer))};
}

}  // namespace epfleet::cluster
