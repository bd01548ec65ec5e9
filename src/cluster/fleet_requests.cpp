// The way of a request through the service: arrival, prefill, first token, decode, last token.
#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/cluster/fleet.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::kTokenOne;
using serving::LiveRequest;
using serving::Slot;

namespace {

template <class Table>
auto& of_payer(Table& table, const workload::Request& request) {
  return table[static_cast<std::size_t>(request.variant)]
              [static_cast<std::size_t>(request.channel)];
}

}  // namespace

void Fleet::schedule_next_arrival() {
  const workload::Request* next = arrivals_.front();
  const base::TimePoint at = next != nullptr ? next->arrival : arrivals_.next_slice();
  if (at < spec_.window_end()) {
    schedule(at, Phase::Arrival, next != nullptr ? Kind::Arrival : Kind::ArrivalSlice, 0);
  }
}

void Fleet::open_arrival_slice() {
  arrivals_.open_next();
  schedule_next_arrival();
}

void Fleet::accept_arrivals() {
  const workload::Request* next = nullptr;
  do {
    accept_arrival();
    next = arrivals_.front();
  } while (next != nullptr && next->arrival < spec_.window_end() &&
           engine_.pass_to(next->arrival, Phase::Arrival,
                           static_cast<engine::EventKind>(Kind::Arrival), 0));
  schedule_next_arrival();
}

void Fleet::accept_arrival() {
  const base::TimePoint now = engine_.now();
  const workload::Request request = *arrivals_.front();
  arrivals_.pop();
  EPFLEET_CHECK(request.arrival == now && request.prompt_tokens > 0 && request.output_tokens > 0,
                "a request arrives when it was announced, with a prompt and an answer");
  if (const workload::Request* soon = arrivals_.upcoming(kAhead)) {
    cache_.expect(soon->prefix);
  }
  ++totals_.arrived;
  const Slot slot = pool_.add(request);
  LiveRequest& live = pool_[slot];
  const std::int64_t context = std::int64_t{request.prompt_tokens} + request.output_tokens;
  if (request.prompt_tokens > prefill_.longest_prompt() || context > decode_.longest_context() ||
      context > spec_.context_limit) {
    complete(slot, observe::Outcome::Rejected);
    announce_done();
    return;
  }
  const cache::Lookup found = cache_.lookup(request, now);
  totals_.cache_lost.cold += found.lost_cold;
  totals_.cache_lost.capacity += found.lost_capacity;
  totals_.cache_lost.ttl += found.lost_ttl;
  totals_.cache_lost.rounding += found.lost_rounding;
  totals_.cache_lost.not_yet_written += found.lost_not_yet_written;
  // At least the last prompt token is computed: its output is the first answer token.
  live.cached_tokens = std::min(found.hit_tokens, request.prompt_tokens - 1);
  live.computed_to = live.cached_tokens;
  live.rate_fixed = draw_rate(request);
  const std::uint32_t unit = prefill_.route(slot, now, now);
  wake_prefill(unit, live.kv_ready);
}

// Tokens per decode step: the verified one and the accepted drafts, a + a^2 + ... + a^d.
std::int32_t Fleet::draw_rate(const workload::Request& request) const {
  const serving::MtpConfig& mtp = spec_.decode.mtp;
  if (!mtp.enabled) {
    return kTokenOne;
  }
  double acceptance = mtp.acceptance;
  if (mtp.acceptance_spread > 0.0) {
    base::Stream draw(base::StreamFamily(spec_.seed, "decode.acceptance"), request.id.value());
    acceptance += mtp.acceptance_spread * (2.0 * draw.uniform() - 1.0);
    acceptance = std::clamp(acceptance, 0.0, 1.0);
  }
  double tokens = 1.0;
  double accepted = 1.0;
  for (std::int64_t draft = 0; draft < mtp.draft_tokens; ++draft) {
    accepted *= acceptance;
    tokens += accepted;
  }
  return static_cast<std::int32_t>(tokens * kTokenOne + 0.5);
}

void Fleet::start_prefill(std::uint32_t unit) {
  prefill_wakes_[unit].scheduled = false;
  const base::TimePoint now = engine_.now();
  if (const auto duration = prefill_.unit(unit).start_step(now)) {
    prefill_.clock(unit).change_busy(now, true);
    schedule(now + *duration, Phase::Completion, Kind::PrefillStepEnd, unit);
  } else if (const auto ready = prefill_.unit(unit).next_ready(now)) {
    wake_prefill(unit, *ready);
  }
}

void Fleet::end_prefill_step(std::uint32_t unit) {
  const base::TimePoint now = engine_.now();
  slots_.clear();
  prefill_.unit(unit).finish_step(now, slots_);
  prefill_.refresh_load(unit);
  prefill_.clock(unit).change_busy(now, false);
  totals_.computed_tokens += prefill_.unit(unit).last_step().tokens;
  for (observe::Observer* observer : observers_) {
    observer->on_prefill_step(prefill_.unit(unit).last_step());
  }
  expect_prefixes();
  for (const Slot slot : slots_) {
    emit_first_token(slot);
  }
  announce_done();
  if (prefill_.clock(unit).state() == UnitState::Draining) {
    leave_drained_prefill(unit);
  } else {
    wake_prefill(unit, now);
  }
}

// Fetches what the store knows of the requests to be handled.
void Fleet::expect_prefixes() const {
  for (const Slot slot : slots_) {
    cache_.expect(pool_[slot].request.prefix);
  }
}

