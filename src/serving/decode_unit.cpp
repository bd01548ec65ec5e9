#include "epfleet/serving/decode_unit.h"

#include <algorithm>
#include <span>

#include "epfleet/base/error.h"
#include "even_loads.h"
#include "gpu_loops.h"
#include "slowed.h"

namespace epfleet::serving {
namespace {

// The KV of one GPU fits 32 bits up to 590 GB, which lets a step's loop take eight GPUs at a time.
base::TokenParts32 kv_limit(std::int64_t tokens) {
  EPFLEET_CHECK(tokens > 0 && tokens < base::TokenParts32::max().whole_tokens(),
                "KV capacity per GPU fits its type");
  return base::TokenParts32::from_tokens(static_cast<std::int32_t>(tokens));
}

template <class Most, class Total>
double max_over_mean(Most most, std::int32_t gpus, Total total) {
  return total == Total() ? 1.0 : static_cast<double>(most) * gpus / static_cast<double>(total);
}

// Even over the first `gpus`, nothing for the others.
template <class Total>
auto spread_over(Total total, std::int32_t gpus, std::size_t all) {
  auto shares = spread(total, static_cast<std::size_t>(gpus));
  shares.resize(all);
  return shares;
}

}  // namespace

DecodeUnit::DecodeUnit(base::UnitId id, const DecodeUnitLimits& limits,
                       const timing::DecodePricer& pricer, RequestPool& pool)
    : id_(id),
      limits_(limits),
      kv_limit_(kv_limit(limits.kv_capacity_tokens)),
      full_and_one_(static_cast<float>(limits.max_requests_per_gpu + 1)),
      whole_pricer_(&pricer),
      pricer_(&pricer),
      pool_(pool),
      finishers_(limits.longest_stay_steps, pool.list_memory()),
      rebalance_(limits.rebalance) {
  const auto gpus = static_cast<std::size_t>(limits.gpus);
  active_requests_.resize(gpus);
  placed_and_one_.resize(gpus, 1.0F);
  for (auto* per_gpu : {&active_kv_, &placed_kv_, &rate_}) {
    per_gpu->resize(gpus);
  }
  view_ = {.with_one_more = placed_and_one_,
           .kv = placed_kv_,
           .request_limit = limits_.max_requests_per_gpu,
           .kv_limit = kv_limit_};
  if (limits.microbatch == Microbatch::Sticky) {
    halves_.emplace(gpus);
  }
}

void DecodeUnit::report_load(Loads& loads) const {
  const auto waiting = static_cast<std::int64_t>(waiting_.size());
  loads.set(id_.value(), view_.requests_total + waiting, view_.kv_total);
}

std::optional<base::TimePoint> DecodeUnit::next_ready(base::TimePoint /*now*/) const {
  const auto first =
      std::min_element(incoming_.begin(), incoming_.end(),
                       [](const Incoming& a, const Incoming& b) { return a.arrives < b.arrives; });
  return first == incoming_.end() ? std::nullopt : std::optional(first->arrives);
}

std::optional<base::Duration> DecodeUnit::start_step(base::TimePoint now) {
  EPFLEET_CHECK(!stepping_, "a unit takes one step at a time");
  admit_arrived(now);
  if (active_total_ == 0) {
    return std::nullopt;
  }
  timing::StepPrice price = price_step();
  price.duration = rebalance_.stretched(now, slowed(price.duration, speed_));
  describe_step(now, price);
  stepping_ = true;
  return price.duration;
}

timing::StepPrice DecodeUnit::price_step() const {
  if (limits_.even) {
    const std::int32_t gpus = limits_.gpus - masked_gpus();
    return pricer_->price(spread_over(active_total_, gpus, active_requests_.size()),
                          spread_over(active_kv_total_, gpus, active_kv_.size()));
  }
  return halves_ ? pricer_->price_halves(halves_->loads())
                 : pricer_->price(active_requests_, active_kv_);
}

// Joins in the order of placement, so that the order does not depend on how the list was compacted.
[[gnu::flatten]] void DecodeUnit::admit_arrived(base::TimePoint now) {
  constexpr std::size_t kAhead = 12, kSoon = 6;
  std::vector<std::int32_t> running;  // by GPU; empty: a running batch takes new requests
  if (limits_.batching == Batching::Static) {
    running = active_requests_;
  }
  std::size_t kept = 0;
  const std::size_t count = incoming_.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) {
      pool_.prefetch_second_line(incoming_[i + kAhead].slot);
    }
    if (i + kSoon < count) {
      finishers_.prefetch(step_number_ + incoming_[i + kSoon].steps_before_last);
    }
    const Incoming incoming = incoming_[i];
    if (incoming.arrives <= now &&
        (running.empty() || running[pool_[incoming.slot].decode_gpu] == 0)) {
      join(incoming, now);
    } else {
      incoming_[kept++] = incoming;
    }
  }
  incoming_.resize(kept);
}

