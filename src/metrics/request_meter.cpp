#include "request_meter.h"

#include <algorithm>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

using observe::Outcome;
using observe::RequestDone;

// Decode tokens per second; a one-token answer has none.
Measure output_speed_of(const RequestDone& request) {
  if (request.outcome() != Outcome::Completed || request.output_tokens <= 1) {
    return std::nullopt;
  }
  const std::int64_t ns = std::max<std::int64_t>((request.done - request.first_token).count(), 1);
  return static_cast<double>(request.output_tokens - 1) / (static_cast<double>(ns) * 1e-9);
}

// Rounded to the nearest nanosecond; REQUIRES: more than one output token.
base::Duration time_per_output_token(const RequestDone& request) {
  const std::int64_t gaps = request.output_tokens - 1;
  return base::Duration(((request.done - request.first_token).count() + gaps / 2) / gaps);
}

using base::real;

}  // namespace

RequestMeter::RequestMeter(base::Duration duration, const SloConfig& slo,
                           const std::vector<ClassObjectives>& classes)
    : duration_(duration), ttft_limit_(slo.ttft, slo.window), tpot_limit_(slo.tpot, slo.window) {
  for (const ClassObjectives& one : classes) {
    classes_.emplace_back(one);
  }
  EPFLEET_CHECK(slo.window.count() > 0, "slo.window must be positive");
}

void RequestMeter::add(const RequestDone& request, Timeline& timeline) {
  const Measure speed = output_speed_of(request);
  follow(request, speed, timeline);
  const base::TimePoint window_end = base::kWindowStart + duration_;
  in_service_s_ += base::to_seconds(
      std::max(std::min(request.done, window_end) - std::max(request.arrival, base::kWindowStart),
               base::Duration(0)));
  if (request.window_client) {
    const bool settled = request.outcome() == Outcome::Completed ||  // or still hopes for it
                         request.outcome() == Outcome::InFlight;
    counts_.unanswered += (request.attempt == 0 ? 1 : 0) - (settled ? 1 : 0);
  }
  if (request.arrival < base::kWindowStart || request.arrival - base::kWindowStart >= duration_) {
    return;
  }
  count_workload(request);
  count_outcome(request, speed);
}

// What belongs to the moment at which it happened, whenever the request arrived.
void RequestMeter::follow(const RequestDone& request, Measure speed, Timeline& timeline) {
  if (request.has_first_token && timeline.contains(request.first_token)) {
    timeline.slot(request.first_token).ttft.add(request.first_token - request.arrival);
  }
  if (request.outcome() != Outcome::Completed || !timeline.contains(request.done)) {
    return;
  }
  ++counts_.finished_in_window;
  counts_.finished_input_tokens += request.prompt_tokens;
  counts_.finished_output_tokens += request.output_tokens;
  if (ClassMeter* of = class_of(request)) {
    of->finished(request);
  }
  Reasoning& reasoning = reasoning_[static_cast<std::size_t>(request.variant)];
  reasoning.reasoning += request.reasoning_tokens;
  reasoning.output += request.output_tokens;
  if (speed) {
    timeline.slot(request.done).speed.add(*speed, request.output_tokens);
  }
}

void RequestMeter::count_workload(const RequestDone& request) {
  const std::int64_t input = request.prompt_tokens;
  const std::int64_t output = request.output_tokens;
  ++workload_.requests;
  workload_.input += input;
  workload_.output += output;
  workload_.kv_twice += output * (2 * input + output);
  if (request.has_first_token) {
    const std::int64_t cached = request.cached_tokens;
    const std::int64_t computed = input - cached;
    workload_.computed += computed;
    workload_.pairs_twice += computed * (2 * cached + computed);
  }
}

void RequestMeter::count_outcome(const RequestDone& request, Measure speed) {
  ++counts_.arrived;
  ++counts_.by_ending[static_cast<std::size_t>(request.ending)];
  counts_.retries += request.attempt > 0 ? 1 : 0;
  switch (request.outcome()) {
    case Outcome::Completed:
      ++counts_.completed;
      count_completed(request, speed);
      return;
    case Outcome::InFlight:
      ++counts_.in_flight;
      if (request.has_first_token) {
        const base::Duration ttft = request.first_token - request.arrival;
        ttft_.add(ttft);
        (void)keeps_limits(request, ttft, std::nullopt);
      }
      if (ClassMeter* of = class_of(request)) {
        of->add(request, false, std::nullopt);
      }
      return;
    case Outcome::Rejected:
      ++counts_.rejected;
      break;
    case Outcome::Failed:
      ++counts_.failed;
      break;
  }
  const ClassMeter* of = class_of(request);
  if (of == nullptr || !of->objectives().own_ttft) {
    ttft_limit_.miss(request.arrival);
  }
  if (of == nullptr || !of->objectives().own_tpot) {
    tpot_limit_.miss(request.arrival);
  }
  if (of != nullptr) {
    class_of(request)->add(request, false, std::nullopt);
  }
}

