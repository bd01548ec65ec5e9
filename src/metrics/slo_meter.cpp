#include "slo_meter.h"

#include <cstddef>

namespace epfleet::metrics {

void LimitMeter::count_in_window(base::TimePoint arrival, bool within) {
  const std::int64_t since = (arrival - base::kWindowStart).count();
  const auto index = static_cast<std::size_t>(since / window_.count());
  if (index >= windows_.size()) {
    windows_.resize(index + 1);
  }
  windows_[index].within += within ? 1 : 0;
  ++windows_[index].all;
}

SloVerdict LimitMeter::verdict() const {
  SloVerdict verdict;
  verdict.limit = limit_.limit;
  verdict.quantile = limit_.quantile;
  verdict.within_ratio = ratio(static_cast<double>(total_.within), static_cast<double>(total_.all));
  for (const Share& window : windows_) {
    if (window.all == 0) {
      continue;
    }
    const double share = static_cast<double>(window.within) / static_cast<double>(window.all);
    ++verdict.windows;
    verdict.windows_met += share >= limit_.quantile.value_or(0.0) ? 1 : 0;
  }
  return verdict;
}

}  // namespace epfleet::metrics
