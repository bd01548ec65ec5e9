// How a prefill step's batch is formed: long prompts continue on their GPU, then the queue is
// served, first come first served, each prompt by the GPU that the balancer picks among those with
// budget left.
#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/serving/prefill_unit.h"

namespace epfleet::serving {
namespace {

// seconds(q) = a q^2 + b q + c, from q * before + q (q + 1) / 2 pairs, solved for room_s.
double longest_chunk(const timing::PrefillWork::Line& work, std::int32_t before, double room_s) {
  const double a = 0.5 * work.seconds_per_pair;
  const double b = work.seconds_per_token + work.seconds_per_pair * (before + 0.5);
  const double c = work.seconds_per_prefix_token * before;
  const double spare = std::max(0.0, room_s - c);
  return 2.0 * spare / (b + std::sqrt(b * b + 4.0 * a * spare));
}

constexpr std::size_t kAhead = 8;  // places of the queue: fetched before they come up

}  // namespace

void PrefillUnit::begin_batch(base::TimePoint now) {
  std::erase_if(sending_, [&](const Sent& sent) {
    const bool gone = sent.at <= now;
    if (gone) {
      gpus_[sent.gpu].kv_held -= sent.tokens;
    }
    return gone;
  });
  for (Gpu& gpu : gpus_) {
    gpu.work_s = 0.0;
  }
  const double waiting_s =
      pricer_->work().seconds(static_cast<double>(outstanding_tokens_), 0.0, outstanding_pairs_) /
      limits_.gpus;
  usual_s_ = budget_s_ = usual_work_s(limits_.work_budget_s, waiting_s, step_fixed_s_);
  arrivals_.roll(now);
  others_rate_ = arrivals_.others_per_second(now);
  std::fill(loads_.begin(), loads_.end(), timing::PrefillLoad{});
  step_loads_.clear();
  open_ = all_gpus_;
}

void PrefillUnit::continue_halfway() {
  for (std::uint32_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    if (gpus_[gpu].halfway != kNoRequest) {
      const RequestSlot slot = gpus_[gpu].halfway;
      gpus_[gpu].halfway = kNoRequest;
      --halfway_;
      add_chunk(gpu, slot, chunk_within_budget(gpus_[gpu], gpu, pool_[slot]), true);
      if (!has_budget(gpu)) {
        close(gpu);
      }
    }
  }
}

// Places the queue's ready prompts. With a GPU: only on that one.
void PrefillUnit::fill_from(PromptQueue& queue, std::optional<std::uint32_t> gpu,
                            base::TimePoint now) {
  std::vector<RequestSlot> being_read;  // their hits are still on the way: they keep their places
  while (!open_.empty()) {
    const RequestSlot slot = queue.front();
    if (slot == kNoRequest) {
      break;
    }
    queue.prefetch(kAhead);
    if (pool_[slot].kv_ready <= now) {
      if (!try_place(slot, gpu)) {
        break;
      }
      LiveRequest& request = pool_[slot];
      if (!request.prefill_started) {
        request.prefill_started = true;
        request.prefill_start = request.has_first_token() ? request.prefill_start : now;
      }
      count_queued(-1);
    } else {
      being_read.push_back(slot);
    }
    queue.pop_front();
  }
  queue.push_front(being_read);
}

// False: no GPU (or not the bound one) has budget and HBM for it in this step.
bool PrefillUnit::try_place(RequestSlot slot, std::optional<std::uint32_t> bound_gpu) {
  const LiveRequest& request = pool_[slot];
  const policy::PrefillDemand demand = demand_of(request);
  while (!open_.empty()) {
    const std::uint32_t gpu =
        bound_gpu ? *bound_gpu : gpu_rule_.choose(demand, step_loads_.view(open_));
    const bool room = gpus_[gpu].kv_held + request.prefill_tokens() <= limits_.kv_capacity_tokens;
    const std::int32_t chunk =
        room && has_budget(gpu) ? chunk_within_budget(gpus_[gpu], gpu, request) : 0;
    if (chunk > 0) {
      gpus_[gpu].kv_held += request.prefill_tokens();
      if (bound_gpu) {
        queued_loads_.add(gpu, -request.tokens_left(), -pairs_left(request));
      }
      add_chunk(gpu, slot, chunk, false);
      if (!has_budget(gpu)) {
        close(gpu);
      }
      return true;
    }
    if (bound_gpu) {
      return false;
    }
    close(gpu);
  }
  return false;
}

// What a prompt that must be cut may take: the step's budget, or more where a small chunk would
// cost it more than a long step costs those who come meanwhile.
double PrefillUnit::work_room(const Gpu& gpu, const LiveRequest& request) const {
  const double again_s = pricer_->work().seconds(0.0, request.computed_to, 0.0);
  const double alone_s = long_chunk_work_s(step_fixed_s_ + again_s, usual_s_, others_rate_);
  return std::max(budget_s_, alone_s) - gpu.work_s;
}

// As much of the prompt as the GPU's budget takes, in whole grains; a GPU without any chunk takes
// at least one grain, so that every step makes progress. 0: nothing.
std::int32_t PrefillUnit::chunk_within_budget(const Gpu& gpu, std::uint32_t index,
                                              const LiveRequest& request) const {
  const timing::PrefillWork& work = pricer_->work();
  const std::int32_t before = request.computed_to;
  const std::int32_t remaining = request.tokens_left();
  const std::int32_t token_room = limits_.max_tokens_per_gpu - loads_[index].tokens;
  const double all_s = work.seconds(remaining, before, pairs_left(request));
  if (remaining <= token_room && all_s <= budget_s_ - gpu.work_s) {
    return remaining;
  }
  const double room_s = work_room(gpu, request);
  if (remaining <= token_room && all_s <= room_s) {
    return remaining;
  }
  const double most =
      std::max(longest_chunk(work.all, before, room_s), longest_chunk(work.chosen, before, room_s));
  const auto affordable = std::min(static_cast<std::int32_t>(std::min(most, 1e9)), token_room);
  const std::int32_t whole_grains = affordable / limits_.chunk_grain * limits_.chunk_grain;
  if (whole_grains == 0 && gpu.chunks.empty()) {
    return std::min(limits_.chunk_grain, remaining);
  }
  return std::min(whole_grains, remaining);
}

void PrefillUnit::add_chunk(std::uint32_t index, RequestSlot slot, std::int32_t tokens,
                            bool continued) {
  Gpu& gpu = gpus_[index];
  LiveRequest& request = pool_[slot];
  const std::int32_t before = request.computed_to;
  EPFLEET_CHECK(tokens > 0, "a placed prompt gets a chunk");
  const double chunk_pairs = pairs(tokens, before);
  const bool last = tokens == request.tokens_left();
  request.stage = Stage::Prefilling;
  request.prefill_gpu = static_cast<std::uint16_t>(index);
  gpu.chunks.push_back({slot, tokens, last, continued});
  gpu.work_s += pricer_->work().seconds(tokens, before, chunk_pairs);
  budget_s_ = std::max(budget_s_, gpu.work_s);  // all wait for it, so all may use the time
  timing::PrefillLoad& load = loads_[index];
  load.tokens += tokens;
  load.prefix_tokens += before;
  load.sequences += last ? 1 : 0;
  load.attention_pairs += chunk_pairs;
  step_loads_.set(index, load.tokens, load.attention_pairs);
  if (!last) {
    gpu.halfway = slot;
    ++halfway_;
  }
}

void PrefillUnit::abort_step(base::TimePoint now) {
  EPFLEET_CHECK(stepping_ && now <= step_.end, "a step is given up before its end");
  std::vector<std::vector<RequestSlot>> returned(queues_.size());
  for (std::uint32_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    for (const Chunk& chunk : gpus_[gpu].chunks) {
      take_back(gpu, chunk, returned);
    }
    gpus_[gpu].chunks.clear();
  }
  for (std::size_t i = 0; i < queues_.size(); ++i) {  // they came back GPU by GPU
    std::ranges::sort(returned[i], {}, [&](RequestSlot slot) { return pool_[slot].request.id; });
    queues_[i].push_front(returned[i]);
  }
  rebalance_.interrupted(now);
  stepping_ = false;
}

// The prompt returns to its queue, or continues on its GPU.
void PrefillUnit::take_back(std::uint32_t index, const Chunk& chunk,
                            std::vector<std::vector<RequestSlot>>& returned) {
  Gpu& gpu = gpus_[index];
  if (chunk.continued) {
    halfway_ += chunk.last ? 1 : 0;
    gpu.halfway = chunk.slot;
    return;
  }
  if (!chunk.last) {
    --halfway_;
    if (gpu.halfway == chunk.slot) {  // else one that continues has its place back
      gpu.halfway = kNoRequest;
    }
  }
  LiveRequest& request = pool_[chunk.slot];
  request.stage = Stage::Queued;
  request.prefill_started = request.prefill_start != step_.start;  // or an earlier step began it
  gpu.kv_held -= request.prefill_tokens();
  count_queued(1);
  const bool own_queue = limits_.placement == Placement::Arrival;
  if (own_queue) {
    queued_loads_.add(index, request.tokens_left(), pairs_left(request));
  }
  returned[own_queue ? index : 0].push_back(chunk.slot);
}

bool PrefillUnit::has_budget(std::uint32_t gpu) const {
  return gpus_[gpu].halfway == kNoRequest && loads_[gpu].tokens < limits_.max_tokens_per_gpu &&
         gpus_[gpu].work_s < budget_s_;
}

void PrefillUnit::close(std::uint32_t gpu) { std::erase(open_, gpu); }

}  // namespace epfleet::serving
