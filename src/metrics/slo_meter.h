// Judges requests against the service-level objectives. "The quantile q of the window's TTFT is
// within the limit" is the same as "a share q of the window's requests kept the limit", so counts
// suffice and the verdict is exact.
#pragma once

#include <cstdint>
#include <vector>

#include "epfleet/base/time.h"
#include "epfleet/metrics/config.h"
#include "epfleet/metrics/objectives.h"

namespace epfleet::metrics {

// One limit; without a limit all is within it.
class LimitMeter {
 public:
  LimitMeter(const SloLimit& limit, base::Duration window) : limit_(limit), window_(window) {}

  // Whether the request kept the limit; counted for its arrival's window.
  bool judge(base::TimePoint arrival, base::Duration latency) {
    const bool within = !limit_.limit || latency <= *limit_.limit;
    count(arrival, within);
    return within;
  }
  // A request that was turned away or lost.
  void miss(base::TimePoint arrival) { count(arrival, false); }

  [[nodiscard]] SloVerdict verdict() const;

 private:
  struct Share {
    std::int64_t within = 0, all = 0;
  };

  void count(base::TimePoint arrival, bool within) {
    if (!limit_.limit) {
      return;
    }
    total_.within += within ? 1 : 0;
    ++total_.all;
    if (limit_.quantile) {
      count_in_window(arrival, within);
    }
  }
  void count_in_window(base::TimePoint arrival, bool within);

  SloLimit limit_;
  base::Duration window_;
  Share total_;
  std::vector<Share> windows_;
};

}  // namespace epfleet::metrics
