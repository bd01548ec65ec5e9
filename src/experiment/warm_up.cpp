#include "warm_up.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "epfleet/experiment/verdict.h"

namespace epfleet::experiment {
namespace {

constexpr base::Duration kFirstWarmUp = std::chrono::minutes(20);
constexpr std::size_t kBatch = 5;
constexpr std::int64_t kLooks = 200;  // 40 batches

std::vector<double> batch_means(std::span<const double> observations) {
  std::vector<double> means;
  for (; observations.size() >= kBatch; observations = observations.subspan(kBatch)) {
    const auto batch = observations.first(kBatch);
    means.push_back(std::accumulate(batch.begin(), batch.end(), 0.0) / kBatch);
  }
  return means;
}

bool drifts(std::span<const double> observations) {
  return 4 * mser5_cut(observations) > 3 * observations.size();
}

}  // namespace

config::Scenario with_first_warm_up(const config::Scenario& scenario) {
  config::Scenario first = scenario;
  if (!first.workload.warm_up) {
    const bool request_trace = scenario.workload.source == workload::SourceKind::RequestTrace;
    const bool all_count = request_trace || scenario.workload.plain.requests;
    first.workload.warm_up = all_count ? base::Duration{} : kFirstWarmUp;
  }
  return first;
}

std::vector<base::TimePoint> warm_up_looks(base::Duration warm_up) {
  std::vector<base::TimePoint> looks;
  for (std::int64_t left = kLooks; warm_up > base::Duration{} && left > 0; --left) {
    looks.push_back(base::kWindowStart - warm_up / kLooks * left);
  }
  return looks;
}

WarmUpWatch::WarmUpWatch(base::Duration warm_up) : step_(warm_up / kLooks) {}

std::size_t mser5_cut(std::span<const double> observations) {
  const std::vector<double> means = batch_means(observations);
  double least = std::numeric_limits<double>::infinity();
  std::size_t cut = 0;
  double sum = 0.0;
  double squares = 0.0;
  // From the end: what remains grows. The last few batches alone have no variance to speak of.
  constexpr std::size_t kFewest = 5;
  for (std::size_t i = means.size(); i > 0; --i) {
    const double value = means[i - 1] - means.back();  // the shift keeps the squares small
    sum += value;
    squares += value * value;
    const auto left = static_cast<double>(means.size() - i + 1);
    const double error = (squares - sum * sum / left) / (left * left);
    if (means.size() - i + 1 >= kFewest && error <= least) {
      least = error;
      cut = i - 1;
    }
  }
  return cut * kBatch;
}

void WarmUpWatch::on_sample(const observe::FleetSample& sample) {
  const base::Duration left = base::kWindowStart - sample.time;
  if (left > base::Duration{}) {
    if (left % step_ == base::Duration{}) {  // others look too
      in_service_.push_back(static_cast<double>(sample.in_service()));
      kv_tokens_.push_back(sample.decode_kv_tokens);
      waiting_.push_back(
          static_cast<double>(sample.prefill_queue_requests + sample.decode_waiting_requests));
    }
  } else if (sample.window_start && (drifts(in_service_) || drifts(kv_tokens_))) {
    const std::span<const double> late = std::span(waiting_).subspan(waiting_.size() / 2);
    if (!grows(late, in_service_.back())) {
      throw StillDrifting{};
    }
  }
}

}  // namespace epfleet::experiment
