#include "epfleet/cluster/request_endings.h"

#include <algorithm>

namespace epfleet::cluster {

using serving::LiveRequest;
using serving::RequestSlot;

namespace {

void mix_in(engine::Engine& engine, const observe::RequestDone& done) {
  engine.mix(done.id.value());
  engine.mix((static_cast<std::uint64_t>(done.outcome()) << 48U) |
             (static_cast<std::uint64_t>(done.prefill_unit.value()) << 32U) |
             (static_cast<std::uint64_t>(done.decode_unit.value()) << 16U) | done.decode_gpu);
  engine.mix(static_cast<std::uint64_t>((done.first_token - done.arrival).count()));
  engine.mix(static_cast<std::uint64_t>((done.done - done.arrival).count()));
}

// Tokens of the answer that were sent.
base::TokenParts output_of(const LiveRequest& live, Ending ending) {
  if (ending == Ending::LastToken) {
    return base::TokenParts::from_tokens(live.request.output_tokens);
  }
  return live.path.has_first_token
             ? base::TokenParts::from_tokens(1) + base::TokenParts(live.rate) * live.steps_taken
             : base::TokenParts();
}

}  // namespace

RequestEndings::RequestEndings(FleetState& fleet, DecodeRouter& decode,
                               workload::ArrivalFeed& arrivals, PromptStore& stored,
                               std::span<observe::Observer* const> observers)
    : fleet_(fleet),
      decode_router_(decode),
      arrivals_(arrivals),
      stored_(stored),
      observers_(observers),
      retries_(fleet) {}

void RequestEndings::keep_answer(RequestSlot slot) {
  const LiveRequest& live = fleet_.requests[slot];
  const workload::Request& request = live.request;
  if (request.output_tokens > 1 && workload::answer_is_reusable(request.variant) &&
      fleet_.store_faults == 0) {
    const base::TimePoint stored_at = decode_router_.write_to_store(live, request.output_tokens);
    const std::int32_t had =
        stored_.store(slot, request.prompt_tokens + request.output_tokens, fleet_.now(), stored_at);
    const std::int32_t missing = request.prompt_tokens - had;
    if (missing >= static_cast<std::int32_t>(fleet_.spec.kv_cache.block)) [[unlikely]] {
      write_prompt(slot, missing);
    }
  }
}

// Whole blocks of the prompt are not in the store: it was down when they were computed, or they
// have left it since. The unit still has their KV, and an answer without them could not be hit.
[[gnu::noinline]] void RequestEndings::write_prompt(RequestSlot slot, std::int64_t tokens) {
  stored_.postpone(slot, decode_router_.write_to_store(fleet_.requests[slot], tokens));
}

void RequestEndings::end(RequestSlot slot, Ending ending) {
  const LiveRequest& live = fleet_.requests[slot];
  const workload::Request& request = live.request;
  count(observe::row_of(ending).outcome);
  if (fleet_.is_early(request)) {
    fleet_.early_output += output_of(live, ending);
  }
  if (ending == Ending::LastToken) {
    keep_answer(slot);
  }
  const bool comes_again = retries_.comes_again(live, ending, stored_.own(slot));
  record(slot, ending, comes_again);
  mix_in(fleet_.engine, done_.back());
  if (!comes_again) {
    if (!request.prefix.returns) {
      stored_.forget_session(slot);
    }
    arrivals_.complete(request, fleet_.now(), stored_.own(slot));
  }
  if (fleet_.spec.in_window(request.arrival)) {
    --window_in_service_;
    finish_if_done();
  }
  fleet_.requests.remove(slot);
}

void RequestEndings::count(observe::Outcome outcome) {
  observe::FleetSample& totals = fleet_.totals;
  totals.completed += outcome == observe::Outcome::Completed ? 1 : 0;
  totals.rejected += outcome == observe::Outcome::Rejected ? 1 : 0;
  totals.failed += outcome == observe::Outcome::Failed ? 1 : 0;
}

void RequestEndings::finish_if_done() {
  if (window_in_service_ == 0 && fleet_.now() >= fleet_.spec.window_end()) {
    fleet_.engine.finish();
  }
}

void RequestEndings::end_run() {
  fleet_.requests.for_each([&](RequestSlot slot, const LiveRequest& /*live*/) {
    record(slot, Ending::EndOfRun, false);
  });
  std::ranges::sort(done_, {}, &observe::RequestDone::id);
  for (const observe::RequestDone& done : done_) {
    mix_in(fleet_.engine, done);
  }
  announce();
}

void RequestEndings::announce() {
  if (done_.empty()) {
    return;
  }
  for (observe::Observer* observer : observers_) {
    observer->on_requests_done(done_);
  }
  done_.clear();
}

void RequestEndings::record(RequestSlot slot, Ending ending, bool comes_again) {
  ++ended_[static_cast<std::size_t>(ending)];
  const LiveRequest& live = fleet_.requests[slot];
  const bool kv_moved = live.path.entered_decode || live.stage == serving::Stage::Moving;
  const bool in_prefill =
      live.stage == serving::Stage::Queued || live.stage == serving::Stage::Prefilling;
  const serving::Resumed* resumed = in_prefill ? fleet_.requests.resumed(slot) : nullptr;
  const base::TimePoint kv_arrived = resumed != nullptr ? resumed->kv_arrived : live.kv_ready;
  observe::RequestDone& done = done_.emplace_back(
      live.request, live.path,
      observe::RequestPlaces{.prefill_unit = base::UnitId(live.prefill_unit),
                             .decode_unit = base::UnitId(live.decode_unit),
                             .prefill_gpu = live.prefill_gpu,
                             .decode_gpu = live.decode_gpu},
      observe::RequestTimes{.prefill_start = live.prefill_start,
                            .first_token = live.first_token,
                            .kv_arrived = kv_moved ? kv_arrived : base::TimePoint{},
                            .decode_start = live.decode_start,
                            .done = fleet_.now()});
  done.cached_tokens = live.cached_tokens;
  done.ending = ending;
  done.comes_again = comes_again;
}

}  // namespace epfleet::cluster
