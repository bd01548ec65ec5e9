// What is tabulated and compared unless somebody says otherwise.
#pragma once

#include <string>
#include <vector>

namespace epfleet::experiment {

[[nodiscard]] inline std::vector<std::string> usual_metrics() {
  return {
      "latency.output_speed_tps.mean",
      "latency.output_speed_tps.p10",
      "latency.ttft_s.p50",
      "latency.ttft_s.p95",
      "latency.tpot_s.p95",
      "slo.attainment_ratio",
      "slo.goodput_rps",
      "throughput.prefill_input_tps_per_node",
      "throughput.decode_output_tps_per_node",
      "utilisation.imbalance.prefill_attention",
      "utilisation.imbalance.decode_kv",
      "utilisation.imbalance.decode_requests",
      "cost.usd",
      "unit_cost.usd_per_m_input",
      "unit_cost.usd_per_m_output",
      "margin.theoretical_ratio",
  };
}

}  // namespace epfleet::experiment
