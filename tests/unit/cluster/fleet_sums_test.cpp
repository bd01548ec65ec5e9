// A fleet whose kept sums are made wrong, one at a time: the look names the sum, its place and both
// values, and after which event and when it was.
#include "epfleet/cluster/fleet_sums.h"

#include <gtest/gtest.h>

#include "epfleet/cluster/request_flow.h"
#include "epfleet/cluster/unit_lifecycle.h"
#include "small_state.h"

namespace epfleet::cluster {
namespace {

using base::TimePoint;
using std::chrono::seconds;

class NoRequests : public workload::Source {
 public:
  std::optional<TimePoint> next_arrival() override { return std::nullopt; }
  workload::Request take() override { return {}; }
  void complete(const workload::Request& /*request*/, TimePoint /*done*/) override {}
  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    check.equal("number of sessions in service", in_service, 0);
  }
};

class WrongCache : public cache::PrefixCache {
 public:
  cache::Lookup lookup(const workload::Request& /*request*/, cache::Extent& /*own*/,
                       TimePoint /*now*/) override {
    return {};
  }
  std::int32_t store(const workload::Request& /*request*/, cache::Extent& /*own*/,
                     std::int64_t /*tokens*/, TimePoint /*now*/, TimePoint /*stored_at*/) override {
    return 0;
  }
  void check_sums(base::SumCheck& check,
                  std::span<const cache::Extent> /*elsewhere*/) const override {
    check.equal("tokens stored", stored, 0);
  }
  std::int64_t stored = 0;
};

// Two units of each phase, of which the first ones serve.
struct Watched {
  explicit Watched(std::uint64_t every = 1) {
    state.prefill.change_state(0, UnitState::Serving);
    state.decode.change_state(0, UnitState::Serving);
    state.raise_nodes_peak();
    sums.emplace(FleetSums::Parts{state, endings, recovery, cache, stored, arrivals}, every);
  }
  // What a look finds.
  std::string look() {
    try {
      sums->look_at_end();
      return "none";
    } catch (const base::InvariantBroken& broken) {
      return broken.what();
    }
  }
  static std::string before_all(const std::string& difference) {
    return "a kept sum is wrong before the first event: " + difference;
  }

