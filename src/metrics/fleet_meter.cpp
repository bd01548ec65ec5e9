#include "fleet_meter.h"

#include <algorithm>
#include <cstddef>

#include "epfleet/base/error.h"

namespace epfleet::metrics {
namespace {

using observe::FleetSample;

double as_double(std::int64_t value) { return static_cast<double>(value); }

template <Counts T>
T difference(T to, const T& from) {
  add(to, from, -1);
  return to;
}

// The flows between two samples; the state is that at the first.
Interval between(const FleetSample& from, const FleetSample& to) {
  Interval row;
  static_cast<observe::FleetTotals&>(row) = difference<observe::FleetTotals>(to, from);
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
  look(sample);
  const bool at_multiple =
      (sample.time - base::kWindowStart) % config_.interval == base::Duration(0);
  if (sample.window_end || at_multiple) {
    close_interval(sample);
  }
  ended_ = sample.window_end;
}

// What is allotted at the very end belongs to the time after it.
void FleetMeter::look(const FleetSample& sample) {
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
  run.begin = first_.time;
  run.end = last_.time;
  run.intervals = intervals_;
  run.hours = hours();
  for (Interval& row : run.intervals) {
    timeline.describe(row, config_.decode_gpus_per_unit);
  }
  for (Interval& row : run.hours) {
    timeline.describe(row, config_.decode_gpus_per_unit);
  }
  run.requests.preemptions = last_.preempted - first_.preempted;
  run.requests.concurrent_peak = concurrent_peak_;
  run.kv_moved_bytes = last_.kv_moved_bytes - first_.kv_moved_bytes;
  describe_tokens(run);
  describe_nodes(run);
  describe_store(run);
}

void FleetMeter::describe_tokens(RunStatistics& run) const {
  run.tokens.by_payer = difference(last_.tokens, first_.tokens);
  const observe::TokenTotals all = sum(run.tokens.by_payer);
  run.tokens.input = all.input;
  run.tokens.cached = all.cached;
  run.tokens.computed = last_.computed_tokens - first_.computed_tokens;
  run.tokens.output = all.output.whole_tokens();
  run.tokens.carried_in = last_.carried_in_tokens;
  for (const Interval& row : intervals_) {
    const double rate = sum(row.tokens).output.tokens() / base::to_seconds(row.length());
    run.tokens.output_peak_tps = std::max(run.tokens.output_peak_tps.value_or(0.0), rate);
  }
}

void FleetMeter::describe_nodes(RunStatistics& run) const {
  const auto window_ns = (run.end - run.begin).count();
  NodeUse& nodes = run.nodes;
  nodes.peak = nodes_peak_;
  nodes.gpus_per_node = config_.gpus_per_node;
  nodes.prefill_ns = difference(last_.prefill_node_ns, first_.prefill_node_ns);
  nodes.decode_ns = difference(last_.decode_node_ns, first_.decode_node_ns);
  const std::int64_t prefill = nodes.prefill_ns.allotted();
  const std::int64_t decode = nodes.decode_ns.allotted();
  nodes.mean = ratio(as_double(prefill + decode), as_double(window_ns));
  nodes.prefill_mean = ratio(as_double(prefill), as_double(window_ns));
  nodes.decode_mean = ratio(as_double(decode), as_double(window_ns));
  nodes.released_ns = config_.pool_nodes.value_or(nodes_peak_) * window_ns - prefill - decode;
  const auto per_node_second = [](double tokens, std::int64_t node_ns) {
    return ratio(tokens, as_double(node_ns) * 1e-9);
  };
  run.throughput.prefill_input_tps_per_node = per_node_second(as_double(run.tokens.input), prefill);
  run.throughput.prefill_computed_tps_per_node =
      per_node_second(as_double(run.tokens.computed), prefill);
  run.throughput.decode_output_tps_per_node =
      per_node_second(sum(run.tokens.by_payer).output.tokens(), decode);
  const auto busy_ratio = [](const NodeTime& time) {
    return ratio(as_double(time.busy), as_double(time.busy + time.idle));
  };
  run.utilisation.prefill_busy_ratio = busy_ratio(nodes.prefill_ns);
  run.utilisation.decode_busy_ratio = busy_ratio(nodes.decode_ns);
}

void FleetMeter::describe_store(RunStatistics& run) const {
  CacheUse& cache = run.cache;
  const double input = as_double(run.tokens.input);
  const LostTokens lost = difference(last_.cache_lost, first_.cache_lost);
  cache.hit_ratio = ratio(as_double(run.tokens.cached), input);
  cache.bytes_read = last_.cache_read_bytes - first_.cache_read_bytes;
  cache.bytes_written = last_.cache_written_bytes - first_.cache_written_bytes;
  cache.bytes_stored_peak = stored_peak_;
  cache.lost_cold_ratio = ratio(as_double(lost.cold), input);
  cache.lost_capacity_ratio = ratio(as_double(lost.capacity), input);
  cache.lost_ttl_ratio = ratio(as_double(lost.ttl), input);
  cache.lost_rounding_ratio = ratio(as_double(lost.rounding), input);
  cache.lost_not_yet_written_ratio = ratio(as_double(lost.not_yet_written), input);
  cache.lost_too_slow_ratio = ratio(as_double(lost.too_slow), input);
}

}  // namespace epfleet::metrics
