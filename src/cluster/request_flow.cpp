#include "epfleet/cluster/request_flow.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;
using serving::RequestSlot;

RequestFlow::RequestFlow(FleetState& fleet, PrefillRouter& prefill, DecodeRouter& decode,
                         workload::ArrivalFeed& arrivals, PromptStore& stored,
                         RequestEndings& endings, std::span<observe::Observer* const> observers)
    : fleet_(fleet),
      prefill_router_(prefill),
      decode_router_(decode),
      arrivals_(arrivals),
      stored_(stored),
      endings_(endings),
      admission_(fleet),
      timers_(fleet, endings),
      observers_(observers),
      most_{.prompt_in_hbm = fleet.prefill[0].unit.limits().kv_capacity_tokens,
            .context_in_hbm = fleet.decode[0].unit.limits().kv_capacity_tokens,
            .context = workload::scaled_context_limit(fleet.spec.workload)} {
  const serving::MtpConfig& mtp = fleet.spec.decode.mtp;
  if (mtp.acceptance_spread <= 0.0) {
    usual_rate_ = base::TokenParts32::nearest(mtp.tokens_per_step(mtp.acceptance));
  }
}

void RequestFlow::start() {
  stored_.start(arrivals_);
  arrivals_.start(fleet_.now());
  schedule_next_arrival();
}

void RequestFlow::schedule_next_arrival() {
  const workload::Request* next = arrivals_.front();
  const base::TimePoint at = next != nullptr ? next->arrival : arrivals_.next_slice();
  if (at < fleet_.spec.run_end()) {
    fleet_.schedule(at, Phase::Arrival, next != nullptr ? Kind::Arrival : Kind::ArrivalSlice);
  }
}

void RequestFlow::open_arrival_slice() {
  arrivals_.open_next();
  schedule_next_arrival();
}

// Flattened, as the other two that events of requests call: one function with all that it calls,
// where each call would cost as much as what it does (bench/README.md).
[[gnu::flatten]] void RequestFlow::accept_arrivals() {
  const workload::Request* next = nullptr;
  do {
    accept_arrival();
    next = arrivals_.front();
  } while (next != nullptr && next->arrival < fleet_.spec.run_end() &&
           fleet_.engine.pass_to(next->arrival, Phase::Arrival,
                                 static_cast<engine::EventKind>(Kind::Arrival), 0));
  schedule_next_arrival();
}

void RequestFlow::accept_arrival() {
  const workload::Request& request = *arrivals_.front();
  EPFLEET_CHECK(
      request.arrival == fleet_.now() && request.prompt_tokens > 0 && request.output_tokens > 0,
      "a request arrives when it was announced, with a prompt and an answer");
  stored_.prefetch(fleet_.requests.upcoming(kAhead));
  const bool in_window = fleet_.spec.in_window(request.arrival);
  accept(request, arrivals_.front_extent(), in_window, 0, in_window);
  arrivals_.pop();
}

void RequestFlow::accept_retries() {
  while (const auto again = endings_.next_attempt()) {
    accept(again->request, again->own, fleet_.spec.in_window(again->request.arrival), again->number,
           again->window_client);
  }
}

void RequestFlow::accept(const workload::Request& request, const cache::Extent& own, bool in_window,
                         std::uint8_t attempt, bool window_client) {
  ++fleet_.totals.arrived;
  fleet_.totals.retries += attempt > 0 ? 1 : 0;
  endings_.expect(in_window);
  const RequestSlot slot = fleet_.requests.add(request);
  stored_.arrive(slot, own);
  LiveRequest& live = fleet_.requests[slot];
  live.path.attempt = attempt & 0xfU;
  live.path.window_client = window_client;
  if (fleet_.requests.live() >= fleet_.spec.most_in_service) {
    fleet_.engine.stop_after_this();
  }
  if (!surely_accepted(request)) {
    if (const auto reason = rejection(request)) {
      endings_.end(slot, *reason);
      return endings_.announce();
    }
  }
  observe::FleetSample& totals = fleet_.totals;
  totals.peaks.in_service =
      std::max(totals.peaks.in_service, static_cast<std::int64_t>(fleet_.requests.live()));
  look_up(slot);
  live.rate = usual_rate_ ? *usual_rate_ : draw_rate(request);
  if (fleet_.monitor) {
    fleet_.monitor->saw_arrival(live);
  }
  prefill_router_.route(slot, fleet_.now());
  if (timers_.watch_any()) {
    timers_.watch(slot);
  }
}

