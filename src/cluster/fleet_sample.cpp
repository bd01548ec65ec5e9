// Looking at the fleet: samples at every interval, and the requests that are in flight at the end.
#include <algorithm>

#include "epfleet/cluster/fleet.h"

namespace epfleet::cluster {

using engine::Phase;
using serving::kTokenOne;
using serving::LiveRequest;
using serving::Slot;
using serving::Stage;

void Fleet::schedule_samples() {
  // At whole intervals from the window's start, backwards into the warm-up and on to the end, which
  // always has one.
  const base::Duration interval = spec_.sample_interval;
  schedule(base::kWindowStart - spec_.warm_up / interval * interval, Phase::Sample, Kind::Sample,
           0);
}

void Fleet::sample() {
  const base::TimePoint now = engine_.now();
  take_sample(now, now == base::kWindowStart, now == spec_.window_end());
  if (now < spec_.window_end()) {
    schedule(std::min(now + spec_.sample_interval, spec_.window_end()), Phase::Sample, Kind::Sample,
             0);
  }
}

void Fleet::take_sample(base::TimePoint now, bool window_start, bool window_end) {
  if (window_start) {
    early_output_fixed_ -= output_in_flight_of_early_requests();
  }
  observe::FleetSample sample = look(now);
  sample.window_start = window_start;
  sample.window_end = window_end;
  if (window_end) {
    const std::int64_t output = early_output_fixed_ + output_in_flight_of_early_requests();
    sample.carried_in_tokens = early_input_tokens_ + output / kTokenOne;
  }
  for (observe::Observer* observer : observers_) {
    observer->on_sample(sample);
  }
  if (progress_) {
    progress_(sample);
  }
}

observe::FleetSample Fleet::look(base::TimePoint now) {
  observe::FleetSample sample = totals_;
  sample.time = now;
  count_units(now, sample);
  sample.decode_waiting_requests = decode_.waiting_requests();
  sample.cache_lost.too_slow = prefill_.recomputed_tokens();
  sample.cache_read_bytes = prefill_.bytes_read();
  sample.cache_written_bytes = prefill_.bytes_written() + decode_.bytes_written();
  sample.cache_stored_bytes = cache_.use(now).stored_tokens * kv_bytes_per_token_;
  sample.kv_moved_bytes = decode_.bytes_moved();
  return sample;
}

void Fleet::count_units(base::TimePoint now, observe::FleetSample& sample) {
  const auto count = [&](UnitClock& clock, observe::FleetSample::NodeTime& time,
                         std::int64_t& allotted) {
    const observe::FleetSample::NodeTime& read = clock.read(now);
    time.busy += read.busy;
    time.idle += read.idle;
    time.loading += read.loading;
    time.draining += read.draining;
    allotted += clock.state() == UnitState::Off ? 0 : clock.nodes();
    sample.nodes_serving += clock.state() == UnitState::Serving ? clock.nodes() : 0;
    sample.nodes_draining += clock.state() == UnitState::Draining ? clock.nodes() : 0;
    sample.nodes_loading += clock.state() == UnitState::Loading ? clock.nodes() : 0;
  };
  for (std::uint32_t i = 0; i < prefill_.size(); ++i) {
    count(prefill_.clock(i), sample.prefill_node_ns, sample.prefill_nodes_allotted);
    sample.prefill_queue_requests += prefill_.unit(i).queued_requests();
    sample.prefill_queue_tokens += prefill_.unit(i).outstanding_tokens();
  }
  for (std::uint32_t i = 0; i < decode_.size(); ++i) {
    const serving::DecodeUnit& unit = decode_.unit(i);
    count(decode_.clock(i), sample.decode_node_ns, sample.decode_nodes_allotted);
    sample.decode_active_requests += unit.active_requests();
    sample.decode_kv_tokens += static_cast<double>(unit.active_kv_fixed()) / kTokenOne;
    if (decode_.clock(i).state() == UnitState::Serving) {
      sample.decode_kv_capacity_tokens += static_cast<double>(unit.limits().kv_capacity_tokens) *
                                          static_cast<double>(unit.limits().gpus);
    }
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
        sample.tokens[variant][channel].output_fp += unit.emitted_fixed()[variant][channel];
      }
    }
  }
}

// Answer tokens so far of everything in flight that arrived before the window, in 1/256 token.
std::int64_t Fleet::output_in_flight_of_early_requests() {
  std::int64_t output = 0;
  pool_.for_each([&](Slot /*slot*/, const LiveRequest& live) {
    const bool has_first_token = live.stage == Stage::AwaitingRoom || live.stage == Stage::Moving ||
                                 live.stage == Stage::Decoding;
    if (has_first_token && live.request.arrival < base::kWindowStart) {
      const std::int64_t steps = decode_.unit(live.decode_unit).steps_of(live);
      output += kTokenOne + steps * live.rate_fixed;
    }
  });
  return output;
}

void Fleet::announce_in_flight() {
  pool_.for_each([&](Slot /*slot*/, const LiveRequest& live) {
    done_.push_back(record_of(live, observe::Outcome::InFlight));
  });
  std::sort(
      done_.begin(), done_.end(),
      [](const observe::RequestDone& a, const observe::RequestDone& b) { return a.id < b.id; });
  announce_done();
}

observe::RequestDone Fleet::record_of(const LiveRequest& live, observe::Outcome outcome) const {
  const workload::Request& request = live.request;
  const bool has_first_token = live.prefill_started && live.computed_to == request.prompt_tokens;
  const bool kv_moved = live.decode_started || live.stage == Stage::Moving;
  return {.id = request.id,
          .session = request.session,
          .outcome = outcome,
          .variant = request.variant,
          .channel = request.channel,
          .turn = request.turn,
          .prompt_tokens = request.prompt_tokens,
          .cached_tokens = live.cached_tokens,
          .output_tokens = request.output_tokens,
          .reasoning_tokens = request.reasoning_tokens,
          .prefill_unit = base::UnitId(live.prefill_unit),
          .decode_unit = base::UnitId(live.decode_unit),
          .prefill_gpu = live.prefill_gpu,
          .decode_gpu = live.decode_gpu,
          .preemptions = live.preemptions,
          .entered_prefill = live.prefill_started,
          .has_first_token = has_first_token,
          .entered_decode = live.decode_started,
          .arrival = request.arrival,
          .prefill_start = live.prefill_start,
          .first_token = live.first_token,
          .kv_arrived = kv_moved ? live.kv_ready : base::TimePoint{},
          .decode_start = live.decode_start,
          .done = engine_.now()};
}

}  // namespace epfleet::cluster
