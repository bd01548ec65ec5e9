// How many random trials a law makes.
#pragma once

#include <cstddef>

namespace epfleet::test {

// Under sanitizers, where a trial takes ten times as long, a third of those of the other builds.
constexpr std::size_t trials(std::size_t count) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return (count + 2) / 3;
#else
  return count;
#endif
}

}  // namespace epfleet::test