// Almost always: it is short enough for everything, and nobody is turned away.
bool RequestFlow::surely_accepted(const workload::Request& request) const {
  return request.prompt_tokens <= most_.prompt_in_hbm &&
         std::int64_t{request.prompt_tokens} + request.output_tokens <=
             std::min(most_.context_in_hbm, most_.context) &&
         !admission_.limits();
}

std::optional<Ending> RequestFlow::rejection(const workload::Request& request) const {
  const std::int64_t context = std::int64_t{request.prompt_tokens} + request.output_tokens;
  if (request.prompt_tokens > most_.prompt_in_hbm) {
    return Ending::PromptBeyondHbm;
  }
  if (context > most_.context_in_hbm) {
    return Ending::ContextBeyondHbm;
  }
  if (context > most_.context) {
    return Ending::ContextBeyondLimit;
  }
  return admission_.limits() ? admission_.refusal(request) : std::nullopt;
}

void RequestFlow::look_up(RequestSlot slot) {
  LiveRequest& live = fleet_.requests[slot];
  const cache::Lookup& found = stored_.look_up(slot, fleet_.now());
  if (fleet_.store_faults > 0) [[unlikely]] {
    live.store_was_down = true;
  }
  live.cached_tokens = live.computed_to = usable(found, live);
}

// At least the last token is computed: its output is the next one of the answer.
std::int32_t RequestFlow::usable(const cache::Lookup& found, const LiveRequest& live) const {
  return fleet_.store_faults > 0 ? 0 : std::min(found.hit_tokens, live.prefill_tokens() - 1);
}

base::TokenParts32 RequestFlow::draw_rate(const workload::Request& request) const {
  const serving::MtpConfig& mtp = fleet_.spec.decode.mtp;
  base::Stream draw(base::StreamFamily(fleet_.spec.seed, "decode.acceptance"), request.id.value());
  const double shift = mtp.acceptance_spread * (2.0 * draw.uniform() - 1.0);
  return base::TokenParts32::nearest(
      mtp.tokens_per_step(std::clamp(mtp.acceptance + shift, 0.0, 1.0)));
}

[[gnu::flatten]] void RequestFlow::end_prefill_step(std::uint32_t unit) {
  serving::PrefillUnit& prefill_unit = fleet_.prefill[unit].unit;
  slots_.clear();
  prefill_unit.finish_step(fleet_.now(), slots_);
  fleet_.prefill.refresh_load(unit);
  fleet_.prefill.step_ended(unit);
  fleet_.totals.computed_tokens += prefill_unit.last_step().tokens;
  if (fleet_.monitor) {
    fleet_.monitor->saw_prefill_step(prefill_unit.last_step());
  }
  for (observe::Observer* observer : observers_) {
    observer->on_prefill_step(prefill_unit.last_step());
  }
  for (const RequestSlot slot : slots_) {
    stored_.prefetch(slot);
  }
  for (const RequestSlot slot : slots_) {
    emit_first_token(slot);
  }
  endings_.announce();
}

// The prompt is computed: its first token leaves, its new KV goes to the store, all its KV to
// decode.
void RequestFlow::emit_first_token(RequestSlot slot) {
  const base::TimePoint now = fleet_.now();
  LiveRequest& live = fleet_.requests[slot];
  if (live.path.has_first_token) {
    return resume_decode(slot);
  }
  live.path.has_first_token = true;
  const workload::Request& request = live.request;
  count_input(slot);
  if (fleet_.monitor) {
    fleet_.monitor->saw_first_token(now - request.arrival);
  }
  if (fleet_.is_early(request)) {
    fleet_.early_input_tokens += request.prompt_tokens;
  }
  keep_prompt(slot, std::min(stored_.found(slot).hit_tokens, request.prompt_tokens - 1));
  if (request.output_tokens == 1) {
    fleet_.prefill[live.prefill_unit].unit.release_kv(live.prefill_gpu, now, request.prompt_tokens);
    endings_.end(slot, Ending::LastToken);
    return;
  }
  send_to_decode(slot);
}

