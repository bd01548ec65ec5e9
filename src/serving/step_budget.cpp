#include "epfleet/serving/step_budget.h"

#include <algorithm>
#include <cmath>

#include "epfleet/serving/prefill_unit.h"

namespace epfleet::serving {

double standard_work_budget_s(const timing::PrefillWork& work, std::int32_t max_tokens_per_gpu) {
  const double prompts = static_cast<double>(max_tokens_per_gpu) / kStandardPrompt;
  return work.seconds(max_tokens_per_gpu, 0.0, prompts * PrefillUnit::pairs(kStandardPrompt, 0));
}

double usual_work_s(double budget_s, double waiting_s, double fixed_s) {
  constexpr double kTimesTheMean = 2.0, kTimesTheFixed = 2.0;
  return std::min(budget_s, std::max(kTimesTheMean * waiting_s, kTimesTheFixed * fixed_s));
}

double long_chunk_work_s(double fixed_s, double usual_s, double others_per_second) {
  constexpr double kStepsWaited = 2.0, kNobody = 1e-9;
  const double waited = kStepsWaited * std::max(others_per_second, kNobody);
  const double square = fixed_s * fixed_s + fixed_s * (1.0 / waited - usual_s);
  return std::max(usual_s, fixed_s + std::sqrt(std::max(0.0, square)));
}

}  // namespace epfleet::serving
