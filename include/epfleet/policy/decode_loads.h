// The loads that a decode balancer looks at, by unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

class DecodeLoads {
 public:
  explicit DecodeLoads(std::size_t units) : requests_(units, 0), kv_fixed_(units, 0) {}

  void set(std::size_t unit, std::int64_t requests, std::int64_t kv_fixed) {
    requests_[unit] = requests;
    kv_fixed_[unit] = kv_fixed;
  }
  void add(std::size_t unit, std::int64_t requests, std::int64_t kv_fixed) {
    requests_[unit] += requests;
    kv_fixed_[unit] += kv_fixed;
  }
  [[nodiscard]] DecodeUnitView view(std::span<const std::uint32_t> open) const {
    return {open, requests_, kv_fixed_};
  }

 private:
  std::vector<std::int64_t> requests_, kv_fixed_;
};

}  // namespace epfleet::policy
