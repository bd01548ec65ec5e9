// How many prompts a second a unit has been given lately: over the present minute and the one
// before it, or from one arrival to the next where they are rarer.
#pragma once

#include <algorithm>
#include <cstdint>

#include "epfleet/base/time.h"

namespace epfleet::serving {

class RecentArrivals {
 public:
  void count() { ++recent_; }
  // A minute that is over becomes the one before. Called when a step is formed.
  void roll(base::TimePoint now) {
    if (first_) {
      first_ = false;
      began_ = turned_ = now;
    } else if (now - turned_ >= kMinute) {
      before_ = recent_;
      recent_ = 0;
      began_ = turned_;
      turned_ = now;
    }
  }
  // Beside the prompt that asks.
  [[nodiscard]] double others_per_second(base::TimePoint now) const {
    const std::int64_t others = std::max<std::int64_t>(0, recent_ + before_ - 1);
    return static_cast<double>(others) / base::to_seconds(std::max(now - began_, kLeast));
  }

 private:
  static constexpr base::Duration kMinute = std::chrono::minutes(1);
  static constexpr base::Duration kLeast = std::chrono::seconds(10);  // after the very first

  bool first_ = true;
  std::int64_t recent_ = 0, before_ = 0;
  base::TimePoint turned_, began_;
};

}  // namespace epfleet::serving
