// The time of one kernel alone on a GPU, in seconds, as a pure function of its shape.
//
// Modelled: fixed time plus the larger of what memory and what arithmetic need (roofline), per
//   kernel class, on a share of the SMs and at a cool or a sustained clock. FP8 products and the
//   attention core of decode have laws of their own (fp8_gemm.h, mla_decode.h). No work takes no
//   time: the kernel is skipped.
// Left out: L2 hits.
// Source: the constants are those of hardware/profile.h, each named there.
#pragma once

#include <cstdint>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/model.h"
#include "epfleet/timing/fp8_gemm.h"
#include "epfleet/timing/mla_decode.h"
#include "epfleet/timing/sparse_attention.h"

namespace epfleet::timing {

// Busy compute seconds by kind of kernel, in the grouping of the published per-layer breakdowns.
struct ComputeTime {
  double attention_core_s = 0.0;
  double gemm_s = 0.0;    // dense, absorb and gate
  double moe_s = 0.0;     // grouped GEMMs of the routed experts
  double other_s = 0.0;   // norms, quantisation, RoPE, copies, top-k, activation
  double gap_s = 0.0;     // between kernels
  double engine_s = 0.0;  // what the inference engine adds per kernel
  double kernels = 0.0;   // their number
  [[nodiscard]] double total() const {
    return attention_core_s + gemm_s + moe_s + other_s + gap_s + engine_s;
  }
  ComputeTime& operator+=(const ComputeTime& more) {
    attention_core_s += more.attention_core_s;
    gemm_s += more.gemm_s;
    moe_s += more.moe_s;
    other_s += more.other_s;
    gap_s += more.gap_s;
    engine_s += more.engine_s;
    kernels += more.kernels;
    return *this;
  }
  // Their times; in as many more batches, or slower.
  [[nodiscard]] ComputeTime operator*(double factor) const {
    return {.attention_core_s = attention_core_s * factor,
            .gemm_s = gemm_s * factor,
            .moe_s = moe_s * factor,
            .other_s = other_s * factor,
            .gap_s = gap_s * factor,
            .engine_s = engine_s * factor,
            .kernels = kernels};
  }
};

class Kernels {
 public:
  // `sms`: how many SMs the kernels may use. Arithmetic and element-wise rates scale with it; the
  // weight stream of a GEMM does not (measured at 108 of 132 SMs: 0-9 % slower when memory-bound).
  Kernels(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock);

  [[nodiscard]] const Fp8Gemm& fp8() const { return fp8_; }
  [[nodiscard]] const MlaDecode& mla() const { return mla_; }
  [[nodiscard]] const SparseAttention& sparse() const { return sparse_; }

  // Rows m are doubles: expected numbers of tokens need not be whole.
  [[nodiscard]] double bf16_gemm(double m, std::int64_t n, std::int64_t k) const {
    return bf16_batched_gemm(1, m, n, k);
  }
  [[nodiscard]] double bf16_batched_gemm(std::int64_t batch, double m, std::int64_t n,
                                         std::int64_t k) const;
  [[nodiscard]] double gate_gemm(double m, std::int64_t n, std::int64_t k) const;
  [[nodiscard]] double fp32_gemm(double m, std::int64_t n, std::int64_t k) const;

  // Core attention of prefill: `tokens` queries over `pairs` (query, key) pairs; linear in both.
  [[nodiscard]] double prefill_attention(const model::Model& model, double tokens,
                                         double pairs) const;
  [[nodiscard]] double prefill_attention_per_pair(const model::Model& model) const;
  // The same for `batch` equal chunks whose shape is known: whole blocks, the idle end of the
  // kernel, and the keys' and values' way from memory, which short chunks of long prompts wait for.
  [[nodiscard]] double prefill_attention_chunks(const model::Model& model, std::int64_t batch,
                                                std::int64_t tokens, std::int64_t prefix) const;

  [[nodiscard]] double add_rmsnorm(double tokens, std::int64_t width) const;
  [[nodiscard]] double norm(double tokens, std::int64_t width) const {
    return elementwise(4.0 * tokens * static_cast<double>(width));
  }
  [[nodiscard]] double quantise(double tokens, std::int64_t width) const {
    return elementwise(3.0 * tokens * static_cast<double>(width));
  }
  // Two BF16 inputs, one FP8 output.
  [[nodiscard]] double silu_quantise(double tokens, std::int64_t width) const {
    return elementwise(5.0 * tokens * static_cast<double>(width));
  }
  [[nodiscard]] double elementwise(double bytes) const;  // anything that only moves bytes
  [[nodiscard]] double topk(double tokens, std::int64_t experts) const;
  [[nodiscard]] double sampling(double rows, std::int64_t vocab) const;

  [[nodiscard]] double gap() const {  // between two kernels of a chain
    return base::to_seconds(of_.kernel_gap);
  }

 private:
  [[nodiscard]] double in_l2(double bytes) const;
  [[nodiscard]] double bf16(base::Duration fixed, double bytes, double flops) const;

  hardware::HardwareProfile of_;  // its rates as they are on these SMs, at this clock
  Fp8Gemm fp8_;
  MlaDecode mla_;
  SparseAttention sparse_;
  double prefill_tile_s_;  // all SMs of the share work side by side
  double sms_;
};

}  // namespace epfleet::timing
