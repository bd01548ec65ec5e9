#include "run_money.h"

#include <chrono>

#include "class_money.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/experiment/efficiency.h"

namespace epfleet::experiment {
namespace {

cost::Statement statement_of(const config::Scenario& scenario, const NodeCapacity& capacity,
                             const metrics::RunStatistics& statistics) {
  cost::PricingBasis basis = pricing_basis(scenario);
  basis.prefill_node_tps = capacity.prefill_tps;
  basis.decode_node_tps = capacity.decode_tps;
  set_paid_books(scenario, statistics.classes, basis);
  return cost::price(scenario.prices, basis, statistics.intervals, statistics.pieces);
}

}  // namespace

cost::PricingBasis pricing_basis(const config::Scenario& scenario) {
  cost::PricingBasis basis;
  basis.prefill_gpus_per_node = scenario.prefill_hardware.gpus_per_node;
  basis.decode_gpus_per_node = scenario.decode_hardware.gpus_per_node;
  basis.window_start_utc =
      std::chrono::sys_seconds(std::chrono::seconds(scenario.start.utc_seconds));
  return basis;
}

void put_prices(const config::Scenario& scenario, const NodeCapacity& capacity,
                report::RunReport& report) {
  report.statement = statement_of(scenario, capacity, report.statistics);
  share_revenue(scenario, report.statement, report.statistics);
  metrics::NodeTime decode_ns = report.statistics.nodes.decode_ns;
  decode_ns.idle += report.statistics.nodes.spare_ns;
  report.energy = cost::energy_of(scenario.energy, report.statistics.nodes.prefill_ns, decode_ns,
                                  static_cast<double>(report.statistics.tokens.output));
  report.efficiency = efficiency_of(scenario, report.statistics, report.statement.total);
}

report::RunReport repriced(const config::Scenario& scenario, report::RunReport report) {
  const cluster::StepPricers pricers = cluster::make_step_pricers(scenario);
  put_prices(scenario, node_capacity(scenario, pricers, report.statistics), report);
  return report;
}

}  // namespace epfleet::experiment
