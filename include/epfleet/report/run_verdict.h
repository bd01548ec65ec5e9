// The answer of a run in a line: does it meet its objectives, does it keep up, what binds, how much
// more would fit.
#pragma once

#include <optional>
#include <string>

#include "epfleet/metrics/metric.h"

namespace epfleet::report {

// Work done over what full steps of the serving nodes would have carried.
struct PhaseLoads {
  metrics::Measure prefill_ratio, decode_ratio;
};

inline constexpr metrics::Row<PhaseLoads> kLoadRows[] = {
    {"prefill_ratio", "share", metrics::Kind::Ratio, metrics::Better::Neither,
     metrics::of<&PhaseLoads::prefill_ratio>,
     "Prompt tokens computed over what even, full steps of the serving prefill nodes would have."},
    {"decode_ratio", "share", metrics::Kind::Ratio, metrics::Better::Neither,
     metrics::of<&PhaseLoads::decode_ratio>,
     "Tokens emitted over what even, full steps of the serving decode nodes would have."},
};

struct RunVerdict {
  std::optional<bool> meets_slo;  // none: the scenario has no objectives, or nobody arrived
  bool stable = true;
  metrics::Measure headroom_ratio, drift_ratio;
  std::string binds = "none";  // or prefill, decode, admission
  std::string why;             // it misses, is unstable or is none: in words
};

inline constexpr metrics::Row<RunVerdict> kRunVerdictRows[] = {
    {"meets_slo", "yes or no", metrics::Kind::Level, metrics::Better::More,
     metrics::of<&RunVerdict::meets_slo>,
     "Whether every objective was met, nothing was turned away or lost, and no queue grew."},
    {"stable", "yes or no", metrics::Kind::Level, metrics::Better::More,
     metrics::of<&RunVerdict::stable>, "Whether the queues did not grow over the window."},
    {"headroom_ratio", "share", metrics::Kind::Ratio, metrics::Better::More,
     metrics::of<&RunVerdict::headroom_ratio>,
     "Load at which the phase that binds would be full or miss its objective / this load - 1; an "
     "estimate from step prices. None: an objective is missed that more room would not mend."},
    {"drift_ratio", "share", metrics::Kind::Ratio, metrics::Better::Neither,
     metrics::of<&RunVerdict::drift_ratio>,
     "Requests in service, mean over the last quarter of the window / over its first - 1."},
};

}  // namespace epfleet::report
