#include <algorithm>

#include "epfleet/sessions/wake_calendar.h"

namespace epfleet::sessions {

std::size_t WakeCalendar::size() const {
  std::size_t entries = fine_count_;
  for (const auto& [number, span] : far_) {
    entries += span.entries.size();
  }
  return entries;
}

void WakeCalendar::check_sums(base::SumCheck& check) const {
  const auto place = check.at("calendar of wake-ups");
  std::size_t fine = 0;
  for (std::size_t bucket = 0; bucket < fine_.size(); ++bucket) {
    const std::size_t popped = bucket == cursor_ ? head_ : 0;
    check.holds("nothing is left in buckets that were emptied",
                bucket >= cursor_ || fine_[bucket].empty());
    check.at_least("number of entries of a bucket", fine_[bucket].size(), popped);
    fine += fine_[bucket].size() - popped;
    for (const Entry& entry : fine_[bucket]) {
      check.holds("a wake-up is in the bucket of its time",
                  span_of(entry.time) == span_ && bucket_of(entry.time) == bucket);
    }
  }
  check.equal("number of wake-ups in the present span", fine_count_, fine);
  check.holds("the bucket that is being emptied is sorted",
              !open_ || std::ranges::is_sorted(fine_[cursor_]));
  for (const auto& [number, span] : far_) {
    base::TimePoint earliest = base::TimePoint::max();
    for (const Entry& entry : span.entries) {
      earliest = std::min(earliest, entry.time);
      check.holds("a wake-up is in the span of its time", span_of(entry.time) == number);
    }
    check.holds("a later span begins with its earliest wake-up", span.earliest == earliest);
    check.holds("a later span is later", number > span_);
  }
}

}  // namespace epfleet::sessions
