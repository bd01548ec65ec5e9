#include "epfleet/experiment/price_step.h"

#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/prefill_layer.h"

namespace epfleet::experiment {
namespace {

using base::real;

// What both phases tell of their unit.
template <class Layout>
report::StepReport unit_report(const cluster::FleetSpec& spec, const Layout& layout,
                               const model::MemoryPlan& plan, timing::Clock clock) {
  report::StepReport report;
  report.clock = clock == timing::Clock::Cool ? "cool" : "sustained";
  report.gpus = layout.gpus;
  report.redundant_experts = layout.redundant_experts;
  report.experts_per_gpu =
      model::expert_slots_per_gpu(spec.model, layout.gpus, layout.redundant_experts);
  report.gpus_per_node = layout.gpus_per_node;
  report.expert_precision =
      layout.expert_precision == model::ExpertPrecision::Bf16 ? "bf16" : "fp8";
  report.overlap_rule = layout.overlap == model::Overlap::Auto        ? "auto"
                        : layout.overlap == model::Overlap::DualBatch ? "dual_batch"
                                                                      : "none";
  report.phase_barriers = layout.phase_barriers;
  report.draft_tokens = spec.decode.mtp.drafts();
  report.hbm.memory = plan.memory.count();
  report.hbm.weights = plan.weights.count();
  report.hbm.buffer = plan.buffer.count();
  report.hbm.runtime = plan.runtime.count();
  report.hbm.kv_capacity_tokens = plan.kv_capacity_tokens();
  return report;
}

void warn_of_memory(report::StepReport& report) {
  if (!report.hbm.fits()) {
    report.warnings.push_back(fmt::format("{} tokens of KV do not fit: a GPU holds {}",
                                          report.hbm.kv_tokens, report.hbm.kv_capacity_tokens));
  }
}

}  // namespace

StepPricer decode_steps(const config::Scenario& scenario, timing::Clock clock) {
  const cluster::FleetSpec spec = scenario;
  const model::DecodeLayout layout = cluster::decode_layout(spec);
  report::StepReport unit = unit_report(spec, layout, cluster::decode_memory(spec), clock);
  unit.decode = true;
  unit.acceptance = spec.decode.mtp.acceptance;
  const timing::DecodeLayer layer(spec.decode_hardware, spec.model, layout,
                                  cluster::decode_imbalance(spec), clock);
  const double tokens = spec.decode.mtp.tokens_per_step(unit.acceptance);
  return [=](std::int64_t requests_per_gpu, std::int64_t context_tokens) {
    EPFLEET_CHECK(requests_per_gpu >= 1 && context_tokens >= 1,
                  "a decode step has requests with KV");
    report::StepReport report = unit;
    report.per_gpu = requests_per_gpu;
    report.tokens = context_tokens;
    report.hbm.kv_tokens = requests_per_gpu * context_tokens;
    report.anatomy =
        timing::decode_anatomy(layer, real(requests_per_gpu), real(report.hbm.kv_tokens));
    const double speed = tokens / report.anatomy.step_s;
    report.tokens_per_s_request = speed;
    report.tokens_per_s_per_gpu = real(requests_per_gpu) * speed;
    if (requests_per_gpu > layout.max_requests_per_gpu) {
      report.warnings.push_back(
          fmt::format("{} requests are more than a GPU of such a unit takes: "
                      "decode.max_requests_per_gpu is {}",
                      requests_per_gpu, layout.max_requests_per_gpu));
    }
    warn_of_memory(report);
    return report;
  };
}

StepPricer prefill_steps(const config::Scenario& scenario, timing::Clock clock) {
  const cluster::FleetSpec spec = scenario;
  const model::PrefillLayout layout = cluster::prefill_layout(spec);
  report::StepReport unit = unit_report(spec, layout, cluster::prefill_memory(spec), clock);
  unit.decode = false;
  const timing::PrefillLayer layer(spec.prefill_hardware, spec.model, layout,
                                   cluster::prefill_imbalance(spec), clock);
  const std::int64_t most_tokens = spec.prefill.max_tokens_per_gpu.count();
  return [=](std::int64_t tokens_per_gpu, std::int64_t prompt_tokens) {
    EPFLEET_CHECK(tokens_per_gpu >= 1 && prompt_tokens >= 1, "a prefill step computes tokens");
    report::StepReport report = unit;
    report.per_gpu = tokens_per_gpu;
    report.tokens = prompt_tokens;
    report.hbm.kv_tokens = std::max(tokens_per_gpu, prompt_tokens);
    report.anatomy = timing::prefill_anatomy(
        layer, timing::batch_of_prompts(real(tokens_per_gpu), real(prompt_tokens)));
    report.tokens_per_s_per_gpu = real(tokens_per_gpu) / report.anatomy.step_s;
    if (tokens_per_gpu > most_tokens) {
      report.warnings.push_back(fmt::format(
          "{} tokens are more than a GPU takes in a step: prefill.max_tokens_per_gpu is {}",
          tokens_per_gpu, most_tokens));
    }
    warn_of_memory(report);
    return report;
  };
}

}  // namespace epfleet::experiment
