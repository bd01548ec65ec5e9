#include "epfleet/timing/kernels.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/time.h"
#include "soft_maximum.h"

namespace epfleet::timing {
namespace {

using base::to_seconds;

// Blocks of prefill attention: 128 queries by 128 keys of one head.
constexpr double kAttentionBlock = 128.0;

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

Kernels::Kernels(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock)
    : fp8_(hardware, sms, clock), mla_(hardware, sms, clock), sms_(real(sms)) {
  const double share = real(sms) / real(hardware.sms);
  const bool hot = clock == Clock::Sustained;
  const double gemm = share * (hot ? hardware.sustained_gemm_factor : 1.0);
  const double prefill_attention =
      share * (hot ? hardware.sustained_prefill_attention_factor : 1.0);

  gap_ = to_seconds(hardware.kernel_gap);
  bf16_fixed_ = to_seconds(hardware.bf16_gemm_fixed);
  bf16_bandwidth_ = hardware.bf16_gemm_bandwidth.count();
  bf16_rate_ = hardware.bf16_gemm_rate.count() * gemm;
  gate_fixed_ = to_seconds(hardware.gate_gemm_fixed);
  fp32_fixed_ = to_seconds(hardware.fp32_gemm_fixed);
  fp32_rate_ = hardware.fp32_gemm_rate.count() * gemm;
  prefill_fixed_ = to_seconds(hardware.prefill_attention_fixed);
  prefill_rate_ = hardware.prefill_attention_rate.count() * prefill_attention;
  // per tile on one SM; all SMs of the share work side by side
  prefill_tile_ =
      to_seconds(hardware.prefill_attention_tile) / (real(hardware.sms) * prefill_attention);
  prefill_tail_ = hardware.prefill_attention_tail;
  prefill_bandwidth_ = hardware.prefill_attention_bandwidth.count();
  prefill_power_ = hardware.prefill_attention_overlap_power;
  norm_fixed_ = to_seconds(hardware.norm_fixed);
  elementwise_fixed_ = to_seconds(hardware.elementwise_fixed);
  elementwise_bandwidth_ = hardware.elementwise_bandwidth.count() * share;
  topk_fixed_ = to_seconds(hardware.topk_fixed);
  sampling_fixed_ = to_seconds(hardware.sampling_fixed);
  row_select_bandwidth_ = hardware.row_select_bandwidth.count() * share;
}

double Kernels::bf16(double fixed, double bytes, double flops) const {
  return fixed + std::max(bytes / bf16_bandwidth_, flops / bf16_rate_);
}

double Kernels::bf16_batched_gemm(std::int64_t batch, double m, std::int64_t n,
                                  std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double bytes = 2.0 * real(batch) * (m * real(k) + real(n * k) + m * real(n));
  return bf16(bf16_fixed_, bytes, 2.0 * real(batch) * m * real(n) * real(k));
}

double Kernels::bf16_gemm(double m, std::int64_t n, std::int64_t k) const {
  return bf16_batched_gemm(1, m, n, k);
}

double Kernels::gate_gemm(double m, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double bytes = 2.0 * (m * real(k) + real(n * k)) + 4.0 * m * real(n);
  return bf16(gate_fixed_, bytes, 2.0 * m * real(n) * real(k));
}

double Kernels::fp32_gemm(double m, std::int64_t n, std::int64_t k) const {
  return m <= 0.0 ? 0.0 : fp32_fixed_ + 2.0 * m * real(n) * real(k) / fp32_rate_;
}

double Kernels::prefill_attention_per_pair(const model::Model& model) const {
  return model.prefill_pair_flops() / prefill_rate_;
}

// Beside the pairs, every tile of 128 queries has a fixed cost and computes half a block above the
// diagonal in vain.
double Kernels::prefill_attention(const model::Model& model, double tokens, double pairs) const {
  if (tokens <= 0.0) {
    return 0.0;
  }
  const double tiles = tokens / kAttentionBlock * real(model.heads);
  const double pair = prefill_attention_per_pair(model);
  const double wasted_pairs = tokens * kAttentionBlock / 2.0;
  return prefill_fixed_ + (pairs + wasted_pairs) * pair + tiles * prefill_tile_;
}

double Kernels::prefill_attention_chunks(const model::Model& model, std::int64_t batch,
                                         std::int64_t tokens, std::int64_t prefix) const {
  if (batch <= 0 || tokens <= 0) {
    return 0.0;
  }
  const double heads = real(batch * model.heads);
  const double block =
      prefill_attention_per_pair(model) / real(model.heads) * kAttentionBlock * kAttentionBlock;
  const double rows = std::ceil(real(tokens) / kAttentionBlock);
  double blocks = 0.0;
  for (double row = 1.0; row <= rows; row += 1.0) {
    const double last = std::min(real(tokens), row * kAttentionBlock);
    blocks += std::ceil((real(prefix) + last) / kAttentionBlock);
  }
  const double longest = std::ceil(real(prefix + tokens) / kAttentionBlock);
  const double work = heads * (blocks * block + rows * prefill_tile_);
  const double tail = prefill_tail_ * (longest * block + prefill_tile_) * sms_;
  const double dims = real(model.nope + model.rope + model.v_dim);
  const double bytes = 2.0 * heads * dims * real(prefix + 2 * tokens);
  return prefill_fixed_ + soft_maximum(work + tail, bytes / prefill_bandwidth_, prefill_power_);
}

double Kernels::elementwise(double bytes) const {
  return bytes <= 0.0 ? 0.0 : elementwise_fixed_ + bytes / elementwise_bandwidth_;
}

// Reads input and residual, writes both: four BF16 values.
double Kernels::add_rmsnorm(double tokens, std::int64_t width) const {
  return tokens <= 0.0 ? 0.0 : norm_fixed_ + 8.0 * tokens * real(width) / elementwise_bandwidth_;
}

double Kernels::norm(double tokens, std::int64_t width) const {
  return elementwise(4.0 * tokens * real(width));
}

double Kernels::quantise(double tokens, std::int64_t width) const {
  return elementwise(3.0 * tokens * real(width));
}

// Two BF16 inputs, one FP8 output.
double Kernels::silu_quantise(double tokens, std::int64_t width) const {
  return elementwise(5.0 * tokens * real(width));
}

double Kernels::topk(double tokens, std::int64_t experts) const {
  return tokens <= 0.0 ? 0.0 : topk_fixed_ + 4.0 * tokens * real(experts) / row_select_bandwidth_;
}

double Kernels::sampling(double rows, std::int64_t vocab) const {
  return rows <= 0.0 ? 0.0 : sampling_fixed_ + 4.0 * rows * real(vocab) / row_select_bandwidth_;
}

}  // namespace epfleet::timing
