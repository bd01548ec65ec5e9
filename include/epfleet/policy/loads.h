// The loads that balancers look at, by unit or by GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

// With their sums kept as they change. Tokens and pairs are whole numbers (or halves) far below
// 2^53, so the sums in double stay exact.
class PrefillLoads {
 public:
  explicit PrefillLoads(std::size_t candidates)
      : exact_(candidates), tokens_(candidates, 0.0F), pairs_(candidates, 0.0F) {}

  void set(std::size_t candidate, double tokens, double pairs) {
    Load& load = exact_[candidate];
    total_.tokens += tokens - load.tokens;
    total_.pairs += pairs - load.pairs;
    load = {tokens, pairs};
    tokens_[candidate] = static_cast<float>(tokens);
    pairs_[candidate] = static_cast<float>(pairs);
  }
  void add(std::size_t candidate, double tokens, double pairs) {
    set(candidate, exact_[candidate].tokens + tokens, exact_[candidate].pairs + pairs);
  }
  void clear() {
    for (std::size_t i = 0; i < exact_.size(); ++i) {
      set(i, 0.0, 0.0);
    }
  }
  [[nodiscard]] PrefillView view(std::span<const std::uint32_t> open) const {
    return {open, tokens_, pairs_, static_cast<float>(total_.tokens),
            static_cast<float>(total_.pairs)};
  }

 private:
  struct Load {
    double tokens = 0.0, pairs = 0.0;
  };
  std::vector<Load> exact_;
  std::vector<float> tokens_, pairs_;
  Load total_;
};

class DecodeLoads {
 public:
  explicit DecodeLoads(std::size_t units) : requests_(units, 0), kv_(units) {}

  void set(std::size_t unit, std::int64_t requests, base::TokenParts kv) {
    requests_[unit] = requests;
    kv_[unit] = kv;
  }
  void add(std::size_t unit, std::int64_t requests, base::TokenParts kv) {
    requests_[unit] += requests;
    kv_[unit] += kv;
  }
  [[nodiscard]] DecodeUnitView view(std::span<const std::uint32_t> open) const {
    return {open, requests_, kv_};
  }

 private:
  std::vector<std::int64_t> requests_;
  std::vector<base::TokenParts> kv_;
};

}  // namespace epfleet::policy
