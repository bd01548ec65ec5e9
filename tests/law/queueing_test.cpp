// Traffic in plain numbers on a fleet that is a queue of textbooks: prefill units of one GPU that
// take one prompt of fixed length at a time, in turn. With round robin every c-th arrival goes to a
// unit, as it does under first come, first served with equal service times: the fleet is M/D/c.
//     D/D/1: nobody waits below capacity; above it the n-th waits n (D - 1/rate)
//     M/D/1: mean wait rho D / (2 (1 - rho))                               (Pollaczek, Khinchine)
//     M/D/c: n(t + D) = max(n(t) - c, 0) + Poisson(rate D); its fixed point (Crommelin)
//     GI/D/1 with gamma gaps: w' = max(w + D - gap, 0)                     (Lindley)
//     requests in service = rate x time in service                         (Little)
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

// A GPU with room for the whole model, alone in its node.
std::vector<std::string> servers(int c) {
  return {
      "prefill={gpus: 1, redundant_experts: 0, max_tokens_per_gpu: 4096, balancer: {unit: "
      "round_robin, gpu: round_robin}, hardware: {gpus_per_node: 1, memory: 2 TB}}",
      fmt::format("fleet={{prefill_units: {}, decode_units: 1}}", c), "workload.input=4096",
      "workload.output=1", "report.cool_down=30 min"};
}

FleetRun run_queue(int c, std::vector<std::string> more) {
  std::vector<std::string> keys = servers(c);
  keys.insert(keys.end(), more.begin(), more.end());
  return run_fleet(small_fleet(1, keys));
}

// Of a prompt that meets nobody.
double service_s() {
  static const double kService = [] {
    const FleetRun alone =
        run_queue(1, {"workload.rate=0.01/s", "workload.arrivals.process=constant",
                      "duration=10 min", "workload.warm_up=0 s"});
    const auto& first = alone.ledger.requests.front();
    return base::to_seconds(first.first_token - first.arrival);
  }();
  return kService;
}

// Waits of the window's requests, in order of arrival.
std::vector<double> waits_of(const FleetRun& run) {
  std::vector<double> waits;
  for (const observe::RequestDone& request : run.ledger.by_id()) {
    if (run.spec.in_window(request.arrival)) {
      EXPECT_EQ(request.outcome(), observe::Outcome::Completed);
      waits.push_back(base::to_seconds(request.prefill_start - request.arrival));
    }
  }
  return waits;
}

