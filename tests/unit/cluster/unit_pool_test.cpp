// A pool on units that only take time: their events, node time, load reports and states.
#include "epfleet/cluster/unit_pool.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "epfleet/policy/loads.h"

namespace epfleet::cluster {
namespace {

using base::Duration;
using base::TimePoint;

constexpr engine::EventKind kStartKind{1}, kStepEnd{2};

TimePoint at_ns(std::int64_t ns) { return TimePoint(Duration(ns)); }

// A step of 100 ns whenever it has work.
class FakeUnit {
 public:
  using Loads = policy::DecodeLoads;
  using GpuRule = int;
  explicit FakeUnit(std::uint32_t index) : index_(index) {}

  [[nodiscard]] bool stepping() const { return stepping_; }
  std::optional<Duration> start_step(TimePoint /*now*/) {
    stepping_ = work > 0;
    return stepping_ ? std::optional(Duration(100)) : std::nullopt;
  }
  void finish_step() { stepping_ = false; }
  void abort_step(TimePoint /*now*/) { stepping_ = false; }
  void make_whole() {}
  [[nodiscard]] std::optional<TimePoint> next_ready(TimePoint /*now*/) const { return ready; }
  void report_load(Loads& loads) const { loads.set(index_, work, {}); }

  std::int64_t work = 0;
  std::optional<TimePoint> ready;

 private:
  std::uint32_t index_;
  bool stepping_ = false;
};

struct Pool : engine::Handler {
  explicit Pool(Duration report_age = {})
      : pool(engine, {kStartKind, kStepEnd}, report_age, members()) {
    for (std::uint32_t unit = 0; unit < pool.size(); ++unit) {
      pool.change_state(unit, UnitState::Serving);
    }
  }
  static std::vector<PoolMember<FakeUnit>> members() {
    std::vector<PoolMember<FakeUnit>> units;
    for (std::uint32_t i = 0; i < 3; ++i) {
      units.push_back({.gpu_rule = nullptr,
                       .unit = FakeUnit(i),
                       .clock = UnitClock(4, at_ns(0)),
                       .rdma = {},
                       .storage_read = {},
                       .storage_write = {}});
    }
    return units;
  }
  void handle(const engine::Event& event) override {
    seen.emplace_back(event.time.time_since_epoch().count(), event.kind == kStartKind,
                      event.target);
    if (event.kind == kStartKind) {
      pool.start_step(event.target);
    } else {
      pool[event.target].unit.finish_step();
      pool.step_ended(event.target);
    }
  }
  void run_until(std::int64_t ns) { engine.run(*this, at_ns(ns)); }

  engine::Engine engine{at_ns(0)};
  UnitPool<FakeUnit> pool;
  std::vector<std::tuple<std::int64_t, bool, std::uint32_t>> seen;  // time, start, unit
};

using Seen = decltype(Pool::seen);

TEST(UnitPool, AnEarlierWakeUpReplacesALaterOne) {
  Pool p;
  p.pool[1].unit.work = 1;
  p.pool.wake(1, at_ns(50));
  p.pool.wake(1, at_ns(70));
  p.pool.wake(1, at_ns(30));
  p.run_until(1000);
  EXPECT_EQ(p.seen, (Seen{{30, true, 1}, {130, false, 1}}));
  EXPECT_EQ(p.pool[1].clock.read(at_ns(1000)).busy, 100 * 4);
  EXPECT_EQ(p.pool[1].clock.read(at_ns(1000)).idle, 900 * 4);
}

TEST(UnitPool, AUnitWithoutAStepIsWokenWhenOneMayBePossible) {
  Pool p;
  p.pool[0].unit.ready = at_ns(200);
  p.pool.wake(0, at_ns(10));
  p.run_until(20);
  p.pool[0].unit.work = 1;
  p.run_until(1000);
  EXPECT_EQ(p.seen, (Seen{{10, true, 0}, {200, true, 0}, {300, false, 0}}));
}

TEST(UnitPool, ACancelledStepNeverEnds) {
  Pool p;
  p.pool[2].unit.work = 1;
  p.pool.wake(2, at_ns(10));
  p.run_until(60);
  p.pool.cancel_step(2);
  p.pool.wake(2, at_ns(500));
  p.run_until(1000);
  EXPECT_EQ(p.seen, (Seen{{10, true, 2}, {500, true, 2}, {600, false, 2}}));
  EXPECT_EQ(p.pool[2].clock.read(at_ns(1000)).busy, (50 + 100) * 4);
  EXPECT_EQ(p.engine.cancelled(), 1U);
  EXPECT_EQ(p.engine.scheduled(), p.engine.executed() + p.engine.cancelled() + p.engine.left());
}

TEST(UnitPool, OnlyServingUnitsAreOpen) {
  Pool p;
  p.pool.change_state(1, UnitState::Draining);
  EXPECT_EQ(std::vector(p.pool.loads_of_open().open.begin(), p.pool.loads_of_open().open.end()),
            (std::vector<std::uint32_t>{0, 2}));
  p.pool.change_state(1, UnitState::Serving);
  EXPECT_EQ(p.pool.loads_of_open().open.size(), 3U);
  EXPECT_EQ(p.pool.loads_of_open().open[1], 1U);
}

TEST(UnitPool, OnlyPossibleMovesAreMade) {
  Pool p;
  EXPECT_THROW(p.pool.change_state(0, UnitState::Off), base::InvariantBroken);
  EXPECT_THROW(p.pool.change_state(0, UnitState::Loading), base::InvariantBroken);
  p.pool.change_state(0, UnitState::Draining);
  p.pool.change_state(0, UnitState::Off);
  EXPECT_THROW(p.pool.change_state(0, UnitState::Draining), base::InvariantBroken);
}

// What the balancer placed itself it knows at once, the rest when a report is due.
TEST(UnitPool, ReportsOfLoadAge) {
  Pool p(Duration(100));
  p.pool[0].unit.work = 7;
  EXPECT_EQ(p.pool.loads_of_open().requests[0], 7);
  p.pool[0].unit.work = 5;
  p.pool.refresh_load(0);
  p.pool.note_placed(0, 1, base::TokenParts(0));
  p.run_until(99);
  EXPECT_EQ(p.pool.loads_of_open().requests[0], 8);
  p.pool.wake(1, at_ns(100));
  p.run_until(101);
  EXPECT_EQ(p.pool.loads_of_open().requests[0], 5);
}

TEST(UnitPool, WithoutAgeALoadIsKnownWhenItChanges) {
  Pool p;
  p.pool[0].unit.work = 7;
  EXPECT_EQ(p.pool.loads_of_open().requests[0], 0);
  p.pool.refresh_load(0);
  EXPECT_EQ(p.pool.loads_of_open().requests[0], 7);
}

}  // namespace
}  // namespace epfleet::cluster
