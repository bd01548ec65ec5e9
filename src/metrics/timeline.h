// What is averaged per interval: a slot for every `interval` of the window, found by time, because
// a request tells of its first token only when it is done. A slot is [begin, end), as an Interval
// is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "epfleet/base/time.h"
#include "epfleet/metrics/duration_statistics.h"
#include "epfleet/metrics/interval.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

// Sums over steps, weighted by their seconds.
struct StepSums {
  std::int64_t prefill_steps = 0, decode_steps = 0, out_of_range_steps = 0;
  double prefill_seconds = 0.0, prefill_efficiency = 0.0;
  double prefill_attention = 0.0, prefill_tokens = 0.0, prefill_expert = 0.0;
  double decode_seconds = 0.0, decode_requests = 0.0;
  double decode_kv_ratio = 0.0, decode_kv_ratio_max = 0.0;
  double decode_kv = 0.0, decode_balance = 0.0, decode_expert = 0.0;

  void add(const observe::PrefillStepDone& step);
  void add(const observe::DecodeStepDone& step);
  void merge(const StepSums& other);
  [[nodiscard]] StepMeans means(std::int64_t decode_gpus_per_unit) const;
};

// A mean of tokens per second over requests, weighted by their output tokens.
struct SpeedSum {
  double weighted = 0.0;
  std::int64_t weight = 0;

  void add(double tokens_per_second, std::int64_t output_tokens) {
    weighted += tokens_per_second * static_cast<double>(output_tokens);
    weight += output_tokens;
  }
  void merge(const SpeedSum& other) {
    weighted += other.weighted;
    weight += other.weight;
  }
  [[nodiscard]] Measure mean() const { return ratio(weighted, static_cast<double>(weight)); }
};

struct Slot {
  DurationStatistics ttft{Resolution::Coarse};
  SpeedSum speed;
  StepSums steps;
};

class Timeline {
 public:
  // REQUIRES: duration >= 0, interval > 0.
  Timeline(base::Duration duration, base::Duration interval);

  // (0, duration]: where the facts of the window lie.
  [[nodiscard]] bool contains(base::TimePoint time) const {
    return time >= base::kWindowStart && time - base::kWindowStart < duration_;
  }
  // REQUIRES: contains(time).
  [[nodiscard]] Slot& slot(base::TimePoint time);

  // Fills in the averages of a row. REQUIRES: row.begin is a multiple of the interval.
  void describe(Interval& row, std::int64_t decode_gpus_per_unit);

 private:
  // A request tells of its first token when it is done: most have done so by then.
  static constexpr std::size_t kOpenSlots = 256;
  void compact_old_slots();

  base::Duration duration_;
  base::Duration interval_;
  std::deque<Slot> slots_;
};

}  // namespace epfleet::metrics
