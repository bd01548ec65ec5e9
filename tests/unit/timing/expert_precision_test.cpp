#include <gtest/gtest.h>

#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/prefill_layer.h"

namespace epfleet::timing {
namespace {

using model::ExpertPrecision;

// Experts in BF16: twice the bytes and half the rate, so at a full batch, where compute bounds
// them, the products take twice as long but for their fixed time; a token takes 14,336 bytes
// instead of 7,392.
TEST(ExpertPrecision, Bf16TakesTwiceTheTimeOfFp8) {
  model::DecodeLayout wide;
  wide.expert_precision = ExpertPrecision::Bf16;
  const DecodeLayer fp8({}, {}, {}, {}), bf16({}, {}, wide, {});
  const double fixed = 2.0 * 2.8e-6;  // of the two grouped products
  EXPECT_NEAR((bf16.mlp(64).moe_s - fixed) / (fp8.mlp(64).moe_s - fixed), 2.0, 1e-9);
  EXPECT_NEAR((bf16.dispatch_s(64) - 27e-6) / (fp8.dispatch_s(64) - 27e-6), 14'336.0 / 7'392.0,
              1e-9);
  EXPECT_EQ(bf16.combine_s(64), fp8.combine_s(64));
  EXPECT_EQ(bf16.attn0(64).total(), fp8.attn0(64).total());

  model::PrefillLayout wide_prefill;
  wide_prefill.expert_precision = ExpertPrecision::Bf16;
  const PrefillLayer narrow({}, {}, {}, {}), broad({}, {}, wide_prefill, {});
  EXPECT_NEAR(broad.mlp(8'192).moe_s / narrow.mlp(8'192).moe_s, 1.9, 0.1);
  EXPECT_GT(broad.dispatch_s(8'192), 1.6 * narrow.dispatch_s(8'192));
}

}  // namespace
}  // namespace epfleet::timing
