// What a scaling rule is shown: rates over the window, and nothing newer than the view's age.
#include "epfleet/cluster/fleet_monitor.h"

#include <gtest/gtest.h>

#include "support/small_fleet.h"

namespace epfleet::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Profile : public policy::UnitProfile {
 public:
  [[nodiscard]] double prefill_tps(const policy::RequestMix& /*mix*/) const override {
    return 1000.0;
  }
  [[nodiscard]] double decode_tps(const policy::RequestMix& /*mix*/,
                                  double /*tpot_s*/) const override {
    return 100.0;
  }
  [[nodiscard]] double tpot_s(const policy::RequestMix& /*mix*/,
                              double /*requests*/) const override {
    return 0.05;
  }
};

// A look every 15 s; between two of them 30 arrivals of 500 tokens, 200 of them in the store, and
// 300 decode steps of 10 requests in 50 ms that emit 20 tokens: 25 ms a token.
struct MonitoredFleet {
  explicit MonitoredFleet(const std::vector<std::string>& keys)
      : spec(test::small_fleet(1, keys)), monitor(spec, profile) {}

  policy::FleetView look(base::TimePoint now) {
    FleetMonitor::Moment moment{.time = now, .prefill = {}, .decode = {}};
    moment.prefill.serving = moment.decode.serving = looks;
    const double unit_s = base::to_seconds(now - base::kWindowStart);
    moment.prefill_unit_s = moment.decode_unit_s = unit_s;
    const policy::FleetView view = monitor.look(moment);
    ++looks;
    for (int i = 0; i < 30; ++i) {
      serving::LiveRequest request;
      request.request.prompt_tokens = 500;
      request.computed_to = 200;
      monitor.saw_arrival(request);
      monitor.saw_first_token(seconds(looks));
    }
    observe::PrefillStepDone prefill;
    prefill.tokens = 12'000;
    monitor.saw_prefill_step(prefill);
    for (int i = 0; i < 300; ++i) {
      observe::DecodeStepDone step;
      step.start = now;
      step.end = now + milliseconds(50);
      step.requests = 10;
      step.emitted = base::TokenParts::from_tokens(20);
      step.kv_tokens = 40'000.0;
      monitor.saw_decode_step(step);
    }
    return view;
  }

  Profile profile;
  FleetSpec spec;
  FleetMonitor monitor;
  std::int64_t looks = 0;
};

TEST(FleetMonitor, ShowsRatesOverTheWindow) {
  MonitoredFleet watched({"scaling.window=60 s", "slo.ttft.quantile=0.99", "slo.ttft.limit=5 s"});
  policy::FleetView view;
  for (int i = 0; i <= 10; ++i) {
    view = watched.look(base::kWindowStart + seconds(15 * i));
    EXPECT_EQ(view.traffic.seconds, std::min(60.0, 15.0 * i));
  }
  EXPECT_DOUBLE_EQ(view.traffic.requests_per_s, 2.0);
  EXPECT_DOUBLE_EQ(view.traffic.computed_tokens_per_s, 600.0);
  EXPECT_DOUBLE_EQ(view.traffic.output_tokens_per_s, 400.0);
  EXPECT_DOUBLE_EQ(view.traffic.mix.cached_per_computed_token, 200.0 / 300.0);
  EXPECT_DOUBLE_EQ(view.traffic.mix.computed_tokens_per_request, 300.0);
  EXPECT_DOUBLE_EQ(view.traffic.mix.kv_tokens_per_request, 4'000.0);
  EXPECT_DOUBLE_EQ(view.prefill.work_ratio, 0.8);  // 12,000 tokens in 15 s of 1,000 a second
  EXPECT_DOUBLE_EQ(view.decode.work_ratio, 4.0);
  EXPECT_NEAR(view.latency.tpot_s.value(), 0.025, 0.0005);
  EXPECT_NEAR(view.latency.ttft_s.value(), 10.0, 0.2);  // the newest were the slowest
}

TEST(FleetMonitor, ShowsNothingNewerThanTheAge) {
  MonitoredFleet watched({"scaling.window=30 s", "scaling.view_age=40 s"});
  for (int i = 0; i <= 10; ++i) {
    const policy::FleetView view = watched.look(base::kWindowStart + seconds(15 * i));
    const std::int64_t seen = std::max(0, i - 3);  // 45 s before, the first look at least
    EXPECT_EQ(view.decode.serving, seen);
    EXPECT_EQ(view.age, seconds(15 * (i - seen)));
    EXPECT_EQ(view.traffic.seconds > 0.0, seen > 0);
  }
}

TEST(FleetMonitor, WithoutTrafficThereIsNoLatency) {
  const FleetSpec spec = test::small_fleet(1);
  const Profile profile;
  FleetMonitor monitor(spec, profile);
  (void)monitor.look({.time = base::kWindowStart, .prefill = {}, .decode = {}});
  const policy::FleetView view =
      monitor.look({.time = base::kWindowStart + seconds(15), .prefill = {}, .decode = {}});
  EXPECT_EQ(view.traffic.seconds, 15.0);
  EXPECT_EQ(view.traffic.output_tokens_per_s, 0.0);
  EXPECT_EQ(view.decode.work_ratio, 0.0);
  EXPECT_FALSE(view.latency.ttft_s);
  EXPECT_FALSE(view.latency.tpot_s);
}

}  // namespace
}  // namespace epfleet::cluster
