// Feed-forward networks that every token passes, and what the precision of the experts changes in
// kernels and transfers: a product of BF16 values reads twice the bytes and runs at half the rate,
// as an FP8 product of twice the depth does; a token travels as BF16 instead of FP8 with scales.
//
// Left out: kernels tuned for BF16 experts (none were measured); the wider output of their
//   activation.
#pragma once

#include <cstdint>

#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/timing/collectives.h"
#include "epfleet/timing/kernels.h"

namespace epfleet::timing {

class ExpertWidth {
 public:
  ExpertWidth(const model::Model& model, model::ExpertPrecision precision)
      : wide_(precision == model::ExpertPrecision::Bf16),
        token_factor_(wide_ ? combine_bytes_per_token(model) / dispatch_bytes_per_token(model)
                            : 1.0) {}

  [[nodiscard]] std::int64_t depth(std::int64_t k) const { return wide_ ? 2 * k : k; }
  // Tokens of an FP8 dispatch that take as many bytes.
  [[nodiscard]] double dispatched(double tokens) const { return tokens * token_factor_; }
  [[nodiscard]] bool quantises() const { return !wide_; }

 private:
  bool wide_;
  double token_factor_;
};

inline constexpr double kSharedKernels = 4.0, kDenseFfnKernels = 4.0;

// The shared expert of one layer; nothing for no tokens.
[[nodiscard]] inline ComputeTime shared_expert(const Kernels& on, const model::Model& model,
                                               const ExpertWidth& width, double tokens) {
  if (tokens <= 0.0) {
    return {};
  }
  const std::int64_t inter = model.shared_experts * model.moe_inter;
  return {.gemm_s = on.fp8().dense(tokens, 2 * inter, width.depth(model.hidden)) +
                    on.fp8().dense(tokens, model.hidden, width.depth(inter)),
          .other_s = on.silu_quantise(tokens, inter) +
                     (width.quantises() ? on.quantise(tokens, model.hidden) : 0.0),
          .gap_s = kSharedKernels * on.gap(),
          .kernels = kSharedKernels};
}

// The FFN of one dense layer, in seconds. REQUIRES: tokens > 0.
[[nodiscard]] inline double dense_ffn_s(const Kernels& on, const model::Model& model,
                                        double tokens) {
  return on.quantise(tokens, model.hidden) +
         on.fp8().dense(tokens, 2 * model.dense_inter, model.hidden) +
         on.silu_quantise(tokens, model.dense_inter) +
         on.fp8().dense(tokens, model.hidden, model.dense_inter) + kDenseFfnKernels * on.gap();
}

}  // namespace epfleet::timing
