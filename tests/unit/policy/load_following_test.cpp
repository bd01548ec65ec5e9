// Rules that follow the load, on views that a test makes up; and the defects that other autoscalers
// were reported for.
#include <gtest/gtest.h>

#include "epfleet/policy/registry.h"

namespace epfleet::policy {
namespace {

using base::TimePoint;
using std::chrono::minutes;
using std::chrono::seconds;

// A prefill unit computes 1,000 tokens/s and a decode unit emits 100 at 50 ms a token; twice that
// without a limit.
class Profile : public UnitProfile {
 public:
  [[nodiscard]] double prefill_tps(const RequestMix& /*mix*/) const override { return 1000.0; }
  [[nodiscard]] double decode_tps(const RequestMix& /*mix*/, double tpot_s) const override {
    return tpot_s > 1.0 ? 200.0 : 2000.0 * tpot_s;
  }
  [[nodiscard]] double tpot_s(const RequestMix& /*mix*/, double requests) const override {
    return requests * 0.01;
  }
};

const Profile kProfile;

ScalingConfig config_of(const std::string& policy) {
  ScalingConfig config;
  config.policy = policy;
  config.separate = true;
  config.max_groups = 20;
  config.drain_lead = seconds(10);
  return config;
}

// Units of 32 and 144 GPUs; four groups at the start.
ScalingSetup setup_of(const ScalingConfig& config, UnitCounts group,
                      std::span<const KnownDemand> day = {}) {
  return {.config = config,
          .base = {0, 0},
          .group = group,
          .groups = 4,
          .run_start = base::kWindowStart,
          .run_end = base::kWindowStart + std::chrono::hours(24),
          .gpus = {32, 144},
          .start_up = minutes(4),
          .ttft_limit_s = 5.0,
          .tpot_limit_s = 0.05,
          .profile = &kProfile,
          .known_demand = day};
}

struct Control {
  explicit Control(ScalingConfig given, UnitCounts group = {1, 1})
      : config(std::move(given)), rule(scaling_rules()[config.policy](setup_of(config, group))) {
    target = rule->decide({}, now);
    settle();
  }

  // What was asked for is there.
  void settle() {
    view.prefill.serving = target.allotted.prefill_units;
    view.decode.serving = target.allotted.decode_units;
    view.prefill.loading = view.decode.loading = 0;
  }
  Target& next(base::Duration later = seconds(15)) {
    now += later;
    view.target = target;
    view.held = most({view.prefill.in_use(), view.decode.in_use()}, target.allotted);
    view.traffic.seconds = 60.0;
    target = rule->decide(view, now);
    return target;
  }