void DecodeUnit::join(const Incoming& incoming, base::TimePoint now) {
  LiveRequest& request = pool_[incoming.slot];
  const std::size_t gpu = request.decode_gpu;
  request.stage = Stage::Decoding;
  request.joined_step = step_number_;
  if (!request.path.entered_decode) {
    request.path.entered_decode = true;
    request.decode_start = now;
    joined_first_tokens_.push_back(incoming.first_token);
  } else if (Resumed* resumed = pool_.resumed(incoming.slot);
             resumed != nullptr && !resumed->rejoined) {
    resumed->rejoined = true;
    joined_first_tokens_.push_back(resumed->last_chunk);
  }
  const base::TokenParts32 kv = request.kv(request.steps_taken);
  ++active_requests_[gpu];
  ++active_total_;
  active_kv_[gpu] += kv;
  active_kv_total_ += kv;
  rate_[gpu] += request.rate;
  rate_total_ += request.rate;
  if (halves_) {
    halves_->join(request, kv);
  }
  emission_rate_[incoming.payer] += request.rate;
  const std::uint32_t steps_before_last = incoming.steps_before_last;
  const std::int32_t steps = request.steps_taken + static_cast<std::int32_t>(steps_before_last) + 1;
  EPFLEET_CHECK(steps_before_last < static_cast<std::uint32_t>(limits_.longest_stay_steps),
                "a request in decode has steps left, and not more than the ring holds");
  const base::TokenParts32 decoded = request.rate * steps;
  const base::TokenParts32 overshoot =
      decoded - base::TokenParts32::from_tokens(request.request.output_tokens - 1);
  finishers_.add(
      step_number_ + steps_before_last,
      {.slot = incoming.slot,
       .kv = base::TokenParts32::from_tokens(request.request.prompt_tokens) + decoded,
       .gpu = request.decode_gpu,
       .rate = static_cast<std::uint16_t>(request.rate.count()),  // of at most 255 tokens a step
       .overshoot = static_cast<std::uint16_t>(overshoot.count()),
       .payer = incoming.payer});
}

void DecodeUnit::describe_step(base::TimePoint now, const timing::StepPrice& price) {
  const std::int32_t gpus = limits_.gpus - masked_gpus();
  const auto [most_requests, most_kv] =
      fullest_of(active_requests_.data(), active_kv_.data(), active_kv_.size());
  step_ = {.unit = id_,
           .start = now,
           .end = now + price.duration,
           .stood_still = stands_since_ ? now - *stands_since_ : base::Duration{},
           .requests = active_total_,
           .joined = static_cast<std::int64_t>(joined_first_tokens_.size()),
           .kv_tokens = active_kv_total_.tokens(),
           .kv_ratio_max = most_kv / kv_limit_,
           .kv_ratio_mean = active_kv_total_ / (base::TokenParts(kv_limit_) * gpus),
           .kv_imbalance = max_over_mean(most_kv, gpus, active_kv_total_),
           .request_imbalance = max_over_mean(most_requests, gpus, active_total_),
           .expert_imbalance = price.expert_imbalance,
           .out_of_range = price.out_of_range};
  if (limits_.even) {
    step_.kv_imbalance = step_.request_imbalance = 1.0;
  }
  stands_since_.reset();
}

void DecodeUnit::finish_step(base::TimePoint now, std::vector<RequestSlot>& finished,
                             std::vector<RequestSlot>& preempted) {
  EPFLEET_CHECK(stepping_ && now == step_.end, "a step ends when it was priced to end");
  step_.emitted = rate_total_;
  for (const FinishCalendar::Finisher& finisher : finishers_.soon(step_number_)) {
    pool_.prefetch(finisher.slot);  // untouched since it joined: long out of the processor's cache
  }
  const base::TokenParts32 most_placed = advance_all();
  ++step_number_;
  retire_finished(finished);
  if (most_placed > kv_limit_) {  // unless those who leave make room
    preempt_overflow(preempted);
  }
  last_chunk_ = now;
  first_chunks_.clear();
  for (const base::TimePoint first_token : joined_first_tokens_) {
    first_chunks_.push_back(now - first_token);
  }
  joined_first_tokens_.clear();
  stepping_ = false;
}

