// The time of one kernel alone on a GPU, in seconds, as a pure function of its shape.
//
// Modelled: fixed time plus the larger of what memory and what arithmetic need (roofline), per
//   kernel class, on a share of the SMs and at a cool or a sustained clock. No work takes no time:
//   the kernel is skipped.
// Left out: tile quantisation (a saw-tooth in m, up to 25 % at single points), L2 hits.
// Source: the constants are those of hardware/profile.h, each named there.
#pragma once

#include <cstdint>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/model.h"

namespace epfleet::timing {

enum class Clock { Cool, Sustained };

class Kernels {
 public:
  // `sms`: how many SMs the kernels may use. Arithmetic and element-wise rates scale with it; the
  // weight stream of a GEMM does not (measured at 108 of 132 SMs: 0-9 % slower when memory-bound).
  Kernels(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock);

  // Rows m are doubles: expected numbers of tokens need not be whole.
  [[nodiscard]] double dense_gemm(double m, std::int64_t n,
                                  std::int64_t k) const;  // FP8 in, BF16 out
  [[nodiscard]] double bf16_gemm(double m, std::int64_t n, std::int64_t k) const;
  [[nodiscard]] double bf16_batched_gemm(std::int64_t batch, double m, std::int64_t n,
                                         std::int64_t k) const;
  [[nodiscard]] double gate_gemm(double m, std::int64_t n, std::int64_t k) const;
  // FP8 experts: m rows in all, spread over `active_groups` groups that have any.
  [[nodiscard]] double masked_gemm(double m, double active_groups, std::int64_t n,
                                   std::int64_t k) const;
  [[nodiscard]] double contiguous_gemm(double m, double active_groups, std::int64_t n,
                                       std::int64_t k) const;

  // Core attention of decode: `kv_tokens` in all of the batch, s_q query tokens per request.
  [[nodiscard]] double mla_decode(const model::Model& model, double kv_tokens, double s_q) const;
  [[nodiscard]] double mla_decode_per_kv_token(const model::Model& model, double s_q) const;
  // Core attention of prefill: `tokens` queries over `pairs` (query, key) pairs.
  [[nodiscard]] double prefill_attention(const model::Model& model, double tokens,
                                         double pairs) const;
  [[nodiscard]] double prefill_attention_per_pair(const model::Model& model) const;

  [[nodiscard]] double add_rmsnorm(double tokens, std::int64_t width) const;
  [[nodiscard]] double norm(double tokens, std::int64_t width) const;
  [[nodiscard]] double quantise(double tokens, std::int64_t width) const;
  [[nodiscard]] double silu_quantise(double tokens, std::int64_t width) const;
  [[nodiscard]] double elementwise(double bytes) const;  // anything that only moves bytes
  [[nodiscard]] double topk(double tokens, std::int64_t experts) const;
  [[nodiscard]] double sampling(double rows, std::int64_t vocab) const;

  [[nodiscard]] double gap() const { return gap_; }  // between two kernels of a chain

 private:
  [[nodiscard]] double bf16(double fixed, double bytes, double flops) const;
  [[nodiscard]] double fp8(double fixed, double bandwidth, double m, double groups, std::int64_t n,
                           std::int64_t k) const;

  double gap_;
  double dense_fixed_, dense_bandwidth_, fp8_rate_, epilogue_bandwidth_;
  double masked_fixed_, masked_bandwidth_, masked_rate_;
  double contiguous_fixed_, contiguous_bandwidth_;
  double bf16_fixed_, bf16_bandwidth_, bf16_rate_, gate_fixed_;
  double mla_fixed_, mla_bandwidth_, mla_rate_;
  double prefill_fixed_, prefill_rate_, prefill_tile_;
  double norm_fixed_, elementwise_fixed_, elementwise_bandwidth_;
  double topk_fixed_, sampling_fixed_, row_select_bandwidth_;
};

}  // namespace epfleet::timing