// Its class's own limits, and where it has none those of all.
bool RequestMeter::keeps_limits(const RequestDone& request, base::Duration ttft,
                                std::optional<base::Duration> tpot) {
  const ClassMeter* of = class_of(request);
  const ClassObjectives own = of != nullptr ? of->objectives() : ClassObjectives{};
  const bool soon = own.own_ttft ? ttft <= *own.own_ttft : ttft_limit_.judge(request.arrival, ttft);
  const bool fast = !tpot          ? true
                    : own.own_tpot ? *tpot <= *own.own_tpot
                                   : tpot_limit_.judge(request.arrival, *tpot);
  return soon && fast;
}

void RequestMeter::count_completed(const RequestDone& request, Measure speed) {
  const base::Duration ttft = request.first_token - request.arrival;
  ttft_.add(ttft);
  e2e_.add(request.done - request.arrival);
  queue_prefill_.add(request.prefill_start - request.arrival);
  if (request.entered_decode) {
    kv_transfer_.add(request.kv_arrived - request.first_token);
    queue_decode_.add(request.decode_start - request.kv_arrived);
  }
  std::optional<base::Duration> tpot;
  if (speed) {
    tpot = time_per_output_token(request);
    tpot_.add(*tpot);
    speed_.add(*speed, request.output_tokens);
  }
  const bool within = keeps_limits(request, ttft, tpot);
  within_all_limits_ += within ? 1 : 0;
  if (ClassMeter* of = class_of(request)) {
    of->add(request, within, tpot);
  }
}

WorkloadMeans RequestMeter::workload_means() const {
  const auto mean = [](std::int64_t sum, std::int64_t count, double times) {
    return ratio(real(sum), times * real(count));
  };
  return {
      .mean_input_tokens = mean(workload_.input, workload_.requests, 1.0),
      .mean_output_tokens = mean(workload_.output, workload_.requests, 1.0),
      .mean_kv_per_output_token = mean(workload_.kv_twice, workload_.output, 2.0),
      .attention_pairs_per_computed_token = mean(workload_.pairs_twice, workload_.computed, 2.0)};
}

// A speed is 1 / TPOT, so its slow tail is the long tail of TPOT and needs no histogram of its own.
OutputSpeed RequestMeter::output_speed() {
  const auto speed_at = [&](double p) {
    const Measure tpot = tpot_.quantile(1.0 - p);
    return tpot ? ratio(1.0, *tpot) : Measure();
  };
  return {speed_.mean(),  speed_at(0.01), speed_at(0.05),
          speed_at(0.10), speed_at(0.50), speed_at(0.90)};
}

// Tokens are emitted by step, without a mark of reasoning: take the share of finished requests.
std::int64_t RequestMeter::reasoning_tokens(const TokensByPayer& tokens) const {
  double total = 0.0;
  for (std::size_t variant = 0; variant < tokens.size(); ++variant) {
    base::TokenParts emitted;
    for (const observe::TokenTotals& part : tokens[variant]) {
      emitted += part.output;
    }
    const Reasoning& done = reasoning_[variant];
    const Measure share = ratio(real(done.reasoning), real(done.output));
    total += emitted.tokens() * share.value_or(0.0);
  }
  return static_cast<std::int64_t>(total);
}

void RequestMeter::describe(RunStatistics& run) {
  const std::int64_t ended = counts_.completed + counts_.rejected + counts_.failed;
  EPFLEET_CHECK(counts_.arrived == ended + counts_.in_flight, "requests are not conserved");
  counts_.preemptions = run.requests.preemptions;
  counts_.concurrent_peak = run.requests.concurrent_peak;
  counts_.concurrent_mean = ratio(in_service_s_, run.window_seconds());
  run.requests = counts_;
  run.workload = workload_means();
  run.tokens.reasoning = reasoning_tokens(run.tokens.by_payer);
  run.latency = {.ttft = ttft_.distribution_with_percentiles(),
                 .tpot = tpot_.distribution_with_percentiles(),
                 .itl = run.latency.itl,
                 .e2e = e2e_.distribution_with_percentiles(),
                 .queue_prefill = queue_prefill_.distribution_with_percentiles(),
                 .kv_transfer = kv_transfer_.distribution_with_percentiles(),
                 .queue_decode = queue_decode_.distribution_with_percentiles(),
                 .output_speed = output_speed()};
  for (ClassMeter& one : classes_) {
    run.classes.push_back(one.result(run.window_seconds()));
  }
  run.slo.ttft = ttft_limit_.verdict();
  run.slo.tpot = tpot_limit_.verdict();
  run.slo.attainment_ratio = ratio(real(within_all_limits_), real(ended));
  run.slo.goodput_rps = ratio(real(within_all_limits_), run.window_seconds());
  if (run.slo.ttft.windows + run.slo.tpot.windows > 0) {
    run.slo.windows_met = run.slo.ttft.windows == run.slo.ttft.windows_met &&
                          run.slo.tpot.windows == run.slo.tpot.windows_met;
  }
}

}  // namespace epfleet::metrics
