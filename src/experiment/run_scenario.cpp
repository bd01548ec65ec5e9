#include "epfleet/experiment/run_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/worker.h"
#include "epfleet/cluster/fleet.h"
#include "epfleet/config/resolved.h"
#include "epfleet/cost/statement.h"
#include "epfleet/experiment/expert_balance.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/threaded_observer.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/report/request_log.h"
#include "epfleet/report/run_timeline.h"
#include "epfleet/timing/calibrated_range.h"
#include "epfleet/workload/arrival_feed.h"
#include "warm_up.h"
#include "workload_source.h"

namespace epfleet::experiment {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

// --trace-events: a line per executed event, "time_ns phase kind target", so that two runs can be
// compared to their first difference. Written by the C library, which also closes it on failure.
class EventTrace {
 public:
  // An empty path: no trace.
  EventTrace(const std::string& path, cluster::Fleet& fleet) : path_(path) {
    if (path.empty()) {
      return;
    }
    file_.reset(std::fopen(path.c_str(), "w"));
    check(file_ != nullptr);
    fleet.trace_to([this](const engine::Event& event) {
      const std::string line = fmt::format("{} {} {} {}\n", event.time.time_since_epoch().count(),
                                           static_cast<int>(event.phase),
                                           cluster::Fleet::label(event.kind), event.target);
      check(std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size());
    });
  }

