// When samples are taken, and what they count of a fleet in which nothing else happens.
#include "epfleet/cluster/fleet_sampler.h"

#include <gtest/gtest.h>

#include "small_state.h"

namespace epfleet::cluster {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class EmptyCache : public cache::PrefixCache {
 public:
  cache::Lookup lookup(const workload::Request& /*request*/, cache::Extent& /*own*/,
                       base::TimePoint /*now*/) override {
    return {};
  }
  std::int32_t store(const workload::Request& /*request*/, cache::Extent& /*own*/,
                     std::int64_t /*tokens*/, base::TimePoint /*now*/,
                     base::TimePoint /*stored_at*/) override {
    return 0;
  }
  void warm(std::span<const workload::WarmExtent> /*extents*/,
            std::span<const workload::WarmTotal> /*totals*/) override {}
  std::int64_t stored_tokens(base::TimePoint /*now*/) override { return 1'000; }
};

class Listener : public observe::Observer {
 public:
  void on_sample(const observe::FleetSample& sample) override { samples.push_back(sample); }
  std::vector<observe::FleetSample> samples;
};

struct Sampled : engine::Handler {
  Sampled() { state.open_all(); }
  void handle(const engine::Event& /*event*/) override {
    sampler.sample();
    if (at_sample) {
      at_sample();
    }
  }
  void run() { state.fleet.engine.run(*this, state.fleet.spec.window_end()); }

  SmallState state{{"duration=150 s", "workload.warm_up=2 min", "report.interval=60 s"}, 1};
  EmptyCache cache;
  Listener listener;
  std::vector<observe::Observer*> observers{&listener};
  FleetSampler sampler{state.fleet, cache, observers};
  std::function<void()> at_sample;
};

TEST(FleetSampler, SamplesAtIntervalsAndAtBothEndsOfTheWindow) {
  Sampled s;
  int progress = 0;
  s.sampler.start([&](const observe::FleetSample& /*sample*/) { ++progress; });
  s.run();
  std::vector<std::int64_t> at_s;
  for (const observe::FleetSample& sample : s.listener.samples) {
    at_s.push_back(std::chrono::duration_cast<seconds>(sample.time - base::kWindowStart).count());
    EXPECT_EQ(sample.window_start, at_s.back() == 0);
    EXPECT_EQ(sample.window_end, at_s.back() == 150);
  }
  EXPECT_EQ(at_s, (std::vector<std::int64_t>{-120, -60, 0, 60, 120, 150}));
  EXPECT_EQ(progress, 6);
}

// A run that ends at a look, with more that happens at that moment: the look was before it.
TEST(FleetSampler, TheLastLookSeesWhatHappenedAtItsMoment) {
  Sampled s;
  s.sampler.start(nullptr);
  s.run();
  s.sampler.sample_last();
  ASSERT_EQ(s.listener.samples.size(), 6U);  // nothing more happened

  Sampled late;
  struct Last : engine::Handler {
    explicit Last(Sampled& of) : sampled(of) {}
    void handle(const engine::Event& event) override {
      if (event.phase == engine::Phase::Sample) {
        return sampled.handle(event);
      }
      ++sampled.state.fleet.totals.failed;
      sampled.state.fleet.engine.finish();
    }
    Sampled& sampled;
  } last{late};
  late.sampler.start(nullptr);
  late.state.fleet.schedule(base::kWindowStart + seconds(60), engine::Phase::Completion,
                            Kind::RequestTimer);
  late.state.fleet.engine.run(last, late.state.fleet.spec.window_end());
  EXPECT_EQ(late.listener.samples.back().failed, 0);
  late.sampler.sample_last();
  EXPECT_EQ(late.listener.samples.back().failed, 1);
  EXPECT_EQ(late.listener.samples.back().time, base::kWindowStart + seconds(60));
}

// Two units of each phase, of 4 nodes; one decode unit drains from -120 s on.
TEST(FleetSampler, CountsNodesByState) {
  Sampled s;
  s.state.fleet.decode.change_state(1, UnitState::Draining);
  s.sampler.start(nullptr);
  s.run();
  const observe::FleetSample& last = s.listener.samples.back();
  EXPECT_EQ(last.prefill_nodes_allotted, 8);
  EXPECT_EQ(last.decode_nodes_allotted, 8);
  EXPECT_EQ(last.nodes_serving, 12);
  EXPECT_EQ(last.nodes_draining, 4);
  EXPECT_EQ(last.decode_node_ns.draining, 4 * base::Duration(seconds(270)).count());
  EXPECT_EQ(last.decode_node_ns.idle, 4 * base::Duration(seconds(270)).count());
  EXPECT_EQ(last.cache_stored_bytes, s.state.fleet.kv_bytes(1'000).count());
}

// A request from before the window has emitted its first token when it begins: only what it emits
// later is carried in.
TEST(FleetSampler, CarriedInIsWhatEarlyRequestsGetInTheWindow) {
  Sampled s;
  workload::Request request;
  request.arrival = base::kWindowStart - seconds(10);
  request.prompt_tokens = 1'000;
  request.output_tokens = 50;
  const serving::RequestSlot slot = s.state.fleet.requests.add(request);
  serving::LiveRequest& live = s.state.fleet.requests[slot];
  live.rate = base::TokenParts32::from_tokens(1);
  live.stage = serving::Stage::AwaitingRoom;
  live.path.has_first_token = true;
  live.steps_taken = 4;
  s.at_sample = [&] {
    if (s.state.fleet.now() == base::kWindowStart) {
      live.steps_taken = 9;
      s.state.fleet.early_input_tokens = 700;
    }
  };
  s.sampler.start(nullptr);
  s.run();
  EXPECT_EQ(s.listener.samples.back().carried_in_tokens, 700 + 5);
}

}  // namespace
}  // namespace epfleet::cluster
