// The laws of the whole, on random traffic under random settings: every rule of every role, chunk
// budgets, stores that are small, slow or short of memory, failures, fleets that grow and shrink,
// limits, deadlines and clients that come again.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/cost/statement.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/threaded_observer.h"
#include "fleet_laws.h"
#include "property.h"
#include "random_traffic.h"
#include "support/small_fleet.h"
#include "support/temporary_file.h"

namespace epfleet::test {
namespace {

using observe::FleetSample;
using observe::Outcome;
using observe::RequestDone;

// A run of what was drawn; discarded where keys contradict each other, or nothing can be played.
struct RandomRun {
  RandomRun(const Traffic& traffic, const Settings& settings, std::uint64_t seed,
            const std::vector<std::string>& more = {})
      : trace(traffic.csv(), ".csv") {
    std::vector<std::string> keys = {"workload.source=requests", "workload.path=" + trace.path()};
    keys.insert(keys.end(), more.begin(), more.end());
    std::optional<config::Scenario> made = settings.scenario(seed, keys);
    RC_PRE(made.has_value());
    scenario = std::move(*made);
  }

  [[nodiscard]] FleetRun run(base::Worker* worker = nullptr, observe::Observer* beside = nullptr,
                             std::optional<std::uint64_t> check_sums = {}) const {
    static const auto kPricers = std::make_shared<const cluster::StepPricers>(
        cluster::make_step_pricers(small_fleet(1, keys_of_all())));
    return run_fleet(scenario, scenario, {kPricers, worker, beside, check_sums});
  }

  TemporaryFile trace;
  config::Scenario scenario;
};

// What the runs of a property had in them: laws that nothing happens under say little.
struct Seen {
  std::int64_t runs = 0, completed = 0, rejected = 0, failed = 0, retries = 0, preempted = 0;
  std::int64_t cached = 0, lost_ttl = 0, lost_capacity = 0, failures = 0, scaled = 0, drained = 0;