// The prompt is computed: its first token leaves, its new KV goes to the store, all its KV to
// decode.
void Fleet::emit_first_token(Slot slot) {
  const base::TimePoint now = engine_.now();
  LiveRequest& live = pool_[slot];
  const workload::Request& request = live.request;
  observe::TokenTotals& tokens = of_payer(totals_.tokens, request);
  tokens.input += request.prompt_tokens;
  tokens.cached += live.cached_tokens;
  tokens.output_fp += kTokenOne;
  if (request.arrival < base::kWindowStart && now >= base::kWindowStart) {
    early_input_tokens_ += request.prompt_tokens;
  }
  const base::TimePoint stored_at =
      prefill_.write_to_store(live.prefill_unit, live.tokens_to_compute(), now);
  (void)cache_.store(request, request.prompt_tokens, now, stored_at);
  serving::PrefillUnit& unit = prefill_.unit(live.prefill_unit);
  if (request.output_tokens == 1) {
    unit.release_kv(live.prefill_gpu, now, request.prompt_tokens);
    complete(slot, observe::Outcome::Completed);
    return;
  }
  const DecodeFleet::Handover handover =
      hand_to_decode(slot, prefill_.nic(live.prefill_unit, live.prefill_gpu));
  unit.release_kv(live.prefill_gpu, handover.kv_sent, request.prompt_tokens);
}

DecodeFleet::Handover Fleet::hand_to_decode(Slot slot, serving::Link& from) {
  const DecodeFleet::Handover handover = decode_.hand_over(slot, from, engine_.now());
  wake_decode(handover.unit, handover.placed ? handover.kv_sent : engine_.now());
  return handover;
}

void Fleet::start_decode(std::uint32_t unit) {
  decode_wakes_[unit].scheduled = false;
  const base::TimePoint now = engine_.now();
  decode_.admit_waiting(unit, now);
  if (const auto duration = decode_.unit(unit).start_step(now)) {
    decode_.clock(unit).change_busy(now, true);
    schedule(now + *duration, Phase::Completion, Kind::DecodeStepEnd, unit);
  } else if (const auto arrival = decode_.unit(unit).next_kv_arrival()) {
    wake_decode(unit, *arrival);
  }
}

void Fleet::end_decode_step(std::uint32_t unit) {
  const base::TimePoint now = engine_.now();
  slots_.clear();
  preempted_.clear();
  serving::DecodeUnit& decode_unit = decode_.unit(unit);
  decode_unit.finish_step(now, slots_, preempted_);
  decode_.clock(unit).change_busy(now, false);
  for (observe::Observer* observer : observers_) {
    observer->on_decode_step(decode_unit.last_step());
    for (const base::TimePoint first_token : decode_unit.first_chunks()) {
      observer->on_first_chunk(now - first_token);
    }
  }
  expect_prefixes();
  for (const Slot slot : slots_) {
    complete(slot, observe::Outcome::Completed);
  }
  announce_done();
  for (const Slot slot : preempted_) {
    ++totals_.preempted;
    decode_.swap_out(unit, slot, now);
  }
  decode_.refresh_load(unit);
  if (decode_.clock(unit).state() == UnitState::Draining) {
    leave_drained_decode(unit);
  } else {
    wake_decode(unit, now);
  }
}

// V3's answers can be hit by the next turn; R1's were computed behind reasoning that the next
// prompt lacks.
bool Fleet::keeps_output(const workload::Request& request) const {
  return request.variant == workload::Variant::V3;
}

void Fleet::complete(Slot slot, observe::Outcome outcome) {
  const base::TimePoint now = engine_.now();
  LiveRequest& live = pool_[slot];
  const workload::Request& request = live.request;
  if (outcome == observe::Outcome::Completed) {
    ++totals_.completed;
    if (request.arrival < base::kWindowStart && now >= base::kWindowStart) {
      early_output_fixed_ += static_cast<std::int64_t>(request.output_tokens) * kTokenOne;
    }
    if (request.output_tokens > 1 && keeps_output(request)) {
      const base::TimePoint stored_at =
          decode_.write_to_store(live.decode_unit, live.decode_gpu, request.output_tokens, now);
      (void)cache_.store(request, request.prompt_tokens + request.output_tokens, now, stored_at);
    }
  } else {
    ++(outcome == observe::Outcome::Rejected ? totals_.rejected : totals_.failed);
  }
  done_.push_back(record_of(live, outcome));
  if (!request.prefix.returns) {
    cache_.forget_session(request);
  }
  arrivals_.complete(request, now);
  pool_.remove(slot);
}

void Fleet::announce_done() {
  if (done_.empty()) {
    return;
  }
  for (const observe::RequestDone& done : done_) {
    engine_.mix(done.id.value());
    engine_.mix((static_cast<std::uint64_t>(done.outcome) << 48U) |
                (static_cast<std::uint64_t>(done.prefill_unit.value()) << 32U) |
                (static_cast<std::uint64_t>(done.decode_unit.value()) << 16U) | done.decode_gpu);
    engine_.mix(static_cast<std::uint64_t>((done.first_token - done.arrival).count()));
    engine_.mix(static_cast<std::uint64_t>((done.done - done.arrival).count()));
  }
  for (observe::Observer* observer : observers_) {
    observer->on_requests_done(done_);
  }
  done_.clear();
}

}  // namespace epfleet::cluster
