#include "summary_document.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "epfleet/report/result_folder.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Measure;

constexpr double kNanosecondsPerHour = 3.6e12;

// Absent and not-a-number are both null: JSON has no NaN.
Json json(const Measure& value) { return value ? Json(*value) : Json(nullptr); }

Json json(std::optional<base::Duration> value) {
  return value ? Json(std::chrono::duration<double>(*value).count()) : Json(nullptr);
}

Json scenario(const RunReport& report) {
  return {{"name", report.scenario},
          {"seed", report.seed},
          {"fingerprint", report.scenario_fingerprint},
          {"trajectory_fingerprint", fmt::format("{:016x}", report.trajectory_fingerprint)}};
}

Json requests(const metrics::RequestCounts& r) {
  return {{"arrived", r.arrived},
          {"completed", r.completed},
          {"rejected", r.rejected},
          {"failed", r.failed},
          {"in_flight", r.in_flight},
          {"preemptions", r.preemptions},
          {"concurrent_peak", r.concurrent_peak}};
}

Json tokens(const metrics::TokenSums& t) {
  return {{"input", t.input},   {"cached", t.cached},       {"computed", t.computed},
          {"output", t.output}, {"reasoning", t.reasoning}, {"carried_in_tokens", t.carried_in}};
}

Json workload_means(const metrics::WorkloadMeans& w) {
  return {{"mean_input_tokens", json(w.mean_input_tokens)},
          {"mean_output_tokens", json(w.mean_output_tokens)},
          {"mean_kv_per_output_token", json(w.mean_kv_per_output_token)},
          {"attention_pairs_per_computed_token", json(w.attention_pairs_per_computed_token)}};
}

Json cache(const metrics::CacheUse& c) {
  return {{"hit_ratio", json(c.hit_ratio)},
          {"bytes_read", c.bytes_read},
          {"bytes_written", c.bytes_written},
          {"bytes_stored_peak", c.bytes_stored_peak},
          {"lost",
           {{"cold_ratio", json(c.lost_cold_ratio)},
            {"capacity_ratio", json(c.lost_capacity_ratio)},
            {"ttl_ratio", json(c.lost_ttl_ratio)},
            {"rounding_ratio", json(c.lost_rounding_ratio)},
            {"not_yet_written_ratio", json(c.lost_not_yet_written_ratio)},
            {"too_slow_ratio", json(c.lost_too_slow_ratio)}}}};
}

Json distribution(const metrics::Distribution& d) {
  return {{"mean", json(d.mean)}, {"p50", json(d.p50)}, {"p90", json(d.p90)},
          {"p95", json(d.p95)},   {"p99", json(d.p99)}, {"max", json(d.max)}};
}

Json latency(const metrics::Latency& l) {
  const metrics::OutputSpeed& s = l.output_speed;
  return {{"ttft_s", distribution(l.ttft)},
          {"tpot_s", distribution(l.tpot)},
          {"itl_s", distribution(l.itl)},
          {"e2e_s", distribution(l.e2e)},
          {"queue_prefill_s", distribution(l.queue_prefill)},
          {"queue_decode_s", distribution(l.queue_decode)},
          {"kv_transfer_s", distribution(l.kv_transfer)},
          {"output_speed_tps",
           {{"mean", json(s.mean)},
            {"p1", json(s.p1)},
            {"p5", json(s.p5)},
            {"p10", json(s.p10)},
            {"p50", json(s.p50)},
            {"p90", json(s.p90)}}}};
}

Json verdict(const metrics::SloVerdict& v) {
  return {{"quantile", json(v.quantile)},
          {"within_ratio", json(v.within_ratio)},
          {"windows", v.windows},
          {"windows_met", v.windows_met}};
}

Json slo(const metrics::SloResult& s) {
  return {{"ttft_s", json(s.ttft.limit)},
          {"tpot_s", json(s.tpot.limit)},
          {"attainment_ratio", json(s.attainment_ratio)},
          {"goodput_rps", json(s.goodput_rps)},
          {"windows_met", s.windows_met ? Json(*s.windows_met) : Json(nullptr)},
          {"ttft", verdict(s.ttft)},
          {"tpot", verdict(s.tpot)}};
}

Json nodes(const metrics::NodeUse& n) {
  const double gpu_hours = static_cast<double>(n.released_ns) / kNanosecondsPerHour *
                           static_cast<double>(n.gpus_per_node);
  return {{"peak", n.peak},
          {"mean", json(n.mean)},
          {"prefill_mean", json(n.prefill_mean)},
          {"decode_mean", json(n.decode_mean)},
          {"released_to_training_gpu_hours", gpu_hours}};
}

Json node_hours(const metrics::NodeTime& t) {
  const auto hours = [](std::int64_t ns) { return static_cast<double>(ns) / kNanosecondsPerHour; };
  return {{"busy", hours(t.busy)},
          {"idle", hours(t.idle)},
          {"loading", hours(t.loading)},
          {"draining", hours(t.draining)}};
}

