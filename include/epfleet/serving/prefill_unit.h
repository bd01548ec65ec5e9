// A prefill unit: a queue of prompts and all its GPUs stepping together through chunks of them.
// Modelled: chunked prefill with a budget of work and of tokens per GPU and step, long prompts
//   continued on their GPU over several steps, HBM held until the KV is sent, hits read over the
//   nodes' storage NICs while the prompt waits, steps priced from every GPU's load, standing still
//   while experts move.
// Left out: the hop of a hit from the node that read it to the GPU's own node (a twentieth of a
//   NIC); the cut of a prompt at the border of the two micro-batches (each takes half of all).
// Source: open-infra-index day 6 (layout, overlap).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"
#include "epfleet/policy/balancer.h"
#include "epfleet/policy/loads.h"
#include "epfleet/serving/config.h"
#include "epfleet/serving/live_request.h"
#include "epfleet/serving/prompt_queue.h"
#include "epfleet/serving/rebalance_pause.h"
#include "epfleet/serving/recent_arrivals.h"
#include "epfleet/serving/step_budget.h"
#include "epfleet/timing/prefill_pricer.h"

namespace epfleet::serving {

struct PrefillUnitLimits {
  std::int32_t gpus = 0;
  std::int32_t max_tokens_per_gpu = 0;  // per step, both micro-batches
  double work_budget_s = 0.0;           // per GPU and step, under load (usual_work_s)
  std::int32_t chunk_grain = 64;        // tokens
  std::int64_t kv_capacity_tokens = 0;  // per GPU
  Placement placement = Placement::Step;
  RebalancePause rebalance{};  // when moving experts stops the unit
};

class PrefillUnit {
 public:
  using Loads = policy::PrefillLoads;  // what a balancer of units sees of them
  using GpuRule = policy::PrefillRule;

  PrefillUnit(base::UnitId id, const PrefillUnitLimits& limits, const timing::PrefillPricer& pricer,
              policy::PrefillRule& gpu_rule, RequestPool& pool);

  // What a unit asks of a request, as it is now.
  [[nodiscard]] static Prompt prompt_of(RequestSlot slot, const LiveRequest& request);
  // The prompt waits here from now on; its hit is in place at kv_ready. REQUIRES: it is as
  // prompt_of() says.
  void enqueue(const Prompt& prompt);
  void enqueue(RequestSlot slot) { enqueue(prompt_of(slot, pool_[slot])); }

  [[nodiscard]] bool stepping() const { return stepping_; }
  // Forms a batch of what is ready and prices it; none: nothing can start now.
  std::optional<base::Duration> start_step(base::TimePoint now);
  // Ends the running step; appends the prompts whose last chunk is computed, GPU by GPU.
  void finish_step(base::TimePoint now, std::vector<RequestSlot>& first_tokens);
  // Gives up the running step: prompts that continued stay on their GPU, the others are at the
  // queue's front again, in order of arrival. REQUIRES: stepping().
  void abort_step(base::TimePoint now);
  // The KV of a finished prompt has left its GPU's HBM at `sent`.
  void release_kv(std::uint32_t gpu, base::TimePoint sent, std::int32_t tokens) {
    sending_.push_back({sent, gpu, tokens});
  }
  // When a step might become possible without a further enqueue; none: nothing waits.
  [[nodiscard]] std::optional<base::TimePoint> next_ready(base::TimePoint now) const;

  // Steps are priced by that from now on, and take 1 / speed as long: the slowest GPU's. The pricer
  // must outlive this. Whole again: as it was made.
  void degrade(const timing::PrefillPricer& pricer, double speed) {
    pricer_ = &pricer;
    work_ = &pricer.work();
    speed_ = speed;
  }
  void make_whole() { degrade(*whole_pricer_, 1.0); }
  [[nodiscard]] const timing::PrefillPricer& whole_pricer() const { return *whole_pricer_; }

  // Everything that waits or is half done leaves (scaling down, failure). REQUIRES: !stepping().
  void evict_all(std::vector<RequestSlot>& evicted);
  // Everything that has not been started leaves; also during a step.
  void evict_queued(std::vector<RequestSlot>& evicted);

  // The request leaves from wherever it is. REQUIRES: the running step does not work on it.
  void remove(RequestSlot slot);

  // Outstanding load: waiting and in the running step.
  void report_load(Loads& loads) const {
    loads.set(id_.value(), static_cast<double>(outstanding_tokens_), outstanding_pairs_);
  }
  [[nodiscard]] std::int64_t outstanding_tokens() const { return outstanding_tokens_; }
  [[nodiscard]] std::int64_t waiting_requests() const { return queued_requests_; }
  [[nodiscard]] bool empty() const { return !stepping_ && queued_requests_ == 0 && halfway_ == 0; }
  [[nodiscard]] const observe::PrefillStepDone& last_step() const { return step_; }
  [[nodiscard]] const PrefillUnitLimits& limits() const { return limits_; }
  void check_sums(base::SumCheck& check) const;
  // Prompts of which a step has begun, and that have not left.
  [[nodiscard]] std::int64_t begun_requests() const;

