#include "epfleet/experiment/run_scenario.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "demand.h"
#include "epfleet/base/error.h"
#include "epfleet/base/worker.h"
#include "epfleet/cluster/fleet.h"
#include "epfleet/config/resolved.h"
#include "epfleet/experiment/run_verdict.h"
#include "epfleet/experiment/verdict.h"
#include "epfleet/metrics/statistics_sums.h"
#include "epfleet/text/files.h"
#include "epfleet/workload/arrival_feed.h"
#include "event_trace.h"
#include "plain_window.h"
#include "run_money.h"
#include "run_notes.h"
#include "run_observers.h"
#include "warm_up.h"
#include "workload_source.h"

namespace epfleet::experiment {
namespace {

constexpr int kMostRead = 20'000'000;  // requests

// Besides the report's intervals: where prices change, and often enough to see queues grow. So no
// total or verdict depends on report.interval.
std::vector<base::TimePoint> sample_times(const config::Scenario& scenario,
                                          base::Duration counted) {
  std::vector<base::TimePoint> times =
      cost::price_changes(scenario.prices, pricing_basis(scenario), base::kWindowStart + counted);
  for (std::int64_t look = 1; look < kWindowLooks; ++look) {
    times.push_back(base::kWindowStart + counted / kWindowLooks * look);
  }
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
}

// A run from what is made before its first event to its report. What a scenario can be refused for
// is refused by the constructor, or by config::check before: `epfleet check` makes one, too.
class Run {
 public:
  // REQUIRES: a warm-up of a length. `settle`: simulate() throws StillDrifting if it is too short.
  Run(const config::Scenario& scenario, const RunOptions& options, bool settle = false)
      : scenario_(scenario),
        options_(options),
        watch_(settle ? std::make_unique<WarmUpWatch>(scenario.workload.warm_up.value()) : nullptr),
        counted_(std::min(options.until.value_or(scenario.duration), scenario.duration)),
        published_(report::load_published(scenario.report)),
        spec_(counted_spec(scenario, counted_, settle)),
        worker_(options.threads ? std::make_unique<base::Worker>() : nullptr),
        pricers_(cluster::make_step_pricers(spec_, worker_.get())),
        early_notes_(notes_on_demand(scenario, pricers_)),
        workload_(scenario, spec_, pricers_, worker_.get()),
        cache_(workload_.make_cache(scenario, spec_)),
        observers_(scenario, counted_, options.folder, worker_.get(), watch_.get()),
        // Block ids of requests in flight are read where they are drawn: on this thread.
        arrivals_(workload_.source(), workload_.draws_apart() ? worker_.get() : nullptr,
                  options.worth_a_hand_over),
        fleet_(spec_, pricers_, arrivals_, *cache_, observers_.all()),
        trace_(options.trace_events) {
    if (options.check_sums) {
      fleet_.check_sums(*options.check_sums);
    }
    trace_.follow(fleet_);
    std::ranges::move(notes_on_failures(spec_), std::back_inserter(early_notes_));
    std::ranges::move(notes_on_prices(scenario), std::back_inserter(early_notes_));
  }

  // A run that only sees the demand.
  [[nodiscard]] std::vector<policy::KnownDemand> demand() {
    (void)fleet_.run(options_.stop, options_.progress);
    return fleet_.demand_seen();
  }

  // When the last of a stated number of requests came; none: not within the window. The run ends
  // at the first look after it.
  [[nodiscard]] std::optional<base::TimePoint> last_arrival() {
    std::atomic<bool> known = false;
    (void)fleet_.run(&known, [&](const observe::FleetSample& sample) {
      known = workload_.last_arrival() || (options_.stop != nullptr && options_.stop->load());
      if (options_.progress) {
        options_.progress(sample);
      }
    });
    return workload_.last_arrival();
  }

  [[nodiscard]] report::RunReport simulate() {
    if (options_.note) {
      std::ranges::for_each(early_notes_, options_.note);
    }
    const engine::RunEnd end = fleet_.run(options_.stop, options_.progress);
    trace_.finish();
    report::RunReport report;
    report.config = scenario_.report;
    report.published = std::move(published_);
    report.scenario = scenario_.name;
    report.seed = scenario_.seed;
    report.unit_nodes = {spec_.prefill_unit_nodes(), spec_.decode_unit_nodes()};
    report.warm_up = scenario_.workload.warm_up.value();
    report.trajectory_fingerprint = fleet_.engine().fingerprint();
    report.partial = end == engine::RunEnd::Stopped || counted_ < scenario_.duration;
    report.nodes_are_chosen = cluster::make_scaling_rule(spec_)->follows_load();
    report.tokens_are_replayed =
        scenario_.workload.source == workload::SourceKind::TokenRateTrace ||
        scenario_.workload.source == workload::SourceKind::RequestTrace;
    report.statistics = observers_.finish();
    check_statistics(report.statistics);
    const NodeCapacity capacity = node_capacity(spec_, pricers_, report.statistics);
    report.load = loads_of(capacity, report.statistics);
    report.verdict = verdict_of(spec_, pricers_, capacity, report.statistics);
    put_prices(scenario_, capacity, report);
    const auto solved = workload_.source().solved_totals();
    report.solved_totals.assign(solved.begin(), solved.end());
    report.rows =
        workload_.source().rows(std::min(report.statistics.end, base::kWindowStart + counted_));
    report.notes = notes_of(scenario_, report.statistics, report.verdict.stable, early_notes());
    report.overrun = overran(end);
    if (report.overrun) {
      report.verdict.stable = false;
      report.verdict.why = kOverrun;
      report.verdict.meets_slo =
          has_objectives(report.statistics) ? std::optional(false) : std::nullopt;
    }
    report.info.events = fleet_.engine().executed();
    return report;
  }

