#include "epfleet/cluster/fleet.h"

namespace epfleet::cluster {

Fleet::Fleet(const FleetSpec& spec, const StepPricers& pricers, workload::ArrivalFeed& arrivals,
             cache::PrefixCache& cache, std::vector<observe::Observer*> observers)
    : observers_(std::move(observers)),
      cache_(cache),
      arrivals_(arrivals),
      profile_(spec, pricers),
      scaling_(make_scaling_rule(spec, &profile_)),
      state_(spec, pricers, scaling_->most_units()),
      prefill_router_(state_),
      decode_router_(state_),
      stored_(cache, state_.requests),
      endings_(state_, decode_router_, arrivals, stored_, observers_),
      requests_(state_, prefill_router_, decode_router_, arrivals, stored_, endings_, observers_),
      units_(state_, prefill_router_, decode_router_, *scaling_, observers_),
      recovery_(state_, requests_, decode_router_, units_, observers_),
      sampler_(state_, cache, observers_) {
  if (scaling_->follows_load()) {
    state_.monitor.emplace(state_.spec, profile_);
  }
}

const char* Fleet::label(engine::EventKind kind) {
  constexpr const char* kLabels[] = {
      "arrival",      "prefill_step_end", "prefill_start",  "decode_step_end",
      "decode_start", "scaling_decision", "prefill_loaded", "decode_loaded",
      "sample",       "arrival_slice",    "request_timer",  "retry",
      "failure",      "recovery",         "slow_part_over", "spare_back"};
  return kLabels[static_cast<std::size_t>(kind)];
}

engine::RunEnd Fleet::run(const std::atomic<bool>* stop, FleetSampler::Progress progress) {
  units_.start();
  sampler_.start(std::move(progress));
  requests_.start();
  recovery_.start();
  const engine::RunEnd end = state_.engine.run(*this, state_.spec.run_end(), stop);
  if (sums_) {
    sums_->look_at_end();
  }
  sampler_.sample_last();
  endings_.end_run();
  return end;
}

void Fleet::check_sums(std::uint64_t every) {
  sums_.emplace(FleetSums::Parts{state_, endings_, recovery_, cache_, stored_, arrivals_}, every);
  state_.engine.trace_to([this](const engine::Event& next) { sums_->before(next); });
}

// A unit may have begun to serve.
void Fleet::settle() {
  prefill_router_.settle();
  decode_router_.settle();
}

void Fleet::handle(const engine::Event& event) {
  switch (static_cast<Kind>(event.kind)) {
    case Kind::Arrival:
      return requests_.accept_arrivals();
    case Kind::PrefillStepEnd:
      requests_.end_prefill_step(event.target);
      return units_.after_step(state_.prefill, event.target);
    case Kind::PrefillStart:
      return state_.prefill.start_step(event.target);
    case Kind::DecodeStepEnd:
      requests_.end_decode_step(event.target);
      return units_.after_step(state_.decode, event.target);
    case Kind::DecodeStart:
      requests_.start_decode_step(event.target);
      return units_.release_if_over(state_.decode, event.target);  // its last request gave up
    case Kind::ScalingDecision:
      units_.decide();
      return settle();
    case Kind::PrefillLoaded:
      units_.loaded(state_.prefill, event.target);
      return settle();
    case Kind::DecodeLoaded:
      units_.loaded(state_.decode, event.target);
      return settle();
    case Kind::Failure:
      return recovery_.strike(event.target);
    case Kind::Recovery:
      recovery_.go_on(event.target);
      return settle();
    case Kind::SlowPartOver:
      return recovery_.end_slowness(event.target);
    case Kind::SpareBack:
      return recovery_.take_back_spare();
    case Kind::ArrivalSlice:
      return requests_.open_arrival_slice();
    case Kind::RequestTimer:
      return requests_.end_overdue();
    case Kind::Retry:
      return requests_.accept_retries();
    case Kind::Sample:
      sampler_.sample();
      return endings_.finish_if_done();
  }
}

}  // namespace epfleet::cluster
