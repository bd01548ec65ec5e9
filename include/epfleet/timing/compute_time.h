// Busy compute seconds by kind of kernel, in the grouping of the published per-layer breakdowns.
#pragma once

namespace epfleet::timing {

struct ComputeTime {
  double attention_core_s = 0.0;
  double gemm_s = 0.0;   // dense, absorb and gate
  double moe_s = 0.0;    // grouped GEMMs of the routed experts
  double other_s = 0.0;  // norms, quantisation, RoPE, copies, top-k, activation
  double gap_s = 0.0;    // between kernels
  [[nodiscard]] double total() const { return attention_core_s + gemm_s + moe_s + other_s + gap_s; }
  ComputeTime& operator+=(const ComputeTime& more) {
    attention_core_s += more.attention_core_s;
    gemm_s += more.gemm_s;
    moe_s += more.moe_s;
    other_s += more.other_s;
    gap_s += more.gap_s;
    return *this;
  }
};

}  // namespace epfleet::timing
