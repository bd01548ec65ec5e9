// How the store, the nodes and the GPUs were used.
#pragma once

#include <cstdint>

#include "epfleet/metrics/interval.h"
#include "epfleet/metrics/metric.h"

namespace epfleet::metrics {

struct CacheUse {
  Measure hit_ratio;
  std::int64_t bytes_read = 0, bytes_written = 0, bytes_stored_peak = 0;
  Measure lost_cold_ratio, lost_capacity_ratio, lost_ttl_ratio, lost_rounding_ratio;
  Measure lost_not_yet_written_ratio, lost_too_slow_ratio, lost_store_down_ratio;
};

inline constexpr Row<CacheUse> kCacheRows[] = {
    {"hit_ratio", "share", Kind::Ratio, Better::More, of<&CacheUse::hit_ratio>,
     "Cached / input tokens."},
    {"bytes_read", "bytes", Kind::Flow, Better::Neither, of<&CacheUse::bytes_read>,
     "KV read from the store, also for requests that ended before their prefill: a read that waits "
     "for a NIC takes place."},
    {"bytes_written", "bytes", Kind::Flow, Better::Neither, of<&CacheUse::bytes_written>,
     "KV written to the store."},
    {"bytes_stored_peak", "bytes", Kind::Level, Better::Neither, of<&CacheUse::bytes_stored_peak>,
     "Most KV in the store at any moment of the window."},
};

// Tokens that could have been hits, over input tokens, by why they were not: of the prompts whose
// prefill finished, as tokens.input.
inline constexpr Row<CacheUse> kLostRows[] = {
    {"cold_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_cold_ratio>,
     "Share of tokens.input not hit because it had never been stored in this run."},
    {"capacity_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_capacity_ratio>,
     "Share of tokens.input not hit because it had been evicted for room."},
    {"ttl_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_ttl_ratio>,
     "Share of tokens.input not hit because it had passed their time to live."},
    {"rounding_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_rounding_ratio>,
     "Share of tokens.input not hit because only whole blocks are stored."},
    {"not_yet_written_ratio", "share", Kind::Ratio, Better::Less,
     of<&CacheUse::lost_not_yet_written_ratio>,
     "Share of tokens.input not hit because its write had not ended."},
    {"too_slow_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_too_slow_ratio>,
     "Share of tokens.input stored, but computed anew because reading takes longer."},
    {"store_down_ratio", "share", Kind::Ratio, Better::Less, of<&CacheUse::lost_store_down_ratio>,
     "Share of tokens.input stored, but not found because the store had failed."},
};

template <std::int64_t NodeTime::* State>
[[nodiscard]] double node_hours(const NodeTime& time) {
  constexpr double kNanosecondsPerHour = 3.6e12;
  return static_cast<double>(time.*State) / kNanosecondsPerHour;
}

// The sentences follow on the name of a phase.
inline constexpr Row<NodeTime> kNodeTimeRows[] = {
    {"busy", "node-hours", Kind::Flow, Better::Neither, of<&node_hours<&NodeTime::busy>>,
     "in a step."},
    {"idle", "node-hours", Kind::Flow, Better::Neither, of<&node_hours<&NodeTime::idle>>,
     "serving, with nothing to do."},
    {"loading", "node-hours", Kind::Flow, Better::Neither, of<&node_hours<&NodeTime::loading>>,
     "starting up."},
    {"draining", "node-hours", Kind::Flow, Better::Neither, of<&node_hours<&NodeTime::draining>>,
     "finishing the requests they had; they took no new ones."},
    {"down", "node-hours", Kind::Flow, Better::Less, of<&node_hours<&NodeTime::down>>,
     "of units that a failure stopped, from then until they served again."},
};

struct NodeUse {
  std::int64_t peak = 0;
  Measure mean, prefill_mean, decode_mean;
  NodeTime prefill_ns, decode_ns;  // node-nanoseconds by state
  std::int64_t spare_ns = 0;       // node-nanoseconds of spare nodes
  std::int64_t released_ns = 0;    // node-nanoseconds of the pool that were not allotted
  std::int64_t gpus_per_node = 0;

