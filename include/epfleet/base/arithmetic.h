// Whole numbers in formulas.
#pragma once

#include <cstdint>

namespace epfleet::base {

constexpr double real(std::int64_t value) { return static_cast<double>(value); }

// REQUIRES: a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace epfleet::base
