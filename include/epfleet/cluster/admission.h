// Whether a request is let in when it arrives.
// Modelled: a cap on the requests in service and one on those that wait for prefill, over the whole
//   fleet; a lower priority meets both caps earlier (its ceiling), so that what is left of them is
//   kept for higher ones. With N priorities, the i-th from the top may fill
//   1 - i (1 - min_ceiling) / (N - 1) of them.
// Left out: caps per account; a queue that serves higher priorities first (all wait in one line);
//   taking back what was let in.
// Source: 429 beyond a fixed concurrency: DeepSeek's API notes of 2026. The ceilings: llm-d-router,
//   priority-holdback-policy, strategy stepwise-spread.
#pragma once

#include <optional>
#include <vector>

#include "epfleet/cluster/fleet_state.h"
#include "epfleet/observe/endings.h"

namespace epfleet::cluster {

// By their rank among the priorities of the classes: the share of a cap that each may fill.
[[nodiscard]] std::vector<double> ceilings(const workload::WorkloadConfig& workload,
                                           double min_ceiling);

class Admission {
 public:
  explicit Admission(const FleetState& fleet);  // must outlive this

  [[nodiscard]] bool limits() const { return limits_; }
  // Why the request that has just arrived, and is counted, is turned away; none: it is not.
  [[nodiscard]] std::optional<observe::Ending> refusal(const workload::Request& request) const;

 private:
  const FleetState& fleet_;
  bool limits_;
  std::vector<double> ceilings_;
};

}  // namespace epfleet::cluster
