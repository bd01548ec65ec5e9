// The ranges of shapes that published or measured figures cover. Steps beyond are priced all the
// same, by extrapolation, but counted and warned of.
//
// Source: low-latency all-to-all: 2-256 tokens per rank, 8-256 ranks (DeepEP README,
//   aiconfigurator); FlashMLA: mean lengths up to 32,768 (H100 measurements). Normal all-to-all:
//   512-32,768 tokens per rank on 1-8 nodes (DeepEP README, aiconfigurator); below, the fixed parts
//   dominate, and the contiguous GEMM's table begins at 128 tokens a group; prefill attention: up
//   to 49,152 keys (H100 measurements).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epfleet/model/layout.h"

namespace epfleet::timing {

// Decode: tokens of the fullest GPU in one micro-batch, KV of a request, GPUs of the unit.
inline constexpr double kMaxMicroBatchTokens = 256.0;
inline constexpr double kMaxMeanKvTokens = 32'768.0;
inline constexpr std::int64_t kMinLowLatencyGpus = 8, kMaxLowLatencyGpus = 256;

// Prefill: tokens of the fullest GPU in both micro-batches, keys per query, GPUs of the unit.
inline constexpr double kMinPrefillTokens = 128.0;
inline constexpr double kMaxPrefillTokens = 65'536.0;
inline constexpr double kMaxMeanKeys = 49'152.0;
inline constexpr std::int64_t kMaxNormalGpus = 64;

// What of a step lies outside, one sentence each with the range; empty if nothing does. The pricers
// mark exactly the steps for which it is not empty.
[[nodiscard]] std::vector<std::string> outside_calibration(const model::DecodeLayout& layout,
                                                           double micro_batch_tokens,
                                                           double mean_kv_tokens);
[[nodiscard]] std::vector<std::string> outside_calibration(const model::PrefillLayout& layout,
                                                           double fullest_gpu_tokens,
                                                           double mean_keys);

// All ranges of a phase in one line, for the warning of a run.
[[nodiscard]] std::string decode_ranges();
[[nodiscard]] std::string prefill_ranges();

}  // namespace epfleet::timing
