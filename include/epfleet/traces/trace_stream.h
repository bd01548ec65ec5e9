// A cut of a request trace, once or over and over again, as one stream of records from time 0 on.
// Modelled: a cut [from, from + length) of the trace's own time; repetition, each round with fresh
//   identities (nothing of an earlier round is found again); several copies at once, evenly
//   staggered over the cut, each with identities of its own, for more requests in the same time: so
//   a larger number of users keeps the time between uses, which speeding the trace up would not; a
//   last copy with a share of the conversations for what is left of a rate.
// Left out: users who are in several rounds.
// A small trace is kept in memory, a large one is read again for every round and copy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/traces/request_trace.h"

namespace epfleet::traces {

struct TraceCut {
  std::string path;
  TraceOptions options;
  base::Duration from{};
  std::optional<base::Duration> length;  // none: to the end of the trace
};

// The cut after one pass over it.
class ScannedTrace {
 public:
  // Throws InputError: whatever is wrong with the trace, a pipe, and a cut without requests.
  explicit ScannedTrace(const TraceCut& cut);

  [[nodiscard]] const TraceCut& cut() const { return cut_; }
  [[nodiscard]] const TraceInfo& info() const { return info_; }
  [[nodiscard]] std::int64_t requests() const { return requests_; }
  // From the cut's start to where the next round may begin: the cut's length, or, to the end of the
  // trace, its last request and a mean gap.
  [[nodiscard]] base::Duration period() const { return period_; }
  // From the cut's start to its last request; zero: all of it comes at one instant.
  [[nodiscard]] base::Duration span() const { return span_; }
  [[nodiscard]] double requests_per_second() const;
  // Of the whole trace: what is not in the cut, and what was skipped.
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t requests_before() const { return before_; }
  [[nodiscard]] std::int64_t requests_after() const { return after_; }
  [[nodiscard]] const std::vector<SkippedLines>& skipped() const { return skipped_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  // The cut's records, times from the cut's start; none if they are too many to keep.
  [[nodiscard]] const std::vector<TraceRecord>* kept() const { return kept_ ? &*kept_ : nullptr; }

 private:
  TraceCut cut_;
  TraceInfo info_;
  std::int64_t requests_ = 0, before_ = 0, after_ = 0, rows_ = 0;
  base::Duration span_{}, period_{};
  std::vector<SkippedLines> skipped_;
  std::vector<std::string> notes_;
  std::optional<std::vector<TraceRecord>> kept_;
};

class TraceStream {
 public:
  // `copies` (> 0) may be a fraction. Without `repeat` every copy plays the cut once.
  // REQUIRES: `trace` outlives the stream.
  TraceStream(const ScannedTrace& trace, double copies, bool repeat, std::uint64_t seed);
  ~TraceStream();

  // The next record, by time; nullptr at the end. Valid until the next call.
  [[nodiscard]] const TraceRecord* next();
  // Which of the cut's requests that is, from 0. REQUIRES: next() was one.
  [[nodiscard]] std::size_t row() const;
  // Requests so far that the first round left out: a fraction of a copy plays a share of them.
  [[nodiscard]] std::int64_t left_out() const { return left_out_; }

 private:
  class Copy;

  std::vector<std::unique_ptr<Copy>> copies_;  // a heap, the earliest at the front
  std::int64_t left_out_ = 0;
  bool alone_ = true;  // one copy: what it leaves out, no other plays
  bool started_ = false;
};

}  // namespace epfleet::traces
