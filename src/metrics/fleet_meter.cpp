#include "fleet_meter.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

using observe::FleetSample;

double as_double(std::int64_t value) { return static_cast<double>(value); }

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
  raise_peaks(sample);
  const bool at_multiple =
      (sample.time - base::kWindowStart) % config_.interval == base::Duration(0);
  if (sample.window_end || at_multiple) {
    close_interval(sample);
  }
  ended_ = sample.window_end;
}

// What is allotted at the very end belongs to the time after it.
void FleetMeter::raise_peaks(const FleetSample& sample) {
  if (!sample.window_end) {
    nodes_peak_ = std::max(nodes_peak_, sample.nodes_allotted());
  }
  concurrent_peak_ = std::max(concurrent_peak_, sample.in_service());
  stored_peak_ = std::max(stored_peak_, sample.cache_stored_bytes);
}

void FleetMeter::close_interval(const FleetSample& sample) {
  const Interval row = between(last_, sample);
  if (row.length() > base::Duration(0)) {
    intervals_.push_back(row);
  } else if (!intervals_.empty()) {
    append(intervals_.back(), row);  // a second sample of the same instant
  }
  last_ = sample;
}

// An interval belongs to the hour in which it begins.
std::vector<Interval> FleetMeter::hours() const {
  const auto hour_of = [](const Interval& row) {
    return (row.begin - base::kWindowStart) / std::chrono::hours(1);
  };
  std::vector<Interval> hours;
  for (const Interval& row : intervals_) {
    if (hours.empty() || hour_of(row) != hour_of(hours.back())) {
      hours.push_back(row);
    } else {
      append(hours.back(), row);
    }
  }
  return hours;
}

void FleetMeter::describe(RunStatistics& run, Timeline& timeline) const {
  if (!started_) {
    return;  // cut short in the warm-up: the window is empty
  }
  run.intervals = intervals_;
  run.hours = hours();
  for (auto* rows : {&run.intervals, &run.hours}) {
    for (Interval& row : *rows) {
      timeline.describe(row, config_.decode_gpus_per_unit);
    }
  }
  const Interval window = between(first_, last_);
  run.begin = window.begin;
  run.end = window.end;
  run.requests.preemptions = window.preempted;
  run.requests.concurrent_peak = concurrent_peak_;
  run.kv_moved_bytes = window.kv_moved_bytes;
  run.tokens = tokens_in(window);
  run.nodes = nodes_in(window);
  run.cache = store_in(window);
  const std::int64_t prefill = window.prefill_node_ns.allotted();
  const std::int64_t decode = window.decode_node_ns.allotted();
  const auto per_node_second = [](double tokens, std::int64_t node_ns) {
    return ratio(tokens, as_double(node_ns) * 1e-9);
  };
  run.throughput = {per_node_second(as_double(run.tokens.input), prefill),
                    per_node_second(as_double(run.tokens.computed), prefill),
                    per_node_second(sum(window.tokens).output.tokens(), decode)};
  run.utilisation.prefill_busy_ratio = busy_ratio(window.prefill_node_ns);
  run.utilisation.decode_busy_ratio = busy_ratio(window.decode_node_ns);
}

TokenSums FleetMeter::tokens_in(const Interval& window) const {
  const observe::TokenTotals all = sum(window.tokens);
  TokenSums tokens;
  tokens.input = all.input;
  tokens.cached = all.cached;
  tokens.computed = window.computed_tokens;
  tokens.output = all.output.whole_tokens();
  tokens.carried_in = last_.carried_in_tokens;
  tokens.by_payer = window.tokens;
  for (const Interval& row : intervals_) {
    const double rate = sum(row.tokens).output.tokens() / base::to_seconds(row.length());
    tokens.output_peak_tps = std::max(tokens.output_peak_tps.value_or(0.0), rate);
  }
  return tokens;
}

NodeUse FleetMeter::nodes_in(const Interval& window) const {
  const NodeTime& prefill = window.prefill_node_ns;
  const NodeTime& decode = window.decode_node_ns;
  return {.peak = nodes_peak_,
          .mean = window.mean_nodes(),
          .prefill_mean = window.mean_prefill_nodes(),
          .decode_mean = window.mean_decode_nodes(),
          .prefill_ns = prefill,
          .decode_ns = decode,
          .released_ns = config_.pool_nodes.value_or(nodes_peak_) * window.length().count() -
                         prefill.allotted() - decode.allotted(),
          .gpus_per_node = config_.gpus_per_node};
}

CacheUse FleetMeter::store_in(const Interval& window) const {
  const observe::TokenTotals tokens = sum(window.tokens);
  const LostTokens& lost = window.cache_lost;
  const auto share = [&](std::int64_t of) { return ratio(as_double(of), as_double(tokens.input)); };
  return {.hit_ratio = hit_ratio(tokens),
          .bytes_read = window.cache_read_bytes,
          .bytes_written = window.cache_written_bytes,
          .bytes_stored_peak = stored_peak_,
          .lost_cold_ratio = share(lost.cold),
          .lost_capacity_ratio = share(lost.capacity),
          .lost_ttl_ratio = share(lost.ttl),
          .lost_rounding_ratio = share(lost.rounding),
          .lost_not_yet_written_ratio = share(lost.not_yet_written),
          .lost_too_slow_ratio = share(lost.too_slow)};
}

}  // namespace epfleet::metrics
