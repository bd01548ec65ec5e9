#include "epfleet/experiment/run_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "epfleet/base/error.h"
#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet.h"
#include "epfleet/config/resolved.h"
#include "epfleet/cost/statement.h"
#include "epfleet/experiment/expert_balance.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/threaded_observer.h"
#include "epfleet/report/request_log.h"
#include "epfleet/report/run_timeline.h"
#include "epfleet/timing/calibrated_range.h"
#include "epfleet/workload/arrival_feed.h"
#include "event_trace.h"
#include "workload_source.h"

namespace epfleet::experiment {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

metrics::RecorderConfig recorder_config(const config::Scenario& scenario, base::Duration counted) {
  metrics::RecorderConfig config;
  config.duration = counted;
  config.interval = scenario.report.interval;
  config.slo = scenario.slo;
  config.gpus_per_node = scenario.decode_hardware.gpus_per_node;
  config.decode_gpus_per_unit = scenario.decode.gpus;
  config.pool_nodes = scenario.fleet.pool_nodes;
  return config;
}

cost::Statement statement_of(const config::Scenario& scenario,
                             const metrics::RunStatistics& statistics) {
  cost::PricingBasis basis;
  basis.gpus_per_node = scenario.hardware.gpus_per_node;
  const std::int64_t seconds =
      (scenario.start.utc_seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
  basis.window_start_utc = std::chrono::seconds(seconds);
  return cost::price(scenario.prices, basis, statistics.intervals);
}

std::unique_ptr<report::RequestLogWriter> request_log(const config::Scenario& scenario,
                                                      const RunOptions& options) {
  const observe::ReportConfig& config = scenario.report;
  if (config.requests == observe::RequestLog::None || options.folder == nullptr) {
    return nullptr;
  }
  return std::make_unique<report::RequestLogWriter>(options.folder->path_of("requests.csv.zst"),
                                                    config.requests, config.request_sample,
                                                    scenario.seed);
}

std::unique_ptr<report::RunTimeline> timeline_of(const config::Scenario& scenario,
                                                 const RunOptions& options) {
  const observe::TimelineWindow& window = scenario.report.timeline;
  return window.wanted() && options.folder != nullptr
             ? std::make_unique<report::RunTimeline>(options.folder->path_of("timeline.json"),
                                                     window)
             : nullptr;
}

std::vector<std::string> notes_of(const config::Scenario& scenario,
                                  const metrics::RunStatistics& statistics,
                                  std::vector<std::string> notes) {
  if (scenario.workload.source == workload::SourceKind::TokenRateTrace) {
    notes.emplace_back(
        "a token-rate trace states its cached tokens: the statistical cache replays them, and "
        "workload.totals and workload.hourly_shape are ignored");
  }
  if (statistics.out_of_range_ratio.value_or(0.0) > 0.0) {
    notes.push_back(fmt::format(
        "{:.2f} % of all steps were priced outside the calibrated ranges ({}; {})",
        *statistics.out_of_range_ratio * 100.0, timing::prefill_ranges(), timing::decode_ranges()));
  }
  for (std::string& note : rebalance_notes(scenario)) {
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace

report::RunReport run_scenario(const config::Scenario& scenario, const RunOptions& options) {
  report::RunReport report;
  report.config = scenario.report;
  report.published =
      report::load_published(report.config);  // early: a mistake shows before a long run

  const base::Duration counted =
      std::min(options.until.value_or(scenario.duration), scenario.duration);
  cluster::FleetSpec spec = scenario;
  spec.duration = counted;
  const cluster::StepPricers pricers = cluster::make_step_pricers(spec);
  std::optional<base::Worker> worker;
  if (options.threads) {
    worker.emplace();
  }
  Workload workload(scenario, spec, pricers, worker ? &*worker : nullptr);
  const auto cache = workload.make_cache(scenario, spec);

  metrics::Recorder recorder(recorder_config(scenario, counted));
  std::unique_ptr<metrics::ThreadedObserver> threaded;
  std::vector<observe::Observer*> observers{&recorder};
  if (worker) {
    threaded = std::make_unique<metrics::ThreadedObserver>(recorder, *worker);
    observers.front() = threaded.get();
  }
  const auto log = request_log(scenario, options);
  if (log) {
    observers.push_back(log.get());
  }
  const auto timeline = timeline_of(scenario, options);
  if (timeline) {
    observers.push_back(timeline.get());
  }

  // Block ids of requests in flight are read where they are drawn: on this thread.
  workload::ArrivalFeed arrivals(workload.source(),
                                 worker && workload.draws_apart() ? &*worker : nullptr);
  cluster::Fleet fleet(spec, pricers, arrivals, *cache, observers);
  TraceFile trace = trace_events_to(options.trace_events, fleet);
  const engine::RunEnd end = fleet.run(options.stop, options.progress);
  finish_trace(std::move(trace), options.trace_events);
  if (threaded) {
    threaded->finish();
  }
  if (log) {
    log->finish();
  }
  if (timeline) {
    timeline->finish();
  }

  report.scenario = scenario.name;
  report.seed = scenario.seed;
  report.scenario_fingerprint = config::scenario_fingerprint(scenario);
  report.trajectory_fingerprint = fleet.engine().fingerprint();
  report.partial = end == engine::RunEnd::Stopped || counted < scenario.duration;
  report.nodes_are_chosen = false;
  report.tokens_are_replayed = scenario.workload.source != workload::SourceKind::Sessions;
  report.statistics = recorder.statistics();
  report.statement = statement_of(scenario, report.statistics);
  const auto solved = workload.source().solved_totals();
  report.solved_totals.assign(solved.begin(), solved.end());
  report.notes = notes_of(scenario, report.statistics, workload.source().notes());
  report.resolved_yaml = config::resolved_document(scenario);
  report.info.events = fleet.engine().executed();
  return report;
}

}  // namespace epfleet::experiment
