// Units under targets that a test decides on: their states and node time, and what becomes of the
// requests of a unit that leaves.
#include "epfleet/cluster/unit_lifecycle.h"

#include <gtest/gtest.h>

#include <map>

#include "small_state.h"

namespace epfleet::cluster {
namespace {

using base::TimePoint;
using std::chrono::minutes;
using std::chrono::seconds;
using enum UnitState;

constexpr std::int64_t kNodes = 4;  // of a unit

// Groups of one unit a phase beside one that always serves.
struct Groups {
  std::int64_t allotted, serving;
};

policy::Target target_of(const Groups& groups) {
  const auto units = [](std::int64_t count) { return policy::UnitCounts{1 + count, 1 + count}; };
  return {units(groups.allotted), units(groups.serving)};
}

// Seconds after the start -> groups.
class Scripted : public policy::ScalingRule {
 public:
  Scripted(TimePoint start, std::map<int, Groups> script)
      : start_(start), script_(std::move(script)) {}
  policy::Target decide(const policy::FleetView& view, TimePoint now) override {
    views.push_back(view);
    auto at = script_.upper_bound(
        static_cast<int>(std::chrono::duration_cast<seconds>(now - start_).count()));
    policy::Target target = target_of(std::prev(at)->second);
    if (at != script_.end()) {
      target.next = start_ + seconds(at->first);
    }
    return target;
  }
  [[nodiscard]] policy::UnitCounts most_units() const override { return {3, 3}; }

  std::vector<policy::FleetView> views;

 private:
  TimePoint start_;
  std::map<int, Groups> script_;
};

struct Life : engine::Handler {
  explicit Life(std::map<int, Groups> script, std::vector<std::string> keys = {})
      : state(with_start_up(std::move(keys)), 2),
        rule(state.fleet.now(), std::move(script)),
        units(state.fleet, prefill, decode, rule) {
    units.start();
  }
  static std::vector<std::string> with_start_up(std::vector<std::string> keys) {
    keys.emplace_back("scaling.start_up=20 s");
    return keys;
  }
  void handle(const engine::Event& event) override {
    switch (static_cast<Kind>(event.kind)) {
      case Kind::ScalingDecision:
        return units.decide();
      case Kind::PrefillLoaded:
        return units.loaded(state.fleet.prefill, event.target);
      case Kind::DecodeLoaded:
        return units.loaded(state.fleet.decode, event.target);
      case Kind::DecodeStart:
        decode.admit_waiting(event.target);
        return state.fleet.decode.start_step(event.target);
      case Kind::DecodeStepEnd: {
        std::vector<serving::RequestSlot> finished, preempted;
        state.fleet.decode[event.target].unit.finish_step(state.fleet.now(), finished, preempted);
        state.fleet.decode.step_ended(event.target);
        return units.after_step(state.fleet.decode, event.target);
      }
      default:
        return;
    }
  }
  // States of the decode units (prefill's are the same) `s` seconds after the start.
  std::vector<UnitState> states_at(int s) {
    state.fleet.engine.run(*this, state.fleet.spec.run_start() + seconds(s));
    std::vector<UnitState> states;
    for (std::uint32_t unit = 0; unit < state.fleet.decode.size(); ++unit) {
      states.push_back(state.fleet.decode.state(unit));
      EXPECT_EQ(state.fleet.prefill.state(unit), states.back());
    }
    return states;
  }

