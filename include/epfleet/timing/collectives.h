// The all-to-alls of expert parallelism, in seconds: dispatch sends tokens to their experts (FP8
// with scales), combine brings the results back (BF16).
//
// Modelled: low-latency kernels (decode): fixed + tokens per rank x slope(GPUs), over the NIC alone
//   or over NVLink within a node; sending and receiving hold the SMs for a part of that, which
//   compute beside it waits for. Normal kernels (prefill): bytes to the distinct nodes of a token
//   over the NIC, or to its distinct GPUs over NVLink, whichever takes longer, plus a barrier: its
//   wait for the slowest rank grows with what that rank has to do, up to that of a full step.
// Left out: congestion between units, rails, adaptive routing; a barrier that depends on skew.
// Source: DeepEP README and issue 71 (February 2025); barriers and in-situ factors: DeepSeek
//   profile-data.
#pragma once

#include <algorithm>
#include <cstdint>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/layout.h"

namespace epfleet::timing {

// Bytes of one token in each direction: 7,392 and 14,336.
[[nodiscard]] double dispatch_bytes_per_token(const model::Model& model);
[[nodiscard]] double combine_bytes_per_token(const model::Model& model);

// Expected number of places (nodes, GPUs) that hold at least one of a token's experts, under
// uniform routing limited to topk_groups groups, experts spread evenly over the places in order of
// their groups: 2.93 of 4 nodes, 3.63 of 8.
[[nodiscard]] double expected_distinct_places(const model::Model& model, std::int64_t places);

// Expected max / mean load of a GPU when the unit routes that many tokens: interpolated in
// log2(tokens).
[[nodiscard]] double imbalance_at(const model::ExpertImbalance& imbalance, double unit_tokens);

class LowLatencyAllToAll {
 public:
  // `beside_compute`: the transfer shares memory with compute (overlap), or runs alone.
  LowLatencyAllToAll(const hardware::HardwareProfile& hardware, const model::Model& model,
                     std::int64_t gpus, std::int64_t gpus_per_node, bool beside_compute);
  // `tokens` of the rank that sends (or whose experts receive the equivalent of) most.
  [[nodiscard]] double dispatch(double tokens) const { return fixed_ + tokens * dispatch_slope_; }
  [[nodiscard]] double combine(double tokens) const {
    return in_situ_ * (fixed_ + tokens * combine_slope_);
  }
  // How long the SMs send and receive beside compute; nothing for no tokens, or alone.
  [[nodiscard]] double dispatch_on_sms(double tokens) const { return dispatch_sms_.of(tokens); }
  [[nodiscard]] double combine_on_sms(double tokens) const { return combine_sms_.of(tokens); }

 private:
  struct OnSms {
    double fixed_s = 0.0, per_token_s = 0.0;
    [[nodiscard]] double of(double tokens) const {
      return tokens <= 0.0 ? 0.0 : fixed_s + tokens * per_token_s;
    }
  };
  double fixed_, dispatch_slope_, combine_slope_, in_situ_;
  OnSms dispatch_sms_, combine_sms_;
};

// `tokens`: of the rank that sends (or whose experts receive the equivalent of) most.
class NormalAllToAll {
 public:
  NormalAllToAll(const hardware::HardwareProfile& hardware, const model::Model& model,
                 std::int64_t gpus, std::int64_t gpus_per_node, bool beside_compute);
  [[nodiscard]] double dispatch_core(double tokens) const {
    return dispatch_fixed_ + tokens * dispatch_slope_;
  }
  [[nodiscard]] double combine_core(double tokens) const {
    return combine_fixed_ + tokens * combine_slope_;
  }
  [[nodiscard]] double dispatch_barrier(double tokens) const {
    return dispatch_barrier_ * std::min(1.0, tokens / barrier_tokens_);
  }
  [[nodiscard]] double combine_barrier(double tokens) const {
    return combine_barrier_ * std::min(1.0, tokens / barrier_tokens_);
  }
  [[nodiscard]] double distinct_gpus() const { return distinct_gpus_; }  // per token

 private:
  double dispatch_slope_, combine_slope_, dispatch_barrier_, combine_barrier_, barrier_tokens_;
  double distinct_gpus_;
  double dispatch_fixed_, combine_fixed_;
};

}  // namespace epfleet::timing