  // The last lines may not fit on the disk.
  void finish() { check(!file_ || std::fclose(file_.release()) == 0); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void check(bool good) const {
    if (!good) {
      throw base::MachineError(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
    }
  }

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

metrics::RecorderConfig recorder_config(const config::Scenario& scenario, base::Duration counted) {
  return {.duration = counted,
          .interval = scenario.report.interval,
          .slo = scenario.slo,
          .gpus_per_node = scenario.decode_hardware.gpus_per_node,
          .decode_gpus_per_unit = scenario.decode.gpus,
          .pool_nodes = scenario.fleet.pool_nodes};
}

cost::PricingBasis pricing_basis(const config::Scenario& scenario) {
  cost::PricingBasis basis;
  basis.gpus_per_node = scenario.hardware.gpus_per_node;
  const std::int64_t seconds =
      (scenario.start.utc_seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
  basis.window_start_utc = std::chrono::seconds(seconds);
  return basis;
}

cost::Statement statement_of(const config::Scenario& scenario,
                             const metrics::RunStatistics& statistics) {
  return cost::price(scenario.prices, pricing_basis(scenario), statistics.intervals,
                     statistics.pieces);
}

// Besides the report's intervals: where prices change, and often enough to see queues grow. So no
// total or verdict depends on report.interval.
std::vector<base::TimePoint> sample_times(const config::Scenario& scenario,
                                          base::Duration counted) {
  constexpr std::int64_t kLooks = 64;
  std::vector<base::TimePoint> times =
      cost::price_changes(scenario.prices, pricing_basis(scenario), base::kWindowStart + counted);
  for (std::int64_t look = 1; look < kLooks; ++look) {
    times.push_back(base::kWindowStart + counted / kLooks * look);
  }
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
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
  if (statistics.requests.in_flight > 0) {
    notes.push_back(fmt::format(
        "{} of the {} requests that arrived in the window had not ended when the run did: "
        "latencies leave them out and are too short (report.cool_down is {})",
        statistics.requests.in_flight, statistics.requests.arrived,
        report::human_duration(base::to_seconds(scenario.report.cool_down))));
  }
  for (std::string& note : rebalance_notes(scenario)) {
    notes.push_back(std::move(note));
  }
  return notes;
}

// Who looks at a run: the statistics, and the files that are written while it goes on.
class Observers {
 public:
  // `watch` is told on the caller's thread; nullptr: none.
  Observers(const config::Scenario& scenario, base::Duration counted, report::ResultFolder* folder,
            base::Worker* worker, WarmUpWatch* watch)
      : recorder_(recorder_config(scenario, counted)) {
    all_.push_back(&recorder_);
    if (worker != nullptr) {
      all_.front() = &threaded_.emplace(recorder_, *worker);
    }
    if (watch != nullptr) {
      all_.push_back(watch);
    }
    const observe::ReportConfig& wanted = scenario.report;
    if (folder != nullptr && wanted.requests != observe::RequestLog::None) {
      all_.push_back(&log_.emplace(folder->path_of("requests.csv.zst"), wanted.requests,
                                   wanted.request_sample, scenario.seed));
    }
    if (folder != nullptr && wanted.timeline.wanted()) {
      observe::TimelineWindow window = wanted.timeline;
      window.to = window.to.value_or(counted);
      all_.push_back(&timeline_.emplace(folder->path_of("timeline.json"), window));
    }
  }

  [[nodiscard]] const std::vector<observe::Observer*>& all() const { return all_; }

  // After the last fact. Closes the files.
  [[nodiscard]] metrics::RunStatistics finish() {
    if (threaded_) {
      threaded_->finish();
    }
    if (log_) {
      log_->finish();
    }
    if (timeline_) {
      timeline_->finish();
    }
    return recorder_.statistics();
  }

 private:
  metrics::Recorder recorder_;
  std::optional<metrics::ThreadedObserver> threaded_;
  std::optional<report::RequestLogWriter> log_;
  std::optional<report::RunTimeline> timeline_;
  std::vector<observe::Observer*> all_;
};

// REQUIRES: a warm-up of a length. Throws StillDrifting if `settle` and it was too short.
report::RunReport run_once(const config::Scenario& scenario, const RunOptions& options,
                           bool settle) {
  report::RunReport report;
  report.config = scenario.report;
  // Early: a mistake shows before a long run.
  report.published = report::load_published(report.config);

  const base::Duration counted =
      std::min(options.until.value_or(scenario.duration), scenario.duration);
  cluster::FleetSpec spec = scenario;
  spec.duration = counted;
  spec.samples = sample_times(scenario, counted);
  std::optional<WarmUpWatch> watch;
  if (settle) {
    watch.emplace(scenario.workload.warm_up.value());
    const auto looks = warm_up_looks(scenario.workload.warm_up.value());
    spec.samples.insert(spec.samples.begin(), looks.begin(), looks.end());
  }
  const cluster::StepPricers pricers = cluster::make_step_pricers(spec);
  std::optional<base::Worker> worker;
  if (options.threads) {
    worker.emplace();
  }
  Workload workload(scenario, spec, pricers, worker ? &*worker : nullptr);
  const auto cache = workload.make_cache(scenario, spec);

  Observers observers(scenario, counted, options.folder, worker ? &*worker : nullptr,
                      watch ? &*watch : nullptr);
  // Block ids of requests in flight are read where they are drawn: on this thread.
  workload::ArrivalFeed arrivals(workload.source(),
                                 worker && workload.draws_apart() ? &*worker : nullptr);
  cluster::Fleet fleet(spec, pricers, arrivals, *cache, observers.all());
  EventTrace trace(options.trace_events, fleet);
  const engine::RunEnd end = fleet.run(options.stop, options.progress);
  trace.finish();

  report.scenario = scenario.name;
  report.seed = scenario.seed;
  report.warm_up = scenario.workload.warm_up.value();
  report.trajectory_fingerprint = fleet.engine().fingerprint();
  report.partial = end == engine::RunEnd::Stopped || counted < scenario.duration;
  report.tokens_are_replayed = scenario.workload.source != workload::SourceKind::Sessions;
  report.statistics = observers.finish();
  report.statement = statement_of(scenario, report.statistics);
  const auto solved = workload.source().solved_totals();
  report.solved_totals.assign(solved.begin(), solved.end());
  report.rows =
      workload.source().rows(std::min(report.statistics.end, base::kWindowStart + counted));
  report.notes = notes_of(scenario, report.statistics, workload.notes());
  report.info.events = fleet.engine().executed();
  return report;
}

}  // namespace

report::RunReport run_scenario(const config::Scenario& scenario, const RunOptions& options) {
  const auto finished = [&](report::RunReport report) {
    report.scenario_fingerprint = config::scenario_fingerprint(scenario);
    report.resolved_yaml = config::resolved_document(scenario);
    return report;
  };
  config::Scenario tried = with_first_warm_up(scenario);
  base::Duration& warm_up = *tried.workload.warm_up;
  while (!scenario.workload.warm_up && warm_up > base::Duration{} && warm_up < kLongestWarmUp) {
    try {
      return finished(run_once(tried, options, true));
    } catch (const StillDrifting&) {
      warm_up *= 2;
    }
  }
  return finished(run_once(tried, options, false));
}

}  // namespace epfleet::experiment
