#include "epfleet/experiment/run_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "demand.h"
#include "epfleet/base/error.h"
#include "epfleet/base/worker.h"
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
#include "workload_source.h"

namespace epfleet::experiment {
namespace {

constexpr int kMostRead = 20'000'000;  // requests
constexpr std::int64_t kSecondsPerDay = 86'400;

// --trace-events: a line per executed event, "time_ns phase kind target", so that two runs can be
// compared to their first difference. Written by the C library, which also closes it on failure.
class EventTrace {
 public:
  // An empty path: no trace.
  explicit EventTrace(const std::string& path) : path_(path) {
    if (!path.empty()) {
      file_.reset(std::fopen(path.c_str(), "w"));
      check(file_ != nullptr);
    }
  }

  void follow(cluster::Fleet& fleet) {
    if (!file_) {
      return;
    }
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

cost::Statement statement_of(const config::Scenario& scenario,
                             const metrics::RunStatistics& statistics) {
  cost::PricingBasis basis;
  basis.gpus_per_node = scenario.hardware.gpus_per_node;
  const std::int64_t seconds =
      (scenario.start.utc_seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay;
  basis.window_start_utc = std::chrono::seconds(seconds);
  return cost::price(scenario.prices, basis, statistics.intervals);
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

// Who looks at a run: the statistics, and the files that are written while it goes on.
class Observers {
 public:
  Observers(const config::Scenario& scenario, base::Duration counted, report::ResultFolder* folder,
            base::Worker* worker)
      : recorder_(recorder_config(scenario, counted)) {
    all_.push_back(&recorder_);
    if (worker != nullptr) {
      all_.front() = &threaded_.emplace(recorder_, *worker);
    }
    const observe::ReportConfig& wanted = scenario.report;
    if (folder != nullptr && wanted.requests != observe::RequestLog::None) {
      all_.push_back(&log_.emplace(folder->path_of("requests.csv.zst"), wanted.requests,
                                   wanted.request_sample, scenario.seed));
    }
    if (folder != nullptr && wanted.timeline.wanted()) {
      all_.push_back(&timeline_.emplace(folder->path_of("timeline.json"), wanted.timeline));
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

// A run from what is made before its first event to its report. What a scenario can be refused for
// is refused by the constructor, or by config::check before: `epfleet check` makes one, too.
class Run {
 public:
  Run(const config::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        counted_(std::min(options.until.value_or(scenario.duration), scenario.duration)),
        published_(report::load_published(scenario.report)),
        spec_(counted_spec(scenario, counted_)),
        pricers_(cluster::make_step_pricers(spec_)),
        early_notes_(notes_on_demand(scenario, pricers_)),
        worker_(options.threads ? std::make_unique<base::Worker>() : nullptr),
        workload_(scenario, spec_, pricers_, worker_.get()),
        cache_(workload_.make_cache(scenario, spec_)),
        observers_(scenario, counted_, options.folder, worker_.get()),
        // Block ids of requests in flight are read where they are drawn: on this thread.
        arrivals_(workload_.source(), workload_.draws_apart() ? worker_.get() : nullptr),
        fleet_(spec_, pricers_, arrivals_, *cache_, observers_.all()),
        trace_(options.trace_events) {
    trace_.follow(fleet_);
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
    report.scenario_fingerprint = config::scenario_fingerprint(scenario_);
    report.trajectory_fingerprint = fleet_.engine().fingerprint();
    report.partial = end == engine::RunEnd::Stopped || counted_ < scenario_.duration;
    report.tokens_are_replayed = scenario_.workload.source != workload::SourceKind::Sessions;
    report.statistics = observers_.finish();
    report.statement = statement_of(scenario_, report.statistics);
    const auto solved = workload_.source().solved_totals();
    report.solved_totals.assign(solved.begin(), solved.end());
    report.notes = notes_of(scenario_, report.statistics, early_notes());
    report.overrun = overran(end);
    report.resolved_yaml = config::resolved_document(scenario_);
    report.info.events = fleet_.engine().executed();
    return report;
  }

  // Of the demand, and so far of the workload.
  [[nodiscard]] std::vector<std::string> early_notes() const {
    std::vector<std::string> notes = early_notes_;
    std::ranges::move(workload_.source().notes(), std::back_inserter(notes));
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
  [[nodiscard]] bool overran(engine::RunEnd end) const {
    return end == engine::RunEnd::Stopped && !(options_.stop != nullptr && options_.stop->load());
  }

  static cluster::FleetSpec counted_spec(const config::Scenario& scenario, base::Duration counted) {
    cluster::FleetSpec spec = scenario;
    spec.duration = counted;
    return spec;
  }

  const config::Scenario& scenario_;
  const RunOptions options_;
  base::Duration counted_;
  report::Published published_;
  cluster::FleetSpec spec_;
  cluster::StepPricers pricers_;
  std::vector<std::string> early_notes_;
  std::unique_ptr<base::Worker> worker_;
  Workload workload_;
  std::unique_ptr<cache::PrefixCache> cache_;
  Observers observers_;
  workload::ArrivalFeed arrivals_;
  cluster::Fleet fleet_;
  EventTrace trace_;
};

}  // namespace

report::RunReport run_scenario(const config::Scenario& scenario, const RunOptions& options) {
  return Run(scenario, options).simulate();
}

std::vector<std::string> check_scenario(const config::Scenario& scenario) {
  Run run(scenario, {});
  run.read_trace();
  return run.early_notes();
}

}  // namespace epfleet::experiment
