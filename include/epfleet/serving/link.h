// A network interface, or one direction of it, that serves transfers one by one at a fixed rate.
// Modelled: bytes over rate, first come first served, contention at both ends of a transfer.
// Left out: latency (microseconds against milliseconds), sharing within a transfer, switch
//   congestion.
#pragma once

#include <algorithm>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"

namespace epfleet::serving {

class Link {
 public:
  explicit Link(base::BytesPerSecond rate) : full_rate_(rate), rate_(rate) {}

  // From now on it has that share of its full rate; what is queued already keeps its times.
  void set_share(double share) {
    rate_ = share == 1.0 ? full_rate_ : base::BytesPerSecond(full_rate_.count() * share);
  }

  // Queues `bytes` behind all earlier ones; returns when the last byte is through.
  base::TimePoint reserve(base::TimePoint now, base::Bytes bytes) {
    free_at_ = std::max(now, free_at_) + bytes / rate_;
    return free_at_;
  }
  [[nodiscard]] base::TimePoint free_at() const { return free_at_; }

  // A transfer needs both ends at once and goes at the slower one's rate.
  static base::TimePoint transfer(Link& from, Link& to, base::TimePoint now, base::Bytes bytes) {
    const base::TimePoint start = std::max({now, from.free_at_, to.free_at_});
    from.free_at_ = to.free_at_ = start + bytes / std::min(from.rate_, to.rate_);
    return to.free_at_;
  }

 private:
  base::BytesPerSecond full_rate_, rate_;
  base::TimePoint free_at_ = base::TimePoint::min();
};

}  // namespace epfleet::serving