// Its first token, and its prompt: what was read, and what could have been, by why it was not.
void RequestFlow::count_input(RequestSlot slot) {
  const LiveRequest& live = fleet_.requests[slot];
  const workload::Request& request = live.request;
  observe::TokenTotals& tokens = fleet_.totals.tokens[static_cast<std::size_t>(request.variant)]
                                                     [static_cast<std::size_t>(request.channel)];
  tokens.input += request.prompt_tokens;
  tokens.cached += live.cached_tokens;
  tokens.output += base::TokenParts::from_tokens(1);
  const cache::Lookup& found = stored_.found(slot);
  observe::FleetSample::LostTokens& lost = fleet_.totals.cache_lost;
  lost.cold += found.lost_cold;
  lost.capacity += found.lost_capacity;
  lost.ttl += found.lost_ttl;
  lost.rounding += found.lost_rounding;
  lost.not_yet_written += found.lost_not_yet_written;
  const std::int32_t not_read =
      std::min(found.hit_tokens, request.prompt_tokens - 1) - live.cached_tokens;
  (live.store_was_down ? lost.store_down : lost.too_slow) += not_read;
}

// All but the `stored` first tokens of the prompt are new to the store, as far as was known when it
// was looked up: what was found there is not written again, even if it was computed anew.
void RequestFlow::keep_prompt(RequestSlot slot, std::int32_t stored) {
  const LiveRequest& live = fleet_.requests[slot];
  const std::int32_t prompt = live.request.prompt_tokens;
  if (fleet_.store_faults == 0) {
    const base::TimePoint stored_at = prefill_router_.write_to_store(live, prompt - stored);
    const std::int32_t had = stored_.store(slot, prompt, fleet_.now(), stored_at);
    if (had < stored) [[unlikely]] {
      write_what_left(slot, stored - had);
    }
  }
}

// The unit has read or computed it, so it can write it again.
[[gnu::noinline]] void RequestFlow::write_what_left(RequestSlot slot, std::int64_t tokens) {
  stored_.postpone(slot, prefill_router_.write_to_store(fleet_.requests[slot], tokens));
}

void RequestFlow::send_to_decode(RequestSlot slot) {
  const LiveRequest& live = fleet_.requests[slot];
  const std::uint16_t gpu = live.prefill_gpu;
  PrefillPool::Member& from = fleet_.prefill[live.prefill_unit];
  const std::int32_t tokens = live.prefill_tokens();
  const base::TimePoint sent = decode_router_.hand_over(slot, from.rdma[gpu]);
  from.unit.release_kv(gpu, sent, tokens);
}

void RequestFlow::start_decode_step(std::uint32_t unit) {
  decode_router_.admit_waiting(unit);
  fleet_.decode.start_step(unit);
}

[[gnu::flatten]] void RequestFlow::end_decode_step(std::uint32_t unit) {
  const base::TimePoint now = fleet_.now();
  serving::DecodeUnit& decode_unit = fleet_.decode[unit].unit;
  slots_.clear();
  preempted_.clear();
  decode_unit.finish_step(now, slots_, preempted_);
  fleet_.decode.step_ended(unit);
  if (fleet_.monitor) {
    fleet_.monitor->saw_decode_step(decode_unit.last_step());
  }
  for (observe::Observer* observer : observers_) {
    observer->on_decode_step(decode_unit.last_step());
    observer->on_first_chunks(decode_unit.first_chunks());
  }
  for (const RequestSlot slot : slots_) {
    stored_.prefetch(slot);
  }
  for (const RequestSlot slot : slots_) {
    endings_.end(slot, Ending::LastToken);
  }
  endings_.announce();
  for (const RequestSlot slot : preempted_) {
    ++fleet_.totals.preempted;
    decode_router_.swap_out(slot);
  }
  fleet_.decode.refresh_load(unit);
}

}  // namespace epfleet::cluster
