// What the precision of the experts changes in their kernels and transfers, as factors on those of
// FP8: a product of BF16 values reads twice the bytes and runs at half the rate, as an FP8 product
// of twice the depth does; a token travels as BF16 instead of FP8 with scales.
//
// Left out: kernels tuned for BF16 experts (none were measured); the wider output of their
// activation.
#pragma once

#include <cstdint>

#include "epfleet/model/layout.h"
#include "epfleet/model/model.h"
#include "epfleet/timing/collectives.h"

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

}  // namespace epfleet::timing
