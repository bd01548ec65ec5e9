#include "epfleet/timing/kernels.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/time.h"
#include "soft_maximum.h"

namespace epfleet::timing {
namespace {

using base::real;
using base::to_seconds;

// Blocks of prefill attention: 128 queries by 128 keys of one head.
constexpr double kAttentionBlock = 128.0;
// What of a BF16 product's output costs as much as memory though it fits L2 (measured, 2026).
constexpr double kWritten = 0.85;

}  // namespace

Kernels::Kernels(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock)
    : of_(hardware),
      fp8_(hardware, sms, clock),
      mla_(hardware, sms, clock),
      sparse_(hardware, sms, clock),
      sms_(real(sms)) {
  const double share = real(sms) / real(hardware.sms);
  const bool hot = clock == Clock::Sustained;
  const double gemm = share * (hot ? hardware.sustained_gemm_factor : 1.0);
  const double attention = share * (hot ? hardware.sustained_prefill_attention_factor : 1.0);
  of_.bf16_gemm_rate = of_.bf16_gemm_rate * gemm;
  of_.fp32_gemm_rate = of_.fp32_gemm_rate * gemm;
  of_.prefill_attention_rate = of_.prefill_attention_rate * attention;
  of_.elementwise_bandwidth = of_.elementwise_bandwidth * share;
  of_.row_select_bandwidth = of_.row_select_bandwidth * share;
  prefill_tile_s_ = to_seconds(hardware.prefill_attention_tile) / (real(hardware.sms) * attention);
}

double Kernels::bf16(base::Duration fixed, double bytes, double flops) const {
  return to_seconds(fixed) +
         std::max(bytes / of_.bf16_gemm_bandwidth.count(), flops / of_.bf16_gemm_rate.count());
}

// Of so many bytes.
double Kernels::in_l2(double bytes) const {
  return std::min(bytes, static_cast<double>(of_.bf16_l2_memory.count()));
}

double Kernels::bf16_batched_gemm(std::int64_t batch, double m, std::int64_t n,
                                  std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double bytes = 2.0 * real(batch) * (m * real(k) + real(n * k) + m * real(n));
  const double out = 2.0 * real(batch) * m * real(n);
  const double all = out + 2.0 * real(batch) * m * real(k);
  return bf16(of_.bf16_gemm_fixed, bytes - (in_l2(all) - kWritten * in_l2(out)),
              2.0 * real(batch) * m * real(n) * real(k));
}

double Kernels::gate_gemm(double m, std::int64_t n, std::int64_t k) const {
  if (m <= 0.0) {
    return 0.0;
  }
  const double bytes = 2.0 * (m * real(k) + real(n * k)) + 4.0 * m * real(n);
  const double out = 4.0 * m * real(n);
  return bf16(of_.gate_gemm_fixed, bytes - (in_l2(out + 2.0 * m * real(k)) - kWritten * in_l2(out)),
              2.0 * m * real(n) * real(k));
}

// A single row is a matrix times a vector: its weights' way from memory, with a fixed time between
// that of a plain product and of one split along k (4.2 us of 5.0 to 7.9, measured).
double Kernels::fp32_gemm(double m, std::int64_t n, std::int64_t k) const {
  if (m == 1.0) {
    return bf16((of_.bf16_gemm_fixed + of_.gate_gemm_fixed) / 2, 4.0 * real(n * k), 0.0);
  }
  return m <= 0.0 ? 0.0
                  : to_seconds(of_.fp32_gemm_fixed) +
                        2.0 * m * real(n) * real(k) / of_.fp32_gemm_rate.count();
}

double Kernels::prefill_attention_per_pair(const model::Model& model) const {
  return model.prefill_pair_flops() / of_.prefill_attention_rate.count();
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
  return to_seconds(of_.prefill_attention_fixed) + (pairs + wasted_pairs) * pair +
         tiles * prefill_tile_s_;
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
  const double work = heads * (blocks * block + rows * prefill_tile_s_);
  const double tail = of_.prefill_attention_tail * (longest * block + prefill_tile_s_) * sms_;
  const double dims = real(model.nope + model.rope + model.v_dim);
  const double bytes = 2.0 * heads * dims * real(prefix + 2 * tokens);
  return to_seconds(of_.prefill_attention_fixed) +
         soft_maximum(work + tail, bytes / of_.prefill_attention_bandwidth.count(),
                      of_.prefill_attention_overlap_power);
}

double Kernels::elementwise(double bytes) const {
  return bytes <= 0.0
             ? 0.0
             : to_seconds(of_.elementwise_fixed) + bytes / of_.elementwise_bandwidth.count();
}

// Reads input and residual, writes both: four BF16 values.
double Kernels::add_rmsnorm(double tokens, std::int64_t width) const {
  const double bytes = 8.0 * tokens * real(width);
  const double saved = std::min(bytes, static_cast<double>(of_.norm_l2_memory.count())) / 2.0;
  return tokens <= 0.0
             ? 0.0
             : to_seconds(of_.norm_fixed) + (bytes - saved) / of_.elementwise_bandwidth.count();
}

double Kernels::topk(double tokens, std::int64_t experts) const {
  return tokens <= 0.0 ? 0.0
                       : to_seconds(of_.topk_fixed) +
                             4.0 * tokens * real(experts) / of_.row_select_bandwidth.count();
}

double Kernels::sampling(double rows, std::int64_t vocab) const {
  return rows <= 0.0 ? 0.0
                     : to_seconds(of_.sampling_fixed) +
                           4.0 * rows * real(vocab) / of_.row_select_bandwidth.count();
}

}  // namespace epfleet::timing
