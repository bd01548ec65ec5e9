// The facts that the simulated service announces to Observers: statistics, cost meters, logs. Plain
// values; spans are valid only during the call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "epfleet/base/id.h"
#include "epfleet/base/time.h"
#include "epfleet/base/token_parts.h"
#include "epfleet/observe/decision.h"
#include "epfleet/observe/endings.h"
#include "epfleet/workload/request.h"

namespace epfleet::observe {

// How far a request has come, and what it began anew: in few bytes, which the service keeps and
// hands on as they are.
struct RequestPath {
  std::uint16_t preemptions : 12 = 0;
  std::uint16_t retries : 4 = 0;     // after failures of its units; 15: so many or more
  std::uint8_t attempt : 4 = 0;      // 1: the first repetition of a request refused or failed
  bool window_client : 1 = false;    // its first attempt arrived in the counted window
  bool prefill_started : 1 = false;  // since the latest failure
  bool has_first_token : 1 = false;
  bool entered_decode : 1 = false;

  [[nodiscard]] bool entered_prefill() const { return prefill_started || has_first_token; }
};

// Where it was last.
struct RequestPlaces {
  base::UnitId prefill_unit, decode_unit;
  std::uint16_t prefill_gpu = 0, decode_gpu = 0;
};

// Those that were not reached are absent (first_token of a rejected request, say).
struct RequestTimes {
  base::TimePoint prefill_start;  // start of the step that computes its first chunk
  base::TimePoint first_token;    // end of the step with its last chunk
  base::TimePoint kv_arrived;     // its KV is on the decode GPU
  base::TimePoint decode_start;   // start of the first decode step it takes part in
  base::TimePoint done;           // its last token (= first_token for a one-token answer)
};

// The life of one request, announced once: when it leaves the service, or at the end of the run
// (InFlight).
struct RequestDone : workload::Request, RequestPath, RequestPlaces, RequestTimes {
  RequestDone() = default;
  RequestDone(const workload::Request& request, const RequestPath& path,
              const RequestPlaces& places, const RequestTimes& times)
      : workload::Request(request), RequestPath(path), RequestPlaces(places), RequestTimes(times) {}

  std::int32_t cached_tokens = 0;
  Ending ending = Ending::LastToken;
  bool comes_again = false;  // after this ending

