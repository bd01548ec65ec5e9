// What one unit can carry, as its operator would have measured it: scaling rules ask this of the
// simulator's own step prices.
#pragma once

namespace epfleet::policy {

// Of the requests that a service has.
struct RequestMix {
  double cached_per_computed_token = 0.0;
  double pairs_per_computed_token = 0.0;  // query-key pairs
  double computed_tokens_per_request = 0.0;
  double kv_tokens_per_request = 0.0;  // in decode
};

class UnitProfile {
 public:
  virtual ~UnitProfile() = default;
  // Prompt tokens that a unit computes per second in full steps.
  [[nodiscard]] virtual double prefill_tps(const RequestMix& mix) const = 0;
  // Answer tokens that a unit with an even load emits per second, at most and such that a token
  // takes no request longer than `tpot_s`; one request a GPU is always taken.
  [[nodiscard]] virtual double decode_tps(const RequestMix& mix, double tpot_s) const = 0;
  // Seconds per token of the requests of a unit with so many.
  [[nodiscard]] virtual double tpot_s(const RequestMix& mix, double requests_per_unit) const = 0;
};

}  // namespace epfleet::policy