  void add(const FleetRun& run) {
    const FleetSample& last = run.ledger.last();
    ++runs;
    completed += last.completed;
    rejected += last.rejected;
    failed += last.failed;
    retries += last.retries;
    preempted += last.preempted;
    cached += tokens_of(last).cached;
    lost_ttl += last.cache_lost.ttl;
    lost_capacity += last.cache_lost.capacity;
    failures += last.failures.events;
    scaled += last.units_started + last.units_stopped;
    drained += is_drained(run) ? 1 : 0;
  }
};

TEST(AnyFleet, KeepsItsLaws) {
  Seen seen;
  expect_property(400, [&](const Traffic& traffic, const Settings& settings) {
    const RandomRun random(traffic, settings, *rc::gen::inRange<std::uint64_t>(1, 1000));
    const FleetRun run = random.run();
    seen.add(run);
    expect_laws(run);
  });
  const std::map<std::string, std::int64_t> events = {{"completed", seen.completed / 10},
                                                      {"rejected", seen.rejected},
                                                      {"failed", seen.failed},
                                                      {"retries", seen.retries},
                                                      {"cached", seen.cached},
                                                      {"lost by age", seen.lost_ttl},
                                                      {"lost for room", seen.lost_capacity},
                                                      {"failures", seen.failures},
                                                      {"units moved", seen.scaled},
                                                      {"drained", seen.drained}};
  for (const auto& [what, count] : events) {
    EXPECT_GE(count, seen.runs / 20) << what;
  }
}

TEST(AnyFleet, KeepsItsLawsWhenItsDecodeGpusAreFull) {
  Seen seen;
  expect_property(60, [&](const Settings& settings) {
    const Traffic traffic = *any_burst();
    const RandomRun random(traffic, settings, 1, short_of_memory().keys);
    const FleetRun run = random.run();
    seen.add(run);
    expect_laws(run);
  });
  EXPECT_GE(seen.preempted, seen.runs);
}

bool is_same(const FleetRun& a, const FleetRun& b) {
  const auto same = [](const RequestDone& x, const RequestDone& y) {
    return x.id == y.id && x.ending == y.ending && x.attempt == y.attempt && x.done == y.done &&
           x.first_token == y.first_token && x.decode_start == y.decode_start &&
           x.cached_tokens == y.cached_tokens && x.decode_gpu == y.decode_gpu;
  };
  return a.fingerprint == b.fingerprint &&
         std::ranges::equal(a.ledger.requests, b.ledger.requests, same);
}

TEST(AnyFleet, IsTheSameTwiceAndWithAWorker) {
  expect_property(15, [](const Traffic& traffic, const Settings& settings) {
    const RandomRun random(traffic, settings, 7, {"duration=10 s"});
    const FleetRun once = random.run();
    RC_ASSERT(is_same(random.run(), once));
    base::Worker worker;
    metrics::Recorder recorder({.duration = random.scenario.duration,
                                .slo = random.scenario.slo,
                                .pool_nodes = std::nullopt});
    metrics::ThreadedObserver threaded(recorder, worker);
    RC_ASSERT(is_same(random.run(&worker, &threaded), once));
    threaded.finish();
    RC_ASSERT(recorder.statistics().requests.completed <= once.ledger.last().completed);
  });
}

// Looking changes nothing, nor does a limit that nothing reaches.
TEST(AnyFleet, IsTheSameHoweverItIsLookedAt) {
  expect_property(30, [](const Traffic& traffic, const Settings& settings) {
    const RandomRun plain(traffic, settings, 7);
    const FleetRun run = plain.run();
    RC_ASSERT(is_same(RandomRun(traffic, settings, 7, {"report.interval=2 s"}).run(), run));
    const bool unlimited = !run.spec.admission.max_concurrency && !run.spec.admission.max_queue;
    if (unlimited) {
      RC_ASSERT(
          is_same(RandomRun(traffic, settings, 7,
                            {"admission.max_concurrency=1000000", "admission.max_queue=1000000"})
                      .run(),
                  run));
    }
  });
}

// Every sum that is kept, after every event, is the same made anew; looking changes nothing.
TEST(AnyFleet, KeepsRightSums) {
  expect_property(60, [](const Traffic& traffic, const Settings& settings) {
    const RandomRun random(traffic, settings, *rc::gen::inRange<std::uint64_t>(1, 1000));
    RC_ASSERT(is_same(random.run(nullptr, nullptr, 1), random.run()));
  });
}

TEST(AnyFleet, KeepsRightSumsWhenItsDecodeGpusAreFull) {
  expect_property(15, [](const Settings& settings) {
    const RandomRun random(*any_burst(), settings, 1, short_of_memory().keys);
    RC_ASSERT(is_same(random.run(nullptr, nullptr, 1), random.run()));
  });
}

double usd_of(const cost::TokenPrices& prices, const RequestDone& r) {
  return (prices.hit * r.cached_tokens + prices.miss * (r.prompt_tokens - r.cached_tokens) +
          prices.output * r.output_tokens) /
         1e6;
}

// Revenue is the sum over requests, cost is the sum of node time: of a window that holds them all.
TEST(AnyFleet, IsPaidForWhatItDoes) {
  int paid_in_full = 0;
  expect_property(60, [&](const Traffic& traffic, const Settings& settings) {
    const RandomRun random(traffic, settings, 3, {"workload.warm_up=0 s", "duration=80 s"});
    const config::Scenario& scenario = random.scenario;
    metrics::Recorder recorder({.duration = scenario.duration,
                                .interval = scenario.report.interval,
                                .slo = scenario.slo,
                                .decode_gpus_per_unit = scenario.decode.gpus,
                                .pool_nodes = std::nullopt});
    const FleetRun run = random.run(nullptr, &recorder);
    const metrics::RunStatistics s = recorder.statistics();
    RC_ASSERT(s.requests.arrived == run.ledger.last().arrived);
    RC_ASSERT(s.requests.completed == run.ledger.count(Outcome::Completed));

    const cost::PricingBasis basis;
    const cost::Statement statement = cost::price(scenario.prices, basis, s.intervals, s.pieces);
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-9 * (1.0 + b); };
    double cost_of_hours = 0.0, revenue_of_intervals = 0.0;
    for (const cost::Account& hour : statement.hours) {
      cost_of_hours += hour.cost_usd;
    }
    for (const cost::Account& interval : statement.intervals) {
      revenue_of_intervals += interval.revenue.theoretical_usd;
    }
    const observe::FleetSample& last = run.ledger.last();
    const double node_hours = static_cast<double>(s.nodes.prefill_ns.allotted() +
                                                  s.nodes.decode_ns.allotted() + s.nodes.spare_ns) /
                              3.6e12;
    RC_ASSERT(near(statement.total.cost_usd, 8.0 * node_hours * scenario.prices.gpu_hour.count()));
    RC_ASSERT(near(cost_of_hours, statement.total.cost_usd));
    RC_ASSERT(near(revenue_of_intervals, statement.total.revenue.theoretical_usd));
    const bool all_done = is_drained(run) && last.failed == 0 && last.time <= run.spec.window_end();
    if (all_done) {
      double usd = 0.0;
      for (const RequestDone& r : run.ledger.requests) {
        usd +=
            r.outcome() == Outcome::Completed
                ? usd_of(scenario.prices.book[static_cast<std::size_t>(workload::Variant::R1)], r)
                : 0.0;
      }
      RC_ASSERT(near(statement.total.revenue.theoretical_usd, usd));
    }
    paid_in_full += all_done ? 1 : 0;
  });
  EXPECT_GE(paid_in_full, 10);
}

}  // namespace
}  // namespace epfleet::test