  [[nodiscard]] double spare_hours() const {
    return node_hours<&NodeTime::idle>({.idle = spare_ns});
  }
  [[nodiscard]] double released_gpu_hours() const {
    return node_hours<&NodeTime::idle>({.idle = released_ns}) * static_cast<double>(gpus_per_node);
  }
};

inline constexpr Row<NodeUse> kNodeRows[] = {
    {"peak", "nodes", Kind::Level, Better::Neither, of<&NodeUse::peak>,
     "Most nodes allotted at any moment of the window."},
    {"mean", "nodes", Kind::Level, Better::Neither, of<&NodeUse::mean>,
     "Nodes allotted, spare ones included, mean over the window."},
    {"prefill_mean", "nodes", Kind::Level, Better::Neither, of<&NodeUse::prefill_mean>,
     "Nodes allotted to prefill, mean over the window."},
    {"decode_mean", "nodes", Kind::Level, Better::Neither, of<&NodeUse::decode_mean>,
     "Nodes allotted to decode, mean over the window."},
    {"released_to_training_gpu_hours", "GPU-hours", Kind::Flow, Better::Neither,
     of<&NodeUse::released_gpu_hours>, "GPU time of the pool's nodes that were not allotted."},
};

inline constexpr Row<NodeUse> kSpareRows[] = {
    {"spare", "node-hours", Kind::Flow, Better::Neither, of<&NodeUse::spare_hours>,
     "Nodes held ready to replace lost ones, ready or in repair; charged to decode."},
};

// What failed and what that took; of the window, whenever the requests arrived.
struct FailureUse {
  std::int64_t events = 0;
  base::Duration unit_down{};
  double masked_gpu_hours = 0.0;
  std::int64_t requests_lost = 0, requests_retried = 0, recomputed_tokens = 0;
  Measure availability_ratio;
};

inline constexpr Row<FailureUse> kFailureRows[] = {
    {"events", "failures", Kind::Flow, Better::Less, of<&FailureUse::events>,
     "Failures that hit allotted units or the store."},
    {"unit_down_s", "s", Kind::Flow, Better::Less, of<&FailureUse::unit_down>,
     "Time from a failure until the unit served again, summed over units."},
    {"masked_gpu_hours", "GPU-hours", Kind::Flow, Better::Less, of<&FailureUse::masked_gpu_hours>,
     "Time of lost GPUs whose units went on without them."},
    {"requests_lost", "requests", Kind::Flow, Better::Less, of<&FailureUse::requests_lost>,
     "Requests that ended because a failure took their KV."},
    {"requests_retried", "requests", Kind::Flow, Better::Less, of<&FailureUse::requests_retried>,
     "Times that a request was prefilled again because a failure took its KV."},
    {"recomputed_tokens", "tokens", Kind::Flow, Better::Less, of<&FailureUse::recomputed_tokens>,
     "Of tokens.computed_in_steps, those that were computed again or in vain."},
    {"availability_ratio", "share", Kind::Ratio, Better::More, of<&FailureUse::availability_ratio>,
     "1 - time of nodes down and of masked GPUs / time of nodes busy, idle and down."},
};

struct Throughput {
  Measure prefill_input_tps_per_node, prefill_computed_tps_per_node, decode_output_tps_per_node;
};

inline constexpr Row<Throughput> kThroughputRows[] = {
    {"prefill_input_tps_per_node", "tokens/s per node", Kind::Ratio, Better::More,
     of<&Throughput::prefill_input_tps_per_node>,
     "Input tokens, cached ones included, over the time of allotted prefill nodes."},
    {"prefill_computed_tps_per_node", "tokens/s per node", Kind::Ratio, Better::More,
     of<&Throughput::prefill_computed_tps_per_node>,
     "Computed tokens over the time of allotted prefill nodes."},
    {"decode_output_tps_per_node", "tokens/s per node", Kind::Ratio, Better::More,
     of<&Throughput::decode_output_tps_per_node>,
     "Output tokens over the time of allotted decode nodes."},
};

}  // namespace epfleet::metrics
