// Prices, and who pays.
// Source of the shipped book: DeepSeek API price page of February 2025.
#pragma once

#include <array>
#include <optional>

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
  std::optional<base::UsdPerHour> prefill_gpu_hour, decode_gpu_hour;  // none: gpu_hour
  std::array<TokenPrices, workload::kVariants> book{};                // by Variant
  // API requests in the off-peak window.
  std::array<TokenPrices, workload::kVariants> off_peak_book{};
  std::array<double, workload::kChannels> paid_share{};  // by Channel; guesses
  bool off_peak = false;
  base::Duration off_peak_from{};  // offset from midnight UTC; may be past off_peak_to (wraps)
  base::Duration off_peak_to{};
};

// Electric power of a node of 8 GPUs with its host, in watt, by what it does.
struct NodePower {
  double idle = 4'000.0;
  double loading = 5'000.0;
  double prefill = 10'200.0;  // in a step
  double decode = 7'500.0;
};

struct EnergyConfig {
  double pue = 1.3;  // of the building over that of its nodes
  double usd_per_kwh = 0.0;
  NodePower node_power;
};

}  // namespace epfleet::cost
