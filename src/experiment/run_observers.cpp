#include "run_observers.h"

namespace epfleet::experiment {
namespace {

std::vector<metrics::ClassObjectives> class_objectives(const config::Scenario& scenario) {
  std::vector<metrics::ClassObjectives> all;
  for (const workload::OwnClassConfig& one : scenario.workload.plain.classes) {
    all.push_back({one.name, one.objectives.ttft, one.objectives.tpot, one.objectives.share});
  }
  return all;
}

metrics::RecorderConfig recorder_config(const config::Scenario& scenario, base::Duration counted) {
  return {.duration = counted,
          .interval = scenario.report.interval,
          .slo = scenario.slo,
          .classes = class_objectives(scenario),
          .gpus_per_node = scenario.decode_hardware.gpus_per_node,
          .decode_gpus_per_unit = scenario.decode.gpus,
          .pool_nodes = scenario.fleet.pool_nodes};
}

}  // namespace

RunObservers::RunObservers(const config::Scenario& scenario, base::Duration counted,
                           report::ResultFolder* folder, base::Worker* worker, WarmUpWatch* watch)
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
    all_.push_back(&log_.emplace(folder->path_of(report::request_file(wanted.request_format)),
                                 wanted.requests, wanted.request_sample, scenario.seed, counted));
  }
  if (folder != nullptr && wanted.timeline.wanted()) {
    observe::TimelineWindow window = wanted.timeline;
    window.to = window.to.value_or(counted);
    all_.push_back(&timeline_.emplace(folder->path_of("timeline.json"), window));
  }
}

metrics::RunStatistics RunObservers::finish() {
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

}  // namespace epfleet::experiment
