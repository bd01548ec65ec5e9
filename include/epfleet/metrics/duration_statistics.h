// Statistics of many durations in fixed memory: exact count, mean, deviation, least and largest,
// and quantiles from a histogram whose bins are octaves cut into equal parts.
// Modelled: a quantile is the sample of rank ceil(p n), known to half a bin. No logarithm is taken:
//   the octave is the position of the highest bit and the part is the next bits, so the bytes are
//   the same everywhere.
// Left out: quantiles beyond 39 h (Fine) or 9 h (Coarse); longer durations count fully elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "epfleet/base/time.h"
#include "epfleet/metrics/latency.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

enum class Resolution : std::uint8_t {
  Fine,    // 256 bins an octave, from 1 us: within 0.2 %; 78 kB
  Coarse,  // 32 bins an octave, from 1 ms: within 1.6 %; 7 kB
};

class DurationStatistics {
 public:
  explicit DurationStatistics(Resolution resolution);
  ~DurationStatistics();
  DurationStatistics(DurationStatistics&& other) noexcept;
  DurationStatistics& operator=(DurationStatistics&& other) noexcept;
  DurationStatistics(const DurationStatistics&) = delete;
  DurationStatistics& operator=(const DurationStatistics&) = delete;

  // Buffered: the histograms of several statistics would push each other out of the cache.
  // A negative duration breaks an invariant, at the latest when the statistics are read.
  void add(base::Duration duration) {
    waiting_[waiting_count_++] = duration.count();
    if (waiting_count_ == waiting_.size()) {
      flush();
    }
  }
  // The same duration `times` times. REQUIRES: times >= 0.
  void add(base::Duration duration, std::int64_t times);

  // REQUIRES: the same resolution.
  void merge(DurationStatistics& other);

  // Keeps only the bins that are not empty until more is added: for statistics that are done, of
  // which there are many.
  void compact();

  [[nodiscard]] Distribution distribution();
  [[nodiscard]] Distribution distribution_with_percentiles();
  // Seconds. REQUIRES: 0 < p <= 1.
  [[nodiscard]] Measure quantile(double p);

 private:
  struct State;

  void flush();

  std::unique_ptr<State> state_;
  std::array<std::int64_t, 64> waiting_{};
  std::size_t waiting_count_ = 0;
};

}  // namespace epfleet::metrics
