#include "epfleet/sessions/wake_calendar.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::sessions {

void WakeCalendar::push(base::TimePoint time, std::uint32_t slot) {
  const Entry entry{time, slot};
  const std::int64_t span = span_of(time);
  if (span == span_) {
    push_fine(entry);
    return;
  }
  EPFLEET_CHECK(span > span_, "a wake-up is not before the last one popped");
  Span& later = far_[span];
  later.entries.push_back(entry);
  later.earliest = std::min(later.earliest, time);
}

void WakeCalendar::push_fine(Entry entry) {
  const std::size_t index = bucket_of(entry.time);
  std::pmr::vector<Entry>& bucket = fine_[index];
  ++fine_count_;
  if (index > cursor_ || (index == cursor_ && !open_)) {
    bucket.push_back(entry);
    return;
  }
  if (index < cursor_) {
    // Looking ahead for the earliest entry had moved the cursor on; nothing was popped there yet.
    EPFLEET_CHECK(head_ == 0, "a wake-up is not before the last one popped");
    cursor_ = index;
    open_ = false;
    bucket.push_back(entry);
    return;
  }
  const auto popped = bucket.begin() + static_cast<std::ptrdiff_t>(head_);
  bucket.insert(std::upper_bound(popped, bucket.end(), entry), entry);
}

// REQUIRES: fine_count_ > 0.
void WakeCalendar::open_next_bucket() {
  if (open_) {
    return;
  }
  while (fine_[cursor_].empty()) {
    ++cursor_;
  }
  std::sort(fine_[cursor_].begin(), fine_[cursor_].end());
  open_ = true;
}

void WakeCalendar::spread_next_span() {
  const auto next = far_.begin();
  span_ = next->first;
  cursor_ = 0;
  for (const Entry& entry : next->second.entries) {
    fine_[bucket_of(entry.time)].push_back(entry);
  }
  fine_count_ = next->second.entries.size();
  far_.erase(next);
}

// Does not spread a far span: until the clock is there, earlier wake-ups may still come.
base::TimePoint WakeCalendar::next_time() {
  if (fine_count_ == 0) {
    EPFLEET_CHECK(!far_.empty(), "a calendar with wake-ups");
    return far_.begin()->second.earliest;
  }
  open_next_bucket();
  return fine_[cursor_][head_].time;
}

WakeCalendar::Entry WakeCalendar::pop() {
  if (fine_count_ == 0) {
    EPFLEET_CHECK(!far_.empty(), "a calendar with wake-ups");
    spread_next_span();
  }
  open_next_bucket();
  std::pmr::vector<Entry>& bucket = fine_[cursor_];
  const Entry entry = bucket[head_];
  ++head_;
  --fine_count_;
  if (head_ == bucket.size()) {
    bucket.clear();
    head_ = 0;
    open_ = false;
  }
  return entry;
}

}  // namespace epfleet::sessions
