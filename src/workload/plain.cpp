#include "epfleet/workload/plain.h"

#include <algorithm>

namespace epfleet::workload {

std::optional<double> PlainConfig::total_rate() const {
  double sum = 0.0;
  for (const OwnClassConfig& one : classes) {
    sum += one.rate.value_or(0.0);
  }
  return rate || sum == 0.0 ? rate : std::optional(sum);
}

std::vector<double> PlainConfig::shares() const {
  const bool by_rate = !rate && total_rate();
  double sum = 0.0;
  for (const OwnClassConfig& one : classes) {
    sum += (by_rate ? one.rate : one.share).value_or(0.0);
  }
  std::vector<double> shares;
  for (const OwnClassConfig& one : classes) {
    shares.push_back((by_rate ? one.rate : one.share).value_or(0.0) / sum);
  }
  return shares;
}

bool PlainConfig::states_hits() const {
  return hit_ratio ||
         std::ranges::any_of(classes, [](const auto& one) { return one.hit_ratio.has_value(); });
}

OwnClassConfig PlainConfig::whole_class(std::size_t index) const {
  OwnClassConfig whole = classes.empty() ? OwnClassConfig{} : classes[index];
  if (!whole.input.stated()) {
    whole.input = input;
  }
  if (!whole.output.stated()) {
    whole.output = output;
  }
  if (!whole.hit_ratio) {
    whole.hit_ratio = hit_ratio;
  }
  return whole;
}

}  // namespace epfleet::workload