  SmallState state;
  PrefillRouter prefill{state.fleet};
  DecodeRouter decode{state.fleet};
  Scripted rule;
  UnitLifecycle units;
};

using States = std::vector<UnitState>;

TEST(UnitLifecycle, FromOffToReleased) {
  Life life({{0, {0, 0}}, {10, {2, 2}}, {60, {2, 1}}, {70, {1, 1}}});
  EXPECT_EQ(life.states_at(5), (States{Serving, Off, Off}));
  EXPECT_EQ(life.states_at(15), (States{Serving, Loading, Loading}));
  EXPECT_EQ(life.states_at(35), (States{Serving, Serving, Serving}));
  EXPECT_EQ(life.states_at(65), (States{Serving, Serving, Draining}));
  EXPECT_EQ(life.states_at(75), (States{Serving, Serving, Off}));
  const auto& time = life.state.fleet.decode[2].clock.read(life.state.fleet.now());
  const auto node_ns = [](int s) { return base::Duration(seconds(s)).count() * kNodes; };
  EXPECT_EQ(time.loading, node_ns(20));
  EXPECT_EQ(time.idle, node_ns(30));
  EXPECT_EQ(time.draining, node_ns(10));
}

TEST(UnitLifecycle, TheFirstUnitsServeAtOnceAndMayDrainAtOnce) {
  Life life({{0, {2, 1}}});
  EXPECT_EQ(life.states_at(1), (States{Serving, Serving, Draining}));
}

TEST(UnitLifecycle, ADrainingUnitIsCalledBack) {
  Life life({{0, {1, 1}}, {30, {1, 0}}, {40, {1, 1}}});
  EXPECT_EQ(life.states_at(35), (States{Serving, Draining, Off}));
  EXPECT_EQ(life.states_at(45), (States{Serving, Serving, Off}));
}

// One that was called back before it had loaded goes on loading.
TEST(UnitLifecycle, AnUnloadedUnitNeverServes) {
  Life life({{0, {0, 0}}, {10, {1, 1}}, {15, {1, 0}}, {20, {1, 1}}, {50, {0, 0}}, {55, {1, 0}}});
  EXPECT_EQ(life.states_at(17), (States{Serving, Draining, Off}));
  EXPECT_EQ(life.states_at(22), (States{Serving, Loading, Off}));
  EXPECT_EQ(life.states_at(31), (States{Serving, Serving, Off}));
  EXPECT_EQ(life.states_at(52), (States{Serving, Off, Off}));
  EXPECT_EQ(life.states_at(90), (States{Serving, Loading, Off}));  // allotted, not to serve
}

TEST(UnitLifecycle, ReleasedAndAllottedAgainTheLaterLoadingCounts) {
  Life life({{0, {0, 0}}, {10, {1, 1}}, {15, {0, 0}}, {20, {1, 1}}});
  EXPECT_EQ(life.states_at(35), (States{Serving, Loading, Off}));
  EXPECT_EQ(life.states_at(41), (States{Serving, Serving, Off}));
}

// Two requests decode on a unit each; the second unit drains between steps or in one.
serving::RequestSlot start_request(Life& life, std::int32_t output) {
  workload::Request request;
  request.prompt_tokens = 1000;
  request.output_tokens = output;
  const serving::RequestSlot slot = life.state.fleet.requests.add(request);
  life.state.fleet.requests[slot].rate = base::TokenParts32::from_tokens(1);
  (void)life.decode.hand_over(slot, life.state.fleet.prefill[0].rdma[0]);
  return slot;
}

TEST(UnitLifecycle, RequestsOfALeavingUnitMigrateWithTheirKv) {
  Life life({{0, {1, 1}}, {10, {1, 0}}, {11, {0, 0}}});
  const serving::RequestSlot first = start_request(life, 5000), second = start_request(life, 5000);
  ASSERT_NE(life.state.fleet.requests[first].decode_unit,
            life.state.fleet.requests[second].decode_unit);
  EXPECT_EQ(life.states_at(12), (States{Serving, Off, Off}));
  EXPECT_EQ(life.state.fleet.requests[first].decode_unit, 0);
  EXPECT_EQ(life.state.fleet.requests[second].decode_unit, 0);
  EXPECT_EQ(life.state.fleet.decode[0].unit.placed_requests(), 2);
  EXPECT_GT(life.state.fleet.totals.kv_moved_bytes, 3 * life.state.fleet.kv_bytes(1000).count());
}

TEST(UnitLifecycle, OrFinishWhereTheyAre) {
  Life life({{0, {1, 1}}, {10, {1, 0}}, {11, {0, 0}}}, {"scaling.drain=wait"});
  (void)start_request(life, 1500);
  (void)start_request(life, 1500);
  life.state.fleet.engine.run(life, life.state.fleet.spec.run_start() + seconds(12));
  EXPECT_EQ(life.state.fleet.decode.state(1), Draining);
  life.state.fleet.engine.run(life, life.state.fleet.spec.run_start() + minutes(3));
  EXPECT_EQ(life.state.fleet.decode.state(1), Off);
  EXPECT_EQ(life.state.fleet.totals.kv_moved_bytes, 2 * life.state.fleet.kv_bytes(1000).count());
}

TEST(UnitLifecycle, TheRuleSeesLoadingAsLoading) {
  Life life({{0, {0, 0}}, {10, {2, 2}}, {15, {2, 1}}, {40, {2, 1}}});
  (void)start_request(life, 5000);
  (void)life.states_at(41);
  ASSERT_EQ(life.rule.views.size(), 4U);
  const policy::PhaseView& loading = life.rule.views[2].decode;
  EXPECT_EQ(std::tuple(loading.off, loading.loading, loading.serving, loading.draining),
            std::tuple(0, 2, 1, 0));
  EXPECT_GT(loading.load, 0.0);
  EXPECT_EQ(life.rule.views[2].target.serving.decode_units, 3);
  EXPECT_EQ(life.rule.views[3].prefill.draining, 1);
  EXPECT_EQ(life.rule.views[3].prefill.load, 0.0);
}

TEST(UnitLifecycle, ATargetBeyondTheRulesOwnLimitIsABug) {
  EXPECT_THROW(Life({{0, {3, 3}}}), base::InvariantBroken);
  EXPECT_THROW(Life({{0, {1, 2}}}), base::InvariantBroken);
}

}  // namespace
}  // namespace epfleet::cluster
