// Prices, and who pays.
// Source of the shipped book: DeepSeek API price page of February 2025.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"
#include "epfleet/cost/price_window.h"
#include "epfleet/workload/request.h"

namespace epfleet::cost {

using Book = std::array<TokenPrices, workload::kVariants>;  // by Variant

struct PricesConfig {
  base::UsdPerHour gpu_hour{2.0};
  std::optional<base::UsdPerHour> prefill_gpu_hour, decode_gpu_hour;  // none: gpu_hour
  Book book{};
  std::array<double, workload::kChannels> paid_share{};  // by Channel; guesses
  std::string currency = "USD";                          // what amounts are called; no more
  std::vector<PriceWindow> calendar;                     // the first that holds counts
  std::vector<Day> holidays;                             // in order
  // The short form of a daily window for requests over the API: the calendar's last.
  Book off_peak_book{};
  bool off_peak = false;
  base::Duration off_peak_from{};  // offset from midnight UTC; may be past off_peak_to (wraps)
  base::Duration off_peak_to{};

  // Of tokens: those of the calendar, and what off_peak stands for.
  [[nodiscard]] std::vector<PriceWindow> token_windows() const;
  // Of GPU hours.
  [[nodiscard]] std::vector<PriceWindow> gpu_windows() const;
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
