#include "epfleet/timing/calibrated_range.h"

#include <fmt/format.h>

namespace epfleet::timing {

std::vector<std::string> outside_calibration(const CalibratedRanges& ranges,
                                             const StepExtent& step) {
  std::vector<std::string> outside;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto& [low, high, what] = ranges[i];
    if (step[i] < low || step[i] > high) {
      const std::string from = low > 0.0 ? fmt::format("{:.6g} to", low) : "up to";
      outside.push_back(fmt::format("{:.6g} {}; calibrated {} {:.6g}", step[i], what, from, high));
    }
  }
  return outside;
}

std::string decode_ranges() {
  const auto& [tokens, kv, gpus] = kDecodeRanges;
  return fmt::format(
      "decode: up to {:.0f} tokens of a GPU in a micro-batch, {:.0f} tokens of KV per request on "
      "average, {:.0f} to {:.0f} GPUs",
      tokens.high, kv.high, gpus.low, gpus.high);
}

std::string prefill_ranges() {
  const auto& [tokens, keys, gpus] = kPrefillRanges;
  return fmt::format(
      "prefill: {:.0f} to {:.0f} tokens of the fullest GPU, {:.0f} keys per query on average, up "
      "to {:.0f} GPUs",
      tokens.low, tokens.high, keys.high, gpus.high);
}

}  // namespace epfleet::timing
