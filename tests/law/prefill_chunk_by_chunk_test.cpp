// The prefill unit forms batches with closed forms and running sums; here a reference deals the
// queue out chunk by chunk, finding every cut by trying grains one by one, with sums made anew from
// the chunks. Both must agree exactly: the chunks' totals and price of every step, and who gets the
// first token when.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "epfleet/base/random.h"
#include "epfleet/policy/registry.h"
#include "epfleet/serving/prefill_unit.h"
#include "epfleet/serving/step_budget.h"

namespace epfleet::serving {
namespace {

using base::TimePoint;

constexpr std::int32_t kGpus = 8;

struct Prompt {
  RequestSlot slot;
  std::int32_t prompt, done;  // tokens; done: hit and earlier chunks
};

struct Chunk {
  Prompt* prompt;
  std::int32_t tokens, before;
};

struct ReferenceUnit {
  timing::PrefillWork work;
  PrefillUnitLimits limits;
  double empty_step_s;
  std::deque<Prompt*> queue;
  std::vector<Prompt*> halfway;
  std::vector<std::vector<Chunk>> chunks;
  std::vector<bool> closed;
  double others_per_second = 0.0, usual_s = 0.0;

  [[nodiscard]] timing::PrefillLoad load(std::size_t gpu) const {
    timing::PrefillLoad load;
    for (const Chunk& chunk : chunks[gpu]) {
      load.tokens += chunk.tokens;
      load.prefix_tokens += chunk.before;
      load.sequences += chunk.before + chunk.tokens == chunk.prompt->prompt ? 1 : 0;
      load.attention_pairs += PrefillUnit::pairs(chunk.tokens, chunk.before);
    }
    return load;
  }
  [[nodiscard]] double work_s(std::size_t gpu) const {
    double sum = 0.0;
    for (const Chunk& chunk : chunks[gpu]) {
      sum +=
          work.seconds(chunk.tokens, chunk.before, PrefillUnit::pairs(chunk.tokens, chunk.before));
    }
    return sum;
  }
  // Of the step: as much as its longest GPU has, if that is more than usual.
  [[nodiscard]] double budget_s() const {
    double most = usual_s;
    for (std::size_t gpu = 0; gpu < kGpus; ++gpu) {
      most = std::max(most, work_s(gpu));
    }
    return most;
  }
  // The longest chunk that fits: the whole rest, or grain by grain.
  [[nodiscard]] std::int32_t longest_chunk(std::size_t gpu, const Prompt& prompt) const {
    const std::int32_t rest = prompt.prompt - prompt.done;
    const std::int32_t tokens = load(gpu).tokens;
    double room = budget_s() - work_s(gpu);
    const auto fits = [&](std::int32_t q) {
      return tokens + q <= limits.max_tokens_per_gpu &&
             work.seconds(q, prompt.done, PrefillUnit::pairs(q, prompt.done)) <= room;
    };
    if (fits(rest)) {
      return rest;
    }
    const double fixed = empty_step_s + work.all.seconds_per_prefix_token * prompt.done;
    const double best = long_chunk_work_s(fixed, usual_s, others_per_second);
    room = std::max(budget_s(), best) - work_s(gpu);
    if (fits(rest)) {
      return rest;
    }
    std::int32_t q = 0;
    while (fits(q + limits.chunk_grain)) {
      q += limits.chunk_grain;
    }
    if (q == 0 && chunks[gpu].empty()) {
      q = limits.chunk_grain;
    }
    return std::min(q, rest);
  }
  [[nodiscard]] bool is_full(std::size_t gpu) const {
    return halfway[gpu] != nullptr || load(gpu).tokens >= limits.max_tokens_per_gpu ||
           work_s(gpu) >= budget_s();
  }
  void put(std::size_t gpu, Prompt& prompt, std::int32_t tokens) {
    chunks[gpu].push_back({&prompt, tokens, prompt.done});
    halfway[gpu] = prompt.done + tokens < prompt.prompt ? &prompt : nullptr;
    closed[gpu] = is_full(gpu);  // for this step, even if another GPU's chunk makes it longer
  }
  // The fewest tokens among the open GPUs, the first on ties: least_queued_tokens in words.
  void form() {
    chunks.assign(kGpus, {});
    closed.assign(kGpus, false);
    for (std::size_t gpu = 0; gpu < kGpus; ++gpu) {
      if (Prompt* prompt = std::exchange(halfway[gpu], nullptr)) {
        put(gpu, *prompt, longest_chunk(gpu, *prompt));
      }
    }
    std::vector<bool> refused(kGpus, false);
    while (!queue.empty()) {
      std::size_t best = kGpus;
      for (std::size_t gpu = 0; gpu < kGpus; ++gpu) {
        if (!refused[gpu] && !closed[gpu] &&
            (best == kGpus || load(gpu).tokens < load(best).tokens)) {
          best = gpu;
        }
      }
      if (best == kGpus) {
        return;
      }
      const std::int32_t tokens = longest_chunk(best, *queue.front());
      if (tokens == 0) {
        refused[best] = true;
        continue;
      }
      put(best, *queue.front(), tokens);
      queue.pop_front();
    }
  }
  std::vector<RequestSlot> finish() {
    std::vector<RequestSlot> first_tokens;
    for (auto& on_gpu : chunks) {
      for (const Chunk& chunk : on_gpu) {
        chunk.prompt->done += chunk.tokens;
        if (chunk.prompt->done == chunk.prompt->prompt) {
          first_tokens.push_back(chunk.prompt->slot);
        }
      }
    }
    return first_tokens;
  }
};

model::PrefillLayout small_prefill_layout() {
  model::PrefillLayout layout;
  layout.gpus = kGpus;
  layout.redundant_experts = 0;
  return layout;
}

std::int32_t random_prompt(base::Stream& draw) {
  const double length = draw.lognormal(7.0, 1.5);  // median 1,100 tokens, one in 50 above 24 k
  return 1 + static_cast<std::int32_t>(std::min(length, 60'000.0));
}

double empty_step_s(const timing::PrefillPricer& pricer) {
  std::vector<timing::PrefillLoad> loads(kGpus);
  loads[0] = {1, 0, 1, 1.0};
  return base::to_seconds(pricer.price(loads).duration);
}

int run_against_reference(std::uint64_t seed, const timing::PrefillPricer& pricer, double load) {
  base::Stream draw(base::StreamFamily(seed, "prefill_reference"), 0);
  RequestPool pool;
  const PrefillUnitLimits limits{kGpus, 4'096,       standard_work_budget_s(pricer.work(), 4'096),
                                 64,    100'000'000, Placement::Step};
  const auto rule = policy::prefill_gpu_rules()["least_queued_tokens"](1);
  PrefillUnit unit(base::UnitId(0), limits, pricer, *rule, pool);
  ReferenceUnit reference{pricer.work(), limits, empty_step_s(pricer), {}, {}, {}, {}, 0.0, 0.0};
  reference.halfway.assign(kGpus, nullptr);
  RecentArrivals recent;
  std::deque<Prompt> prompts;
  TimePoint now{};
  int first_tokens = 0;
  for (int step = 0; step < 250; ++step) {
    for (double arrivals = load * 2.0 * draw.uniform(); arrivals > draw.uniform();
         arrivals -= 1.0) {
      workload::Request request;
      request.id = base::RequestId(prompts.size());
      request.prompt_tokens = random_prompt(draw);
      const RequestSlot slot = pool.add(request);
      LiveRequest& live = pool[slot];
      live.cached_tokens = live.computed_to = static_cast<std::int32_t>(
          draw.bits() % static_cast<std::uint64_t>(request.prompt_tokens) / 64 * 64);
      live.kv_ready = now;
      unit.enqueue(slot);
      recent.count();
      prompts.push_back({slot, request.prompt_tokens, live.computed_to});
      reference.queue.push_back(&prompts.back());
    }
    const ReferenceUnit before = reference;
    recent.roll(now);
    reference.others_per_second = recent.others_per_second(now);
    double waiting_tokens = 0.0, waiting_pairs = 0.0;
    for (const Prompt& prompt : prompts) {
      const std::int32_t left = prompt.prompt - prompt.done;
      waiting_tokens += left;
      waiting_pairs += PrefillUnit::pairs(left, prompt.done);
    }
    reference.usual_s = usual_work_s(
        limits.work_budget_s, pricer.work().seconds(waiting_tokens, 0.0, waiting_pairs) / kGpus,
        reference.empty_step_s);
    reference.form();
    std::vector<timing::PrefillLoad> loads;
    std::int64_t tokens = 0;
    for (std::size_t gpu = 0; gpu < kGpus; ++gpu) {
      loads.push_back(reference.load(gpu));
      tokens += loads.back().tokens;
    }
    const auto duration = unit.start_step(now);
    EXPECT_EQ(duration.has_value(), tokens > 0) << "seed " << seed << " step " << step;
    if (!duration) {
      now += std::chrono::milliseconds(10);
      continue;
    }
    EXPECT_EQ(unit.last_step().tokens, tokens) << "seed " << seed << " step " << step;
    EXPECT_EQ(*duration, pricer.price(loads).duration) << "seed " << seed << " step " << step;
    if (draw.bits() % 8 == 0) {  // given up half-way: as if it had not been formed
      now += *duration / 2;
      unit.abort_step(now);
      reference = before;
      EXPECT_EQ(unit.waiting_requests(), static_cast<std::int64_t>(reference.queue.size()));
      continue;
    }
    now += *duration;
    std::vector<RequestSlot> done;
    unit.finish_step(now, done);
    EXPECT_EQ(done, reference.finish()) << "seed " << seed << " step " << step;
    for (const RequestSlot slot : done) {
      unit.release_kv(pool[slot].prefill_gpu, now, pool[slot].request.prompt_tokens);
      ++first_tokens;
    }
    std::int64_t outstanding = 0;
    for (const Prompt& prompt : prompts) {
      outstanding += prompt.prompt - prompt.done;
    }
    EXPECT_EQ(unit.outstanding_tokens(), outstanding);
  }
  return first_tokens;
}

TEST(PrefillChunkByChunk, TheUnitAgreesExactlyWithTheReference) {
  const timing::PrefillPricer pricer(
      {hardware::HardwareProfile{}, model::Model{}, small_prefill_layout(), {}});
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    // prompts a step: a few, below and above capability
    const double load = seed % 3 == 0 ? 0.3 : seed % 3 == 1 ? 6.0 : 20.0;
    EXPECT_GT(run_against_reference(seed, pricer, load), load < 1.0 ? 30 : 400) << "seed " << seed;
  }
}

// q * p + q (q + 1) / 2: every new token sees the earlier ones and itself.
TEST(PrefillChunkByChunk, PairsCountEveryQueryAndKey) {
  for (std::int32_t before : {0, 1, 640}) {
    double pairs = 0.0;
    for (std::int32_t q = 1; q <= 300; ++q) {
      pairs += before + q;
      ASSERT_EQ(PrefillUnit::pairs(q, before), pairs);
    }
  }
}

// Two prompts of 600 tokens on a GPU that holds 1,000: the second starts when the first one's KV
// has been sent.
TEST(PrefillChunkByChunk, HbmIsHeldUntilTheKvIsSent) {
  const timing::PrefillPricer pricer(
      {hardware::HardwareProfile{}, model::Model{}, small_prefill_layout(), {}});
  RequestPool pool;
  const auto rule = policy::prefill_gpu_rules()["joint"](1);
  PrefillUnit unit(base::UnitId(0), {kGpus, 4'096, 1.0, 64, 1'000, Placement::Step}, pricer, *rule,
                   pool);
  workload::Request request;
  request.prompt_tokens = 600;
  for (int i = 0; i < kGpus + 1; ++i) {
    unit.enqueue(pool.add(request));
  }
  TimePoint now{};
  std::vector<RequestSlot> done;
  now += *unit.start_step(now);
  unit.finish_step(now, done);
  ASSERT_EQ(done.size(), static_cast<std::size_t>(kGpus));
  EXPECT_EQ(unit.start_step(now), std::nullopt);
  const TimePoint sent = now + std::chrono::milliseconds(15);
  unit.release_kv(pool[done[3]].prefill_gpu, sent, 600);
  EXPECT_EQ(unit.next_ready(now), sent);
  EXPECT_EQ(unit.start_step(sent - base::Duration(1)), std::nullopt);
  EXPECT_TRUE(unit.start_step(sent).has_value());
}

}  // namespace
}  // namespace epfleet::serving
