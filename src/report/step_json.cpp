#include <nlohmann/json.hpp>

#include "epfleet/report/step_report.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kUs = 1e6, kMs = 1e3;

Json layout_of(const StepReport& r) {
  Json layout = {{"gpus", r.gpus},
                 {"redundant_experts", r.redundant_experts},
                 {"experts_per_gpu", r.experts_per_gpu},
                 {"expert_precision", r.expert_precision},
                 {"overlap", r.overlap() ? "dual_batch" : "none"},
                 {"overlap_rule", r.overlap_rule},
                 {"phase_barriers", r.phase_barriers},
                 {"draft_tokens", r.draft_tokens}};
  if (r.decode) {
    layout["acceptance"] = r.acceptance;
  }
  return layout;
}

Json parts_of(const timing::StepAnatomy& step) {
  return {{"moe_layers", static_cast<double>(step.moe_layers) * step.layer_s},
          {"mtp_layers", static_cast<double>(step.mtp_layers) * step.layer_s},
          {"dense_layers", step.dense_layers_s},
          {"head", step.head_s},
          {"launch_wait", step.launch_wait_s},
          {"host", step.host_s}};
}

Json stages_of(const timing::StepAnatomy& step) {
  Json stages = Json::object();
  for (const timing::StageTime& stage : step.stages) {
    stages[stage.name] = stage.seconds * kUs;
  }
  return stages;
}

// dispatch and combine are the sums of their two parts.
Json breakdown_of(const timing::LayerBreakdown& rows) {
  return {{"overall", rows.overall_s * kMs},
          {"dispatch", (rows.dispatch_barrier_s + rows.dispatch_core_s) * kMs},
          {"dispatch_barrier", rows.dispatch_barrier_s * kMs},
          {"dispatch_core", rows.dispatch_core_s * kMs},
          {"combine", (rows.combine_barrier_s + rows.combine_core_s) * kMs},
          {"combine_barrier", rows.combine_barrier_s * kMs},
          {"combine_core", rows.combine_core_s * kMs},
          {"moe", rows.compute.moe_s * kMs},
          {"attention_core", rows.compute.attention_core_s * kMs},
          {"gemm", rows.compute.gemm_s * kMs},
          {"other", rows.compute.other_s * kMs},
          {"launch_overhead", rows.compute.gap_s * kMs},
          {"engine", rows.compute.engine_s * kMs},
          {"compute_bubble", rows.compute_bubble_s * kMs},
          {"comm_bubble", rows.communication_bubble_s * kMs}};
}

Json bound_of(const timing::StepAnatomy& step) {
  Json bound = Json::object();
  for (const timing::PhaseTime& phase : step.phases) {
    bound[phase.key] = phase.bound_by_network() ? "communication" : "compute";
  }
  return bound;
}

Json hbm_of(const MemoryBudget& hbm) {
  return {{"memory_bytes", hbm.memory},
          {"weights_bytes", hbm.weights},
          {"buffer_bytes", hbm.buffer},
          {"runtime_bytes", hbm.runtime},
          {"kv_capacity_tokens", hbm.kv_capacity_tokens},
          {"kv_tokens", hbm.kv_tokens},
          {"fits", hbm.fits()}};
}

Json document(const StepReport& r) {
  const timing::StepAnatomy& step = r.anatomy;
  Json json = {{"phase", r.decode ? "decode" : "prefill"}, {"clock", r.clock}};
  json[r.decode ? "requests_per_gpu" : "tokens_per_gpu"] = r.per_gpu;
  json[r.decode ? "context_tokens" : "prompt_tokens"] = r.tokens;
  json["layout"] = layout_of(r);
  json["step_s"] = step.step_s;
  json["other_overlap_step_s"] = step.other_way_s ? Json(*step.other_way_s) : Json(nullptr);
  json["layer_s"] = step.layer_s;
  json["step_parts_s"] = parts_of(step);
  json["engine_share_s"] = step.engine_s;
  json["stages_us"] = stages_of(step);
  json["tokens_per_s_per_gpu"] = r.tokens_per_s_per_gpu;
  json["tokens_per_s_per_node"] = r.tokens_per_s_per_node();
  if (r.tokens_per_s_request) {
    json["tokens_per_s_per_request"] = *r.tokens_per_s_request;
  }
  json["breakdown_ms"] = breakdown_of(step.breakdown);
  json["phase_barriers"] = {{"layer_with_s", step.with_barriers_s},
                            {"layer_without_s", step.without_barriers_s},
                            {"gap_ratio", step.gap_ratio()}};
  json["hbm"] = hbm_of(r.hbm);
  json["bound"] = bound_of(step);
  json["expert_imbalance"] = step.expert_imbalance;
  json["out_of_range"] = !step.outside_calibration.empty();
  json["warnings"] = r.warnings;
  for (const std::string& outside : step.outside_calibration) {
    json["warnings"].push_back(outside);
  }
  return json;
}

}  // namespace

std::string step_json(const StepReport& report) { return document(report).dump(2) + "\n"; }

std::string steps_json(std::span<const StepReport> reports) {
  Json list = Json::array();
  for (const StepReport& report : reports) {
    list.push_back(document(report));
  }
  return list.dump(2) + "\n";
}

}  // namespace epfleet::report
