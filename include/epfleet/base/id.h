// Identities that cannot be mixed up: a UnitId is not a RequestId and neither is a plain number.
#pragma once

#include <compare>
#include <cstdint>

namespace epfleet::base {

template <class Tag, class Rep>
class Id {
 public:
  using rep = Rep;

  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  Rep value_{};
};

using RequestId = Id<struct RequestIdTag, std::uint64_t>;  // in order of arrival
using SessionId = Id<struct SessionIdTag, std::uint64_t>;  // in order of their start
using UnitId = Id<struct UnitIdTag, std::uint32_t>;        // per phase: prefill 0.., decode 0..

}  // namespace epfleet::base
