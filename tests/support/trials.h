// How many random trials a law makes.
#pragma once

#include <cstdint>

namespace epfleet::test {

// Under sanitizers, where a trial takes ten times as long, a third of those of the other builds.
constexpr std::uint64_t trials(std::uint64_t count) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return (count + 2) / 3;
#else
  return count;
#endif
}

}  // namespace epfleet::test
