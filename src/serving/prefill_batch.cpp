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
      work_->seconds(static_cast<double>(outstanding_tokens_), 0.0, outstanding_pairs_) /
      limits_.gpus;
  usual_s_ = budget_s_ = usual_work_s(limits_.work_budget_s, waiting_s, step_fixed_s_);
  arrivals_.roll(now);
  others_rate_ = arrivals_.others_per_second(now);
  std::fill(loads_.begin(), loads_.end(), timing::PrefillLoad{});
  step_loads_.restart();
}

void PrefillUnit::continue_halfway() {
  if (halfway_ == 0) {
    return;
  }
  for (std::uint32_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    if (gpus_[gpu].halfway != kNoRequest) {
      const Prompt prompt = prompt_of(gpus_[gpu].halfway, pool_[gpus_[gpu].halfway]);
      gpus_[gpu].halfway = kNoRequest;
      --halfway_;
      add_chunk(gpu, prompt, chunk_within_budget(gpu, prompt), true);
      if (!has_budget(gpu)) {
        step_loads_.close(gpu);
      }
    }
  }
}

// Places the queue's ready prompts. With a GPU: only on that one.
[[gnu::flatten]] void PrefillUnit::fill_from(PromptQueue& queue, std::optional<std::uint32_t> gpu,
                                             base::TimePoint now) {
  using Served = PromptQueue::Served;
  std::int64_t placed = 0;
  queue.serve([&](const Prompt& prompt) {
    if (!step_loads_.any_open()) {
      return Served::EndsIt;
    }
    if (prompt.kv_ready > now) {
      return Served::KeepsItsPlace;
    }
    if (!try_place(prompt, gpu)) {
      return Served::EndsIt;
    }
    LiveRequest& request = pool_[prompt.slot];
    if (!request.path.prefill_started) {
      request.path.prefill_started = true;
      request.prefill_start = request.path.has_first_token ? request.prefill_start : now;
    }
    ++placed;
    return Served::Leaves;
  });
  count_queued(-placed);
}

// False: no GPU (or not the bound one) has budget and HBM for it in this step.
bool PrefillUnit::try_place(const Prompt& prompt, std::optional<std::uint32_t> bound_gpu) {
  const policy::PrefillDemand demand = demand_of(prompt);
  while (step_loads_.any_open()) {
    const std::uint32_t gpu = bound_gpu ? *bound_gpu : gpu_rule_.choose(demand, step_loads_.view());
    const bool room = gpus_[gpu].kv_held + prompt.kv() <= limits_.kv_capacity_tokens;
    const bool budget = !bound_gpu || has_budget(gpu);  // those that are open have some
    const Piece piece = room && budget ? chunk_within_budget(gpu, prompt) : Piece{};
    if (piece.tokens > 0) {
      gpus_[gpu].kv_held += prompt.kv();
      if (bound_gpu) {
        queued_loads_.add(gpu, -prompt.tokens, -prompt.pairs);
      }
      add_chunk(gpu, prompt, piece, false);
      if (!has_budget(gpu)) {
        step_loads_.close(gpu);
      }
      return true;
    }
    if (bound_gpu) {
      return false;
    }
    step_loads_.close(gpu);
  }
  return false;
}

// What a prompt that must be cut may take: the step's budget, or more where a small chunk would
// cost it more than a long step costs those who come meanwhile.
double PrefillUnit::work_room(const Gpu& gpu, const Prompt& prompt) const {
  const double again_s = work_->seconds(0.0, prompt.before, 0.0);
  const double alone_s = long_chunk_work_s(step_fixed_s_ + again_s, usual_s_, others_rate_);
  return std::max(budget_s_, alone_s) - gpu.work_s;
}

PrefillUnit::Piece PrefillUnit::piece_of(const Prompt& prompt, std::int32_t tokens) const {
  const double of_pairs = tokens == prompt.tokens ? prompt.pairs : pairs(tokens, prompt.before);
  return {tokens, of_pairs, work_->seconds(tokens, prompt.before, of_pairs)};
}

// As much of the prompt as the GPU's budget takes, in whole grains; a GPU without any chunk takes
// at least one grain, so that every step makes progress. No tokens: nothing.
PrefillUnit::Piece PrefillUnit::chunk_within_budget(std::uint32_t index,
                                                    const Prompt& prompt) const {
  const Gpu& gpu = gpus_[index];
  const std::int32_t token_room = limits_.max_tokens_per_gpu - loads_[index].tokens;
  const Piece all = piece_of(prompt, prompt.tokens);
  if (prompt.tokens <= token_room && all.work_s <= budget_s_ - gpu.work_s) {
    return all;
  }
  const double room_s = work_room(gpu, prompt);
  if (prompt.tokens <= token_room && all.work_s <= room_s) {
    return all;
  }
  const timing::PrefillWork& work = *work_;
  const double most = std::max(longest_chunk(work.all, prompt.before, room_s),
                               longest_chunk(work.chosen, prompt.before, room_s));
  const auto affordable = std::min(static_cast<std::int32_t>(std::min(most, 1e9)), token_room);
  const std::int32_t whole_grains = affordable / limits_.chunk_grain * limits_.chunk_grain;
  const bool must = whole_grains == 0 && gpu.chunks.empty();
  const std::int32_t tokens = std::min(must ? limits_.chunk_grain : whole_grains, prompt.tokens);
  return piece_of(prompt, tokens);
}

void PrefillUnit::add_chunk(std::uint32_t index, const Prompt& prompt, const Piece& piece,
                            bool continued) {
  Gpu& gpu = gpus_[index];
  LiveRequest& request = pool_[prompt.slot];
  EPFLEET_CHECK(piece.tokens > 0, "a placed prompt gets a chunk");
  const bool last = piece.tokens == prompt.tokens;
  request.stage = Stage::Prefilling;
  request.prefill_gpu = static_cast<std::uint16_t>(index);
  gpu.chunks.push_back({prompt.slot, piece.tokens, piece.pairs, last, continued});
  gpu.work_s += piece.work_s;
  budget_s_ = std::max(budget_s_, gpu.work_s);  // all wait for it, so all may use the time
  timing::PrefillLoad& load = loads_[index];
  load.tokens += piece.tokens;
  load.prefix_tokens += prompt.before;
  load.sequences += last ? 1 : 0;
  load.attention_pairs += piece.pairs;
  step_loads_.add(index, piece.tokens, piece.pairs);
  if (!last) {
    gpu.halfway = prompt.slot;
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
    std::for_each(returned[i].rbegin(), returned[i].rend(),
                  [&](RequestSlot slot) { queues_[i].push_front(prompt_of(slot, pool_[slot])); });
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
  request.path.prefill_started =
      request.prefill_start != step_.start;  // or an earlier step began it
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

}  // namespace epfleet::serving