  TimePoint now = base::kWindowStart;
  ScalingConfig config;
  std::unique_ptr<ScalingRule> rule;
  FleetView view;
  Target target;
};

void demand(Control& control, double computed_tps, double output_tps) {
  control.view.traffic.computed_tokens_per_s = computed_tps;
  control.view.traffic.output_tokens_per_s = output_tps;
}

TEST(LoadFollowing, StartsWithTheGroupsOfTheFleet) {
  Control control(config_of("slo"));
  EXPECT_EQ(control.target.serving, (UnitCounts{4, 4}));
  EXPECT_EQ(control.rule->most_units(), (UnitCounts{20, 20}));
}

TEST(LoadFollowing, SloSizesEachPhaseByItsDemand) {
  Control control(config_of("slo"));
  demand(control, 7'100.0, 520.0);
  // 7,100 / (0.8 x 1,000) = 8.9; 520 / 100 = 5.2
  EXPECT_EQ(control.next().serving, (UnitCounts{9, 6}));
  EXPECT_NE(control.target.why.find("7100 computed"), std::string::npos) << control.target.why;
}

TEST(LoadFollowing, GroupsHaveTheUnitsThatThePoorerPhaseNeeds) {
  ScalingConfig config = config_of("slo");
  config.separate = false;
  Control control(config, {3, 1});
  demand(control, 7'100.0, 520.0);
  EXPECT_EQ(control.next().serving, (UnitCounts{18, 6}));
}

TEST(LoadFollowing, ADemandThatRisesIsMetBeforeItComes) {
  Control rising(config_of("slo")), still(config_of("slo"));
  for (int look = 0; look < 40; ++look) {
    demand(rising, 1'000.0 + 50.0 * look, 100.0);
    rising.next();
  }
  demand(still, 1'000.0 + 50.0 * 39, 100.0);
  still.next();
  // 4 minutes and a decision ahead: 17 looks x 50 tokens/s
  EXPECT_EQ(still.target.serving.prefill_units, 4);
  EXPECT_EQ(rising.target.serving.prefill_units, 5);
}

TEST(LoadFollowing, WhatWaitsForDecodeIsDemandToo) {
  Control control(config_of("slo"));
  demand(control, 1'000.0, 350.0);
  control.view.decode.running_requests = 1'000;
  control.view.decode.waiting_requests = 1'000;
  EXPECT_EQ(control.next().serving.decode_units, 8);
}

TEST(LoadFollowing, TheTargetIsTheHpasFormula) {
  Control control(config_of("target"));
  control.view.prefill.work_ratio = 0.85;  // within the tolerance of 0.8
  control.view.decode.work_ratio = 1.0;    // ceil(4 x 1.0 / 0.8) = 5
  EXPECT_EQ(control.next().serving, (UnitCounts{4, 5}));
}

TEST(LoadFollowing, SaturationStepsByOneAndNotWhileUnitsLoad) {
  Control control(config_of("saturation"));
  control.view.decode.load = 0.75;                     // 0.05 spare of 0.8, wants 0.1
  control.view.prefill.waiting_requests = 4 * 32 * 3;  // 3 a GPU: 2 spare, wants 3
  EXPECT_EQ(control.next().serving, (UnitCounts{5, 5}));
  control.view.prefill.loading = control.view.decode.loading = 1;
  EXPECT_EQ(control.next().serving, (UnitCounts{5, 5}));
}

TEST(LoadFollowing, ThePlannersLoadRuleIsAboveItsThroughputRule) {
  Control control(config_of("planner"));
  demand(control, 2'500.0, 550.0);
  control.view.latency = {1.0, 0.045};
  // the throughput rule: 2.5 x min(1, 1 s / 5 s) and 5.5 units; both latencies leave room
  EXPECT_EQ(control.next().serving, (UnitCounts{4, 6}));  // down only after the stabilisation
  control.settle();
  control.view.latency = {6.0, 0.060};  // both miss
  EXPECT_EQ(control.next().serving, (UnitCounts{5, 7}));
}

TEST(LoadFollowing, DownOnlyToTheMostOfTheStabilisationAndByDrainingFirst) {
  Control control(config_of("slo"));
  demand(control, 800.0, 100.0);
  for (int look = 0; look < 20; ++look) {
    EXPECT_EQ(control.next().serving, (UnitCounts{4, 4}));
  }
  EXPECT_EQ(control.next().serving, (UnitCounts{1, 1}));
  EXPECT_EQ(control.target.allotted, (UnitCounts{4, 4}));
  EXPECT_EQ(control.target.next, control.now + seconds(10));
  EXPECT_EQ(control.next(seconds(10)).allotted, (UnitCounts{1, 1}));
}

// --- Defects of other autoscalers ---

// inference-sim#1109: the collector did not count replicas that load, so each look asked for more.
TEST(LoadFollowing, UnitsThatLoadAreNotAskedForAgain) {
  for (const std::string policy : {"target", "saturation", "slo", "planner"}) {
    SCOPED_TRACE(policy);
    Control control(config_of(policy));
    const auto overload = [&] {
      demand(control, 5'000.0, 700.0);
      control.view.prefill.work_ratio = control.view.decode.work_ratio = 1.4;
      control.view.prefill.waiting_requests = 4 * 32 * 3;
      control.view.decode.load = 0.78;
      control.view.latency = {6.0, 0.06};
    };
    overload();
    const UnitCounts wanted = control.next().allotted;
    EXPECT_GT(wanted.decode_units, 4);
    control.view.prefill.loading = wanted.prefill_units - 4;
    control.view.decode.loading = wanted.decode_units - 4;
    for (int look = 0; look < 10; ++look) {
      overload();
      EXPECT_EQ(control.next().allotted, wanted);
    }
    if (policy == "saturation") {  // what a collector that does not see them does
      control.view.prefill.loading = control.view.decode.loading = 0;
      EXPECT_GT(control.next().allotted.decode_units, wanted.decode_units);
    }
  }
}

// dynamo#6985: without traffic metrics were NaN, and nothing scaled down.
TEST(LoadFollowing, NoTrafficScalesDownToTheFewest) {
  for (const std::string policy : {"target", "saturation", "slo", "planner"}) {
    SCOPED_TRACE(policy);
    ScalingConfig config = config_of(policy);
    config.min_groups = 2;
    Control control(config);
    demand(control, 0.0, 0.0);
    for (int look = 0; look < 100; ++look) {
      control.next();
      control.settle();
    }
    EXPECT_EQ(control.target.allotted, (UnitCounts{2, 2}));
  }
}

// dynamo#12428: the units of one phase came before those of the other had gone.
TEST(LoadFollowing, WhatStillDrainsCountsInTheBudget) {
  ScalingConfig config = config_of("slo");
  config.gpu_budget = 4 * 32 + 4 * 144;
  config.stabilisation = seconds(0);
  Control control(config);
  demand(control, 4'000.0, 200.0);  // 5 prefill units, 2 decode units
  control.view.decode.serving = 2;
  control.view.decode.draining = 2;  // scaling.drain: wait
  control.target.serving = control.target.allotted = {4, 2};
  EXPECT_EQ(control.next().allotted.prefill_units, 4);
  control.view.decode.draining = 0;
  EXPECT_EQ(control.next().allotted, (UnitCounts{5, 2}));
}

TEST(LoadFollowing, ABudgetThatIsUsedUpGivesWhatThereIs) {
  ScalingConfig config = config_of("slo");
  config.gpu_budget = 6 * 32 + 5 * 144;
  Control control(config);
  demand(control, 80'000.0, 20'000.0);
  const Target& target = control.next();
  EXPECT_LE(target.allotted.prefill_units * 32 + target.allotted.decode_units * 144,
            *config.gpu_budget);
  EXPECT_EQ(target.allotted, (UnitCounts{6, 5}));
}

// llm-d-autoscaling 385: what is old is no news. Looks of no age yet do not move a fleet.
TEST(LoadFollowing, AViewOfNothingChangesNothing) {
  Control control(config_of("slo"));
  control.next();
  control.view.traffic = {};
  control.now += seconds(15);
  control.view.target = control.target;
  EXPECT_EQ(control.rule->decide(control.view, control.now).allotted, control.target.allotted);
}

TEST(LoadFollowing, AServiceOfOnePhaseIsNone) {
  for (const bool separate : {true, false}) {
    ScalingConfig config = config_of("slo");
    config.separate = separate;
    config.stabilisation = seconds(0);
    config.drain_lead = seconds(0);
    Control control(config, {2, 1});
    demand(control, 0.0, 0.0);
    EXPECT_EQ(control.next().allotted, (separate ? UnitCounts{1, 1} : UnitCounts{2, 1}));
  }
}

TEST(LoadFollowing, AUnitThatIsDownIsReplaced) {
  Control control(config_of("slo"));
  demand(control, 3'000.0, 350.0);
  control.view.decode.serving = 3;
  control.view.decode.down = 1;
  EXPECT_EQ(control.next().allotted, (UnitCounts{4, 5}));
}

// A rule that keeps what there is counted the one that is down again at every look.
TEST(LoadFollowing, AUnitThatIsDownIsReplacedOnce) {
  for (const std::string policy : {"target", "saturation", "slo", "planner"}) {
    SCOPED_TRACE(policy);
    Control control(config_of(policy));
    control.view.decode.serving = 3;
    control.view.decode.down = 1;
    for (int look = 0; look < 30; ++look) {
      demand(control, 3'000.0, 350.0);  // 4 units of both
      control.view.latency = {4.5, 0.045};
      // What 4 units carry, on those that serve; 3 would not have the room.
      const double share = 4.0 / static_cast<double>(control.view.decode.serving);
      control.view.prefill.work_ratio = 0.8;
      control.view.decode.work_ratio = 0.8 * share;
      control.view.decode.load = 0.65 * share;
      control.view.prefill.waiting_requests = 4 * 32 * 2 - 1;
      const UnitCounts allotted = control.next().allotted;
      EXPECT_EQ(allotted, (UnitCounts{4, 5})) << "look " << look;
      control.view.decode.serving = allotted.decode_units - 1;
    }
  }
}

TEST(LoadFollowing, ABudgetBelowTheGroupsAtTheStartCutsThem) {
  ScalingConfig config = config_of("slo");
  config.gpu_budget = 32 + 144;
  config.max_groups = std::nullopt;
  const Control control(config, {3, 1});
  EXPECT_EQ(control.target.allotted, (UnitCounts{1, 1}));
}

TEST(LoadFollowing, TheOracleHasWhatIsNeededWhenAUnitWouldHaveStarted) {
  const std::vector<KnownDemand> day = {{base::kWindowStart, 500.0, 50.0, {}},
                                        {base::kWindowStart + minutes(10), 5'000.0, 350.0, {}},
                                        {base::kWindowStart + minutes(11), 500.0, 50.0, {}}};
  ScalingConfig config = config_of("oracle");
  config.stabilisation = seconds(0);
  const auto rule = scaling_rules()["oracle"](setup_of(config, {1, 1}, day));
  EXPECT_TRUE(rule->knows_demand());
  FleetView view;
  view.traffic.seconds = 60.0;
  const auto units_at = [&](int minute) {
    return rule->decide(view, base::kWindowStart + minutes(minute)).serving;
  };
  EXPECT_EQ(rule->decide({}, base::kWindowStart).serving, (UnitCounts{4, 4}));
  EXPECT_EQ(units_at(5), (UnitCounts{1, 1}));
  EXPECT_EQ(units_at(6), (UnitCounts{7, 4}));
  EXPECT_EQ(units_at(10), (UnitCounts{7, 4}));
  EXPECT_EQ(units_at(11), (UnitCounts{1, 1}));
}

// 3,000 tokens/s at 80 % of 1,000 a unit need 4 prefill units: two groups of 3.
TEST(LoadFollowing, GroupsSufficeForTheUnitsThatAreWanted) {
  ScalingConfig config = config_of("slo");
  config.separate = false;
  config.stabilisation = {};
  Control control(config, {3, 1});
  control.view.traffic.computed_tokens_per_s = 3'000.0;
  control.view.traffic.output_tokens_per_s = 50.0;
  EXPECT_EQ(control.next().serving, (UnitCounts{6, 2}));
}

}  // namespace
}  // namespace epfleet::policy
