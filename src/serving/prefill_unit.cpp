#include "epfleet/serving/prefill_unit.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "even_loads.h"
#include "slowed.h"

namespace epfleet::serving {

namespace {

double emptiest_step_s(const timing::PrefillPricer& pricer, std::int32_t gpus) {
  std::vector<timing::PrefillLoad> loads(static_cast<std::size_t>(gpus));
  loads.front() = {.tokens = 1, .prefix_tokens = 0, .sequences = 1, .attention_pairs = 1.0};
  return base::to_seconds(pricer.price(loads).duration);
}

}  // namespace

PrefillUnit::PrefillUnit(base::UnitId id, const PrefillUnitLimits& limits,
                         const timing::PrefillPricer& pricer, policy::PrefillRule& gpu_rule,
                         RequestPool& pool)
    : id_(id),
      limits_(limits),
      whole_pricer_(&pricer),
      pricer_(&pricer),
      work_(&pricer.work()),
      gpu_rule_(gpu_rule),
      pool_(pool),
      step_fixed_s_(emptiest_step_s(pricer, limits.gpus)),
      step_loads_(static_cast<std::size_t>(limits.gpus)),
      queued_loads_(static_cast<std::size_t>(limits.gpus)),
      rebalance_(limits.rebalance) {
  const auto gpus = static_cast<std::size_t>(limits.gpus);
  gpus_.resize(gpus);
  loads_.resize(gpus);
  queues_.assign(limits.placement == Placement::Arrival ? gpus : 1, PromptQueue(pool));
  queued_loads_.restart();
}

std::optional<base::Duration> PrefillUnit::start_step(base::TimePoint now) {
  EPFLEET_CHECK(!stepping_, "a unit takes one step at a time");
  begin_batch(now);
  continue_halfway();
  if (limits_.placement == Placement::Step) {
    fill_from(queues_.front(), std::nullopt, now);
  } else {
    for (std::uint32_t gpu = 0; gpu < queues_.size(); ++gpu) {
      fill_from(queues_[gpu], gpu, now);
    }
  }
  if (std::ranges::all_of(loads_, [](const auto& load) { return load.tokens == 0; })) {
    return std::nullopt;
  }
  timing::StepPrice price =
      gpu_rule_.evens_out() ? pricer_->price(spread(loads_)) : pricer_->price(loads_);
  price.duration = rebalance_.stretched(now, slowed(price.duration, speed_));
  describe_step(now, price);
  stepping_ = true;
  return price.duration;
}

void PrefillUnit::describe_step(base::TimePoint now, const timing::StepPrice& price) {
  const auto gpus = static_cast<double>(gpus_.size());
  double work = 0.0, most_work = 0.0;
  double pair_sum = 0.0, most_pairs = 0.0;
  std::int64_t tokens = 0;
  std::int32_t most_tokens = 0;
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    work += gpus_[i].work_s;
    most_work = std::max(most_work, gpus_[i].work_s);
    pair_sum += loads_[i].attention_pairs;
    most_pairs = std::max(most_pairs, loads_[i].attention_pairs);
    tokens += loads_[i].tokens;
    most_tokens = std::max(most_tokens, loads_[i].tokens);
  }
  step_ = {.unit = id_,
           .start = now,
           .end = now + price.duration,
           .tokens = tokens,
           .attention_pairs = pair_sum,
           .efficiency = work / (gpus * most_work),
           .attention_imbalance = most_pairs * gpus / pair_sum,
           .token_imbalance = most_tokens * gpus / static_cast<double>(tokens),
           .expert_imbalance = price.expert_imbalance,
           .out_of_range = price.out_of_range};
  if (gpu_rule_.evens_out()) {
    step_.efficiency = step_.attention_imbalance = step_.token_imbalance = 1.0;
  }
}

void PrefillUnit::finish_step(base::TimePoint now, std::vector<RequestSlot>& first_tokens) {
  EPFLEET_CHECK(stepping_ && now == step_.end, "a step ends when it was priced to end");
  for (const Gpu& gpu : gpus_) {
    for (const Chunk& chunk : gpu.chunks) {
      pool_.prefetch(chunk.slot);  // touched seconds ago: no longer in the processor's cache
    }
  }
  for (Gpu& gpu : gpus_) {
    for (const Chunk& chunk : gpu.chunks) {
      LiveRequest& request = pool_[chunk.slot];
      outstanding_tokens_ -= chunk.tokens;
      outstanding_pairs_ -= chunk.pairs;
      request.computed_to += chunk.tokens;
      if (chunk.last) {
        if (!request.path.has_first_token) {
          request.first_token = now;
          ++step_.first_tokens;
        }
        first_tokens.push_back(chunk.slot);
      }
    }
    gpu.chunks.clear();
  }
  stepping_ = false;
}

std::optional<base::TimePoint> PrefillUnit::next_ready(base::TimePoint now) const {
  if (queued_requests_ == 0) {
    return std::nullopt;
  }
  std::optional<base::TimePoint> next;
  const auto consider = [&](base::TimePoint at) {
    if (at > now && (!next || at < *next)) {
      next = at;
    }
  };
  for (const PromptQueue& queue : queues_) {
    queue.for_each([&](const Prompt& prompt) { consider(prompt.kv_ready); });
  }
  for (const Sent& sent : sending_) {  // or HBM is full until something has been sent
    consider(sent.at);
  }
  return next;
}

void PrefillUnit::leave(RequestSlot slot, std::vector<RequestSlot>& evicted) {
  outstanding_tokens_ -= pool_[slot].tokens_left();
  outstanding_pairs_ -= pairs_left(pool_[slot]);
  evicted.push_back(slot);
}

void PrefillUnit::evict_queued(std::vector<RequestSlot>& evicted) {
  for (PromptQueue& queue : queues_) {
    queue.for_each([&](const Prompt& prompt) { leave(prompt.slot, evicted); });
    queue.clear();
  }
  count_queued(-queued_requests_);
  queued_loads_.restart();
}

void PrefillUnit::evict_all(std::vector<RequestSlot>& evicted) {
  EPFLEET_CHECK(!stepping_, "half-done prompts leave a unit between steps");
  evict_queued(evicted);
  for (Gpu& gpu : gpus_) {
    if (gpu.halfway != kNoRequest) {
      leave(gpu.halfway, evicted);
      leave_gpu(gpu);
    }
  }
  EPFLEET_CHECK(outstanding_tokens_ == 0, "an evicted unit has nothing outstanding");
}

// What it holds there goes with the half-done prompt.
void PrefillUnit::leave_gpu(Gpu& gpu) {
  gpu.kv_held -= pool_[gpu.halfway].prefill_tokens();
  gpu.halfway = kNoRequest;
  --halfway_;
}

void PrefillUnit::remove(RequestSlot slot) {
  const LiveRequest& request = pool_[slot];
  outstanding_tokens_ -= request.tokens_left();
  outstanding_pairs_ -= pairs_left(request);
  if (request.stage == Stage::Prefilling) {
    EPFLEET_CHECK(!stepping_ && gpus_[request.prefill_gpu].halfway == slot,
                  "a half-done prompt leaves its GPU between steps");
    return leave_gpu(gpus_[request.prefill_gpu]);
  }
  const bool own_queue = limits_.placement == Placement::Arrival;
  if (own_queue) {
    queued_loads_.add(request.prefill_gpu, -request.tokens_left(), -pairs_left(request));
  }
  queues_[own_queue ? request.prefill_gpu : 0].remove(slot);
  count_queued(-1);
}

}  // namespace epfleet::serving
