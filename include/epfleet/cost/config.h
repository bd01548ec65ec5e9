// Prices, and who pays.
// Source of the shipped book: DeepSeek API price page of February 2025.
#pragma once

#include <array>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/workload/request.h"

namespace epfleet::cost {

// USD per million tokens.
struct TokenPrices {
  double hit = 0.0;
  double miss = 0.0;
  double output = 0.0;
};

struct PricesConfig {
  base::UsdPerHour gpu_hour{2.0};
  std::array<TokenPrices, workload::kVariants> book{};  // by Variant
  // API requests in the off-peak window.
  std::array<TokenPrices, workload::kVariants> off_peak_book{};
  std::array<double, workload::kChannels> paid_share{};  // by Channel; guesses
  bool off_peak = false;
  base::Duration off_peak_from{};  // offset from midnight UTC; may be past off_peak_to (wraps)
  base::Duration off_peak_to{};
};

}  // namespace epfleet::cost