Json throughput(const metrics::Throughput& t) {
  return {{"prefill_input_tps_per_node", json(t.prefill_input_tps_per_node)},
          {"prefill_computed_tps_per_node", json(t.prefill_computed_tps_per_node)},
          {"decode_output_tps_per_node", json(t.decode_output_tps_per_node)}};
}

Json utilisation(const metrics::Utilisation& u) {
  const metrics::StepMeans& s = u.steps;
  return {{"prefill_busy_ratio", json(u.prefill_busy_ratio)},
          {"prefill_efficiency_ratio", json(s.prefill_efficiency_ratio)},
          {"decode_busy_ratio", json(u.decode_busy_ratio)},
          {"decode_batch_per_gpu_mean", json(s.decode_batch_per_gpu)},
          {"decode_kv_ratio_mean", json(s.decode_kv_ratio_mean)},
          {"decode_kv_ratio_max", json(s.decode_kv_ratio_max)},
          {"imbalance",
           {{"prefill_attention", json(s.prefill_attention_imbalance)},
            {"prefill_tokens", json(s.prefill_token_imbalance)},
            {"decode_kv", json(s.decode_kv_imbalance)},
            {"decode_requests", json(s.decode_request_imbalance)},
            {"expert_prefill", json(s.prefill_expert_imbalance)},
            {"expert_decode", json(s.decode_expert_imbalance)}}}};
}

Json revenue(const cost::Account& total) {
  const auto of = [](const cost::Revenue& r) {
    return Json{{"theoretical_usd", r.theoretical_usd}, {"expected_usd", r.expected_usd}};
  };
  Json both = of(total.revenue);
  both["per_model"] = {
      {"v3", of(total.per_model[static_cast<std::size_t>(workload::Variant::V3)])},
      {"r1", of(total.per_model[static_cast<std::size_t>(workload::Variant::R1)])}};
  return both;
}

Json money_of_nodes(const cost::Account& total) {
  return {{"gpu_hours", total.gpu_hours},
          {"usd", total.cost_usd},
          {"prefill_usd", total.prefill_usd},
          {"decode_usd", total.decode_usd},
          {"idle_usd", total.idle_usd}};
}

Json solved(const std::vector<workload::SolvedTotal>& totals) {
  Json rows = Json::array();
  for (const workload::SolvedTotal& total : totals) {
    rows.push_back({{"name", total.name}, {"asked", total.asked}, {"achieved", total.achieved}});
  }
  return rows;
}

}  // namespace

nlohmann::ordered_json summary_document(const RunReport& report) {
  const metrics::RunStatistics& s = report.statistics;
  const cost::Statement& money = report.statement;
  Json summary;
  summary["schema"] = kSummarySchema;
  summary["scenario"] = scenario(report);
  summary["simulated_s"] = report.simulated_s();
  summary["partial"] = report.partial;
  summary["requests"] = requests(s.requests);
  summary["tokens"] = tokens(s.tokens);
  summary["workload"] = workload_means(s.workload);
  summary["cache"] = cache(s.cache);
  summary["latency"] = latency(s.latency);
  summary["slo"] = slo(s.slo);
  summary["nodes"] = nodes(s.nodes);
  summary["node_hours"] = {{"prefill", node_hours(s.nodes.prefill_ns)},
                           {"decode", node_hours(s.nodes.decode_ns)}};
  summary["throughput"] = throughput(s.throughput);
  summary["utilisation"] = utilisation(s.utilisation);
  summary["network"] = {{"kv_moved_bytes", s.kv_moved_bytes}};
  summary["pricing"] = {{"steps", s.priced_steps},
                        {"out_of_range_ratio", json(s.out_of_range_ratio)}};
  summary["cost"] = money_of_nodes(money.total);
  summary["unit_cost"] = {
      {"usd_per_m_input", json(money.unit_cost.usd_per_m_input)},
      {"usd_per_m_computed_input", json(money.unit_cost.usd_per_m_computed_input)},
      {"usd_per_m_output", json(money.unit_cost.usd_per_m_output)}};
  summary["revenue"] = revenue(money.total);
  summary["margin"] = {{"theoretical_ratio", json(money.total.theoretical_margin_ratio)},
                       {"expected_ratio", json(money.total.expected_margin_ratio)}};
  summary["solved_totals"] = solved(report.solved_totals);
  summary["notes"] = report.notes;
  summary["command"] = report.command;
  return summary;
}

const nlohmann::ordered_json* find_path(const nlohmann::ordered_json& document,
                                        std::string_view path) {
  const Json* at = &document;
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    if (!at->is_object() || !at->contains(key)) {
      return nullptr;
    }
    at = &(*at)[key];
    if (dot == std::string_view::npos) {
      return at;
    }
    path.remove_prefix(dot + 1);
  }
}

}  // namespace epfleet::report
