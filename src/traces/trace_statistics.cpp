#include "epfleet/traces/trace_statistics.h"

#include <algorithm>
#include <cmath>

namespace epfleet::traces {
namespace {

constexpr std::int64_t kSmall = std::int64_t{1} << 18U;
constexpr base::Duration kMinute = std::chrono::minutes(1);

}  // namespace

void CountedValues::add(std::int64_t value) {
  if (value < kSmall) {
    const auto at = static_cast<std::size_t>(value);
    if (at >= small_.size()) {
      small_.resize(std::max(at + 1, std::min<std::size_t>(2 * small_.size(), kSmall)));
    }
    ++small_[at];
  } else {
    ++large_[value];
  }
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
  for (std::size_t value = 0; value < small_.size(); ++value) {
    seen += small_[value];
    if (seen >= wanted) {
      return static_cast<std::int64_t>(value);
    }
  }
  for (const auto& [value, times] : large_) {
    seen += times;
    if (seen >= wanted) {
      return value;
    }
  }
  return largest_;
}

void TraceStatistics::add(const TraceRecord& record) {
  if (requests() == 0) {
    first_ = last_ = record.time;
  }
  const double gap = base::to_seconds(record.time - last_);
  gap_squares_ += gap * gap;
  last_ = record.time;
  const std::int64_t minute = (record.time - first_) / kMinute;
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