  // Query-key pairs of `tokens` new tokens after `before` earlier ones.
  [[nodiscard]] static double pairs(std::int32_t tokens, std::int32_t before) {
    return static_cast<double>(tokens) * before +
           0.5 * static_cast<double>(tokens) * (static_cast<double>(tokens) + 1.0);
  }
  [[nodiscard]] static double pairs_left(const LiveRequest& request) {
    return pairs(request.tokens_left(), request.computed_to);
  }
  [[nodiscard]] static policy::PrefillDemand demand_of(const Prompt& prompt) {
    return {static_cast<float>(prompt.tokens), static_cast<float>(prompt.pairs)};
  }

 private:
  struct Anew;  // its sums, made from scratch: prefill_sums.cpp
  // What a GPU computes of a prompt in one step.
  struct Piece {
    std::int32_t tokens = 0;
    double pairs = 0.0;   // of query and key
    double work_s = 0.0;  // by the linear estimate
  };
  struct Chunk {
    RequestSlot slot;
    std::int32_t tokens;
    double pairs;
    bool last;
    bool continued;  // of a prompt that was half done on this GPU before the step
  };
  struct Sent {
    base::TimePoint at;
    std::uint32_t gpu;
    std::int32_t tokens;
  };
  struct Gpu {
    std::vector<Chunk> chunks;         // of the step being formed or running
    RequestSlot halfway = kNoRequest;  // a prompt that continues here
    std::int64_t kv_held = 0;          // tokens
    double work_s = 0.0;               // of the step being formed
  };

  void begin_batch(base::TimePoint now);
  void continue_halfway();
  void fill_from(PromptQueue& queue, std::optional<std::uint32_t> gpu, base::TimePoint now);
  bool try_place(const Prompt& prompt, std::optional<std::uint32_t> bound_gpu);
  void add_chunk(std::uint32_t gpu, const Prompt& prompt, const Piece& piece, bool continued);
  [[nodiscard]] Piece piece_of(const Prompt& prompt, std::int32_t tokens) const;
  void take_back(std::uint32_t gpu, const Chunk& chunk,
                 std::vector<std::vector<RequestSlot>>& returned);
  [[nodiscard]] Piece chunk_within_budget(std::uint32_t gpu, const Prompt& prompt) const;
  [[nodiscard]] double work_room(const Gpu& gpu, const Prompt& prompt) const;
  [[nodiscard]] bool has_budget(std::uint32_t gpu) const;
  void describe_step(base::TimePoint now, const timing::StepPrice& price);
  void leave(RequestSlot slot, std::vector<RequestSlot>& evicted);
  void leave_gpu(Gpu& gpu);
  void count_queued(std::int64_t change) {
    queued_requests_ += change;
    pool_.count_queued(change);
  }

  base::UnitId id_;
  PrefillUnitLimits limits_;
  const timing::PrefillPricer* whole_pricer_;
  const timing::PrefillPricer* pricer_;
  const timing::PrefillWork* work_;  // of that
  double speed_ = 1.0;
  policy::PrefillRule& gpu_rule_;
  RequestPool& pool_;

  double step_fixed_s_;  // a step with next to nothing to do
  // Of the step being formed: what a GPU may do, and the same raised to its longest so far.
  double usual_s_ = 0.0, budget_s_ = 0.0, others_rate_ = 0.0;  // others: arrivals a second
  RecentArrivals arrivals_;
  std::vector<Gpu> gpus_;
  std::vector<Sent> sending_;               // KV that leaves its GPU at a time to come
  std::vector<timing::PrefillLoad> loads_;  // per GPU, of the step being formed or running
  policy::PrefillLoads step_loads_;         // the same for the GPU balancer; open: with budget left
  // Step placement: one queue; arrival placement: one per GPU, and its load for the balancer.
  std::vector<PromptQueue> queues_;
  policy::PrefillLoads queued_loads_;

  std::int64_t outstanding_tokens_ = 0;
  double outstanding_pairs_ = 0.0;
  std::int64_t queued_requests_ = 0, halfway_ = 0;
  bool stepping_ = false;
  RebalancePause rebalance_;
  observe::PrefillStepDone step_;
};

inline Prompt PrefillUnit::prompt_of(RequestSlot slot, const LiveRequest& request) {
  const std::int32_t tokens = request.tokens_left();
  return {.kv_ready = request.kv_ready,
          .pairs = pairs(tokens, request.computed_to),
          .tokens = tokens,
          .before = request.computed_to,
          .slot = slot};
}

inline void PrefillUnit::enqueue(const Prompt& prompt) {
  LiveRequest& request = pool_[prompt.slot];
  EPFLEET_CHECK(prompt.tokens > 0, "a queued prompt has tokens to compute");
  request.stage = Stage::Queued;
  request.prefill_unit = static_cast<std::uint16_t>(id_.value());
  outstanding_tokens_ += prompt.tokens;
  outstanding_pairs_ += prompt.pairs;
  count_queued(1);
  arrivals_.count();
  std::uint32_t queue = 0;
  if (limits_.placement == Placement::Arrival) {
    queue = gpu_rule_.choose(demand_of(prompt), queued_loads_.view());
    queued_loads_.add(queue, prompt.tokens, prompt.pairs);
    request.prefill_gpu = static_cast<std::uint16_t>(queue);
  }
  queues_[queue].push_back(prompt);
}

}  // namespace epfleet::serving
