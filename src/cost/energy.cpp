#include "epfleet/cost/energy.h"

namespace epfleet::cost {
namespace {

// Watt times node-nanoseconds.
double watt_ns(const NodePower& power, double in_step, const metrics::NodeTime& time) {
  return in_step * static_cast<double>(time.busy + time.draining) +
         power.idle * static_cast<double>(time.idle + time.down) +
         power.loading * static_cast<double>(time.loading);
}

}  // namespace

Energy energy_of(const EnergyConfig& config, const metrics::NodeTime& prefill_ns,
                 const metrics::NodeTime& decode_ns, double output_tokens) {
  const NodePower& power = config.node_power;
  const double joule =
      1e-9 * config.pue *
      (watt_ns(power, power.prefill, prefill_ns) + watt_ns(power, power.decode, decode_ns));
  constexpr double kJoulePerKwh = 3.6e6;
  const double kwh = joule / kJoulePerKwh;
  return {kwh, metrics::ratio(joule, output_tokens), kwh * config.usd_per_kwh};
}

}  // namespace epfleet::cost
