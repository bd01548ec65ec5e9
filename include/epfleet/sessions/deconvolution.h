// When sessions must start for a given shape of tokens served.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace epfleet::sessions {

inline constexpr std::size_t kDayBins = 288;  // of 5 minutes, for kernels and curves of starts

// Session starts x >= 0 per bin such that served = sum over lags l of kernel[l] * x[bin - l] (all
// periodic) is as close to `served` as can be, by Richardson-Lucy iteration. Where long returns
// alone exceed what is to be served, there are none. Source: Richardson (1972); Lucy (1974).
[[nodiscard]] std::vector<double> deconvolve_starts(std::span<const double> served,
                                                    std::span<const double> kernel);

}  // namespace epfleet::sessions
