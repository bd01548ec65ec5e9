// Beyond capacity everything ends, and every request is accounted for by reason:
//     arrived = completed + rejected + failed + in flight, each attempt of a client an arrival
//     no prefill begins after the start deadline, none lives a step longer than the total one
//     none waits a step longer for its first token than its user's patience
//     a request comes again back_off x 2^n x (0.75 .. 1) after it was refused or failed, in order
//     the more important a class, the less of it is turned away
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "epfleet/base/random.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/report/result_files.h"
#include "support/small_fleet.h"
#include "support/trials.h"

namespace epfleet::test {
namespace {

using base::Duration;
using observe::Ending;
using observe::Outcome;
using observe::RequestDone;

Duration longest_step(const Ledger& ledger) {
  Duration longest{};
  for (const auto& step : ledger.prefill_steps) {
    longest = std::max(longest, step.end - step.start);
  }
  for (const auto& step : ledger.decode_steps) {
    longest = std::max(longest, step.end - step.start);
  }
  return longest;
}

Duration patience_of(const FleetRun& run, const RequestDone& request) {
  base::Stream draw(base::StreamFamily(run.spec.seed, "admission.patience"), request.id.value(),
                    request.attempt);
  return base::duration_from_seconds(base::to_seconds(*run.spec.admission.patience) *
                                     draw.exponential());
}

// Some limits of some kinds, on an overload of about three, in fleets that are also too small for
// other reasons, or whose units come and go.
std::vector<std::string> random_keys(std::uint64_t seed) {
  base::Stream draw(base::StreamFamily(seed, "test.admission"), 0);
  std::vector<std::string> keys = {fmt::format("workload.rate_scale={}", 4 + draw.bits() % 40),
                                   "duration=3 min", "workload.warm_up=1 min",
                                   "report.cool_down=10 min"};
  const auto maybe = [&](std::string key) {
    if (draw.uniform() < 0.6) {
      keys.push_back(std::move(key));
    }
  };
  maybe(fmt::format("admission.max_concurrency={}", 2'000 + draw.bits() % 3'000));
  maybe(fmt::format("admission.max_queue={}", 100 + draw.bits() % 1'900));
  maybe(fmt::format("admission.start_deadline={} s", 1 + draw.bits() % 10));
  maybe(fmt::format("admission.total_deadline={} s", 10 + draw.bits() % 60));
  maybe(fmt::format("admission.patience={} s", 2 + draw.bits() % 20));
  maybe(fmt::format("admission.retries={{limit: {}, back_off: {} s}}", 1 + draw.bits() % 4,
                    1 + draw.bits() % 10));
  maybe("workload.classes={api: {priority: 2}, agent: {priority: -1}}");
  maybe("prefill.balancer.placement=arrival");
  maybe("decode.max_requests_per_gpu=16");
  maybe("decode.batching=static");
  if (draw.uniform() < 0.4) {
    keys.insert(keys.end(), {"scaling.policy=schedule", "scaling.start_up=20 s",
                             "scaling.schedule=[{at: 30 s, groups: 2}, {at: 90 s, groups: 1}, "
                             "{at: 120 s, groups: 0}]"});
    maybe("scaling.drain=wait");
  }
  return keys;
}

void expect_sums(const FleetRun& run) {
  const observe::FleetSample& last = run.ledger.last();
  EXPECT_EQ(last.arrived, static_cast<std::int64_t>(run.ledger.requests.size()));
  EXPECT_EQ(last.completed, run.ledger.count(Outcome::Completed));
  EXPECT_EQ(last.rejected, run.ledger.count(Outcome::Rejected));
  EXPECT_EQ(last.failed, run.ledger.count(Outcome::Failed));
  EXPECT_EQ(last.arrived,
            last.completed + last.rejected + last.failed + run.ledger.count(Outcome::InFlight));
  EXPECT_EQ(last.arrived - last.retries, static_cast<std::int64_t>(run.ledger.arrivals.size()));
  EXPECT_EQ(run.scheduled, run.executed + run.cancelled + run.left);
}

void expect_in_time(const FleetRun& run) {
  const cluster::AdmissionConfig& admission = run.spec.admission;
  const Duration step = longest_step(run.ledger);
  for (const RequestDone& request : run.ledger.requests) {
    const Duration lived = request.done - request.arrival;
    if (admission.total_deadline) {
      EXPECT_LE(lived, *admission.total_deadline + step);
      EXPECT_TRUE(request.ending != Ending::TookTooLong || lived >= *admission.total_deadline);
    }
    if (admission.start_deadline && request.entered_prefill()) {
      EXPECT_LE(request.prefill_start - request.arrival, *admission.start_deadline);
    }
    if (request.ending == Ending::StartedTooLate) {
      EXPECT_EQ(lived, *admission.start_deadline);
      EXPECT_FALSE(request.entered_prefill());
    }
    if (admission.patience) {
      const Duration patience = patience_of(run, request);
      EXPECT_TRUE(!request.has_first_token ||
                  request.first_token - request.arrival <= patience + step);
      if (request.ending == Ending::GaveUp) {
        EXPECT_GE(lived, patience);
        EXPECT_LE(lived, patience + step);
      }
    }
    if (request.outcome() == Outcome::Rejected) {
      EXPECT_EQ(lived, Duration{});
      EXPECT_FALSE(request.entered_prefill());
    }
  }
}

void expect_back_off(const FleetRun& run) {
  const auto& retries = run.spec.admission.retries;
  std::map<std::uint64_t, std::vector<const RequestDone*>> attempts;
  for (const RequestDone& request : run.ledger.requests) {
    attempts[request.id.value()].push_back(&request);
  }
  EXPECT_EQ(attempts.size(), run.ledger.arrivals.size());
  for (const auto& [id, of_one] : attempts) {
    for (std::size_t n = 0; n < of_one.size(); ++n) {
      ASSERT_EQ(of_one[n]->attempt, n) << id;
      const bool failed =
          of_one[n]->outcome() == Outcome::Rejected || of_one[n]->outcome() == Outcome::Failed;
      EXPECT_EQ(of_one[n]->comes_again, failed && static_cast<std::int64_t>(n) < retries.limit);
      const Duration longest = retries.back_off * (std::int64_t{1} << n);
      if (n + 1 < of_one.size()) {
        ASSERT_TRUE(of_one[n]->comes_again);
        const Duration wait = of_one[n + 1]->arrival - of_one[n]->done;
        EXPECT_GE(wait, longest * 3 / 4);
        EXPECT_LE(wait, longest);
      } else if (of_one[n]->comes_again) {  // later than the end of the run
        EXPECT_GE(of_one[n]->done + longest, run.ledger.last().time);
      }
    }
  }
}

TEST(Overload, EveryRequestEndsInTimeAndIsAccountedFor) {
  std::map<Ending, std::int64_t> seen;
  for (std::uint64_t seed = 1; seed <= trials(16); ++seed) {
    const std::vector<std::string> keys = random_keys(seed);
    SCOPED_TRACE(fmt::format("{}", fmt::join(keys, " ")));
    const FleetRun run = run_fleet(replayed_fleet(seed, keys));
    expect_sums(run);
    expect_in_time(run);
    expect_back_off(run);
    for (const RequestDone& request : run.ledger.requests) {
      ++seen[request.ending];
    }
  }
  for (const Ending ending :
       {Ending::LastToken, Ending::ConcurrencyLimit, Ending::QueueLimit, Ending::Shed,
        Ending::StartedTooLate, Ending::TookTooLong, Ending::GaveUp}) {
    EXPECT_GT(seen[ending], 500) << observe::row_of(ending).name;
  }
}

// The same with conversations, whose next turn waits for the last attempt of the one before.
TEST(Overload, ATurnComesAfterTheLastAttemptOfTheOneBefore) {
  const FleetRun run = run_fleet(
      small_fleet(5, {"workload.rate_scale=30", "duration=8 min", "admission.max_queue=300",
                      "admission.patience=5 s", "admission.retries={limit: 2, back_off: 2 s}"}));
  expect_sums(run);
  expect_in_time(run);
  expect_back_off(run);
  std::map<std::uint64_t, const RequestDone*> latest;
  std::int64_t after_a_failure = 0;
  for (const RequestDone& request : run.ledger.requests) {  // in the order of their ends
    const RequestDone*& before = latest[request.session.value()];
    if (before != nullptr && request.turn == before->turn) {
      EXPECT_EQ(request.attempt, before->attempt + 1);
      EXPECT_TRUE(before->comes_again);
    } else if (before != nullptr) {
      EXPECT_EQ(request.turn, before->turn + 1);
      EXPECT_FALSE(before->comes_again);
      EXPECT_GE(request.arrival, before->done);
      after_a_failure += before->outcome() != Outcome::Completed;
    }
    before = &request;
  }
  EXPECT_GT(after_a_failure, 20);
}

TEST(Overload, TheMoreImportantAClassTheLessOfItIsTurnedAway) {
  const std::vector<std::string> keys = {
      "workload.rate_scale=20", "duration=3 min", "workload.warm_up=1 min",
      "admission={max_concurrency: 3000, min_ceiling: 0.6}",
      "workload.classes={api: {priority: 0}, chat_r1: {priority: 10}, chat_v3: {priority: 5}, "
      "agent: {priority: -100}}"};
  const FleetRun run = run_fleet(replayed_fleet(3, keys));
  std::map<workload::SessionClass, std::pair<double, double>> rejected_of;
  for (const RequestDone& request : run.ledger.requests) {
    auto& [rejected, arrived] = rejected_of[workload::class_of(request.session)];
    rejected += request.outcome() == Outcome::Rejected ? 1 : 0;
    ++arrived;
    EXPECT_TRUE(request.ending != Ending::Shed ||
                workload::class_of(request.session) != workload::SessionClass::ChatR1);
  }
  const auto share = [&](workload::SessionClass of) {
    return rejected_of[of].first / rejected_of[of].second;
  };
  using workload::SessionClass;
  EXPECT_LT(share(SessionClass::ChatR1), 0.2);
  EXPECT_LE(share(SessionClass::ChatR1), share(SessionClass::ChatV3));
  EXPECT_LE(share(SessionClass::ChatV3), share(SessionClass::Api));
  EXPECT_LE(share(SessionClass::Api), share(SessionClass::Agent));
  EXPECT_GT(share(SessionClass::Agent), 0.5);
  for (const observe::FleetSample& sample : run.ledger.samples) {
    EXPECT_LE(sample.in_service(), 3'000);
  }
}

// Limits that nobody meets change no request.
TEST(Overload, LimitsThatAreNotMetChangeNothing) {
  const std::vector<std::string> far = {
      "admission={max_concurrency: 1000000, max_queue: 1000000, start_deadline: 100 d, "
      "total_deadline: 200 d, retries: {limit: 3}}",
      "workload.classes.api.priority=3"};
  const std::vector<RequestDone> with = run_fleet(replayed_fleet(2, far)).ledger.by_id();
  const std::vector<RequestDone> without = run_fleet(replayed_fleet(2)).ledger.by_id();
  ASSERT_EQ(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(with[i].ending, without[i].ending);
    EXPECT_EQ(with[i].first_token, without[i].first_token);
    EXPECT_EQ(with[i].decode_gpu, without[i].decode_gpu);
    EXPECT_EQ(with[i].done, without[i].done);
  }
}

// A unit that drains by waiting was kept for ever when its last request ran into its deadline.
TEST(Overload, AUnitWhoseLastRequestIsClosedIsReleased) {
  const FleetRun run = run_fleet(
      replayed_fleet(4, {"workload.rate_scale=6", "scaling.policy=schedule", "scaling.drain=wait",
                         "scaling.schedule=[{at: 0 s, groups: 1}, {at: 2 min, groups: 0}]",
                         "scaling.start_up=10 s", "admission.total_deadline=8 s"}));
  std::int64_t draining = 0;
  for (const observe::FleetSample& sample : run.ledger.samples) {
    const Duration since = sample.time - (base::kWindowStart + std::chrono::minutes(2));
    draining += sample.nodes_draining;
    if (since >= std::chrono::seconds(10)) {
      EXPECT_EQ(sample.nodes_draining, 0) << base::to_seconds(since);
    }
  }
  EXPECT_GT(draining, 0);
}

TEST(Overload, TheSameBytesWithAndWithoutASecondThread) {
  const config::Scenario scenario = small_fleet(
      7, {"workload.rate_scale=30", "workload.warm_up=2 min",
          "admission={max_queue: 200, start_deadline: 5 s, total_deadline: 1 min, patience: 10 s, "
          "retries: {limit: 3, back_off: 1 s}}"});
  experiment::RunOptions options;
  options.threads = true;
  options.worth_a_hand_over = 0;
  const report::RunReport first = experiment::run_scenario(scenario, options);
  options.threads = false;
  const report::RunReport second = experiment::run_scenario(scenario, options);
  EXPECT_EQ(report::summary_json(first), report::summary_json(second));
  EXPECT_EQ(report::timeseries_csv(first), report::timeseries_csv(second));
  EXPECT_GT(first.statistics.requests.retries, 100);
}

// Attainment is over all attempts that ended, and the verdict names what turned them away.
TEST(Overload, TheVerdictSaysWhatTurnedRequestsAway) {
  const report::RunReport report = experiment::run_scenario(
      small_fleet(3, {"workload.rate_scale=30", "workload.warm_up=2 min", "slo.ttft.limit=10 s",
                      "report.cool_down=10 min", "admission.max_concurrency=500"}),
      {});
  const metrics::RequestCounts& counts = report.statistics.requests;
  EXPECT_EQ(report.verdict.binds, "admission");
  EXPECT_EQ(report.verdict.meets_slo, false);
  EXPECT_NE(report.verdict.why.find("concurrency_limit"), std::string::npos) << report.verdict.why;
  EXPECT_GT(counts.rejected, counts.completed / 4);
  EXPECT_EQ(counts.by_ending[static_cast<std::size_t>(Ending::ConcurrencyLimit)], counts.rejected);
  EXPECT_EQ(counts.unanswered, counts.rejected);
  EXPECT_LE(report.statistics.slo.attainment_ratio.value(),
            static_cast<double>(counts.completed) /
                static_cast<double>(counts.completed + counts.rejected));
}

// It counted attempts, of which one client has many, and left out those still to come again.
TEST(Overload, TheUnansweredAreClientsOfTheWindow) {
  for (const char* admission :
       {"admission={patience: 1 ms, retries: {limit: 10, back_off: 100 ms}}",
        "admission={max_queue: 50, retries: {limit: 2, back_off: 40 s}}",
        "admission={start_deadline: 1 ms, retries: {limit: 1, back_off: 1 h}}",
        "admission={total_deadline: 2 s}"}) {
    SCOPED_TRACE(admission);
    const config::Scenario scenario = replayed_fleet(
        3, {"workload.rate_scale=10", "duration=2 min", "workload.warm_up=1 min", admission});
    const FleetRun run = run_fleet(scenario);
    struct Client {
      bool of_window = false, settled = false;
    };
    std::map<std::uint64_t, Client> clients;
    for (const RequestDone& request : run.ledger.requests) {
      Client& client = clients[request.id.value()];
      client.of_window =
          client.of_window || (request.attempt == 0 && run.spec.in_window(request.arrival));
      client.settled = client.settled || request.outcome() == Outcome::Completed ||
                       request.outcome() == Outcome::InFlight;
    }
    const auto left = std::ranges::count_if(
        clients, [](const auto& one) { return one.second.of_window && !one.second.settled; });
    const metrics::RequestCounts counts =
        experiment::run_scenario(scenario, {}).statistics.requests;
    EXPECT_EQ(counts.unanswered, left);
    EXPECT_GT(left, 0);
    EXPECT_LE(counts.unanswered, counts.arrived - counts.retries);
  }
}

// What can never fit was turned away too, but by no limit of admission.
TEST(Overload, ARequestThatNeverFitsIsNoMatterOfAdmission) {
  const report::RunReport report = experiment::run_scenario(
      small_fleet(3, {"workload.warm_up=2 min", "admission.retries.limit=3"}), {});
  EXPECT_EQ(report.statistics.requests.retries, 0);
  EXPECT_NE(report.verdict.binds, "admission");
}

}  // namespace
}  // namespace epfleet::test
