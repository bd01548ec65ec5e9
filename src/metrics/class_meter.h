// Statistics over the requests of one class of one's own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "epfleet/metrics/class_result.h"
#include "epfleet/metrics/duration_statistics.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

class ClassMeter {
 public:
  explicit ClassMeter(ClassObjectives objectives) { result_.objectives = std::move(objectives); }

  [[nodiscard]] const ClassObjectives& objectives() const { return result_.objectives; }

  // A request that arrived in the window, and whether it kept all limits.
  void add(const observe::RequestDone& request, bool within, std::optional<base::Duration> tpot) {
    ++result_.arrived;
    result_.rejected += request.outcome() == observe::Outcome::Rejected ? 1 : 0;
    result_.failed += request.outcome() == observe::Outcome::Failed ? 1 : 0;
    if (request.outcome() != observe::Outcome::Completed) {
      return;
    }
    ++result_.completed;
    within_ += within ? 1 : 0;
    ttft_.add(request.first_token - request.arrival);
    e2e_.add(request.done - request.arrival);
    if (tpot) {
      tpot_.add(*tpot);
    }
  }
  void finished(const observe::RequestDone& request) {
    result_.input_tokens += request.prompt_tokens;
    result_.cached_tokens += request.cached_tokens;
    result_.output_tokens += request.output_tokens;
  }

  [[nodiscard]] ClassResult result(double window_s) {
    ClassResult result = result_;
    result.ttft = ttft_.distribution();
    result.tpot = tpot_.distribution();
    result.e2e = e2e_.distribution();
    const auto within = static_cast<double>(within_);
    result.attainment_ratio =
        ratio(within, static_cast<double>(result.completed + result.rejected + result.failed));
    result.goodput_rps = ratio(within, window_s);
    return result;
  }

 private:
  ClassResult result_;
  std::int64_t within_ = 0;
  DurationStatistics ttft_{Resolution::Fine}, tpot_{Resolution::Fine}, e2e_{Resolution::Fine};
};

}  // namespace epfleet::metrics