  SmallState small{{}, 1};
  FleetState& state = small.fleet;
  NoRequests source;
  workload::ArrivalFeed arrivals{source, nullptr};
  WrongCache cache;
  PrefillRouter prefill{state};
  DecodeRouter decode{state};
  PromptStore stored{cache, state.requests};
  RequestEndings endings{state, decode, arrivals, stored, {}};
  RequestFlow flow{state, prefill, decode, arrivals, stored, endings, {}};
  std::unique_ptr<policy::ScalingRule> rule = make_scaling_rule(state.spec);
  UnitLifecycle units{state, prefill, decode, *rule};
  UnitRecovery recovery{state, flow, decode, units};
  std::optional<FleetSums> sums;
};

TEST(FleetSums, AFreshFleetHasRightOnes) { EXPECT_EQ(Watched().look(), "none"); }

TEST(FleetSums, ARequestThatIsNobodys) {
  Watched fleet;
  const serving::RequestSlot slot = fleet.state.requests.add({});
  EXPECT_EQ(fleet.look(), fleet.before_all("prefill unit 0: number of its requests that wait is 0, "
                                           "made anew it is 1"));
  fleet.state.homeless.prompts.push_back(slot);
  EXPECT_EQ(fleet.look(),
            fleet.before_all("fleet: number of requests that arrived is 0, made anew it is 1"));
  fleet.state.totals.arrived = 1;
  EXPECT_EQ(fleet.look(),
            fleet.before_all("fleet: most requests in service is 0, a part of it alone is 1"));
  fleet.state.totals.peaks.in_service = 1;
  fleet.endings.expect(true);
  EXPECT_EQ(fleet.look(), fleet.before_all("source of requests: number of sessions in service is "
                                           "1, made anew it is 0"));
  fleet.endings.expect(true);
  EXPECT_EQ(fleet.look(), fleet.before_all("fleet: number of the window's requests in service is "
                                           "2, made anew it is 1"));
}

TEST(FleetSums, AQueueThatIsCountedTwice) {
  Watched fleet;
  fleet.state.requests.count_queued(1);
  EXPECT_EQ(fleet.look(), fleet.before_all("number of requests that wait in prefill units is 1, "
                                           "made anew it is 0"));
}

TEST(FleetSums, ALoadThatTheBalancerHasWrong) {
  Watched prefill;
  prefill.state.prefill.note_placed(1, 5.0, 7.5);
  EXPECT_EQ(prefill.look(),
            prefill.before_all("prefill, unit 1: tokens that the balancer has of it "
                               "is 5, made anew it is 0"));
  Watched decode;
  decode.state.decode.note_placed(0, 0, base::TokenParts(64));
  EXPECT_EQ(decode.look(), decode.before_all("decode, unit 0: KV that the balancer has of it is "
                                             "0.25 tokens, made anew it is 0 tokens"));
}

TEST(FleetSums, AUnitThatServesAndTakesNoRequests) {
  Watched fleet;
  fleet.state.decode.close(0);
  EXPECT_EQ(fleet.look(),
            fleet.before_all("decode, unit 0: does not hold: a serving unit is open to requests"));
}

TEST(FleetSums, AnEventThatDoesNotCome) {
  Watched fleet;
  fleet.state.decode.wake(0, fleet.state.now() + seconds(3));
  EXPECT_EQ(fleet.look(), "none");
  fleet.state.engine.cancel(fleet.state.decode[0].wake_up);
  EXPECT_EQ(fleet.look(), fleet.before_all("decode, unit 0: does not hold: a wake-up that is set "
                                           "has one event to come, at its time"));
}

TEST(FleetSums, TwoUnitsOfOneRank) {
  Watched fleet;
  fleet.state.prefill[1].rank = 0;
  EXPECT_EQ(fleet.look(),
            fleet.before_all("prefill: a unit of every rank is 0, made anew it is 1"));
}

TEST(FleetSums, AStoreThatIsWrong) {
  Watched fleet;
  fleet.cache.stored = 3;
  EXPECT_EQ(fleet.look(), fleet.before_all("tokens stored is 3, made anew it is 0"));
}

// Busy from the 10th second on, in no step: 4 nodes for 20 s.
TEST(FleetSums, NodeTimeIsAddedUpFromEventToEvent) {
  Watched fleet;
  const TimePoint start = fleet.state.now();
  const auto event = [&](int at_s) {
    return engine::Event{.time = start + seconds(at_s),
                         .target = 1,
                         .phase = engine::Phase::Decision,
                         .kind = static_cast<engine::EventKind>(Kind::DecodeLoaded)};
  };
  fleet.sums->before(event(10));
  fleet.state.decode[0].clock.change_busy(start + seconds(10), true);
  try {
    fleet.sums->before(event(30));
    FAIL() << "the unit is in no step";
  } catch (const base::InvariantBroken& broken) {
    EXPECT_STREQ(broken.what(),
                 "a kept sum is wrong after decode_loaded 1 at -110.000000000 s of the run (event "
                 "2): decode, unit 0: busy node-ns is 80000000000, made anew it is 0");
  }
}

// Every third event.
TEST(FleetSums, SomeEventsAreNotLookedAfter) {
  Watched fleet(3);
  fleet.cache.stored = 3;
  engine::Event event{.time = fleet.state.now()};
  fleet.sums->before(event);
  fleet.sums->before(event);
  try {
    fleet.sums->before(event);
    FAIL() << "the store is wrong";
  } catch (const base::InvariantBroken& broken) {
    EXPECT_NE(
        std::string(broken.what()).find("; one of 3 events did it, and --check-sums=1 finds which"),
        std::string::npos)
        << broken.what();
  }
}

}  // namespace
}  // namespace epfleet::cluster
