// A decode unit: all its GPUs step together; requests join and leave at step boundaries (continuous
// batching), and wait at the unit while none of its GPUs has room.
// Modelled: per-GPU batches and KV, request and HBM limits, multi-token prediction by a fixed
//   acceptance per request, steps priced from every GPU's load, swapping out when KV outgrows HBM,
//   standing still while experts move.
// Left out: recompute on preemption; the engine's own jitter between steps.
// Source: open-infra-index day 6 (layout, overlap).
//
// A step advances all requests by arithmetic on per-GPU sums; a request is touched when it joins
// and when it leaves. After k steps it has emitted min(n, floor(k * rate)) of its n = output - 1
// decode tokens; rate = 1 + expected accepted drafts, in parts of a token: sums stay exact.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"
#include "epfleet/policy/loads.h"
#include "epfleet/serving/config.h"
#include "epfleet/serving/finish_calendar.h"
#include "epfleet/serving/live_request.h"
#include "epfleet/serving/rebalance_pause.h"
#include "epfleet/serving/sticky_halves.h"
#include "epfleet/timing/decode_pricer.h"

namespace epfleet::serving {

struct DecodeUnitLimits {
  std::int32_t gpus = 0;
  std::int32_t max_requests_per_gpu = 0;
  std::int64_t kv_capacity_tokens = 0;         // per GPU
  std::int32_t longest_stay_steps = 0;         // no request takes more decode steps than this
  Microbatch microbatch = Microbatch::Reform;  // Sticky needs a pricer of two micro-batches
  Batching batching = Batching::Continuous;
  RebalancePause rebalance{};  // when moving experts stops the unit
  bool even = false;           // the bound: priced as if the load were even over the GPUs
};

class DecodeUnit {
 public:
  using Loads = policy::DecodeLoads;  // what a balancer of units sees of them
  using GpuRule = policy::DecodeGpuRule;

  DecodeUnit(base::UnitId id, const DecodeUnitLimits& limits, const timing::DecodePricer& pricer,
             RequestPool& pool);
  DecodeUnit(DecodeUnit&&) noexcept = default;  // the view looks at what moves along

  // --- Placement: a request that is on its way holds its place and its KV room. ---
  [[nodiscard]] const policy::DecodeGpuView& view() const { return view_; }
  [[nodiscard]] std::int64_t placed_requests() const { return view_.requests_total; }
  // Holds a place on `gpu`; joins at the first step that starts at or after `arrives`.
  // REQUIRES: view() showed room.
  void place(RequestSlot slot, std::uint32_t gpu, base::TimePoint arrives);

  // --- Waiting: requests that no GPU has room for, first come, first served. ---
  struct Waiting {
    RequestSlot slot;
    bool swapped = false;          // its KV is in the memory of its GPU's host ...
    base::TimePoint not_before{};  // ... from then on
  };
  void wait_last(RequestSlot slot) { waiting_.push_back({slot}); }
  void wait_first(RequestSlot slot, base::TimePoint out) { waiting_.push_front({slot, true, out}); }
  [[nodiscard]] const Waiting* first_waiting() const {
    return waiting_.empty() ? nullptr : &waiting_.front();
  }
  void stop_waiting() { waiting_.pop_front(); }

  // --- Steps ---
  [[nodiscard]] bool stepping() const { return stepping_; }
  // Admits what has arrived and prices a step; none: the unit has no request.
  std::optional<base::Duration> start_step(base::TimePoint now);
  // Ends the running step: all have advanced. Appends those with their last token to `finished`,
  // those that outgrew the HBM, the youngest first, to `preempted`: both have left.
  void finish_step(base::TimePoint now, std::vector<RequestSlot>& finished,
                   std::vector<RequestSlot>& preempted);
  // Gives up the running step: no request has advanced; what joined stays. REQUIRES: stepping().
  void abort_step(base::TimePoint now);
  // The earliest arrival of KV on its way; none: nothing is.
  [[nodiscard]] std::optional<base::TimePoint> next_ready(base::TimePoint now) const;

  // --- Failures ---
  // As PrefillUnit::degrade.
  void degrade(const timing::DecodePricer& pricer, double speed) {
    pricer_ = &pricer;
    speed_ = speed;
  }
  [[nodiscard]] const timing::DecodePricer& whole_pricer() const { return *whole_pricer_; }
  // The GPU takes no requests from now on. REQUIRES: it has none, and is not masked yet.
  void mask(std::uint32_t gpu);
  void unmask_all();
  void make_whole() {
    unmask_all();
    degrade(*whole_pricer_, 1.0);
  }
  [[nodiscard]] std::int32_t masked_gpus() const {
    return static_cast<std::int32_t>(masked_.size());
  }
  // When its requests last got tokens: the end of its latest whole step.
  [[nodiscard]] base::TimePoint last_chunk() const { return last_chunk_; }

  // A request that leaves, and where its KV is.
  struct Leaving {
    RequestSlot slot;
    enum class Kv { OnGpu, InHost, Elsewhere } kv;  // request.decode_gpu's; Elsewhere: never came
    base::TimePoint since{};                        // there from then on
  };
  // All leave: running or on the way, in slot order, then what waits (migration, failure).
  // REQUIRES: !stepping().
  void evict_all(std::vector<Leaving>& evicted);
  // Those of these GPUs leave; with their hosts also what was swapped out from there.
  // REQUIRES: !stepping().
  void evict_gpus(std::span<const std::uint32_t> gpus, bool hosts, std::vector<Leaving>& evicted);

  // The request leaves from wherever it is. REQUIRES: the running step does not work on it.
  void remove(RequestSlot slot);

