// Rows and columns of a price book, by their numbers.
#pragma once

#include <cstddef>

namespace epfleet::cost {

inline constexpr std::size_t kV3 = 0, kR1 = 1;
inline constexpr std::size_t kWeb = 0, kApp = 1, kApi = 2;

}  // namespace epfleet::cost
