#include "epfleet/cluster/fleet_sampler.h"

#include <algorithm>
#include <utility>

namespace epfleet::cluster {

using engine::Phase;
using serving::LiveRequest;

namespace {

void count_nodes(UnitClock& clock, base::TimePoint now, observe::FleetSample& sample,
                 observe::FleetSample::NodeTime& time, std::int64_t& allotted) {
  const observe::FleetSample::NodeTime& read = clock.read(now);
  time.busy += read.busy;
  time.idle += read.idle;
  time.loading += read.loading;
  time.draining += read.draining;
  time.down += read.down;
  sample.failures.unit_down_ns += read.down / clock.nodes();
  sample.failures.masked_gpu_ns += clock.masked_gpu_ns();
  const UnitState state = clock.state();
  allotted += state == UnitState::Off ? 0 : clock.nodes();
  sample.nodes_serving += state == UnitState::Serving ? clock.nodes() : 0;
  sample.nodes_draining += state == UnitState::Draining ? clock.nodes() : 0;
  sample.nodes_loading += state == UnitState::Loading ? clock.nodes() : 0;
  sample.nodes_down += state == UnitState::Down ? clock.nodes() : 0;
}

}  // namespace

FleetSampler::FleetSampler(FleetState& fleet, cache::PrefixCache& cache,
                           std::span<observe::Observer* const> observers)
    : fleet_(fleet), cache_(cache), observers_(observers) {}

void FleetSampler::start(Progress progress) {
  progress_ = std::move(progress);
  // At whole intervals from the window's start, backwards into the warm-up and on to the end, which
  // always has one.
  const base::Duration interval = fleet_.spec.report.interval;
  const base::Duration warm_up = base::kWindowStart - fleet_.now();
  base::TimePoint first = base::kWindowStart - warm_up / interval * interval;
  if (!fleet_.spec.samples.empty()) {
    first = std::min(first, fleet_.spec.samples.front());
  }
  fleet_.schedule(first, Phase::Sample, Kind::Sample);
}

void FleetSampler::sample() {
  const base::TimePoint now = fleet_.now();
  announce(now == base::kWindowStart, now == fleet_.spec.window_end());
  if (now == base::kWindowStart) {
    restart_peaks();
  }
  if (now < fleet_.spec.run_end()) {
    fleet_.schedule(next_sample(), Phase::Sample, Kind::Sample);
  }
}

// The next whole interval, unless the window's end or a moment of the spec comes first.
base::TimePoint FleetSampler::next_sample() const {
  const base::TimePoint now = fleet_.now();
  const base::Duration interval = fleet_.spec.report.interval;
  const base::Duration since = now - base::kWindowStart;
  const base::Duration into = (since % interval + interval) % interval;
  base::TimePoint next = std::min(now - into + interval, fleet_.spec.run_end());
  if (now < fleet_.spec.window_end()) {
    next = std::min(next, fleet_.spec.window_end());
  }
  const auto asked = std::ranges::upper_bound(fleet_.spec.samples, now);
  return asked == fleet_.spec.samples.end() ? next : std::min(next, *asked);
}

void FleetSampler::restart_peaks() {
  fleet_.totals.peaks = {};
  fleet_.totals.peaks.in_service = fleet_.totals.in_service();
  fleet_.raise_nodes_peak();
  cache_.restart_peak(fleet_.now());
}

void FleetSampler::sample_last() {
  if (fleet_.engine.executed() != sampled_) {  // more happened, be it at the same moment
    announce(false, fleet_.now() < fleet_.spec.window_end());
  }
}

void FleetSampler::announce(bool window_start, bool window_end) {
  if (window_start) {
    emitted_before_window_ = output_in_flight_of_early_requests();
  }
  observe::FleetSample sample = sample_of_now();
  sample.window_start = window_start;
  sample.window_end = window_end;
  if (window_end) {
    const base::TokenParts output =
        fleet_.early_output + output_in_flight_of_early_requests() - emitted_before_window_;
    sample.carried_in_tokens = fleet_.early_input_tokens + output.whole_tokens();
  }
  sampled_ = fleet_.engine.executed();
  for (observe::Observer* observer : observers_) {
    observer->on_sample(sample);
  }
  if (progress_) {
    progress_(sample);
  }
}

observe::FleetSample FleetSampler::sample_of_now() {
  observe::FleetSample sample = fleet_.totals;
  sample.time = fleet_.now();
  count_prefill(sample);
  count_decode(sample);
  sample.prefill_queue_requests += std::ssize(fleet_.homeless.prompts);
  sample.decode_waiting_requests += std::ssize(fleet_.homeless.with_kv);
  sample.nodes_spare = fleet_.spec.failures.spare_nodes;
  sample.spare_node_ns = sample.nodes_spare * (sample.time - fleet_.spec.run_start()).count();
  sample.cache_stored_bytes = fleet_.kv_bytes(cache_.stored_tokens(sample.time)).count();
  sample.peaks.cache_stored_bytes = fleet_.kv_bytes(cache_.peak_tokens()).count();
  return sample;
}

void FleetSampler::count_prefill(observe::FleetSample& sample) {
  for (PrefillPool::Member& member : fleet_.prefill) {
    count_nodes(member.clock, sample.time, sample, sample.prefill_node_ns,
                sample.prefill_nodes_allotted);
    sample.prefill_queue_requests += member.unit.waiting_requests();
    sample.prefill_queue_tokens += member.unit.outstanding_tokens();
  }
}

void FleetSampler::count_decode(observe::FleetSample& sample) {
  for (DecodePool::Member& member : fleet_.decode) {
    const serving::DecodeUnit& unit = member.unit;
    count_nodes(member.clock, sample.time, sample, sample.decode_node_ns,
                sample.decode_nodes_allotted);
    sample.decode_waiting_requests += unit.waiting_requests();
    sample.decode_active_requests += unit.active_requests();
    sample.decode_kv_tokens += unit.active_kv().tokens();
    if (member.clock.state() == UnitState::Serving) {
      sample.decode_kv_capacity_tokens += static_cast<double>(unit.limits().kv_capacity_tokens) *
                                          static_cast<double>(unit.limits().gpus);
    }
    for (std::size_t variant = 0; variant < workload::kVariants; ++variant) {
      for (std::size_t channel = 0; channel < workload::kChannels; ++channel) {
        sample.tokens[variant][channel].output += unit.emitted()[serving::DecodeUnit::payer_of(
            static_cast<workload::Variant>(variant), static_cast<workload::Channel>(channel))];
      }
    }
  }
}

// Answer tokens so far of everything in flight that arrived before the window.
base::TokenParts FleetSampler::output_in_flight_of_early_requests() {
  base::TokenParts output;
  fleet_.requests.for_each([&](serving::RequestSlot /*slot*/, const LiveRequest& live) {
    if (live.path.has_first_token && live.request.arrival < base::kWindowStart) {
      const std::int32_t steps = fleet_.decode[live.decode_unit].unit.steps_of(live);
      output += base::TokenParts::from_tokens(1) + base::TokenParts(live.rate) * steps;
    }
  });
  return output;
}

}  // namespace epfleet::cluster
