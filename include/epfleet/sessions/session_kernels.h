// When, after its start, a session makes the service work and when it leaves the store for good:
// expectations over the mix, by bins of 5 minutes modulo a day (the day's shape repeats daily).
// And the other way round: when sessions must start for a given shape of tokens served.
// Modelled: input is served when its prefill ends, an answer at the middle of its decoding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
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

inline constexpr std::size_t kDayBins = 288;  // of 5 minutes, for kernels and curves of starts

struct SessionKernels {
  // [lag bin]: worth of the tokens served
  std::vector<double> served = std::vector<double>(kDayBins, 0.0);
  // [lag bin]: own stored tokens of sessions that have had their last turn
  std::vector<double> ended = std::vector<double>(kDayBins, 0.0);
};

// `sessions`: session starts of each class; the kernels are sums over that many.
[[nodiscard]] SessionKernels session_kernels(
    const SessionLaw& law, const std::array<double, workload::kSessionClasses>& sessions,
    const ExpectedService& service, const ShapeWeights& worth, std::int64_t block,
    base::Worker* worker);

// Session starts x >= 0 per bin such that served = sum over lags l of kernel[l] * x[bin - l] (all
// periodic) is as close to `served` as can be, by Richardson-Lucy iteration. Where long returns
// alone exceed what is to be served, there are none.
// Source: Richardson (1972); Lucy (1974).
[[nodiscard]] std::vector<double> deconvolve_starts(std::span<const double> served,
                                                    std::span<const double> kernel);

}  // namespace epfleet::sessions
