#include "epfleet/traces/trace_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "epfleet/base/random.h"

namespace epfleet::traces {
namespace {

// A trace of up to so many requests and block ids is kept: 200 MB at most.
constexpr std::int64_t kMostKept = 1'000'000;
constexpr std::size_t kMostKeptBlocks = 12'000'000;
constexpr double kMostCopies = 100'000.0;      // in memory
constexpr double kMostCopiesFromFile = 100.0;  // each holds the file open

// Reads the cut's records; times from the cut's start.
class CutReader {
 public:
  explicit CutReader(const TraceCut& cut) : cut_(cut), trace_(cut.path, cut.options) {}

  [[nodiscard]] bool next(TraceRecord& record) {
    while (trace_.next(record)) {
      if (!first_) {
        first_ = record.time;
      }
      record.time -= *first_ + cut_.from;
      if (cut_.length && record.time >= *cut_.length) {
        return false;
      }
      if (record.time >= base::Duration{}) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] const RequestTrace& trace() const { return trace_; }

 private:
  const TraceCut& cut_;
  RequestTrace trace_;
  std::optional<base::Duration> first_;
};

}  // namespace

ScannedTrace::ScannedTrace(const TraceCut& cut) : cut_(cut) {
  CutReader reader(cut_);
  info_ = reader.trace().info();
  kept_.emplace();
  std::size_t blocks = 0;
  TraceRecord record;
  base::Duration last{};
  while (reader.next(record)) {
    ++requests_;
    last = record.time;
    blocks += record.blocks.size();
    if (kept_ && (requests_ > kMostKept || blocks > kMostKeptBlocks)) {
      kept_.reset();
    }
    if (kept_) {
      kept_->push_back(record);
    }
  }
  if (requests_ == 0) {
    throw base::InputError(
        {.file = cut_.path,
         .what = "the trace has no requests there",
         .remedy = "check workload.trace.from and length against epfleet trace stat"});
  }
  period_ = cut_.length.value_or(last + last / std::max<std::int64_t>(1, requests_ - 1));
  period_ = std::max(period_, base::Duration(std::chrono::milliseconds(1)));
  for (const SkippedLines& skipped : reader.trace().skipped()) {
    notes_.push_back(fmt::format("{} lines of the trace skipped: {} (first: line {})",
                                 skipped.count, skipped.reason, skipped.first_line));
  }
  if (reader.trace().cut_last_line()) {
    notes_.emplace_back(
        "the trace's last line has no line end: if the file was cut, it may be wrong");
  }
}

double ScannedTrace::requests_per_second() const {
  return static_cast<double>(requests_) / base::to_seconds(period_);
}

// One copy of the trace: its rounds one after the other.
class TraceStream::Copy {
 public:
  // Starts `phase` into the cut. `share` of the conversations are played.
  Copy(const ScannedTrace& trace, std::uint64_t number, base::Duration phase, double share,
       bool repeat, std::uint64_t seed)
      : trace_(trace),
        number_(number),
        phase_(phase),
        share_(share),
        repeat_(repeat),
        family_(seed, "workload.trace.copy") {}

  [[nodiscard]] bool next() {
    while (read()) {
      const base::Duration time = record_.time + round_ * trace_.period() - phase_;
      if (!repeat_ && time >= trace_.period()) {
        return false;
      }
      if (time >= base::Duration{} && is_played()) {
        record_.time = time;
        make_fresh();
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] const TraceRecord& record() const { return record_; }
  [[nodiscard]] bool later_than(const Copy& other) const {
    return std::pair(record_.time, number_) > std::pair(other.record_.time, other.number_);
  }

 private:
  // The next record of this or the next round.
  bool read() {
    for (; repeat_ || round_ < 2; ++round_) {
      if (read_round()) {
        ++at_;
        return true;
      }
      at_ = 0;
      file_.reset();
    }
    return false;
  }

  // The next record of this round, from memory or the file.
  bool read_round() {
    if (const auto* kept = trace_.kept()) {
      if (at_ == kept->size()) {
        return false;
      }
      record_ = (*kept)[at_];
      return true;
    }
    if (!file_) {
      file_ = std::make_unique<CutReader>(trace_.cut());
    }
    return file_->next(record_);
  }

  // What belongs to one conversation is played or left out together. Of a trace without sessions
  // its second block tells it (the first one may be a system prompt that all share).
  [[nodiscard]] bool is_played() const {
    if (share_ >= 1.0) {
      return true;
    }
    std::uint64_t conversation = at_;
    if (trace_.info().sessions) {
      conversation = record_.session;
    } else if (!record_.blocks.empty()) {
      conversation = record_.blocks[std::min<std::size_t>(1, record_.blocks.size() - 1)];
    }
    return base::Stream(family_, conversation, number_).uniform() < share_;
  }

  void make_fresh() {
    const std::uint64_t life = (number_ << 32U) + static_cast<std::uint64_t>(round_);
    if (life == 0) {
      return;  // the first round of the first copy keeps its ids, so that they can be looked up
    }
    const std::uint64_t salt = base::mix64(life);
    record_.session = base::mix64(record_.session ^ salt);
    for (workload::BlockId& id : record_.blocks) {
      id = base::mix64(id ^ salt);
    }
  }

  const ScannedTrace& trace_;
  std::uint64_t number_;
  base::Duration phase_;
  double share_;
  bool repeat_;
  base::StreamFamily family_;
  std::int64_t round_ = 0;
  std::size_t at_ = 0;  // records read of this round
  std::unique_ptr<CutReader> file_;
  TraceRecord record_;
};

TraceStream::TraceStream(const ScannedTrace& trace, double copies, bool repeat,
                         std::uint64_t seed) {
  const double most = trace.kept() != nullptr ? kMostCopies : kMostCopiesFromFile;
  if (copies > most) {
    throw base::InputError(
        {.key = "workload.rate_scale",
         .what = fmt::format("asks for {:.0f} copies of the trace at once, more than {:.0f}",
                             copies, most),
         .remedy = "lower the rate, or begin with a longer trace"});
  }
  const auto number = static_cast<std::int64_t>(std::ceil(copies));
  for (std::int64_t i = 0; i < number; ++i) {
    copies_.push_back(
        std::make_unique<Copy>(trace, static_cast<std::uint64_t>(i), trace.period() / number * i,
                               std::min(1.0, copies - static_cast<double>(i)), repeat, seed));
  }
}

TraceStream::~TraceStream() = default;

const TraceRecord* TraceStream::next() {
  const auto later = [](const auto& a, const auto& b) { return a->later_than(*b); };
  if (!std::exchange(started_, true)) {
    std::erase_if(copies_, [](const auto& copy) { return !copy->next(); });
    std::make_heap(copies_.begin(), copies_.end(), later);
  } else if (!copies_.empty()) {
    std::pop_heap(copies_.begin(), copies_.end(), later);
    if (copies_.back()->next()) {
      std::push_heap(copies_.begin(), copies_.end(), later);
    } else {
      copies_.pop_back();
    }
  }
  return copies_.empty() ? nullptr : &copies_.front()->record();
}

}  // namespace epfleet::traces