// Mean and the half width of its 99.9 % interval, from 30 batches.
struct Estimate {
  double mean, half_width;
};
Estimate estimate(const std::vector<double>& values) {
  constexpr std::size_t kBatches = 30;
  constexpr double kStudent = 3.66;  // t of 29 degrees of freedom
  const std::size_t size = values.size() / kBatches;
  std::vector<double> means;
  for (std::size_t i = 0; i < kBatches; ++i) {
    const auto from = values.begin() + static_cast<std::ptrdiff_t>(i * size);
    means.push_back(std::accumulate(from, from + static_cast<std::ptrdiff_t>(size), 0.0) /
                    static_cast<double>(size));
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / kBatches;
  double squares = 0.0;
  for (const double one : means) {
    squares += (one - mean) * (one - mean);
  }
  return {mean, kStudent * std::sqrt(squares / (kBatches - 1) / kBatches)};
}

// Mean wait of M/D/c: the fixed point, then Little's law.
double exact_wait(double rate, double service, int c) {
  const double a = rate * service;
  const std::size_t states = static_cast<std::size_t>(40.0 / (1.0 - a / c)) + 100;
  std::vector<double> poisson;
  double term = std::exp(-a);
  for (std::size_t k = 0; k < 100; ++k) {
    poisson.push_back(term);
    term *= a / static_cast<double>(k + 1);
  }
  std::vector<double> now(states, 0.0);
  now[0] = 1.0;
  double change = 1.0;
  while (change > 1e-13) {
    std::vector<double> next(states, 0.0);
    for (std::size_t n = 0; n < states; ++n) {
      const std::size_t left =
          n > static_cast<std::size_t>(c) ? n - static_cast<std::size_t>(c) : 0;
      for (std::size_t k = 0; k < poisson.size() && now[n] > 0.0; ++k) {
        next[std::min(left + k, states - 1)] += now[n] * poisson[k];
      }
    }
    change = 0.0;
    for (std::size_t n = 0; n < states; ++n) {
      change += std::fabs(next[n] - now[n]);
    }
    now = std::move(next);
  }
  double queue = 0.0;
  for (std::size_t n = static_cast<std::size_t>(c); n < states; ++n) {
    queue += now[n] * static_cast<double>(n - static_cast<std::size_t>(c));
  }
  return queue / rate;
}

// So many requests at a share of what c servers can do.
std::vector<std::string> load(double rho, int c, int requests) {
  const double rate = rho * c / service_s();
  return {fmt::format("workload.rate={} /s", rate),
          fmt::format("duration={:.0f} s", requests / rate),
          fmt::format("workload.warm_up={:.0f} min",
                      std::ceil(20.0 * service_s() / (1.0 - rho) / (1.0 - rho) / 60.0)),
          "report.interval=60 s"};
}

TEST(Queueing, TheReferenceIsPollaczekAndKhinchineForOneServer) {
  for (const double rho : {0.3, 0.8, 0.95}) {
    EXPECT_NEAR(exact_wait(rho, 1.0, 1), rho / (2.0 * (1.0 - rho)), 1e-6);
  }
}

TEST(Queueing, EqualGapsWaitForNobodyBelowCapacityAndInLineAbove) {
  const double service = service_s();
  for (const double wait :
       waits_of(run_queue(1, {fmt::format("workload.rate={} /s", 0.999 / service),
                              "workload.arrivals.process=constant", "duration=5 min",
                              "workload.warm_up=1 min"}))) {
    ASSERT_EQ(wait, 0.0);
  }
  const double rate = 1.25 / service;
  const auto waits = waits_of(
      run_queue(1, {fmt::format("workload.rate={} /s", rate), "workload.arrivals.process=constant",
                    "duration=5 min", "workload.warm_up=0 s"}));
  ASSERT_GT(waits.size(), 100U);
  for (std::size_t n = 0; n < waits.size(); ++n) {
    ASSERT_NEAR(waits[n], static_cast<double>(n) * (service - 1.0 / rate), 2e-9);
  }
}

TEST(Queueing, PoissonArrivalsAtOneServerWaitAsPollaczekAndKhinchineSay) {
  for (const double rho : {0.5, 0.8, 0.9, 0.95}) {
    const Estimate found = estimate(waits_of(run_queue(1, load(rho, 1, 200'000))));
    const double exact = rho * service_s() / (2.0 * (1.0 - rho));
    EXPECT_NEAR(found.mean, exact, found.half_width) << rho;
    EXPECT_LT(found.half_width, 0.25 * exact) << rho;  // else it says nothing
  }
}

TEST(Queueing, PoissonArrivalsAtManyServersWaitAsCrommelinSays) {
  for (const int c : {2, 6}) {
    for (const double rho : {0.7, 0.95}) {
      const Estimate found = estimate(waits_of(run_queue(c, load(rho, c, 200'000))));
      const double exact = exact_wait(rho * c / service_s(), service_s(), c);
      EXPECT_NEAR(found.mean, exact, found.half_width) << c << " servers at " << rho;
      EXPECT_LT(found.half_width, 0.25 * exact) << c << " servers at " << rho;
    }
  }
}

// On the run's own arrivals, request by request.
TEST(Queueing, BurstyArrivalsWaitAsLindleySays) {
  std::vector<std::string> keys = load(0.8, 1, 20'000);
  keys.insert(keys.end(), {"workload.arrivals={process: gamma, cv: 3}", "workload.warm_up=0 s"});
  const FleetRun bursty = run_queue(1, keys);
  const auto requests = bursty.ledger.by_id();
  const base::Duration service = base::duration_from_seconds(service_s());
  base::TimePoint free{};
  double sum = 0.0;
  for (const observe::RequestDone& request : requests) {
    const base::TimePoint start = std::max(request.arrival, free);
    ASSERT_EQ(request.prefill_start, start);
    sum += base::to_seconds(start - request.arrival);
    free = start + service;
  }
  // The bursts are there: far above what Poisson arrivals wait.
  EXPECT_GT(sum / static_cast<double>(requests.size()), 3.0 * 0.8 * service_s() / (2.0 * 0.2));
}

// The mean of the requests in service at the samples, once a minute, against the times of the
// requests themselves.
TEST(Queueing, RequestsInServiceAreRateTimesTimeInService) {
  for (const double rho : {0.6, 0.95}) {
    const FleetRun busy = run_queue(3, load(rho, 3, 200'000));
    std::vector<double> in_service, times;
    for (const observe::FleetSample& sample : busy.ledger.samples) {
      if (sample.time > base::kWindowStart && sample.time <= busy.spec.window_end()) {
        in_service.push_back(static_cast<double>(sample.in_service()));
      }
    }
    for (const double wait : waits_of(busy)) {
      times.push_back(wait + service_s());
    }
    const double rate = static_cast<double>(times.size()) / base::to_seconds(busy.spec.duration);
    const Estimate found = estimate(in_service);
    const Estimate time = estimate(times);
    EXPECT_NEAR(found.mean, rate * time.mean, found.half_width) << rho;
  }
}

}  // namespace
}  // namespace epfleet::test
