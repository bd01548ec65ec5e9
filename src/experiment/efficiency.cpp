#include "epfleet/experiment/efficiency.h"

#include "epfleet/base/arithmetic.h"
#include "epfleet/cluster/unit_setup.h"

namespace epfleet::experiment {
namespace {

using base::real;

double gpu_seconds(const metrics::NodeTime& time, const hardware::HardwareProfile& hardware) {
  return real(time.allotted()) * 1e-9 * real(hardware.gpus_per_node);
}

// Of one token whose attention spans so many keys.
double prefill_flops(const model::Model& model, double keys) {
  const double products = 2.0 * real(model.activated_parameters() - model.head_parameters());
  return products + real(model.layers) * model.prefill_query_flops(keys);
}
double decode_flops(const model::Model& model, double keys) {
  return 2.0 * real(model.activated_parameters()) +
         real(model.layers) * model.decode_query_flops(keys);
}

// Read by all decode GPUs in the window.
double bytes_read(const cluster::FleetSpec& spec, const metrics::RunStatistics& s) {
  const metrics::StepMeans& steps = s.utilisation.steps;
  const serving::DecodeUnitLimits limits = cluster::decode_limits(spec);
  const double kv_tokens =
      steps.decode_kv_ratio_mean.value_or(0.0) * real(limits.kv_capacity_tokens);
  const auto weights = real(cluster::decode_memory(spec).weights.count());
  const double keys = s.workload.mean_kv_per_output_token.value_or(1.0);
  const double part_read =  // sparse attention does not read all
      spec.model.is_sparse()
          ? spec.model.decode_query_bytes(keys) / keys / real(spec.model.kv_bytes_per_token_layer())
          : 1.0;
  const double per_gpu = weights + kv_tokens * part_read * real(cluster::kv_bytes_per_token(spec));
  return per_gpu * real(steps.decode_steps) * real(spec.decode.gpus);
}

}  // namespace

report::Efficiency efficiency_of(const cluster::FleetSpec& spec, const metrics::RunStatistics& s,
                                 const cost::Account& account) {
  using metrics::ratio;
  report::Efficiency efficiency;
  efficiency.output_tps_per_gpu = ratio(real(s.tokens.output), account.gpu_hours * 3600.0);
  efficiency.usd_per_hour = ratio(account.cost_usd * 3600.0, s.window_seconds());
  const double prefill_s = gpu_seconds(s.nodes.prefill_ns, spec.prefill_hardware);
  const double decode_s = gpu_seconds(s.nodes.decode_ns, spec.decode_hardware);
  efficiency.prefill_mfu_ratio = ratio(
      real(s.tokens.computed_in_steps) *
          prefill_flops(spec.model, s.workload.attention_pairs_per_computed_token.value_or(0.0)),
      spec.prefill_hardware.peak_fp8_rate.count() * prefill_s);
  efficiency.decode_mfu_ratio =
      ratio(real(s.tokens.output) *
                decode_flops(spec.model, s.workload.mean_kv_per_output_token.value_or(0.0)),
            spec.decode_hardware.peak_fp8_rate.count() * decode_s);
  efficiency.decode_mbu_ratio =
      ratio(bytes_read(spec, s), spec.decode_hardware.peak_memory_bandwidth.count() * decode_s);
  return efficiency;
}

}  // namespace epfleet::experiment