  // --- Facts ---
  [[nodiscard]] bool empty() const { return view_.requests_total == 0 && waiting_.empty(); }
  [[nodiscard]] std::int64_t waiting_requests() const {  // their KV on its way, or no room yet
    return static_cast<std::int64_t>(waiting_.size()) + view_.requests_total - active_total_;
  }
  void report_load(Loads& loads) const;
  [[nodiscard]] const observe::DecodeStepDone& last_step() const { return step_; }
  // Of those whose first chunk left with the last step: since their first token.
  [[nodiscard]] std::span<const base::Duration> first_chunks() const { return first_chunks_; }
  [[nodiscard]] std::int64_t active_requests() const { return active_total_; }
  [[nodiscard]] base::TokenParts active_kv() const { return active_kv_total_; }
  // Decode tokens emitted since the start; in flight: the exact k * rate.
  using EmittedByPayer = std::array<base::TokenParts, workload::kVariants * workload::kChannels>;
  [[nodiscard]] const EmittedByPayer& emitted() const { return emitted_; }
  [[nodiscard]] static std::uint8_t payer_of(const workload::Request& request) {
    return payer_of(request.variant, request.channel);
  }
  [[nodiscard]] static std::uint8_t payer_of(workload::Variant variant, workload::Channel channel) {
    return static_cast<std::uint8_t>(static_cast<std::size_t>(variant) * workload::kChannels +
                                     static_cast<std::size_t>(channel));
  }
  [[nodiscard]] std::int32_t steps_of(const LiveRequest& request) const;  // over all stays
  [[nodiscard]] const DecodeUnitLimits& limits() const { return limits_; }
  // None: the halves are formed anew every step.
  [[nodiscard]] const std::optional<StickyHalves>& halves() const { return halves_; }
  void check_sums(base::SumCheck& check) const;

 private:
  struct Anew;  // its sums, made from scratch: decode_sums.cpp
  // What its joining asks of a request and is not in its second cache line (live_request.h).
  struct Incoming {
    base::TimePoint arrives;
    base::TimePoint first_token;
    RequestSlot slot;
    std::uint32_t steps_before_last;  // that it will take here
    std::uint8_t payer;
  };

  void admit_arrived(base::TimePoint now);
  void join(const Incoming& incoming, base::TimePoint now);
  void leave(LiveRequest& request, std::int32_t steps);
  void leave_early(RequestSlot slot, std::vector<Leaving>& evicted);
  void forget_place(RequestSlot slot);
  [[nodiscard]] bool holds(const LiveRequest& request) const;
  void give_up_place(const LiveRequest& request);
  [[nodiscard]] base::TokenParts32 advance_all();
  void retire_finished(std::vector<RequestSlot>& finished);
  void preempt_overflow(std::vector<RequestSlot>& preempted);
  [[nodiscard]] RequestSlot youngest_on(std::uint32_t gpu) const;
  void forget_finish(RequestSlot slot);
  [[nodiscard]] timing::StepPrice price_step() const;
  void describe_step(base::TimePoint now, const timing::StepPrice& price);

  base::UnitId id_;
  DecodeUnitLimits limits_;
  base::TokenParts32 kv_limit_;
  float full_and_one_;  // requests of a full GPU, as placed_and_one_ has them
  const timing::DecodePricer* whole_pricer_;
  const timing::DecodePricer* pricer_;
  double speed_ = 1.0;
  RequestPool& pool_;
  // Per GPU; "placed" = running and on the way.
  std::vector<std::int32_t> active_requests_;
  std::vector<float> placed_and_one_;  // whole numbers: see policy::DecodeGpuView
  std::vector<base::TokenParts32> active_kv_, placed_kv_, rate_;
  std::optional<StickyHalves> halves_;
  std::int64_t active_total_ = 0;  // sums over the GPUs, as the next ones
  base::TokenParts active_kv_total_, rate_total_;
  policy::DecodeGpuView view_;  // of what is placed, with its sums
  EmittedByPayer emitted_{}, emission_rate_{};

  FinishCalendar finishers_;
  std::vector<Incoming> incoming_;
  std::deque<Waiting> waiting_;
  std::vector<base::TimePoint> joined_first_tokens_;
  std::vector<base::Duration> first_chunks_;
  std::uint32_t step_number_ = 0;
  bool stepping_ = false;
  RebalancePause rebalance_;
  std::vector<std::uint32_t> masked_;  // GPUs
  base::TimePoint last_chunk_ = base::TimePoint::min();
  std::optional<base::TimePoint> stands_since_;  // a step was given up and no other has begun
  observe::DecodeStepDone step_;
};

inline void DecodeUnit::place(RequestSlot slot, std::uint32_t gpu, base::TimePoint arrives) {
  LiveRequest& request = pool_[slot];
  request.stage = Stage::Moving;
  request.decode_unit = static_cast<std::uint16_t>(id_.value());
  request.decode_gpu = static_cast<std::uint16_t>(gpu);
  if (!request.path.entered_decode) {  // a migrated request keeps what its first step waited for
    request.kv_ready = arrives;
  }
  const base::TokenParts32 kv = request.kv(request.steps_taken);
  placed_and_one_[gpu] += 1.0F;
  placed_kv_[gpu] += kv;
  ++view_.requests_total;
  view_.kv_total += kv;
  EPFLEET_CHECK(placed_and_one_[gpu] <= full_and_one_ && placed_kv_[gpu] <= kv_limit_,
                "a request is placed where there is room");
  incoming_.push_back({.arrives = arrives,
                       .first_token = request.first_token,
                       .slot = slot,
                       .steps_before_last = static_cast<std::uint32_t>(request.steps_in_all() -
                                                                       request.steps_taken - 1),
                       .payer = payer_of(request.request)});
}

}  // namespace epfleet::serving
