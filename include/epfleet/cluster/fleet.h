// The whole service: requests in, prefill, KV to decode, tokens out, units coming and going.
// The events of a run are handled here, each by one short function that reads as the story of what
// happens; what happens inside a unit is serving's affair. Knows observers, not statistics.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/allotment.h"
#include "epfleet/cluster/decode_fleet.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/prefill_fleet.h"
#include "epfleet/cluster/store_path.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/engine/engine.h"
#include "epfleet/observe/facts.h"
#include "epfleet/serving/live_request.h"
#include "epfleet/workload/arrival_feed.h"

namespace epfleet::cluster {

class Fleet : private engine::Handler {
 public:
  // `pricers`, arrivals, cache and observers must outlive the fleet.
  Fleet(const FleetSpec& spec, const StepPricers& pricers, workload::ArrivalFeed& arrivals,
        cache::PrefixCache& cache, std::vector<observe::Observer*> observers);

  // Runs to the window's end, or until `stop`. Announces what is then still in flight, and a last
  // sample. `progress` is called at every sample.
  engine::RunEnd run(const std::atomic<bool>* stop,
                     const std::function<void(const observe::FleetSample&)>& progress);

  [[nodiscard]] const engine::Engine& engine() const { return engine_; }
  void trace_to(std::function<void(const engine::Event&)> sink) {
    engine_.trace_to(std::move(sink));
  }
  [[nodiscard]] static const char* label(engine::EventKind kind);

 private:
  static constexpr std::size_t kAhead = 4;  // requests whose memory is fetched before their turn

  enum class Kind : std::uint8_t {
    Arrival,
    PrefillStepEnd,
    PrefillStart,
    DecodeStepEnd,
    DecodeStart,
    DrainGroups,  // before a down step
    AllotGroups,  // an up or down step
    GroupLoaded,
    Sample,
    ArrivalSlice,  // the arrivals of the next slice are taken over
  };
  // The one scheduled event of its kind for a target, which an earlier reason may replace.
  struct Wake {
    base::TimePoint at;
    engine::EventId event;
    bool scheduled = false;
  };

  void handle(const engine::Event& event) override;
  engine::EventId schedule(base::TimePoint at, engine::Phase phase, Kind kind,
                           std::uint32_t target);

  // fleet_requests.cpp: the way of a request
  void schedule_next_arrival();
  void open_arrival_slice();
  void accept_arrivals();
  void accept_arrival();
  void start_prefill(std::uint32_t unit);
  void end_prefill_step(std::uint32_t unit);
  void emit_first_token(serving::Slot slot);
  void expect_prefixes() const;
  DecodeFleet::Handover hand_to_decode(serving::Slot slot, serving::Link& from);
  void start_decode(std::uint32_t unit);
  void end_decode_step(std::uint32_t unit);
  void complete(serving::Slot slot, observe::Outcome outcome);
  void announce_done();
  void wake_prefill(std::uint32_t unit, base::TimePoint at);
  void wake_decode(std::uint32_t unit, base::TimePoint at);
  void wake(Wake& wake, base::TimePoint at, engine::Phase phase, Kind kind, std::uint32_t target);
  [[nodiscard]] std::int32_t draw_rate(const workload::Request& request) const;
  [[nodiscard]] bool keeps_output(const workload::Request& request) const;

  // fleet_scaling.cpp: units coming and going
  void start_initial_units();
  void schedule_allotment();
  void drain_groups(std::size_t change);
  void allot_groups(std::size_t change);
  void group_loaded(std::uint32_t group);
  [[nodiscard]] std::int64_t groups_to_serve(std::size_t change) const;
  void drain_prefill(std::uint32_t unit);
  void drain_decode(std::uint32_t unit);
  void leave_drained_prefill(std::uint32_t unit);
  void leave_drained_decode(std::uint32_t unit);
  void release_if_over(bool over, UnitClock& clock, bool empty);
  [[nodiscard]] std::uint32_t group_of_prefill(std::uint32_t unit) const;
  [[nodiscard]] std::uint32_t group_of_decode(std::uint32_t unit) const;

  // fleet_sample.cpp: looking
  void schedule_samples();
  void sample();
  void take_sample(base::TimePoint now, bool window_start, bool window_end);
  [[nodiscard]] observe::FleetSample look(base::TimePoint now);
  void count_units(base::TimePoint now, observe::FleetSample& sample);
  [[nodiscard]] std::int64_t output_in_flight_of_early_requests();
  void announce_in_flight();
  [[nodiscard]] observe::RequestDone record_of(const serving::LiveRequest& request,
                                               observe::Outcome outcome) const;

  const FleetSpec spec_;
  workload::ArrivalFeed& arrivals_;
  cache::PrefixCache& cache_;
  std::vector<observe::Observer*> observers_;
  std::function<void(const observe::FleetSample&)> progress_;
  engine::Engine engine_;
  serving::RequestPool pool_;
  Allotment allotment_;
  StorePath store_;
  PrefillFleet prefill_;
  DecodeFleet decode_;
  std::vector<Wake> prefill_wakes_, decode_wakes_;
  std::int64_t allotted_groups_ = 0;  // as charged
  std::int64_t target_groups_ =
      0;  // as drained to: below allotted from a drain's begin to its step
  std::vector<base::TimePoint> group_loaded_at_;  // by group; the latest loading counts
  std::int64_t kv_bytes_per_token_ = 0;

  // running totals since the start of the run, see observe::FleetSample
  observe::FleetSample totals_;
  std::int64_t early_input_tokens_ =
      0;  // of requests that arrived before the window, in the window
  std::int64_t early_output_fixed_ = 0;

  // reused from event to event: no allocation in steady state
  std::vector<serving::Slot> slots_, preempted_;
  std::vector<observe::RequestDone> done_;
};

}  // namespace epfleet::cluster
