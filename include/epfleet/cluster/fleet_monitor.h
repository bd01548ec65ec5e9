// What a scaling rule sees: demand, work and latency over the last scaling.window, as of a look
// that is at least scaling.view_age old.
// Modelled: metrics are collected where requests arrive and steps end; a look is taken at every
//   decision, so an age counts in whole scaling.interval.
// Left out: metrics that are lost or late one by one.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/metrics/duration_statistics.h"
#include "epfleet/observe/facts.h"
#include "epfleet/policy/scaling.h"
#include "epfleet/serving/live_request.h"

namespace epfleet::cluster {

class FleetMonitor {
 public:
  // Both must outlive the monitor.
  FleetMonitor(const FleetSpec& spec, const policy::UnitProfile& profile)
      : spec_(spec), profile_(profile) {}

  void saw_arrival(const serving::LiveRequest& request);  // its hit is known
  void saw_first_token(base::Duration ttft) { fresh_.ttft.add(ttft); }
  void saw_prefill_step(const observe::PrefillStepDone& step);
  void saw_decode_step(const observe::DecodeStepDone& step);

  // The fleet at this moment: units, and the time for which they served since the start.
  struct Moment {
    base::TimePoint time;
    policy::PhaseView prefill, decode;
    double prefill_unit_s = 0.0, decode_unit_s = 0.0;
  };
  // Takes a look; answers with what a rule may know of it. The target and what is held are the
  // caller's to add.
  [[nodiscard]] policy::FleetView look(const Moment& moment);

  // What every look saw of the demand until then.
  [[nodiscard]] const std::vector<policy::KnownDemand>& demand() const { return demand_; }
  // Against what the fleet has counted; `emitted`: tokens of prefill and decode.
  void check_sums(base::SumCheck& check, const observe::FleetTotals& totals,
                  base::TokenParts emitted) const;

 private:
  struct Sums {  // since the start of the run
    std::int64_t arrivals = 0;
    std::int64_t demanded_tokens = 0, demanded_cached = 0;  // of prompts
    double demanded_pairs = 0.0;
    std::int64_t computed_tokens = 0;
    base::TokenParts emitted;
    double request_s = 0.0, kv_token_s = 0.0;  // in decode steps
  };
  struct Latencies {
    metrics::DurationStatistics ttft{metrics::Resolution::Coarse};
    metrics::DurationStatistics tpot{metrics::Resolution::Coarse};
  };
  struct Look {
    Moment moment;
    Sums sums;
    Latencies since_last;
  };

  [[nodiscard]] policy::FleetView view_of(std::size_t from, std::size_t to);
  [[nodiscard]] policy::LatencyView latency_of(std::size_t from, std::size_t to);

  const FleetSpec& spec_;
  const policy::UnitProfile& profile_;
  Sums sums_;
  Latencies fresh_;  // since the last look
  std::deque<Look> looks_;
  std::vector<policy::KnownDemand> demand_;
};

}  // namespace epfleet::cluster
