#include "fleet_meter.h"

#include <algorithm>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

using observe::FleetSample;

using base::real;

// The flows between two samples; the state is that at the first.
Interval between(const FleetSample& from, const FleetSample& to) {
  Interval row;
  static_cast<observe::FleetTotals&>(row) = to;
  add<observe::FleetTotals>(row, from, -1);
  row.begin = from.time;
  row.end = to.time;
  row.at_begin = from;
  row.in_service_at_begin = from.in_service();
  return row;
}

void append(Interval& row, const Interval& next) {
  row.end = next.end;
  add<observe::FleetTotals>(row, next);
}

}  // namespace

void FleetMeter::add(const FleetSample& sample) {
  if (!started_) {
    if (!sample.window_start) {
      return;
    }
    EPFLEET_CHECK(sample.time == base::kWindowStart, "the window starts at time zero");
    started_ = true;
    first_ = sample;
    last_ = sample;
  }
  EPFLEET_CHECK(sample.time >= last_.time, "samples must not go back in time");
  if (ended_) {
    return;
  }
  const Interval piece = between(last_, sample);
  if (piece.length() > base::Duration(0)) {
    pieces_.push_back(piece);
  } else if (!pieces_.empty()) {
    append(pieces_.back(), piece);  // a second sample of the same instant
  }
  last_ = sample;
  ended_ = sample.window_end;
}

// A piece belongs to the stretch in which it begins.
std::vector<Interval> FleetMeter::joined(base::Duration width) const {
  const auto index_of = [&](const Interval& row) {
    return (row.begin - base::kWindowStart) / width;
  };
  std::vector<Interval> rows;
  for (const Interval& piece : pieces_) {
    if (rows.empty() || index_of(piece) != index_of(rows.back())) {
      rows.push_back(piece);
    } else {
      append(rows.back(), piece);
    }
  }
  return rows;
}

void FleetMeter::describe(RunStatistics& run, Timeline& timeline) const {
  if (!started_) {
    return;  // cut short in the warm-up: the window is empty
  }
  run.pieces = pieces_;
  run.intervals = joined(config_.interval);
  run.hours = joined(std::chrono::hours(1));
  for (auto* rows : {&run.intervals, &run.hours}) {
    for (Interval& row : *rows) {
      timeline.describe(row, config_.decode_gpus_per_unit);
    }
  }
  const Interval window = between(first_, last_);
  run.begin = window.begin;
  run.end = window.end;
  run.requests.preemptions = window.preempted;
  run.requests.concurrent_peak = last_.peaks.in_service;
  run.kv_moved_bytes = window.kv_moved_bytes;
  run.scaling = {window.scaling_decisions, window.units_started, window.units_stopped};
  run.tokens = tokens_in(window);
  run.nodes = nodes_in(window);
  run.cache = store_in(window);
  run.failures = failures_in(window);
  const std::int64_t prefill = window.prefill_node_ns.allotted();
  const std::int64_t decode = window.decode_node_ns.allotted();
  const auto per_node_second = [](double tokens, std::int64_t node_ns) {
    return ratio(tokens, real(node_ns) * 1e-9);
  };
  run.throughput = {per_node_second(real(run.tokens.input), prefill),
                    per_node_second(real(run.tokens.computed), prefill),
                    per_node_second(sum(window.tokens).output.tokens(), decode)};
  run.utilisation.prefill_busy_ratio = busy_ratio(window.prefill_node_ns);
  run.utilisation.decode_busy_ratio = busy_ratio(window.decode_node_ns);
}

TokenSums FleetMeter::tokens_in(const Interval& window) const {
  const observe::TokenTotals all = sum(window.tokens);
  TokenSums tokens;
  tokens.input = all.input;
  tokens.cached = all.cached;
  tokens.computed = all.input - all.cached;
  tokens.computed_in_steps = window.computed_tokens;
  tokens.output = all.output.whole_tokens();
  tokens.carried_in = last_.carried_in_tokens;
  tokens.by_payer = window.tokens;
  return tokens;
}

NodeUse FleetMeter::nodes_in(const Interval& window) const {
  const NodeTime& prefill = window.prefill_node_ns;
  const NodeTime& decode = window.decode_node_ns;
  const std::int64_t peak = last_.peaks.nodes_allotted;
  return {.peak = peak,
          .mean = window.mean_nodes(),
          .prefill_mean = window.mean_prefill_nodes(),
          .decode_mean = window.mean_decode_nodes(),
          .prefill_ns = prefill,
          .decode_ns = decode,
          .spare_ns = window.spare_node_ns,
          .released_ns = config_.pool_nodes.value_or(peak) * window.length().count() -
                         prefill.allotted() - decode.allotted() - window.spare_node_ns,
          .gpus_per_node = config_.gpus_per_node};
}

FailureUse FleetMeter::failures_in(const Interval& window) const {
  const observe::FleetTotals::Failures& failures = window.failures;
  const NodeTime& prefill = window.prefill_node_ns;
  const NodeTime& decode = window.decode_node_ns;
  const std::int64_t down = prefill.down + decode.down;
  const std::int64_t wanted = down + prefill.busy + prefill.idle + decode.busy + decode.idle;
  const double masked = real(failures.masked_gpu_ns);
  const Measure missing = ratio(real(down) + masked / real(config_.gpus_per_node), real(wanted));
  return {.events = failures.events,
          .unit_down = base::Duration(failures.unit_down_ns),
          .masked_gpu_hours = masked / 3.6e12,
          .requests_lost = failures.requests_lost,
          .requests_retried = failures.requests_retried,
          .recomputed_tokens = failures.recomputed_tokens,
          .availability_ratio = missing ? Measure(1.0 - *missing) : Measure()};
}

CacheUse FleetMeter::store_in(const Interval& window) const {
  const observe::TokenTotals tokens = sum(window.tokens);
  const LostTokens& lost = window.cache_lost;
  const auto share = [&](std::int64_t of) { return ratio(real(of), real(tokens.input)); };
  return {.hit_ratio = hit_ratio(tokens),
          .bytes_read = window.cache_read_bytes,
          .bytes_written = window.cache_written_bytes,
          .bytes_stored_peak = last_.peaks.cache_stored_bytes,
          .lost_cold_ratio = share(lost.cold),
          .lost_capacity_ratio = share(lost.capacity),
          .lost_ttl_ratio = share(lost.ttl),
          .lost_rounding_ratio = share(lost.rounding),
          .lost_not_yet_written_ratio = share(lost.not_yet_written),
          .lost_too_slow_ratio = share(lost.too_slow),
          .lost_store_down_ratio = share(lost.store_down)};
}

}  // namespace epfleet::metrics
