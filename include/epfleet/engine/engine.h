// The clock and the queue of things to come, for any model.
//
// Events execute in the total order (time, phase, sequence): at one instant first samples, then
// what ends, then what arrives, then decisions on it, then what starts. `sequence` is the order of
// scheduling. The engine refuses the past, and an earlier phase at the present time, so executed
// keys strictly rise. A running fingerprint over (time, phase, kind, target) of every executed
// event but samples, into which the model mixes its own records, tells two runs apart; a trace of
// the same lines finds their first difference.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/sum_check.h"
#include "epfleet/base/time.h"

namespace epfleet::engine {

enum class Phase : std::uint8_t {
  Sample,      // statistics are taken before anything else happens: intervals are [begin, end)
  Completion,  // steps end and free what they held: arrivals of the same instant see it free
  Arrival,     // requests arrive
  Decision,    // scaling decides on what has arrived
  Start,       // steps start with everything that is there
};

// What an event means is up to the model, which also gives the label for traces.
enum class EventKind : std::uint8_t {};

struct EventId {
  std::uint64_t sequence = 0;
};

struct Event {
  base::TimePoint time;
  std::uint64_t sequence = 0;
  std::uint32_t target = 0;
  Phase phase = Phase::Completion;
  EventKind kind{};
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(const Event& event) = 0;
};

enum class RunEnd { Reached, Exhausted, Stopped };

class Engine {
 public:
  explicit Engine(base::TimePoint start) : now_(start) {}

  [[nodiscard]] base::TimePoint now() const { return now_; }

  EventId at(base::TimePoint time, Phase phase, EventKind kind, std::uint32_t target);
  // Marks; a cancelled event never moves the clock. REQUIRES: scheduled, not yet executed or
  // cancelled.
  void cancel(EventId id);

  // Within a handler: makes `time` the present, as if the handler's next event had been scheduled
  // for it and were executed now, if nothing else is due before it; saves a stream of events the
  // queue. False: nothing happened; schedule it.
  [[nodiscard]] bool pass_to(base::TimePoint time, Phase phase, EventKind kind,
                             std::uint32_t target) {
    check_not_past(time, phase);
    drop_executed();
    const bool first = queue_.empty() || time < queue_.front().time ||
                       (time == queue_.front().time && phase < queue_.front().phase);
    if (!first || !runs_before(time, phase, until_) || executed_ % kStopCheckEvery == 0 ||
        stopping_) {
      return false;
    }
    begin({time, next_sequence_++, target, phase, kind});
    return true;
  }

  // Executes everything before `until` and the samples at it (the last sees the state in which the
  // run ends), then sets the clock to `until`. Returns early when nothing is left (Exhausted) or
  // when `stop` becomes true (Stopped).
  RunEnd run(Handler& handler, base::TimePoint until, const std::atomic<bool>* stop = nullptr);
  // Within a handler: the run ends after this event, as if `stop` had become true.
  void stop_after_this() { stopping_ = true; }

  // Within a handler: nothing is executed after this event, as if run() had been asked for now.
  void finish() { until_ = now_; }

  void mix(std::uint64_t word) {
    fingerprint_ = (fingerprint_ ^ word) * kPrime ^ (fingerprint_ >> 29U);
  }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }

  // Called with every event that is about to be executed, in order (for --trace-events); behind
  // those that were given before.
  void trace_to(std::function<void(const Event&)> sink);

  // Always: scheduled = executed + cancelled + left.
  [[nodiscard]] std::uint64_t scheduled() const { return next_sequence_; }
  [[nodiscard]] std::uint64_t executed() const { return executed_; }
  [[nodiscard]] std::uint64_t cancelled() const { return cancelled_; }
  [[nodiscard]] std::uint64_t left() const {
    return queue_.size() - marked_.size() - (executing_first_ ? 1 : 0);
  }
  // These events, in no order that means anything. For rare looks only.
  [[nodiscard]] std::vector<Event> events_left() const;
  // The queue is in order, every mark is of an event in it.
  void check_sums(base::SumCheck& check) const;

 private:
  static constexpr std::uint64_t kPrime = 0x9fb21c651e98df25ULL;

  static bool runs_before(base::TimePoint time, Phase phase, base::TimePoint until) {
    return time < until || (time == until && phase == Phase::Sample);
  }
  void check_not_past(base::TimePoint time, Phase phase) const {
    EPFLEET_CHECK(time > now_ || (time == now_ && phase >= phase_),
                  "an event is not scheduled in the past");
  }
  void drop_cancelled_head();
  void execute(Handler& handler);
  void drop_executed() {
    if (executing_first_) {
      drop_first();
    }
  }
  void drop_first();
  void put_first(const Event& event);
  [[gnu::always_inline]] inline void begin(const Event& event) {
    now_ = event.time;
    phase_ = event.phase;
    ++executed_;
    if (phase_ != Phase::Sample) {  // whoever looks changes nothing
      mix(static_cast<std::uint64_t>(event.time.time_since_epoch().count()));
      mix((static_cast<std::uint64_t>(event.phase) << 40U) |
          (static_cast<std::uint64_t>(event.kind) << 32U) | event.target);
    }
    if (trace_) [[unlikely]] {
      const Event copy = event;  // so that this one needs no memory
      trace_(copy);
    }
  }

  static constexpr std::uint64_t kStopCheckEvery = 256;  // events; a few microseconds of wall time

  base::TimePoint now_;
  base::TimePoint until_ = base::TimePoint::min();
  Phase phase_ = Phase::Sample;
  bool stopping_ = false;
  std::vector<Event> queue_;  // binary heap, earliest first
  // The first is the event whose handler runs. Most handlers schedule another one, which takes its
  // place: one way down the heap instead of one down and one up; soon things hardly move.
  bool executing_first_ = false;
  std::unordered_set<std::uint64_t> marked_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t executed_ = 0;
  std::uint64_t cancelled_ = 0;
  std::uint64_t fingerprint_ = 0x243f6a8885a308d3ULL;
  std::function<void(const Event&)> trace_;
};

}  // namespace epfleet::engine
