#include "epfleet/traces/trace_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/text/files.h"

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
        ++after_;
        return false;
      }
      if (record.time >= base::Duration{}) {
        return true;
      }
      ++before_;
    }
    return false;
  }
  // Reads what is behind the cut: it is to be accounted for, too.
  void read_on(TraceRecord& record) {
    while (trace_.next(record)) {
      ++after_;
    }
  }
  [[nodiscard]] const RequestTrace& trace() const { return trace_; }
  [[nodiscard]] std::int64_t before() const { return before_; }
  [[nodiscard]] std::int64_t after() const { return after_; }

 private:
  const TraceCut& cut_;
  RequestTrace trace_;
  std::optional<base::Duration> first_;
  std::int64_t before_ = 0, after_ = 0;
};

}  // namespace

ScannedTrace::ScannedTrace(const TraceCut& cut) : cut_(cut) {
  text::refuse_pipe(cut_.path);
  CutReader reader(cut_);
  info_ = reader.trace().info();
  kept_.emplace();
  std::size_t blocks = 0;
  TraceRecord record;
  while (reader.next(record)) {
    ++requests_;
    span_ = record.time;
    blocks += record.blocks.size();
    if (kept_ && (requests_ > kMostKept || blocks > kMostKeptBlocks)) {
      kept_.reset();
    }
    if (kept_) {
      kept_->push_back(record);
    }
  }
  reader.read_on(record);
  before_ = reader.before();
  after_ = reader.after();
  rows_ = reader.trace().rows();
  if (requests_ == 0) {
    throw base::InputError(
        {.file = cut_.path,
         .what = fmt::format("the trace has no requests there: {} are before, {} after, {} were "
                             "skipped",
                             before_, after_, rows_ - before_ - after_),
         .remedy = "check workload.trace.from and length against epfleet trace stat"});
  }
  period_ = cut_.length.value_or(span_ + span_ / std::max<std::int64_t>(1, requests_ - 1));
  period_ = std::max(period_, base::Duration(std::chrono::milliseconds(1)));
  skipped_.assign(reader.trace().skipped().begin(), reader.trace().skipped().end());
  notes_ = reader.trace().notes();
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
      if (time >= base::Duration{} && !is_played()) {
        left_out_ += round_ == 0 ? 1 : 0;
      } else if (time >= base::Duration{}) {
        record_.time = time;
        make_fresh();
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] const TraceRecord& record() const { return record_; }
  [[nodiscard]] std::size_t row() const { return at_ - 1; }
  [[nodiscard]] std::int64_t take_left_out() { return std::exchange(left_out_, 0); }
  [[nodiscard]] static bool later(const std::unique_ptr<Copy>& a, const std::unique_ptr<Copy>& b) {
    return std::pair(a->record_.time, a->number_) > std::pair(b->record_.time, b->number_);
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
  // its second block identifies it (the first one may be a system prompt that all share).
  [[nodiscard]] bool is_played() const {
    if (share_ >= 1.0) {
      return true;
    }
    std::uint64_t conversation = at_;
    if (trace_.info().has(Field::Session)) {
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
  std::int64_t left_out_ = 0;
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
  alone_ = number == 1;
  for (std::int64_t i = 0; i < number; ++i) {
    copies_.push_back(
        std::make_unique<Copy>(trace, static_cast<std::uint64_t>(i), trace.period() / number * i,
                               std::min(1.0, copies - static_cast<double>(i)), repeat, seed));
  }
}

TraceStream::~TraceStream() = default;

const TraceRecord* TraceStream::next() {
  const auto has_next = [&](Copy& copy) {
    const bool is_there = copy.next();
    left_out_ += alone_ ? copy.take_left_out() : 0;
    return is_there;
  };
  if (!std::exchange(started_, true)) {
    std::erase_if(copies_, [&](const auto& copy) { return !has_next(*copy); });
    std::ranges::make_heap(copies_, Copy::later);
  } else if (!copies_.empty()) {
    std::ranges::pop_heap(copies_, Copy::later);
    if (has_next(*copies_.back())) {
      std::ranges::push_heap(copies_, Copy::later);
    } else {
      copies_.pop_back();
    }
  }
  return copies_.empty() ? nullptr : &copies_.front()->record();
}

std::size_t TraceStream::row() const { return copies_.front()->row(); }

}  // namespace epfleet::traces
