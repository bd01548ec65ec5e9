// The kept sums of a prefill unit against the same made anew, from its queues and the chunks on its
// GPUs. That these leave nobody out is for the fleet to see (cluster/fleet_sums.h).
#include "epfleet/base/sum_check.h"
#include "epfleet/serving/prefill_unit.h"

namespace epfleet::serving {

struct PrefillUnit::Anew {
  explicit Anew(const PrefillUnit& of) : unit(of) {}

  void count_queue(base::SumCheck& check, std::uint32_t queue);
  void count_gpu(base::SumCheck& check, std::uint32_t gpu);
  void count_begun(base::SumCheck& check, std::uint32_t gpu, RequestSlot slot);
  void compare_step(base::SumCheck& check, std::uint32_t gpu) const;
  void outstanding(const LiveRequest& request) {
    tokens += request.tokens_left();
    pairs += pairs_left(request);
  }

  const PrefillUnit& unit;
  std::int64_t queued = 0, halfway = 0;
  std::int64_t tokens = 0;
  double pairs = 0.0;   // exact: whole and half numbers below 2^53
  std::int64_t kv = 0;  // of the GPU that is being counted
};

void PrefillUnit::check_sums(base::SumCheck& check) const {
  const auto place = check.at("prefill unit", id_.value());
  Anew anew(*this);
  for (std::uint32_t queue = 0; queue < queues_.size(); ++queue) {
    anew.count_queue(check, queue);
  }
  for (std::uint32_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    anew.count_gpu(check, gpu);
  }
  check.equal("number of prompts that wait", queued_requests_, anew.queued);
  check.equal("number of prompts that go on in the next step", halfway_, anew.halfway);
  check.equal("tokens to be computed", outstanding_tokens_, anew.tokens);
  check.equal("attention pairs to be computed", outstanding_pairs_, anew.pairs);
  const auto of = check.at("loads of its GPUs");
  queued_loads_.check_sums(check);
  step_loads_.check_sums(check);
}

void PrefillUnit::Anew::count_queue(base::SumCheck& check, std::uint32_t queue) {
  const auto place = check.at("queue", queue);
  const bool own_queue = unit.limits_.placement == Placement::Arrival;
  double queue_tokens = 0.0, queue_pairs = 0.0;
  unit.queues_[queue].check_sums(check);
  unit.queues_[queue].for_each([&](const Prompt& prompt) {
    const LiveRequest& request = unit.pool_[prompt.slot];
    const auto request_place = check.at("request", request.request.id.value());
    check.holds(
        "who waits in a queue waits in this one",
        request.prefill_unit == unit.id_.value() && (!own_queue || request.prefill_gpu == queue));
    check.equal("tokens of a prompt in line", prompt.tokens, request.tokens_left());
    check.equal("attention pairs of a prompt in line", prompt.pairs, pairs_left(request));
    check.equal("KV of a prompt in line", prompt.kv(), request.prefill_tokens());
    ++queued;
    outstanding(request);
    queue_tokens += request.tokens_left();
    queue_pairs += pairs_left(request);
  });
  if (own_queue) {
    check.equal("tokens in line", unit.queued_loads_.tokens(queue), queue_tokens);
    check.equal("attention pairs in line", unit.queued_loads_.pairs(queue), queue_pairs);
  }
}

void PrefillUnit::Anew::count_gpu(base::SumCheck& check, std::uint32_t index) {
  const auto place = check.at("GPU", index);
  const Gpu& gpu = unit.gpus_[index];
  kv = 0;
  bool goes_on_in_step = false;
  for (const Chunk& chunk : gpu.chunks) {
    count_begun(check, index, chunk.slot);
    goes_on_in_step = goes_on_in_step || chunk.slot == gpu.halfway;
    check.holds("a chunk that is not the last goes on", chunk.last || chunk.slot == gpu.halfway);
  }
  if (gpu.halfway != kNoRequest) {
    ++halfway;
    if (!goes_on_in_step) {
      count_begun(check, index, gpu.halfway);
    }
  }
  for (const Sent& sent : unit.sending_) {
    kv += sent.gpu == index ? sent.tokens : 0;
  }
  check.equal("KV tokens in its HBM", gpu.kv_held, kv);
  if (unit.stepping_) {
    compare_step(check, index);
  } else {
    check.holds("only a running step has chunks", gpu.chunks.empty());
  }
}

void PrefillUnit::Anew::count_begun(base::SumCheck& check, std::uint32_t gpu, RequestSlot slot) {
  const LiveRequest& request = unit.pool_[slot];
  const auto place = check.at("request", request.request.id.value());
  check.holds("whose prompt is on a GPU is prefilled there",
              request.stage == Stage::Prefilling && request.prefill_unit == unit.id_.value() &&
                  request.prefill_gpu == gpu);
  outstanding(request);
  kv += request.prefill_tokens();
}

void PrefillUnit::Anew::compare_step(base::SumCheck& check, std::uint32_t index) const {
  timing::PrefillLoad load;
  for (const Chunk& chunk : unit.gpus_[index].chunks) {
    const std::int32_t before = unit.pool_[chunk.slot].computed_to;
    check.equal("attention pairs of a chunk", chunk.pairs,
                PrefillUnit::pairs(chunk.tokens, before));
    load.tokens += chunk.tokens;
    load.prefix_tokens += before;
    load.sequences += chunk.last ? 1 : 0;
    load.attention_pairs += chunk.pairs;
  }
  const timing::PrefillLoad& kept = unit.loads_[index];
  check.equal("tokens of its step", kept.tokens, load.tokens);
  check.equal("earlier tokens of its step", kept.prefix_tokens, load.prefix_tokens);
  check.equal("sequences that its step finishes", kept.sequences, load.sequences);
  check.equal("attention pairs of its step", kept.attention_pairs, load.attention_pairs);
  check.equal("tokens of its step, as the balancer has them", unit.step_loads_.tokens(index),
              static_cast<double>(load.tokens));
  check.equal("attention pairs of its step, as the balancer has them",
              unit.step_loads_.pairs(index), load.attention_pairs);
}

std::int64_t PrefillUnit::begun_requests() const {
  std::int64_t begun = 0;
  for (const Gpu& gpu : gpus_) {
    const bool waits_for_step = gpu.halfway != kNoRequest && gpu.chunks.empty();
    begun += std::ssize(gpu.chunks) + (waits_for_step ? 1 : 0);
  }
  return begun;
}

void PromptQueue::check_sums(base::SumCheck& check) const {
  std::size_t left = 0;
  for (std::size_t i = head_; i < line_.size(); ++i) {
    left += waits(line_[i]) ? 0 : 1;
  }
  check.equal("number of entries whose prompts have left the line", left_, left);
}

}  // namespace epfleet::serving