void DecodeUnit::abort_step(base::TimePoint now) {
  EPFLEET_CHECK(stepping_ && now <= step_.end, "a step is given up before its end");
  rebalance_.interrupted(now);
  stands_since_ = step_.start - step_.stood_still;
  stepping_ = false;
}

void DecodeUnit::mask(std::uint32_t gpu) {
  EPFLEET_CHECK(placed_and_one_[gpu] == 1.0F, "a GPU that takes no requests is empty");
  // To every rule it is full.
  placed_and_one_[gpu] = full_and_one_;
  masked_.push_back(gpu);
}

void DecodeUnit::unmask_all() {
  for (const std::uint32_t gpu : masked_) {
    placed_and_one_[gpu] = 1.0F;
  }
  masked_.clear();
}

// Returns what the fullest GPU holds now.
base::TokenParts32 DecodeUnit::advance_all() {
  const base::TokenParts32 most_placed =
      add_rates(rate_.data(), active_kv_.data(), placed_kv_.data(), rate_.size());
  active_kv_total_ += rate_total_;
  view_.kv_total += rate_total_;
  if (halves_) {
    halves_->advance();
  }
  for (std::size_t payer = 0; payer < emitted_.size(); ++payer) {
    emitted_[payer] += emission_rate_[payer];
  }
  return most_placed;
}

std::int32_t DecodeUnit::steps_of(const LiveRequest& request) const {
  return request.steps_taken + (request.stage == Stage::Decoding
                                    ? static_cast<std::int32_t>(step_number_ - request.joined_step)
                                    : 0);
}

// Takes the request off its GPU's sums. `steps` is its number of steps so far.
void DecodeUnit::leave(LiveRequest& request, std::int32_t steps) {
  const std::size_t gpu = request.decode_gpu;
  const base::TokenParts32 kv = request.kv(steps);
  --active_requests_[gpu];
  placed_and_one_[gpu] -= 1.0F;
  --active_total_;
  --view_.requests_total;
  active_kv_[gpu] -= kv;
  active_kv_total_ -= kv;
  placed_kv_[gpu] -= kv;
  view_.kv_total -= kv;
  rate_[gpu] -= request.rate;
  rate_total_ -= request.rate;
  if (halves_) {
    halves_->leave(request, kv);
  }
  emission_rate_[payer_of(request.request)] -= request.rate;
  request.steps_taken = steps;
}

// The last step of each may overshoot its answer's end: what was not emitted is taken back. The
// latest that joined comes first.
void DecodeUnit::retire_finished(std::vector<RequestSlot>& finished) {
  FinishCalendar::List& now = finishers_.take(step_number_ - 1);
  base::TokenParts kv, rate, overshoot;
  for (auto it = now.rbegin(); it != now.rend(); ++it) {
    const FinishCalendar::Finisher& leaving = *it;
    --active_requests_[leaving.gpu];
    placed_and_one_[leaving.gpu] -= 1.0F;
    active_kv_[leaving.gpu] -= leaving.kv;
    placed_kv_[leaving.gpu] -= leaving.kv;
    const base::TokenParts32 its_rate(leaving.rate), its_overshoot(leaving.overshoot);
    rate_[leaving.gpu] -= its_rate;
    emission_rate_[leaving.payer] -= its_rate;
    emitted_[leaving.payer] -= its_overshoot;
    kv += leaving.kv;
    rate += its_rate;
    overshoot += its_overshoot;
    finished.push_back(leaving.slot);
    if (halves_) {
      halves_->leave(pool_[leaving.slot], leaving.kv);
    }
  }
  const auto count = static_cast<std::int64_t>(now.size());
  active_total_ -= count;
  view_.requests_total -= count;
  active_kv_total_ -= kv;
  view_.kv_total -= kv;
  rate_total_ -= rate;
  step_.emitted -= overshoot;
  now.clear();
}

}  // namespace epfleet::serving
