// What the parts of a fleet work on together: the clock, the units, the requests in flight, the
// store, and what has been counted so far. Plain; each part says what it changes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "epfleet/cluster/fleet_monitor.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/store_path.h"
#include "epfleet/cluster/unit_pool.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/engine/engine.h"
#include "epfleet/observe/facts.h"
#include "epfleet/serving/decode_unit.h"
#include "epfleet/serving/live_request.h"
#include "epfleet/serving/prefill_unit.h"

namespace epfleet::cluster {

// What events mean; the target is a unit, a failure of the plan, or nothing. The numbers are part
// of a run's fingerprint.
enum class Kind : std::uint8_t {
  Arrival,
  PrefillStepEnd,
  PrefillStart,
  DecodeStepEnd,
  DecodeStart,
  ScalingDecision,
  PrefillLoaded,
  DecodeLoaded,
  Sample,
  ArrivalSlice,  // the arrivals of the next slice are taken over
  RequestTimer,  // a deadline or a user's patience is due
  Retry,         // a client comes again
  Failure,       // the next one of the plan
  Recovery,      // a failed unit's next stage (unit_recovery.h)
  SlowPartOver,  // of the plan: a slow NIC or GPU is as before, the store is back
  SpareBack,     // a node is repaired
};

using PrefillPool = UnitPool<serving::PrefillUnit>;
using DecodePool = UnitPool<serving::DecodeUnit>;

struct FleetState {
  // So many units, all off. `pricers` must outlive the fleet.
  FleetState(const FleetSpec& fleet_spec, const StepPricers& pricers, UnitCounts units);
  FleetState(const FleetState&) = delete;
  FleetState& operator=(const FleetState&) = delete;

  engine::EventId schedule(base::TimePoint at, engine::Phase phase, Kind kind,
                           std::uint32_t target = 0) {
    return engine.at(at, phase, static_cast<engine::EventKind>(kind), target);
  }
  [[nodiscard]] base::TimePoint now() const { return engine.now(); }
  [[nodiscard]] base::Bytes kv_bytes(std::int64_t tokens) const {
    return base::Bytes(tokens * kv_bytes_per_token);
  }
  // KV that a decoding or moving request has between two stays.
  [[nodiscard]] base::Bytes kv_bytes(const serving::LiveRequest& request) const {
    return kv_bytes(request.kv(request.steps_taken).whole_tokens());
  }
  // Writes `tokens` of KV through the NIC; returns when they can be hit.
  base::TimePoint write_to_store(serving::Link& nic, std::int64_t tokens) {
    totals.cache_written_bytes += kv_bytes(tokens).count();
    return store.write(nic, now(), kv_bytes(tokens));
  }

  // It arrived before the counted window, and it is now in it.
  [[nodiscard]] bool is_early(const workload::Request& request) const {
    return request.arrival < base::kWindowStart && now() >= base::kWindowStart;
  }

  [[nodiscard]] std::int64_t nodes_allotted() const {
    return prefill.nodes_allotted() + decode.nodes_allotted() + spec.failures.spare_nodes;
  }
  void raise_nodes_peak() {
    totals.peaks.nodes_allotted = std::max(totals.peaks.nodes_allotted, nodes_allotted());
  }

  const FleetSpec spec;
  const std::int64_t kv_bytes_per_token;
  engine::Engine engine;
  serving::RequestPool requests;
  StorePath store;
  PrefillPool prefill;
  DecodePool decode;
  // Wait for a unit of their phase to serve, while none does: in the order in which they came.
  struct Homeless {
    std::vector<serving::RequestSlot> prompts, with_kv;
  } homeless;
  std::int64_t store_faults = 0;        // under way: nothing is found or kept
  std::optional<FleetMonitor> monitor;  // none: the scaling rule does not look

  // Running totals since the start of the run; the fields of a moment stay empty.
  observe::FleetSample totals;
  // In the window, of requests that arrived before it; answers at their end.
  std::int64_t early_input_tokens = 0;
  base::TokenParts early_output;
};

}  // namespace epfleet::cluster
