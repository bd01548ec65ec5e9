// How long a warm-up `auto` is: 20 minutes, and twice and four times that while the state of the
// fleet still drifts at its end. The state is the requests in service and their KV on the decode
// GPUs; it drifts while the rule MSER-5 would cut off more than three quarters of the warm-up.
// Modelled: MSER-5 (K. P. White, "An effective truncation heuristic for bias reduction in
//   simulation output", Simulation 69, 1997): of all beginnings, cut the one that leaves the
//   smallest standard error of the mean of what remains, on means of five observations.
// Left out: loads that never settle: under a shape over the day the window begins after 80 minutes,
//   under one whose queues still grow at the end of the warm-up at once.
#pragma once

#include <span>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/config/scenario.h"
#include "epfleet/observe/facts.h"

namespace epfleet::experiment {

inline constexpr base::Duration kLongestWarmUp = std::chrono::minutes(80);

// The scenario with a length in place of auto: the first that is tried.
[[nodiscard]] config::Scenario with_first_warm_up(const config::Scenario& scenario);

// When the state is looked at in a warm-up of that length.
[[nodiscard]] std::vector<base::TimePoint> warm_up_looks(base::Duration warm_up);

// Of the observations, how many the rule MSER-5 cuts off.
[[nodiscard]] std::size_t mser5_cut(std::span<const double> observations);

// Thrown out of a run at the start of its window: the warm-up was too short.
struct StillDrifting {};

// Looks at the state during a warm-up of one of the lengths above.
class WarmUpWatch : public observe::Observer {
 public:
  explicit WarmUpWatch(base::Duration warm_up);
  void on_sample(const observe::FleetSample& sample) override;

 private:
  base::Duration step_;
  std::vector<double> in_service_, kv_tokens_, waiting_;
};

}  // namespace epfleet::experiment