  [[nodiscard]] Outcome outcome() const { return row_of(ending).outcome; }
};

// One finished step of a prefill unit. Imbalances are max / mean over the unit's GPUs, >= 1.
struct PrefillStepDone {
  base::UnitId unit;
  base::TimePoint start, end;
  std::int64_t tokens = 0;        // computed in the step
  std::int64_t first_tokens = 0;  // prompts that it finished: a token each
  double attention_pairs = 0.0;   // query-key pairs of the step
  double efficiency = 0.0;        // mean work over the slowest GPU's work, 0..1
  double attention_imbalance = 1.0;
  double token_imbalance = 1.0;
  double expert_imbalance = 1.0;
  bool out_of_range = false;  // priced outside the calibrated range
};

// One finished step of a decode unit.
struct DecodeStepDone {
  base::UnitId unit;
  base::TimePoint start, end;
  base::Duration stood_still{};  // before it, by a failure: no step since its requests' last chunk
  std::int64_t requests = 0;     // that took part
  std::int64_t joined = 0;  // of these, in their first step (their ITL starts at the first token)
  base::TokenParts emitted{};  // tokens of all of them
  double kv_tokens = 0.0;
  double kv_ratio_max = 0.0;  // fullest GPU: KV held / capacity
  double kv_ratio_mean = 0.0;
  double kv_imbalance = 1.0;
  double request_imbalance = 1.0;
  double expert_imbalance = 1.0;
  bool out_of_range = false;
};

// Tokens that moved, by who pays for them: exact running totals since the start of the run.
struct TokenTotals {
  std::int64_t input = 0;   // prompt tokens of prompts whose prefill finished
  std::int64_t cached = 0;  // of these, read from the store
  base::TokenParts output;  // emitted
};

// What the fleet has done since the start of the run, warm-up included: counts only, so that an
// interval is the difference of two of them, member by member.
struct FleetTotals {
  // [variant][channel]
  std::array<std::array<TokenTotals, workload::kChannels>, workload::kVariants> tokens{};
  std::int64_t computed_tokens = 0;  // by prefill steps, also of prompts that are not finished
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0, preempted = 0;
  std::int64_t retries = 0;  // of the arrived ones, repetitions of earlier ones
  struct NodeTime {          // node-nanoseconds
    std::int64_t busy = 0, idle = 0, loading = 0, draining = 0, down = 0;
    [[nodiscard]] std::int64_t allotted() const { return busy + idle + loading + draining + down; }
  };
  NodeTime prefill_node_ns, decode_node_ns;
  std::int64_t spare_node_ns = 0;  // of nodes held for failures, in repair or not
  struct Failures {
    std::int64_t events = 0;                               // that hit the service
    std::int64_t unit_down_ns = 0;                         // of units, prefill and decode
    std::int64_t masked_gpu_ns = 0;                        // of lost GPUs whose units went on
    std::int64_t requests_lost = 0, requests_retried = 0;  // a request counts at every retry
    std::int64_t recomputed_tokens = 0;  // computed in prefill steps again, or in vain
  } failures;
  // the store
  std::int64_t cache_read_bytes = 0, cache_written_bytes = 0;
  struct LostTokens {  // of the prompts whose prefill finished
    std::int64_t cold = 0, capacity = 0, ttl = 0, rounding = 0, not_yet_written = 0;
    std::int64_t too_slow = 0;    // stored, but computed anew: kv_cache.recompute
    std::int64_t store_down = 0;  // stored, but the store had failed
  } cache_lost;
  std::int64_t kv_moved_bytes = 0;  // prefill to decode, and migrations
  std::int64_t scaling_decisions = 0, units_started = 0, units_stopped = 0;

  // Arrived, and not yet completed, rejected or failed. REQUIRES: totals, not a difference.
  [[nodiscard]] std::int64_t in_service() const { return arrived - completed - rejected - failed; }
};

// How the fleet looks at one moment.
struct FleetState {
  std::int64_t prefill_nodes_allotted = 0, decode_nodes_allotted = 0;
  std::int64_t nodes_serving = 0, nodes_draining = 0, nodes_loading = 0, nodes_down = 0;
  std::int64_t nodes_spare = 0;
  std::int64_t prefill_queue_requests = 0, prefill_queue_tokens = 0;
  std::int64_t decode_waiting_requests = 0;  // KV on its way or no room yet
  std::int64_t decode_active_requests = 0;
  double decode_kv_tokens = 0.0, decode_kv_capacity_tokens = 0.0;
  std::int64_t cache_stored_bytes = 0;

  [[nodiscard]] std::int64_t nodes_allotted() const {
    return prefill_nodes_allotted + decode_nodes_allotted + nodes_spare;
  }
};

// Most at any moment since the window's start, or before it since the run's.
struct FleetPeaks {
  std::int64_t nodes_allotted = 0, in_service = 0, cache_stored_bytes = 0;
};

// A look at the whole fleet, taken at every report interval, at both ends of the counted window and
// wherever else the run was asked for one.
struct FleetSample : FleetTotals, FleetState {
  FleetPeaks peaks;
  base::TimePoint time;
  bool window_start = false, window_end = false;
  // Since the window's start, for requests that arrived before it: input + output.
  std::int64_t carried_in_tokens = 0;
};

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void on_requests_done(std::span<const RequestDone> /*requests*/) {}
  virtual void on_prefill_step(const PrefillStepDone& /*step*/) {}
  virtual void on_decode_step(const DecodeStepDone& /*step*/) {}
  // Requests finished their first decode step: the gaps between their first tokens and its end.
  virtual void on_first_chunks(std::span<const base::Duration> /*gaps*/) {}
  virtual void on_sample(const FleetSample& /*sample*/) {}
  virtual void on_decision(const Decision& /*decision*/) {}
};

}  // namespace epfleet::observe
