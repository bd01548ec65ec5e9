// Samples of the whole fleet for the statistics: at every report interval, at both ends of the
// counted window, where the spec asks for more, and where a run is stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet_state.h"

namespace epfleet::cluster {

class FleetSampler {
 public:
  using Progress = std::function<void(const observe::FleetSample&)>;

  // All must outlive the sampler. It changes nothing in the fleet.
  FleetSampler(FleetState& fleet, cache::PrefixCache& cache,
               std::span<observe::Observer* const> observers);

  // Schedules samples; `progress` is called at each of them.
  void start(Progress progress);
  void sample();       // at an interval
  void sample_last();  // where the run ended: the window's end, if it was stopped before

 private:
  void announce(bool window_start, bool window_end);
  [[nodiscard]] base::TimePoint next_sample() const;
  void restart_peaks();
  [[nodiscard]] observe::FleetSample sample_of_now();
  void count_prefill(observe::FleetSample& sample);
  void count_decode(observe::FleetSample& sample);
  [[nodiscard]] base::TokenParts output_in_flight_of_early_requests();

  FleetState& fleet_;
  cache::PrefixCache& cache_;
  std::span<observe::Observer* const> observers_;
  Progress progress_;
  std::optional<std::uint64_t> sampled_;    // events executed at the last sample
  base::TokenParts emitted_before_window_;  // by early requests, when the window began
};

}  // namespace epfleet::cluster
