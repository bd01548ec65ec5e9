#include "epfleet/timing/calibrated_range.h"

#include <fmt/format.h>

namespace epfleet::timing {
namespace {

// Collects the values that leave their range.
class Outside {
 public:
  void check(double value, double low, double high, const char* what) {
    if (value < low || value > high) {
      const std::string from = low > 0.0 ? plain(low) + " to" : "up to";
      found_.push_back(
          fmt::format("{} {}; calibrated {} {}", plain(value), what, from, plain(high)));
    }
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(found_); }

  [[nodiscard]] static std::string plain(double value) { return fmt::format("{:.6g}", value); }

 private:
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> outside_calibration(const model::DecodeLayout& layout,
                                             double micro_batch_tokens, double mean_kv_tokens) {
  Outside outside;
  outside.check(micro_batch_tokens, 0.0, kMaxMicroBatchTokens, "tokens of a GPU in a micro-batch");
  outside.check(mean_kv_tokens, 0.0, kMaxMeanKvTokens, "tokens of KV per request");
  outside.check(static_cast<double>(layout.gpus), kMinLowLatencyGpus, kMaxLowLatencyGpus,
                "GPUs of a low-latency all-to-all");
  return outside.take();
}

std::vector<std::string> outside_calibration(const model::PrefillLayout& layout,
                                             double fullest_gpu_tokens, double mean_keys) {
  Outside outside;
  outside.check(fullest_gpu_tokens, kMinPrefillTokens, kMaxPrefillTokens, "tokens of a GPU");
  outside.check(mean_keys, 0.0, kMaxMeanKeys, "keys per query");
  outside.check(static_cast<double>(layout.gpus), 0.0, kMaxNormalGpus,
                "GPUs of a normal all-to-all");
  return outside.take();
}

std::string decode_ranges() {
  return fmt::format(
      "decode: up to {:.0f} tokens of a GPU in a micro-batch, {:.0f} tokens of KV per request on "
      "average, {} to {} GPUs",
      kMaxMicroBatchTokens, kMaxMeanKvTokens, kMinLowLatencyGpus, kMaxLowLatencyGpus);
}

std::string prefill_ranges() {
  return fmt::format(
      "prefill: {:.0f} to {:.0f} tokens of the fullest GPU, {:.0f} keys per query on average, up "
      "to {} GPUs",
      kMinPrefillTokens, kMaxPrefillTokens, kMaxMeanKeys, kMaxNormalGpus);
}

}  // namespace epfleet::timing
