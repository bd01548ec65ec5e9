#include "epfleet/cluster/fleet_monitor.h"

#include <algorithm>
#include <utility>

#include "epfleet/serving/prefill_unit.h"

namespace epfleet::cluster {
namespace {

double ratio(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

constexpr double kNoLimit = 1e3;  // seconds per token: any speed will do

}  // namespace

void FleetMonitor::saw_arrival(const serving::LiveRequest& request) {
  ++sums_.arrivals;
  sums_.demanded_tokens += request.tokens_left();
  sums_.demanded_cached += request.computed_to;
  sums_.demanded_pairs += serving::PrefillUnit::pairs_left(request);
}

void FleetMonitor::saw_prefill_step(const observe::PrefillStepDone& step) {
  sums_.computed_tokens += step.tokens;
  sums_.emitted += base::TokenParts::from_tokens(step.first_tokens);
}

void FleetMonitor::saw_decode_step(const observe::DecodeStepDone& step) {
  const base::Duration duration = step.end - step.start;
  const double seconds = base::to_seconds(duration);
  sums_.emitted += step.emitted;
  sums_.request_s += seconds * static_cast<double>(step.requests);
  sums_.kv_token_s += seconds * step.kv_tokens;
  const double tokens_per_request =
      ratio(step.emitted.tokens(), static_cast<double>(step.requests));
  if (tokens_per_request > 0.0) {
    const auto tpot =
        static_cast<std::int64_t>(static_cast<double>(duration.count()) / tokens_per_request);
    fresh_.tpot.add(base::Duration(tpot), step.requests);
  }
}

policy::FleetView FleetMonitor::look(const Moment& moment) {
  looks_.push_back({moment, sums_, std::exchange(fresh_, {})});
  const auto last_before = [&](base::TimePoint time, std::size_t end) {
    std::size_t at = end;
    while (at > 0 && looks_[at].moment.time > time) {
      --at;
    }
    return at;
  };
  const std::size_t newest = looks_.size() - 1;
  const std::size_t to = last_before(moment.time - spec_.scaling.view_age, newest);
  const std::size_t from = last_before(looks_[to].moment.time - spec_.scaling.window, to);
  policy::FleetView view = view_of(from, to);
  view.age = moment.time - looks_[to].moment.time;
  if (view.traffic.seconds > 0.0) {
    const policy::TrafficView& traffic = view.traffic;
    demand_.push_back({looks_[from].moment.time, traffic.computed_tokens_per_s,
                       traffic.output_tokens_per_s, traffic.mix});
  }
  looks_.erase(looks_.begin(), looks_.begin() + static_cast<std::ptrdiff_t>(from));
  return view;
}

policy::FleetView FleetMonitor::view_of(std::size_t from, std::size_t to) {
  const Look &first = looks_[from], &last = looks_[to];
  policy::FleetView view;
  view.prefill = last.moment.prefill;
  view.decode = last.moment.decode;
  policy::TrafficView& traffic = view.traffic;
  traffic.seconds = base::to_seconds(last.moment.time - first.moment.time);
  if (traffic.seconds <= 0.0) {
    return view;
  }
  const auto demanded = static_cast<double>(last.sums.demanded_tokens - first.sums.demanded_tokens);
  const auto arrivals = static_cast<double>(last.sums.arrivals - first.sums.arrivals);
  const double emitted = (last.sums.emitted - first.sums.emitted).tokens();
  traffic.requests_per_s = arrivals / traffic.seconds;
  traffic.computed_tokens_per_s = demanded / traffic.seconds;
  traffic.output_tokens_per_s = emitted / traffic.seconds;
  traffic.mix = {
      .cached_per_computed_token = ratio(
          static_cast<double>(last.sums.demanded_cached - first.sums.demanded_cached), demanded),
      .pairs_per_computed_token =
          ratio(last.sums.demanded_pairs - first.sums.demanded_pairs, demanded),
      .computed_tokens_per_request = ratio(demanded, arrivals),
      .kv_tokens_per_request = ratio(last.sums.kv_token_s - first.sums.kv_token_s,
                                     last.sums.request_s - first.sums.request_s)};
  const auto computed = static_cast<double>(last.sums.computed_tokens - first.sums.computed_tokens);
  view.prefill.work_ratio =
      ratio(computed, (last.moment.prefill_unit_s - first.moment.prefill_unit_s) *
                          profile_.prefill_tps(traffic.mix));
  view.decode.work_ratio = ratio(emitted, (last.moment.decode_unit_s - first.moment.decode_unit_s) *
                                              profile_.decode_tps(traffic.mix, kNoLimit));
  view.latency = latency_of(from, to);
  return view;
}

policy::LatencyView FleetMonitor::latency_of(std::size_t from, std::size_t to) {
  Latencies all;
  for (std::size_t i = from + 1; i <= to; ++i) {
    all.ttft.merge(looks_[i].since_last.ttft);
    all.tpot.merge(looks_[i].since_last.tpot);
  }
  constexpr double kMedian = 0.5;
  return {all.ttft.quantile(spec_.slo.ttft.quantile.value_or(kMedian)),
          all.tpot.quantile(spec_.slo.tpot.quantile.value_or(kMedian))};
}

}  // namespace epfleet::cluster