  // Of the demand and the failures, and so far of the workload.
  [[nodiscard]] std::vector<std::string> early_notes() const {
    std::vector<std::string> notes = early_notes_;
    std::ranges::move(workload_.notes(), std::back_inserter(notes));
    return notes;
  }

  // A broken line of a trace shows when it is read. Copies of a short trace need no end.
  void read_trace() {
    if (workload_.draws_apart()) {
      return;
    }
    workload::Source& source = workload_.source();
    for (int read = 0; read < kMostRead && source.next_arrival(); ++read) {
      const workload::Request request = source.take();
      source.complete(request, request.arrival);
    }
  }

 private:
  void check_statistics(const metrics::RunStatistics& statistics) const {
    base::SumCheck check;
    if (options_.check_sums) {
      metrics::check_sums(check, statistics);
    }
    EPFLEET_CHECK(!check.difference(), "a sum of the results is wrong: " + *check.difference());
  }

  [[nodiscard]] bool overran(engine::RunEnd end) const {
    return end == engine::RunEnd::Stopped && !(options_.stop != nullptr && options_.stop->load());
  }

  static cluster::FleetSpec counted_spec(const config::Scenario& scenario, base::Duration counted,
                                         bool settle) {
    cluster::FleetSpec spec = scenario;
    spec.duration = counted;
    spec.samples = sample_times(scenario, counted);
    if (settle) {
      const auto looks = warm_up_looks(scenario.workload.warm_up.value());
      spec.samples.insert(spec.samples.begin(), looks.begin(), looks.end());
    }
    return spec;
  }

  const config::Scenario& scenario_;
  const RunOptions options_;
  std::unique_ptr<WarmUpWatch> watch_;
  base::Duration counted_;
  report::Published published_;
  cluster::FleetSpec spec_;
  std::unique_ptr<base::Worker> worker_;
  cluster::StepPricers pricers_;
  std::vector<std::string> early_notes_;
  Workload workload_;
  std::unique_ptr<cache::PrefixCache> cache_;
  RunObservers observers_;
  workload::ArrivalFeed arrivals_;
  cluster::Fleet fleet_;
  EventTrace trace_;
};

RunOptions leaving_nothing_behind(RunOptions options) {
  options.folder = nullptr;
  options.trace_events.clear();
  options.note = nullptr;
  return options;
}

// With all the units there are.
std::vector<policy::KnownDemand> demand_of(const config::Scenario& scenario,
                                           const RunOptions& options) {
  if (options.note) {
    options.note(fmt::format("{} knows the demand: a first run finds it", scenario.scaling.policy));
  }
  return Run(scenario, leaving_nothing_behind(options)).demand();
}

// Until the last of a closed loop's requests.
base::Duration window_of_clients(config::Scenario tried, RunOptions options) {
  if (options.note) {
    options.note("answers decide when the last request comes: a first run finds it");
  }
  options = leaving_nothing_behind(std::move(options));
  options.threads = false;  // the source is looked at between its requests
  options.until.reset();    // the window is as long whatever of it is run
  tried.report.cool_down = {};
  constexpr base::Duration kLongest = std::chrono::hours(24 * 366);
  for (tried.duration = std::chrono::minutes(10); tried.duration < kLongest; tried.duration *= 4) {
    if (const auto last = Run(tried, options).last_arrival()) {
      return *last - base::kWindowStart + base::Duration(1);
    }
    if (options.stop != nullptr && options.stop->load()) {
      return tried.duration;
    }
  }
  throw base::InputError({.file = tried.file,
                          .key = "workload.requests",
                          .what = "takes longer than 366 d",
                          .remedy = "lower it, or raise workload.concurrency"});
}

}  // namespace

report::RunReport run_scenario(const config::Scenario& scenario, const RunOptions& options) {
  const auto finished = [&](report::RunReport report) {
    report.scenario_fingerprint = config::scenario_fingerprint(scenario);
    report.resolved_yaml = config::resolved_document(scenario);
    return report;
  };
  RunOptions trial = options;
  const bool traced_apart = text::is_written_through(options.trace_events);
  if (traced_apart) {
    trial.trace_events.clear();  // a pipe would get the events of all trials
  }
  config::Scenario tried = with_first_warm_up(with_window(scenario));
  if (ends_with_a_client(scenario)) {
    tried.duration = window_of_clients(tried, options);
  }
  if (cluster::make_scaling_rule(tried)->knows_demand()) {
    tried.known_demand = demand_of(tried, options);
  }
  base::Duration& warm_up = *tried.workload.warm_up;
  while (!scenario.workload.warm_up && warm_up > base::Duration{} && warm_up < kLongestWarmUp) {
    try {
      report::RunReport report = Run(tried, trial, true).simulate();
      trial.note = nullptr;  // once is enough
      trial.trace_events = options.trace_events;
      return finished(traced_apart ? Run(tried, trial, true).simulate() : std::move(report));
    } catch (const StillDrifting&) {
      warm_up *= 2;
      trial.note = nullptr;
    }
  }
  trial.trace_events = options.trace_events;
  return finished(Run(tried, trial).simulate());
}

std::vector<std::string> check_scenario(const config::Scenario& scenario) {
  const config::Scenario first = with_first_warm_up(with_window(scenario));
  Run run(first, {});
  run.read_trace();
  return run.early_notes();
}

}  // namespace epfleet::experiment
