#include "epfleet/timing/kernels.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"

namespace epfleet::timing {
namespace {

using base::to_seconds;

// Blocks of prefill attention: 128 queries by 128 keys of one head.
constexpr double kAttentionBlock = 128.0;

double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

Kernels::Kernels(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock) {
  EPFLEET_CHECK(sms > 0 && sms <= hardware.sms, "kernels run on some of the chip's SMs");
  const double share = real(sms) / real(hardware.sms);
  const bool hot = clock == Clock::Sustained;
  const double gemm = share * (hot ? hardware.sustained_gemm_factor : 1.0);
  const double decode_attention = share * (hot ? hardware.sustained_decode_attention_factor : 1.0);
  const double prefill_attention =
      share * (hot ? hardware.sustained_prefill_attention_factor : 1.0);

  gap_ = to_seconds(hardware.kernel_gap);
  dense_fixed_ = to_seconds(hardware.dense_gemm_fixed);
  dense_bandwidth_ = hardware.dense_gemm_bandwidth.count();
  fp8_rate_ = hardware.fp8_gemm_rate.count() * gemm;
  epilogue_bandwidth_ = hardware.gemm_epilogue_bandwidth.count() * share;
  masked_fixed_ = to_seconds(hardware.masked_gemm_fixed);
  masked_bandwidth_ = hardware.masked_gemm_bandwidth.count();
  masked_rate_ = hardware.masked_gemm_rate.count() * gemm;
  contiguous_fixed_ = to_seconds(hardware.contiguous_gemm_fixed);
  contiguous_bandwidth_ = hardware.contiguous_gemm_bandwidth.count();
  bf16_fixed_ = to_seconds(hardware.bf16_gemm_fixed);
  bf16_bandwidth_ = hardware.bf16_gemm_bandwidth.count();
  bf16_rate_ = hardware.bf16_gemm_rate.count() * gemm;
  gate_fixed_ = to_seconds(hardware.gate_gemm_fixed);
  mla_fixed_ = to_seconds(hardware.mla_decode_fixed);
  mla_bandwidth_ = hardware.mla_decode_bandwidth.count();
  mla_rate_ = hardware.mla_decode_rate.count() * decode_attention;
  prefill_fixed_ = to_seconds(hardware.prefill_attention_fixed);
  prefill_rate_ = hardware.prefill_attention_rate.count() * prefill_attention;
  // per tile on one SM; all SMs of the share work side by side
  prefill_tile_ =
      to_seconds(hardware.prefill_attention_tile) / (real(hardware.sms) * prefill_attention);
  norm_fixed_ = to_seconds(hardware.norm_fixed);
  elementwise_fixed_ = to_seconds(hardware.elementwise_fixed);
  elementwise_bandwidth_ = hardware.elementwise_bandwidth.count() * share;
  topk_fixed_ = to_seconds(hardware.topk_fixed);
  sampling_fixed_ = to_seconds(hardware.sampling_fixed);
  row_select_bandwidth_ = hardware.row_select_bandwidth.count() * share;
}

// fixed + max(bytes / bandwidth, flops / rate + output / epilogue): the epilogue that writes the
// output is not hidden under the multiply-adds in the kernels of February 2025.
double Kernels::fp8(double fixed, double bandwidth, double m, double groups, std::int64_t n,
                    std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double output = 2.0 * m * real(n);
  const double bytes = m * real(k) + groups * real(n * k) + output;
  const double flops = 2.0 * m * real(n) * real(k);
  return fixed + std::max(bytes / bandwidth, flops / fp8_rate_ + output / epilogue_bandwidth_);
}

double Kernels::dense_gemm(double m, std::int64_t n, std::int64_t k) const {
  return fp8(dense_fixed_, dense_bandwidth_, m, 1.0, n, k);
}

double Kernels::contiguous_gemm(double m, double active_groups, std::int64_t n,
                                std::int64_t k) const {
  return fp8(contiguous_fixed_, contiguous_bandwidth_, m, active_groups, n, k);
}

// The rate of this layout is that of a whole kernel in the published profile: its epilogue is
// inside.
double Kernels::masked_gemm(double m, double active_groups, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double weights = active_groups * real(n * k);
  const double flops = 2.0 * m * real(n) * real(k);
  return masked_fixed_ + std::max(weights / masked_bandwidth_, flops / masked_rate_);
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

double Kernels::mla_decode_per_kv_token(const model::Model& model, double s_q) const {
  return std::max(real(model.kv_bytes_per_token_layer()) / mla_bandwidth_,
                  s_q * model.decode_pair_flops() / mla_rate_);
}

double Kernels::mla_decode(const model::Model& model, double kv_tokens, double s_q) const {
  return kv_tokens <= 0.0 ? 0.0 : mla_fixed_ + kv_tokens * mla_decode_per_kv_token(model, s_q);
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
