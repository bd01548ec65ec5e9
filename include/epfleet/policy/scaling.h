// The scaling rule's question: how many units of each phase are allotted from now on, and how many
// of them take requests. A rule sees value snapshots of the fleet, never live objects.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "epfleet/base/time.h"
#include "epfleet/policy/scaling_config.h"
#include "epfleet/policy/unit_counts.h"
#include "epfleet/policy/unit_profile.h"

namespace epfleet::policy {

struct Target {
  UnitCounts allotted;  // that are charged: new ones load, those beyond are released
  UnitCounts serving;   // of these, those that take requests; the others drain
  base::TimePoint next = base::TimePoint::max();  // when the rule wants to be asked again
  std::string why{};                              // in words, where it differs from before
};

// The units of one phase.
struct PhaseView {
  std::int64_t off = 0, loading = 0, serving = 0, draining = 0, down = 0;  // units
  std::int64_t waiting_requests = 0, running_requests = 0;
  // Work at hand over what the serving units take. Prefill: prompt tokens that wait or run, in full
  // steps; decode: KV in the room for it, 0 to 1.
  double load = 0.0;
  // Work done over what full steps of the units that served would have done, over the window.
  double work_ratio = 0.0;

  [[nodiscard]] std::int64_t in_use() const { return loading + serving + draining + down; }
};

// What was asked for and given in the last scaling.window.
struct TrafficView {
  double seconds = 0.0;                // how long that was; 0: nothing has been seen yet
  double requests_per_s = 0.0;         // arrived
  double computed_tokens_per_s = 0.0;  // of their prompts, what the store does not have
  double output_tokens_per_s = 0.0;    // emitted
  RequestMix mix;
};

// At the quantiles of the objectives, over the window; none: nothing was seen.
struct LatencyView {
  std::optional<double> ttft_s;  // of prompts that finished
  std::optional<double> tpot_s;  // of decode steps, each counted for its requests
};

struct FleetView {
  Target target;         // in force
  UnitCounts held;       // not yet released
  base::Duration age{};  // of all that follows
  PhaseView prefill, decode;
  TrafficView traffic;
  LatencyView latency;

  [[nodiscard]] UnitCounts down() const { return {prefill.down, decode.down}; }
  // Units that serve, or will when they have loaded.
  [[nodiscard]] UnitCounts current() const { return target.serving - down(); }
};

class ScalingRule {
 public:
  virtual ~ScalingRule() = default;
  // Asked at the start of the run, whose units serve at once, and at every Target::next.
  // Returns 0 <= serving <= allotted <= most_units(), phase by phase, and next > now.
  [[nodiscard]] virtual Target decide(const FleetView& view, base::TimePoint now) = 0;
  // So many units are made ready for a run.
  [[nodiscard]] virtual UnitCounts most_units() const = 0;
  // Whether decisions depend on the view; else the fleet does not look.
  [[nodiscard]] virtual bool follows_load() const { return false; }
  // Whether it is to be given the demand that a run of its own has seen: the bound.
  [[nodiscard]] virtual bool knows_demand() const { return false; }
};

// The demand from a moment on, for the rule that knows it beforehand.
struct KnownDemand {
  base::TimePoint from;
  double computed_tokens_per_s = 0.0, output_tokens_per_s = 0.0;
  RequestMix mix;
};

// What a rule is made from.
struct ScalingSetup {
  const ScalingConfig& config;
  UnitCounts base, group;  // fleet.base, fleet.group
  std::int64_t groups;     // fleet.groups
  base::TimePoint run_start, run_end;
  // For rules that follow the load.
  UnitCounts gpus{};                                     // of one unit of each phase
  std::optional<std::int64_t> pool_gpus{};               // that exist
  base::Duration start_up{};                             // the longer of the two phases'
  std::optional<double> ttft_limit_s{}, tpot_limit_s{};  // of the objectives
  const UnitProfile* profile = nullptr;                  // nullptr: the rule only shows its limits
  std::span<const KnownDemand> known_demand{};

  [[nodiscard]] UnitCounts units(std::int64_t groups_allotted) const {
    return base + groups_allotted * group;
  }
  // The least by which a phase grows or shrinks.
  [[nodiscard]] UnitCounts step() const {
    return config.separate ? UnitCounts{1, 1} : most(group, {1, 1});
  }
};

}  // namespace epfleet::policy
