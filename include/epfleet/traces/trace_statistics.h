// What a trace demands: counts, rates, lengths and burstiness, in one pass and constant memory.
// Quantiles are exact: the smallest length that at least the given share of requests does not
// exceed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

// How often each whole number came: exact for any, quick for those below 2^18.
class CountedValues {
 public:
  void add(std::int64_t value);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] std::int64_t zeros() const { return small_.empty() ? 0 : small_.front(); }
  [[nodiscard]] double mean() const;
  [[nodiscard]] std::int64_t largest() const { return largest_; }
  [[nodiscard]] std::int64_t quantile(double share) const;  // REQUIRES: count() > 0

 private:
  std::vector<std::int64_t> small_;  // [value] how often
  std::map<std::int64_t, std::int64_t> large_;
  std::int64_t count_ = 0, total_ = 0, largest_ = 0;
};

class TraceStatistics {
 public:
  void add(const TraceRecord& record);

  [[nodiscard]] std::int64_t requests() const { return input_.count(); }
  [[nodiscard]] const CountedValues& input() const { return input_; }
  [[nodiscard]] const CountedValues& output() const { return output_; }
  [[nodiscard]] std::optional<std::int64_t> cached_tokens() const { return cached_; }
  // From the first request to the last.
  [[nodiscard]] base::Duration span() const { return last_ - first_; }

  // Standard deviation over mean of the times between requests; 1 for a Poisson stream.
  [[nodiscard]] std::optional<double> interarrival_cv() const;
  // Variance over mean of the requests in a minute; 1 for a Poisson stream. None below two minutes.
  [[nodiscard]] std::optional<double> dispersion_per_minute() const;
  [[nodiscard]] std::int64_t most_in_a_minute() const {
    return std::max(most_in_a_minute_, in_minute_);
  }

 private:
  void close_minute();

  CountedValues input_, output_;
  std::optional<std::int64_t> cached_;
  base::Duration first_{}, last_{};
  double gap_squares_ = 0.0;  // seconds squared
  std::int64_t minute_ = 0, in_minute_ = 0, most_in_a_minute_ = 0;
  std::int64_t full_minutes_ = 0, in_full_minutes_ = 0;
  double minute_squares_ = 0.0;
};

}  // namespace epfleet::traces
