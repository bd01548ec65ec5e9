// Wake-ups of sleeping sessions, in exact order of (time, slot): a bucket calendar. At millions of
// sleepers it costs a fraction of a binary heap (measured by bench/session_bench.cpp), because
// an entry is touched twice: when it is put into its bucket and when its bucket comes up.
// Modelled: 4,096 fine buckets of 2^28 ns (0.27 s) cover one coarse span (18 minutes), the one that
//   holds the latest wake-up; later spans are unsorted lists in a map. A fine bucket is sorted when
//   it is next.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory_resource>
#include <vector>

#include "epfleet/base/huge_pages.h"
#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"

namespace epfleet::sessions {

class WakeCalendar {
 public:
  struct Entry {
    base::TimePoint time;
    std::uint32_t slot = 0;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  // REQUIRES: time >= that of the last entry popped.
  void push(base::TimePoint time, std::uint32_t slot);

  [[nodiscard]] bool empty() const { return fine_count_ == 0 && far_.empty(); }

  // The earliest time. REQUIRES: not empty.
  [[nodiscard]] base::TimePoint next_time();

  // REQUIRES: not empty.
  Entry pop();

  // The slot that will be popped `ahead` entries from now, if it is in the bucket that is being
  // emptied: for prefetching. Call after next_time().
  [[nodiscard]] const Entry* upcoming(std::size_t ahead) const {
    const std::pmr::vector<Entry>& bucket = fine_[cursor_];
    return head_ + ahead < bucket.size() ? &bucket[head_ + ahead] : nullptr;
  }

  // Counts them: for rare looks only.
  [[nodiscard]] std::size_t size() const;
  void check_sums(base::SumCheck& check) const;

 private:
  static constexpr int kFineBits = 28;
  static constexpr int kSpanBits = 12;
  static constexpr std::size_t kFineBuckets = std::size_t{1} << kSpanBits;

  struct Span {
    base::HugeVector<Entry> entries;
    base::TimePoint earliest = base::TimePoint::max();
  };

  static std::int64_t span_of(base::TimePoint time) {
    return time.time_since_epoch().count() >> (kFineBits + kSpanBits);
  }
  static std::size_t bucket_of(base::TimePoint time) {
    return static_cast<std::size_t>(time.time_since_epoch().count() >> kFineBits) &
           (kFineBuckets - 1);
  }
  void push_fine(Entry entry);
  void open_next_bucket();
  void spread_next_span();

  base::HugePagePool memory_;
  std::pmr::vector<std::pmr::vector<Entry>> fine_{kFineBuckets, memory_.lists()};
  std::int64_t span_ = std::numeric_limits<std::int64_t>::min();  // the one that fine_ covers
  std::size_t cursor_ = 0;  // no fine bucket before this one holds anything
  std::size_t head_ = 0;    // entries of the cursor's bucket that are popped already
  bool open_ = false;       // the cursor's bucket is sorted
  std::size_t fine_count_ = 0;
  std::map<std::int64_t, Span> far_;
};

}  // namespace epfleet::sessions
