#include "timeline.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::metrics {

void StepSums::add(const observe::PrefillStepDone& step) {
  const double seconds = base::to_seconds(step.end - step.start);
  ++prefill_steps;
  out_of_range_steps += step.out_of_range ? 1 : 0;
  prefill_seconds += seconds;
  prefill_efficiency += seconds * step.efficiency;
  prefill_attention += seconds * step.attention_imbalance;
  prefill_tokens += seconds * step.token_imbalance;
  prefill_expert += seconds * step.expert_imbalance;
}

void StepSums::add(const observe::DecodeStepDone& step) {
  const double seconds = base::to_seconds(step.end - step.start);
  ++decode_steps;
  out_of_range_steps += step.out_of_range ? 1 : 0;
  decode_seconds += seconds;
  decode_requests += seconds * static_cast<double>(step.requests);
  decode_kv_ratio += seconds * step.kv_ratio_mean;
  decode_kv_ratio_max = std::max(decode_kv_ratio_max, step.kv_ratio_max);
  decode_kv += seconds * step.kv_imbalance;
  decode_balance += seconds * step.request_imbalance;
  decode_expert += seconds * step.expert_imbalance;
}

void StepSums::merge(const StepSums& other) {
  prefill_steps += other.prefill_steps;
  decode_steps += other.decode_steps;
  out_of_range_steps += other.out_of_range_steps;
  prefill_seconds += other.prefill_seconds;
  prefill_efficiency += other.prefill_efficiency;
  prefill_attention += other.prefill_attention;
  prefill_tokens += other.prefill_tokens;
  prefill_expert += other.prefill_expert;
  decode_seconds += other.decode_seconds;
  decode_requests += other.decode_requests;
  decode_kv_ratio += other.decode_kv_ratio;
  decode_kv_ratio_max = std::max(decode_kv_ratio_max, other.decode_kv_ratio_max);
  decode_kv += other.decode_kv;
  decode_balance += other.decode_balance;
  decode_expert += other.decode_expert;
}

StepMeans StepSums::means(std::int64_t decode_gpus_per_unit) const {
  StepMeans means;
  means.prefill_steps = prefill_steps;
  means.decode_steps = decode_steps;
  means.out_of_range_steps = out_of_range_steps;
  means.prefill_efficiency_ratio = ratio(prefill_efficiency, prefill_seconds);
  means.prefill_attention_imbalance = ratio(prefill_attention, prefill_seconds);
  means.prefill_token_imbalance = ratio(prefill_tokens, prefill_seconds);
  means.prefill_expert_imbalance = ratio(prefill_expert, prefill_seconds);
  means.decode_batch_per_gpu =
      ratio(decode_requests, decode_seconds * static_cast<double>(decode_gpus_per_unit));
  means.decode_kv_ratio_mean = ratio(decode_kv_ratio, decode_seconds);
  means.decode_kv_ratio_max = decode_steps == 0 ? Measure() : Measure(decode_kv_ratio_max);
  means.decode_kv_imbalance = ratio(decode_kv, decode_seconds);
  means.decode_request_imbalance = ratio(decode_balance, decode_seconds);
  means.decode_expert_imbalance = ratio(decode_expert, decode_seconds);
  return means;
}

Timeline::Timeline(base::Duration duration, base::Duration interval)
    : duration_(duration), interval_(interval) {
  EPFLEET_CHECK(duration.count() >= 0 && interval.count() > 0,
                "a timeline needs a duration and an interval");
}

Slot& Timeline::slot(base::TimePoint time) {
  const std::int64_t since = (time - base::kWindowStart).count();
  const auto index = static_cast<std::size_t>(since / interval_.count());
  while (index >= slots_.size()) {
    slots_.emplace_back();
    if (slots_.size() % kOpenSlots == 0) {
      compact_old_slots();
    }
  }
  return slots_[index];
}

// Once more also those of the last times, to which something may have come late.
void Timeline::compact_old_slots() {
  const std::size_t end = slots_.size() - kOpenSlots;
  for (std::size_t index = end - std::min(end, 8 * kOpenSlots); index < end; ++index) {
    slots_[index].ttft.compact();
  }
}

void Timeline::describe(Interval& row, std::int64_t decode_gpus_per_unit) {
  const auto index_after = [&](base::TimePoint time) {
    const std::int64_t since = (time - base::kWindowStart).count();
    const std::int64_t index = (since + interval_.count() - 1) / interval_.count();
    return std::min(static_cast<std::size_t>(index), slots_.size());
  };
  DurationStatistics ttft(Resolution::Coarse);
  SpeedSum speed;
  StepSums steps;
  for (std::size_t index = index_after(row.begin); index < index_after(row.end); ++index) {
    ttft.merge(slots_[index].ttft);
    speed.merge(slots_[index].speed);
    steps.merge(slots_[index].steps);
  }
  row.ttft_mean_s = ttft.distribution().mean;
  row.ttft_p50_s = ttft.quantile(0.50);
  row.ttft_p99_s = ttft.quantile(0.99);
  row.output_speed_tps = speed.mean();
  row.steps = steps.means(decode_gpus_per_unit);
}

}  // namespace epfleet::metrics
