#include "epfleet/traces/trace_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace epfleet::traces {

void CountedValues::add(std::int64_t value) {
  ++times_[value];
  ++count_;
  total_ += value;
  largest_ = std::max(largest_, value);
}

double CountedValues::mean() const {
  return count_ > 0 ? static_cast<double>(total_) / static_cast<double>(count_) : 0.0;
}

std::int64_t CountedValues::quantile(double share) const {
  const double rank = std::ceil(share * static_cast<double>(count_));
  const auto wanted = std::max<std::int64_t>(1, static_cast<std::int64_t>(rank));
  std::int64_t seen = 0;
  const std::map<std::int64_t, std::int64_t> sorted(times_.begin(), times_.end());
  const auto reached =
      std::ranges::find_if(sorted, [&](const auto& one) { return (seen += one.second) >= wanted; });
  return reached == sorted.end() ? largest_ : reached->first;
}

void TraceStatistics::add(const TraceRecord& record) {
  if (requests() == 0) {
    first_ = last_ = record.time;
  }
  const double gap = base::to_seconds(record.time - last_);
  gap_squares_ += gap * gap;
  last_ = record.time;
  const std::int64_t minute = (record.time - first_) / std::chrono::minutes(1);
  while (minute_ < minute) {
    close_minute();
    if (in_minute_ == 0 && full_minutes_ > 0) {  // a long silence: all its minutes at once
      full_minutes_ += minute - minute_;
      minute_ = minute;
    }
  }
  ++in_minute_;
  input_.add(record.input);
  output_.add(record.output);
  if (record.cached) {
    cached_ = cached_.value_or(0) + *record.cached;
  }
}

// The present minute is over.
void TraceStatistics::close_minute() {
  const auto count = static_cast<double>(in_minute_);
  minute_squares_ += count * count;
  in_full_minutes_ += in_minute_;
  most_in_a_minute_ = most_in_a_minute();
  in_minute_ = 0;
  ++full_minutes_;
  ++minute_;
}

std::optional<double> TraceStatistics::interarrival_cv() const {
  if (requests() < 2 || span() <= base::Duration{}) {
    return std::nullopt;
  }
  const auto gaps = static_cast<double>(requests() - 1);
  const double mean = base::to_seconds(span()) / gaps;
  return std::sqrt(std::max(0.0, gap_squares_ / gaps - mean * mean)) / mean;
}

std::optional<double> TraceStatistics::dispersion_per_minute() const {
  if (full_minutes_ < 2 || in_full_minutes_ == 0) {
    return std::nullopt;
  }
  const auto minutes = static_cast<double>(full_minutes_);
  const double mean = static_cast<double>(in_full_minutes_) / minutes;
  return (minute_squares_ / minutes - mean * mean) / mean;
}

}  // namespace epfleet::traces
