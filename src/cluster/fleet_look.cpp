#include "fleet_look.h"

#include <fmt/format.h>

#include <algorithm>

namespace epfleet::cluster {
namespace {

// In full steps.
double load_of(const serving::PrefillUnit& unit) {
  const serving::PrefillUnitLimits& limits = unit.limits();
  return static_cast<double>(unit.outstanding_tokens()) /
         (static_cast<double>(limits.max_tokens_per_gpu) * limits.gpus);
}
// KV in its room.
double load_of(const serving::DecodeUnit& unit) {
  const serving::DecodeUnitLimits& limits = unit.limits();
  return unit.active_kv().tokens() / (static_cast<double>(limits.kv_capacity_tokens) * limits.gpus);
}

std::int64_t running_requests(const serving::PrefillUnit& /*unit*/) { return 0; }
std::int64_t running_requests(const serving::DecodeUnit& unit) { return unit.active_requests(); }

template <class Unit>
policy::PhaseView view_of(const UnitPool<Unit>& pool) {
  policy::PhaseView view;
  std::int64_t* const counts[] = {&view.off, &view.loading, &view.serving, &view.draining,
                                  &view.down};
  for (std::uint32_t i = 0; i < pool.size(); ++i) {
    const Unit& unit = pool[i].unit;
    ++*counts[static_cast<std::size_t>(pool.state(i))];
    view.waiting_requests += unit.waiting_requests();
    view.running_requests += running_requests(unit);
    view.load += load_of(unit);
  }
  view.load /= static_cast<double>(std::max<std::int64_t>(view.serving, 1));
  return view;
}

// Seconds for which units served, over all of them.
template <class Unit>
double unit_seconds(UnitPool<Unit>& pool, base::TimePoint now) {
  double seconds = 0.0;
  for (PoolMember<Unit>& member : pool) {
    const observe::FleetSample::NodeTime& time = member.clock.read(now);
    seconds += base::to_seconds(base::Duration((time.busy + time.idle) / member.clock.nodes()));
  }
  return seconds;
}

std::string words_of(const char* phase, const policy::PhaseView& view) {
  return fmt::format("{}: {} serving, {} loading, {} draining, {} waiting", phase, view.serving,
                     view.loading, view.draining, view.waiting_requests);
}

std::string words_of(const policy::FleetView& view) {
  std::string text = words_of("prefill", view.prefill) + "; " + words_of("decode", view.decode);
  if (view.traffic.seconds > 0.0) {
    text += fmt::format("; {:.0f} computed and {:.0f} output tokens/s",
                        view.traffic.computed_tokens_per_s, view.traffic.output_tokens_per_s);
  }
  if (view.latency.ttft_s) {
    text += fmt::format("; TTFT {:.2f} s", *view.latency.ttft_s);
  }
  if (view.latency.tpot_s) {
    text += fmt::format("; TPOT {:.1f} ms", 1e3 * *view.latency.tpot_s);
  }
  return text;
}

std::string change(std::int64_t before, std::int64_t after) {
  return before == after ? fmt::format("{}", after) : fmt::format("{} -> {}", before, after);
}

}  // namespace

observe::Decision change_of_target(const FleetState& fleet, const policy::FleetView& view,
                                   const policy::Target& target) {
  const policy::Target& before = view.target;
  return {
      .time = fleet.now(),
      .by = fleet.spec.scaling.policy,
      .saw = words_of(view),
      .decided = fmt::format("allotted: {} prefill, {} decode; serving: {} prefill, {} decode",
                             change(before.allotted.prefill_units, target.allotted.prefill_units),
                             change(before.allotted.decode_units, target.allotted.decode_units),
                             change(before.serving.prefill_units, target.serving.prefill_units),
                             change(before.serving.decode_units, target.serving.decode_units)),
      .why = target.why};
}

observe::Decision failed_start(base::TimePoint now, std::string_view phase, std::uint32_t unit) {
  return {.time = now,
          .by = "start_up",
          .saw = fmt::format("{}/{} has not started", phase, unit),
          .decided = "given up and started again",
          .why = "scaling.start_up.timeout"};
}

policy::FleetView look_at(FleetState& fleet, const policy::Target& target) {
  FleetMonitor::Moment moment{
      .time = fleet.now(), .prefill = view_of(fleet.prefill), .decode = view_of(fleet.decode)};
  policy::FleetView view;
  if (fleet.monitor) {
    moment.prefill_unit_s = unit_seconds(fleet.prefill, moment.time);
    moment.decode_unit_s = unit_seconds(fleet.decode, moment.time);
    view = fleet.monitor->look(moment);
  } else {
    view.prefill = moment.prefill;
    view.decode = moment.decode;
  }
  view.target = target;
  view.held = {moment.prefill.in_use(), moment.decode.in_use()};
  return view;
}

}  // namespace epfleet::cluster
