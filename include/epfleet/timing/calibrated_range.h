// The ranges of shapes that published or measured figures cover. Steps beyond are priced all the
// same, by extrapolation, but counted and warned of.
//
// Source: low-latency all-to-all: 2-256 tokens per rank, 8-256 ranks (DeepEP README,
//   aiconfigurator); FlashMLA: mean lengths up to 32,768 (H100 measurements). Normal all-to-all:
//   512-32,768 tokens per rank on 1-8 nodes (DeepEP README, aiconfigurator); below, the fixed parts
//   dominate, and the contiguous GEMM's table begins at 128 tokens a group; prefill attention: up
//   to 49,152 keys (H100 measurements).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace epfleet::timing {

struct CalibratedRange {
  double low, high;
  const char* what;
};
using CalibratedRanges = std::array<CalibratedRange, 3>;
using StepExtent = std::array<double, 3>;  // a step's values, in the order of the ranges

// Of the fullest GPU in one micro-batch; of a request; of the unit.
inline constexpr CalibratedRanges kDecodeRanges{{{0, 256, "tokens of a GPU in a micro-batch"},
                                                 {0, 32'768, "tokens of KV per request"},
                                                 {8, 256, "GPUs of a low-latency all-to-all"}}};
// Of the fullest GPU in both micro-batches; of the GPU with the most; of the unit.
inline constexpr CalibratedRanges kPrefillRanges{{{128, 65'536, "tokens of a GPU"},
                                                  {0, 49'152, "keys per query"},
                                                  {0, 64, "GPUs of a normal all-to-all"}}};

[[nodiscard]] constexpr bool is_outside(const CalibratedRanges& ranges, const StepExtent& step) {
  bool outside = false;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    outside = outside || step[i] < ranges[i].low || step[i] > ranges[i].high;
  }
  return outside;
}

// What of a step lies outside, one sentence each with the range.
[[nodiscard]] std::vector<std::string> outside_calibration(const CalibratedRanges& ranges,
                                                           const StepExtent& step);

// All ranges of a phase in one line, for the warning of a run.
[[nodiscard]] std::string decode_ranges();
[[nodiscard]] std::string prefill_ranges();

}  // namespace epfleet::timing
