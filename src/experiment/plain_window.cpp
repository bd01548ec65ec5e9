#include "plain_window.h"

#include <fmt/core.h>

#include "epfleet/base/error.h"
#include "epfleet/sessions/plain_arrivals.h"

namespace epfleet::experiment {

bool ends_with_a_client(const config::Scenario& scenario) {
  const workload::PlainConfig& plain = scenario.workload.plain;
  return scenario.ends_by_itself && plain.requests && plain.concurrency;
}

config::Scenario with_window(const config::Scenario& scenario) {
  config::Scenario whole = scenario;
  const workload::PlainConfig& plain = scenario.workload.plain;
  if (!scenario.ends_by_itself || plain.concurrency) {
    return whole;
  }
  if (!plain.requests) {
    whole.duration = plain.staged();
    return whole;
  }
  const auto window = sessions::PlainArrivals::window_of(
      plain, workload::arrivals_scale(scenario.workload), scenario.seed, *plain.requests);
  if (!window) {
    throw base::InputError(
        {.file = scenario.file,
         .key = "workload.requests",
         .what = fmt::format("{} requests never come: the rate ends at 0", *plain.requests),
         .remedy = "lower it, or end workload.stages with a rate"});
  }
  whole.duration = *window;
  return whole;
}

}  // namespace epfleet::experiment
