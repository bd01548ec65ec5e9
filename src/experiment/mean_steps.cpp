#include "epfleet/experiment/mean_steps.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "epfleet/experiment/price_step.h"

namespace epfleet::experiment {
namespace {

std::int64_t whole(double value) { return std::max<std::int64_t>(1, std::llround(value)); }

}  // namespace

std::string mean_steps_json(const config::Scenario& scenario, const report::RunReport& report) {
  const metrics::RunStatistics& s = report.statistics;
  std::vector<report::StepReport> steps;
  std::int64_t prefill_steps = 0;
  for (const metrics::Interval& interval : s.intervals) {
    prefill_steps += interval.steps.prefill_steps;
  }
  if (prefill_steps > 0 && s.workload.attention_pairs_per_computed_token) {
    const double tokens = static_cast<double>(s.tokens.computed_in_steps) /
                          static_cast<double>(prefill_steps * scenario.prefill.gpus);
    // A prompt of which nothing is cached has half its length as mean number of keys.
    const double prompt = 2.0 * *s.workload.attention_pairs_per_computed_token;
    steps.push_back(experiment::prefill_steps(scenario, timing::Clock::Sustained)(whole(tokens),
                                                                                  whole(prompt)));
  }
  if (s.utilisation.steps.decode_batch_per_gpu && s.workload.mean_kv_per_output_token) {
    steps.push_back(decode_steps(scenario, timing::Clock::Sustained)(
        whole(*s.utilisation.steps.decode_batch_per_gpu),
        whole(*s.workload.mean_kv_per_output_token)));
  }
  return report::steps_json(steps);
}

}  // namespace epfleet::experiment
