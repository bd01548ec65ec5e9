// When, after its start, a session makes the service work and when it leaves the store for good:
// expectations over the mix, by bins of 5 minutes modulo a day (the shape of the day repeats
// daily).
// Modelled: input is served when its prefill ends, an answer at the middle of its decoding.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/sessions/session_law.h"
#include "epfleet/sessions/session_paths.h"

namespace epfleet::sessions {

// Worth of a token in the hourly shape. The published hours are income at R1 prices, USD per
// million tokens (open-infra-index, day 6).
struct ShapeWeights {
  double hit = 0.14;
  double miss = 0.55;
  double output = 2.19;
};

struct SessionKernels {
  std::vector<double> served;  // [lag bin]: worth of the tokens served
  // [lag bin]: own stored tokens of sessions that have had their last turn
  std::vector<double> ended;
};

// `sessions`: session starts of each class; the kernels are sums over that many.
[[nodiscard]] SessionKernels session_kernels(
    const SessionLaw& law, const std::array<double, workload::kSessionClasses>& sessions,
    const ExpectedService& service, const ShapeWeights& worth, std::int64_t block,
    base::Worker* worker);

}  // namespace epfleet::sessions
