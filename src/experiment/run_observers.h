// Who looks at a run: the statistics, and the files that are written while it goes on.
#pragma once

#include <optional>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/config/scenario.h"
#include "epfleet/metrics/recorder.h"
#include "epfleet/metrics/threaded_observer.h"
#include "epfleet/report/request_log.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/report/run_timeline.h"
#include "warm_up.h"

namespace epfleet::experiment {

class RunObservers {
 public:
  // `watch` is told on the caller's thread; nullptr: none. `folder` nullptr: no files.
  RunObservers(const config::Scenario& scenario, base::Duration counted,
               report::ResultFolder* folder, base::Worker* worker, WarmUpWatch* watch);

  [[nodiscard]] const std::vector<observe::Observer*>& all() const { return all_; }

  // After the last fact. Closes the files.
  [[nodiscard]] metrics::RunStatistics finish();

 private:
  metrics::Recorder recorder_;
  std::optional<metrics::ThreadedObserver> threaded_;
  std::optional<report::RequestLogWriter> log_;
  std::optional<report::RunTimeline> timeline_;
  std::vector<observe::Observer*> all_;
};

}  // namespace epfleet::experiment
