// timeseries.csv and hourly.csv: each column is one line of a table, its header beside the value it
// shows.

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/report/checks.h"
#include "epfleet/report/result_files.h"

namespace epfleet::report {
namespace {

using metrics::Interval;
using metrics::Measure;

// One stretch of the window with what it cost; the published hour, where there is one.
struct Row {
  const Interval& interval;
  const cost::Account& account;
  observe::TokenTotals tokens;
  const PublishedHour* published = nullptr;
  std::optional<double> revenue_error;
};

struct Column {
  const char* name;
  std::string (*cell)(const Row&);
};

std::string cell(std::int64_t value) { return fmt::format("{}", value); }
std::string cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }
std::string cell(const Measure& value) { return value ? cell(*value) : ""; }

Measure busy_ratio(const metrics::NodeTime& time) {
  return metrics::ratio(static_cast<double>(time.busy), static_cast<double>(time.busy + time.idle));
}

Measure hit_ratio(const observe::TokenTotals& tokens) {
  return metrics::ratio(static_cast<double>(tokens.cached), static_cast<double>(tokens.input));
}

std::string published_cell(const Row& row, double PublishedHour::* member) {
  return row.published == nullptr ? "" : cell(row.published->*member);
}

// Tokens per second of the interval or hour.
std::string rate_cell(const Row& row, double tokens) {
  return cell(metrics::ratio(tokens, base::to_seconds(row.interval.length())));
}

std::int64_t lost(const metrics::LostTokens& l) {
  return l.cold + l.capacity + l.ttl + l.rounding + l.not_yet_written + l.too_slow;
}

// clang-format off
constexpr Column kTime{"time_s", [](const Row& r) { return cell(base::to_seconds(r.interval.begin)); }};

// As the fleet stood when the interval began.
constexpr Column kStateColumns[] = {
    {"nodes_allotted", [](const Row& r) { return cell(r.interval.at_begin.nodes_allotted()); }},
    {"nodes_serving", [](const Row& r) { return cell(r.interval.at_begin.nodes_serving); }},
    {"nodes_draining", [](const Row& r) { return cell(r.interval.at_begin.nodes_draining); }},
    {"nodes_loading", [](const Row& r) { return cell(r.interval.at_begin.nodes_loading); }},
    {"prefill_nodes_allotted", [](const Row& r) { return cell(r.interval.at_begin.prefill_nodes_allotted); }},
    {"decode_nodes_allotted", [](const Row& r) { return cell(r.interval.at_begin.decode_nodes_allotted); }},
    {"in_service_requests", [](const Row& r) { return cell(r.interval.in_service_at_begin); }},
    {"prefill_queue_requests", [](const Row& r) { return cell(r.interval.at_begin.prefill_queue_requests); }},
    {"prefill_queue_tokens", [](const Row& r) { return cell(r.interval.at_begin.prefill_queue_tokens); }},
    {"decode_waiting_requests", [](const Row& r) { return cell(r.interval.at_begin.decode_waiting_requests); }},
    {"decode_active_requests", [](const Row& r) { return cell(r.interval.at_begin.decode_active_requests); }},
    {"decode_kv_tokens", [](const Row& r) { return cell(r.interval.at_begin.decode_kv_tokens); }},
    {"decode_kv_capacity_tokens", [](const Row& r) { return cell(r.interval.at_begin.decode_kv_capacity_tokens); }},
    {"cache_stored_bytes", [](const Row& r) { return cell(r.interval.at_begin.cache_stored_bytes); }},
};

constexpr Column kHourlyColumns[] = {
    {"input_tokens", [](const Row& r) { return cell(r.tokens.input); }},
    {"cached_tokens", [](const Row& r) { return cell(r.tokens.cached); }},
    {"output_tokens", [](const Row& r) { return cell(metrics::output_tokens(r.tokens)); }},
    {"nodes_mean", [](const Row& r) { return cell(r.interval.mean_nodes()); }},
    {"cost_usd", [](const Row& r) { return cell(r.account.cost_usd); }},
    {"theoretical_revenue_usd", [](const Row& r) { return cell(r.account.revenue.theoretical_usd); }},
    {"expected_revenue_usd", [](const Row& r) { return cell(r.account.revenue.expected_usd); }},
    {"theoretical_margin_ratio", [](const Row& r) { return cell(r.account.theoretical_margin_ratio); }},
    {"output_speed_tps", [](const Row& r) { return cell(r.interval.output_speed_tps); }},
};

// What happened in the interval or hour; sums over the rows are the totals of summary.json.
constexpr Column kFlowColumns[] = {
    {"expected_margin_ratio", [](const Row& r) { return cell(r.account.expected_margin_ratio); }},
    {"idle_cost_usd", [](const Row& r) { return cell(r.account.idle_usd); }},
    {"prefill_nodes_mean", [](const Row& r) { return cell(r.interval.mean_prefill_nodes()); }},
    {"decode_nodes_mean", [](const Row& r) { return cell(r.interval.mean_decode_nodes()); }},
    {"computed_tokens", [](const Row& r) { return cell(r.interval.computed_tokens); }},
    {"arrived_requests", [](const Row& r) { return cell(r.interval.arrived); }},
    {"completed_requests", [](const Row& r) { return cell(r.interval.completed); }},
    {"rejected_requests", [](const Row& r) { return cell(r.interval.rejected); }},
    {"failed_requests", [](const Row& r) { return cell(r.interval.failed); }},
    {"preempted_requests", [](const Row& r) { return cell(r.interval.preempted); }},
    {"ttft_mean_s", [](const Row& r) { return cell(r.interval.ttft_mean_s); }},
    {"ttft_p50_s", [](const Row& r) { return cell(r.interval.ttft_p50_s); }},
    {"ttft_p99_s", [](const Row& r) { return cell(r.interval.ttft_p99_s); }},
    {"input_tps", [](const Row& r) { return rate_cell(r, static_cast<double>(r.tokens.input)); }},
    {"output_tps", [](const Row& r) { return rate_cell(r, metrics::output_tokens(r.tokens)); }},
    {"hit_ratio", [](const Row& r) { return cell(hit_ratio(r.tokens)); }},
    {"lost_tokens", [](const Row& r) { return cell(lost(r.interval.cache_lost)); }},
    {"lost_cold_tokens", [](const Row& r) { return cell(r.interval.cache_lost.cold); }},
    {"lost_capacity_tokens", [](const Row& r) { return cell(r.interval.cache_lost.capacity); }},
    {"lost_ttl_tokens", [](const Row& r) { return cell(r.interval.cache_lost.ttl); }},
    {"lost_rounding_tokens", [](const Row& r) { return cell(r.interval.cache_lost.rounding); }},
    {"lost_too_slow_tokens", [](const Row& r) { return cell(r.interval.cache_lost.too_slow); }},
    {"lost_not_yet_written_tokens", [](const Row& r) { return cell(r.interval.cache_lost.not_yet_written); }},
    {"cache_read_bytes", [](const Row& r) { return cell(r.interval.cache_read_bytes); }},
    {"cache_written_bytes", [](const Row& r) { return cell(r.interval.cache_written_bytes); }},
    {"kv_moved_bytes", [](const Row& r) { return cell(r.interval.kv_moved_bytes); }},
    {"prefill_busy_ratio", [](const Row& r) { return cell(busy_ratio(r.interval.prefill_node_ns)); }},
    {"decode_busy_ratio", [](const Row& r) { return cell(busy_ratio(r.interval.decode_node_ns)); }},
    {"prefill_efficiency_ratio", [](const Row& r) { return cell(r.interval.steps.prefill_efficiency_ratio); }},
    {"decode_batch_per_gpu_requests", [](const Row& r) { return cell(r.interval.steps.decode_batch_per_gpu); }},
    {"decode_kv_mean_ratio", [](const Row& r) { return cell(r.interval.steps.decode_kv_ratio_mean); }},
    {"decode_kv_max_ratio", [](const Row& r) { return cell(r.interval.steps.decode_kv_ratio_max); }},
    {"prefill_attention_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.prefill_attention_imbalance); }},
    {"prefill_token_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.prefill_token_imbalance); }},
    {"prefill_expert_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.prefill_expert_imbalance); }},
    {"decode_kv_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.decode_kv_imbalance); }},
    {"decode_request_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.decode_request_imbalance); }},
    {"decode_expert_imbalance_ratio", [](const Row& r) { return cell(r.interval.steps.decode_expert_imbalance); }},
    {"prefill_steps", [](const Row& r) { return cell(r.interval.steps.prefill_steps); }},
    {"decode_steps", [](const Row& r) { return cell(r.interval.steps.decode_steps); }},
    {"out_of_range_steps", [](const Row& r) { return cell(r.interval.steps.out_of_range_steps); }},
};

constexpr Column kPublishedColumns[] = {
    {"published_nodes_mean", [](const Row& r) { return published_cell(r, &PublishedHour::nodes_mean); }},
    {"published_cost_usd", [](const Row& r) { return published_cell(r, &PublishedHour::cost_usd); }},
    {"published_theoretical_revenue_usd", [](const Row& r) { return published_cell(r, &PublishedHour::theoretical_revenue_usd); }},
    {"theoretical_revenue_error_ratio", [](const Row& r) { return cell(r.revenue_error); }},
};
// clang-format on

using Columns = std::vector<Column>;

Columns joined(std::initializer_list<std::span<const Column>> groups) {
  Columns columns{kTime};
  for (const auto group : groups) {
    columns.insert(columns.end(), group.begin(), group.end());
  }
  return columns;
}

std::string header_of(const Columns& columns) {
  std::string line;
  for (const Column& column : columns) {
    line += line.empty() ? "" : ",";
    line += column.name;
  }
  return line + "\n";
}

void append_row(std::string& text, const Columns& columns, const Row& row) {
  bool first = true;
  for (const Column& column : columns) {
    text += first ? "" : ",";
    text += column.cell(row);
    first = false;
  }
  text += '\n';
}

}  // namespace

std::string timeseries_csv(const RunReport& report) {
  const auto& intervals = report.statistics.intervals;
  const auto& accounts = report.statement.intervals;
  EPFLEET_CHECK(intervals.size() == accounts.size(), "each interval has its account");
  const Columns columns = joined({kStateColumns, kHourlyColumns, kFlowColumns});
  std::string text = header_of(columns);
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    append_row(text, columns,
               Row{intervals[i], accounts[i], metrics::sum(intervals[i].tokens), nullptr, {}});
  }
  return text;
}

std::string hourly_csv(const RunReport& report) {
  const auto& hours = report.statistics.hours;
  const auto& accounts = report.statement.hours;
  EPFLEET_CHECK(hours.size() == accounts.size(), "each hour has its account");
  const auto& published = report.published.hours;
  const auto errors = hourly_revenue_errors(report);
  Columns columns = joined({kHourlyColumns, kFlowColumns});
  if (!published.empty()) {
    columns.insert(columns.end(), std::begin(kPublishedColumns), std::end(kPublishedColumns));
  }
  std::string text = header_of(columns);
  for (std::size_t h = 0; h < hours.size(); ++h) {
    append_row(text, columns,
               Row{hours[h], accounts[h], metrics::sum(hours[h].tokens),
                   h < published.size() ? &published[h] : nullptr, errors[h]});
  }
  return text;
}

}  // namespace epfleet::report
