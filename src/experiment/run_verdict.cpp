#include "epfleet/experiment/run_verdict.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/experiment/verdict.h"

namespace epfleet::experiment {
namespace {

using metrics::Measure;
using metrics::NodeTime;

using base::real;

double serving_s(const NodeTime& time) { return real(time.busy + time.idle) * 1e-9; }

// What arrived in the window, in tokens per second; what is still in flight is asked for, too.
struct ArrivedDemand {
  double computed_tps = 0.0, output_tps = 0.0;
};

ArrivedDemand arrived_demand_of(const metrics::RunStatistics& s) {
  const double seconds = s.window_seconds();
  const double misses = s.tokens.input > 0 ? real(s.tokens.computed) / real(s.tokens.input) : 1.0;
  const auto per_second = [&](const Measure& tokens) {
    return seconds > 0.0 ? real(s.requests.arrived) * tokens.value_or(0.0) / seconds : 0.0;
  };
  return {per_second(s.workload.mean_input_tokens) * misses,
          per_second(s.workload.mean_output_tokens)};
}

// The TPOT that the objective's share of the requests keeps, as the run had it.
Measure kept_tpot_s(const metrics::RunStatistics& s) {
  const metrics::Distribution& tpot = s.latency.tpot;
  const double quantile = s.slo.tpot.quantile.value_or(1.0);
  const std::pair<double, Measure> known[] = {
      {0.50, tpot.p50}, {0.90, tpot.p90}, {0.95, tpot.p95}, {0.99, tpot.p99}, {1.0, tpot.max}};
  return std::ranges::find_if(known, [&](const auto& one) { return one.first >= quantile; })
      ->second;
}

// Tokens per second and GPU of the largest even batch that keeps the TPOT objective; none: even the
// smallest misses it.
Measure fastest_within_tpot(const cluster::FleetSpec& spec, const cluster::StepPricers& pricers,
                            const metrics::RunStatistics& s) {
  const cluster::StepMix mix = mix_of(s);
  const cluster::FullStep full = cluster::full_decode_step(spec, pricers, mix);
  const double batch =
      std::max(1.0, s.utilisation.steps.decode_batch_per_gpu.value_or(full.requests_per_gpu));
  const cluster::FullStep now = cluster::even_decode_step(spec, pricers, mix, batch);
  // Of the run's slow requests over an even unit's: imbalance, pauses, waits.
  const double slower = kept_tpot_s(s).value_or(0.0) / now.tpot_s();
  if (slower <= 0.0) {
    return full.tokens_per_s_per_gpu();
  }
  const auto step =
      cluster::decode_step_within(spec, pricers, mix, base::to_seconds(*s.slo.tpot.limit) / slower);
  return step ? Measure(step->tokens_per_s_per_gpu()) : std::nullopt;
}

// Requests in service, means over the first and the last quarter of the window.
struct Quarters {
  Measure first, last;
};

Quarters quarters_of(const metrics::RunStatistics& s) {
  const std::vector<metrics::Interval> looks = looks_of(s);
  const std::size_t quarter = looks.size() / 4;
  double first = 0.0, last = 0.0;
  for (std::size_t i = 0; i < quarter; ++i) {
    first += real(looks[i].in_service_at_begin);
    last += real(looks[looks.size() - 1 - i].in_service_at_begin);
  }
  const auto looked = static_cast<double>(quarter);
  return {metrics::ratio(first, looked), metrics::ratio(last, looked)};
}

}  // namespace

bool drifts(const metrics::RunStatistics& s) {
  const auto [first, last] = quarters_of(s);
  if (!first || !last) {
    return false;
  }
  constexpr double kShare = 0.03, kSigmas = 4.0;
  const double change = std::fabs(*last - *first);
  return change > kShare * *first && change > kSigmas * std::sqrt(2.0 * (*first + 1.0));
}

cluster::StepMix mix_of(const metrics::RunStatistics& s) {
  const double computed = std::max(1.0, real(s.tokens.computed));
  const double input = s.workload.mean_input_tokens.value_or(1.0);
  return {.cached_per_computed_token = real(s.tokens.cached) / computed,
          .pairs_per_computed_token = s.workload.attention_pairs_per_computed_token.value_or(
              0.5 * serving::kStandardPrompt),
          .computed_tokens_per_request =
              s.tokens.input > 0 ? input * real(s.tokens.computed) / real(s.tokens.input) : input,
          .kv_tokens_per_request = s.workload.mean_kv_per_output_token.value_or(0.0)};
}

NodeCapacity node_capacity(const cluster::FleetSpec& spec, const cluster::StepPricers& pricers,
                           const metrics::RunStatistics& s) {
  if (s.tokens.input == 0) {
    return {};
  }
  const cluster::StepMix mix = mix_of(s);
  const auto per_node = [&](const cluster::FullStep& step, const auto& hardware) {
    return step.tokens_per_s_per_gpu() * real(hardware.gpus_per_node);
  };
  return {per_node(cluster::full_prefill_step(spec, pricers, mix), spec.prefill_hardware),
          per_node(cluster::full_decode_step(spec, pricers, mix), spec.decode_hardware)};
}

report::PhaseLoads loads_of(const NodeCapacity& capacity, const metrics::RunStatistics& s) {
  return {
      metrics::ratio(real(s.tokens.computed_in_steps),
                     capacity.prefill_tps * serving_s(s.nodes.prefill_ns)),
      metrics::ratio(real(s.tokens.output), capacity.decode_tps * serving_s(s.nodes.decode_ns))};
}

// By a limit of admission, not because they could never fit.
std::int64_t turned_away(const metrics::RunStatistics& s) {
  std::int64_t requests = 0;
  for (std::size_t i = 0; i < observe::kEndings.size(); ++i) {
    const observe::EndingRow& row = observe::kEndings[i];
    const bool by_admission = row.outcome == observe::Outcome::Rejected && row.may_come_again;
    requests += by_admission ? s.requests.by_ending[i] : 0;
  }
  return requests;
}

report::RunVerdict verdict_of(const cluster::FleetSpec& spec, const cluster::StepPricers& pricers,
                              const NodeCapacity& capacity, const metrics::RunStatistics& s) {
  report::RunVerdict verdict;
  if (s.requests.arrived == 0) {
    verdict.why = "no request arrived in the window";
    return verdict;
  }
  const auto [first, last] = quarters_of(s);
  if (first && last && *first > 0.0) {
    verdict.drift_ratio = *last / *first - 1.0;
  }
  const Verdict up = keeps_up(s);
  verdict.stable = up.good;
  verdict.why = up.why;
  if (has_objectives(s)) {
    const Verdict slo = meets_slo(s);
    verdict.meets_slo = slo.good;
    verdict.why = up.good || up.why == slo.why ? slo.why : up.why + "; " + slo.why;
  }
  const double seconds = s.window_seconds();
  const ArrivedDemand demand = arrived_demand_of(s);
  if (capacity.prefill_tps <= 0.0 || seconds <= 0.0 || demand.output_tps <= 0.0) {
    return verdict;
  }
  double decode_tps = capacity.decode_tps;
  if (s.slo.tpot.limit && s.latency.tpot.count > 0 && verdict.stable) {
    // None: so slow from waiting, not from its steps.
    if (const Measure within = fastest_within_tpot(spec, pricers, s)) {
      decode_tps = *within * real(spec.decode_hardware.gpus_per_node);
    }
  }
  const Measure prefill = metrics::ratio(
      capacity.prefill_tps * serving_s(s.nodes.prefill_ns) / seconds, demand.computed_tps);
  const double decode = decode_tps * serving_s(s.nodes.decode_ns) / seconds / demand.output_tps;
  verdict.binds = prefill && *prefill < decode ? "prefill" : "decode";
  const double room = std::min(prefill.value_or(decode), decode) - 1.0;
  const bool misses = !verdict.stable || !verdict.meets_slo.value_or(true);
  if (turned_away(s) > 0) {
    verdict.binds = "admission";
  } else if (!(misses && room > 0.0)) {
    verdict.headroom_ratio = room;
  }
  return verdict;
}

}  // namespace epfleet::experiment
