// timeseries.csv and hourly.csv: each column is one row of a table, what it means beside the value
// it shows.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/checks.h"
#include "epfleet/report/result_files.h"

namespace epfleet::report {
namespace {

using cost::Account;
using metrics::Interval;
using metrics::Kind;
using metrics::LostTokens;
using metrics::Measure;
using metrics::of;
using metrics::StepMeans;
using observe::FleetState;
using observe::FleetTotals;
using observe::TokenTotals;

// One stretch of the window with what it cost; the published hour, where there is one.
struct Stretch {
  const Interval* interval;
  const Account* account;
  TokenTotals tokens;
  const PublishedHour* published = nullptr;
  std::optional<double> revenue_error;
};

struct Column {
  ColumnMeaning meaning;
  metrics::Value (*value)(const Stretch&);
};

// Chains that begin at what a row is about.
template <auto... Members>
constexpr auto state = of<&Stretch::interval, &Interval::at_begin, Members...>;
template <auto... Members>
constexpr auto flow = of<&Stretch::interval, Members...>;
template <auto... Members>
constexpr auto steps = of<&Stretch::interval, &Interval::steps, Members...>;
template <auto... Members>
constexpr auto lost = of<&Stretch::interval, &Interval::cache_lost, Members...>;
template <auto... Members>
constexpr auto money = of<&Stretch::account, Members...>;

double begin_s(const Stretch& row) { return base::to_seconds(row.interval->begin); }

template <double PublishedHour::* Member>
Measure published(const Stretch& row) {
  return row.published == nullptr ? Measure() : Measure(row.published->*Member);
}

Measure per_second(const Stretch& row, double tokens) {
  return metrics::ratio(tokens, base::to_seconds(row.interval->length()));
}
std::int64_t computed_tokens(const Stretch& row) { return row.tokens.input - row.tokens.cached; }
Measure input_tps(const Stretch& row) {
  return per_second(row, static_cast<double>(row.tokens.input));
}
Measure output_tps(const Stretch& row) { return per_second(row, row.tokens.output.tokens()); }

std::int64_t all_lost(const LostTokens& l) {
  return l.cold + l.capacity + l.ttl + l.rounding + l.not_yet_written + l.too_slow + l.store_down;
}

// clang-format off
constexpr Column kTime{{"time_s", "", "s", Kind::Level, "Begin of the interval or hour, from the window's start."}, of<&begin_s>};

// As the fleet stood when the interval began.
constexpr Column kStateColumns[] = {
    {{"nodes_allotted", "nodes.mean"}, state<&FleetState::nodes_allotted>},
    {{"nodes_serving", "", "nodes", Kind::Level, "Nodes that take requests."}, state<&FleetState::nodes_serving>},
    {{"nodes_draining", "", "nodes", Kind::Level, "Nodes that take no new requests and finish those they have."}, state<&FleetState::nodes_draining>},
    {{"nodes_loading", "", "nodes", Kind::Level, "Nodes that are starting up."}, state<&FleetState::nodes_loading>},
    {{"nodes_down", "", "nodes", Kind::Level, "Nodes of units that a failure stopped and that do not serve again yet."}, state<&FleetState::nodes_down>},
    {{"nodes_spare", "", "nodes", Kind::Level, "Nodes held ready to replace lost ones, or in repair."}, state<&FleetState::nodes_spare>},
    {{"prefill_nodes_allotted", "nodes.prefill_mean"}, state<&FleetState::prefill_nodes_allotted>},
    {{"decode_nodes_allotted", "nodes.decode_mean"}, state<&FleetState::decode_nodes_allotted>},
    {{"in_service_requests", "", "requests", Kind::Level, "Requests that have arrived and are neither completed, rejected nor failed."}, flow<&Interval::in_service_at_begin>},
    {{"prefill_queue_requests", "", "requests", Kind::Level, "Requests that wait for prefill."}, state<&FleetState::prefill_queue_requests>},
    {{"prefill_queue_tokens", "", "tokens", Kind::Level, "Tokens of theirs that are to be computed."}, state<&FleetState::prefill_queue_tokens>},
    {{"decode_waiting_requests", "", "requests", Kind::Level, "Requests past prefill whose KV is on its way, or that wait for room on a decode GPU."}, state<&FleetState::decode_waiting_requests>},
    {{"decode_active_requests", "", "requests", Kind::Level, "Requests that decode steps advance."}, state<&FleetState::decode_active_requests>},
    {{"decode_kv_tokens", "", "tokens", Kind::Level, "KV on the decode GPUs."}, state<&FleetState::decode_kv_tokens>},
    {{"decode_kv_capacity_tokens", "", "tokens", Kind::Level, "KV for which the decode GPUs have room."}, state<&FleetState::decode_kv_capacity_tokens>},
    {{"cache_stored_bytes", "cache.bytes_stored_peak"}, state<&FleetState::cache_stored_bytes>},
};

constexpr Column kHourlyColumns[] = {
    {{"input_tokens", "tokens.input"}, of<&Stretch::tokens, &TokenTotals::input>},
    {{"cached_tokens", "tokens.cached"}, of<&Stretch::tokens, &TokenTotals::cached>},
    {{"output_tokens", "tokens.output"}, of<&Stretch::tokens, &TokenTotals::output, &base::TokenParts::tokens>},
    {{"nodes_mean", "nodes.mean"}, flow<&Interval::mean_nodes>},
    {{"cost_usd", "cost.usd"}, money<&Account::cost_usd>},
    {{"theoretical_revenue_usd", "revenue.theoretical_usd"}, money<&Account::revenue, &cost::Revenue::theoretical_usd>},
    {{"expected_revenue_usd", "revenue.expected_usd"}, money<&Account::revenue, &cost::Revenue::expected_usd>},
    {{"theoretical_margin_ratio", "margin.theoretical_ratio"}, money<&Account::theoretical_margin_ratio>},
    {{"output_speed_tps", "latency.output_speed_tps.mean"}, flow<&Interval::output_speed_tps>},
};

// What happened in the interval or hour; sums over the rows are the totals of summary.json.
constexpr Column kFlowColumns[] = {
    {{"expected_margin_ratio", "margin.expected_ratio"}, money<&Account::expected_margin_ratio>},
    {{"idle_cost_usd", "cost.idle_usd"}, money<&Account::idle_usd>},
    {{"prefill_nodes_mean", "nodes.prefill_mean"}, flow<&Interval::mean_prefill_nodes>},
    {{"decode_nodes_mean", "nodes.decode_mean"}, flow<&Interval::mean_decode_nodes>},
    {{"computed_tokens", "tokens.computed"}, of<&computed_tokens>},
    {{"computed_in_steps_tokens", "tokens.computed_in_steps"}, flow<&FleetTotals::computed_tokens>},
    {{"arrived_requests", "", "requests", Kind::Flow, "Requests that arrived."}, flow<&FleetTotals::arrived>},
    {{"retried_requests", "", "requests", Kind::Flow, "Of the arrived ones, those that repeat one that was rejected or failed."}, flow<&FleetTotals::retries>},
    {{"completed_requests", "", "requests", Kind::Flow, "Requests that got their last token, whenever they arrived."}, flow<&FleetTotals::completed>},
    {{"rejected_requests", "", "requests", Kind::Flow, "Requests that were turned away."}, flow<&FleetTotals::rejected>},
    {{"failed_requests", "", "requests", Kind::Flow, "Requests that were taken in and not completed, whenever they arrived."}, flow<&FleetTotals::failed>},
    {{"preempted_requests", "requests.preemptions"}, flow<&FleetTotals::preempted>},
    {{"ttft_mean_s", "latency.ttft_s.mean"}, flow<&Interval::ttft_mean_s>},
    {{"ttft_p50_s", "latency.ttft_s.p50"}, flow<&Interval::ttft_p50_s>},
    {{"ttft_p99_s", "latency.ttft_s.p99"}, flow<&Interval::ttft_p99_s>},
    {{"input_tps", "", "tokens/s", Kind::Ratio, "Input tokens per second, of the whole fleet."}, of<&input_tps>},
    {{"output_tps", "", "tokens/s", Kind::Ratio, "Output tokens per second, of the whole fleet."}, of<&output_tps>},
    {{"hit_ratio", "cache.hit_ratio"}, of<&Stretch::tokens, &metrics::hit_ratio>},
    {{"lost_tokens", "", "tokens", Kind::Flow, "Input tokens that could have been hits and were not: the sum of the columns lost_..."}, lost<&all_lost>},
    {{"lost_cold_tokens", "", "tokens", Kind::Flow, "Input tokens not hit because they had never been stored in this run."}, lost<&LostTokens::cold>},
    {{"lost_capacity_tokens", "", "tokens", Kind::Flow, "Input tokens not hit because they had been evicted for room."}, lost<&LostTokens::capacity>},
    {{"lost_ttl_tokens", "", "tokens", Kind::Flow, "Input tokens not hit because they had passed their time to live."}, lost<&LostTokens::ttl>},
    {{"lost_rounding_tokens", "", "tokens", Kind::Flow, "Input tokens not hit because only whole blocks are stored."}, lost<&LostTokens::rounding>},
    {{"lost_too_slow_tokens", "", "tokens", Kind::Flow, "Input tokens stored, but computed anew because reading takes longer."}, lost<&LostTokens::too_slow>},
    {{"lost_store_down_tokens", "", "tokens", Kind::Flow, "Input tokens stored, but not found because the store had failed."}, lost<&LostTokens::store_down>},
    {{"lost_not_yet_written_tokens", "", "tokens", Kind::Flow, "Input tokens not hit because their write had not ended."}, lost<&LostTokens::not_yet_written>},
    {{"cache_read_bytes", "cache.bytes_read"}, flow<&FleetTotals::cache_read_bytes>},
    {{"cache_written_bytes", "cache.bytes_written"}, flow<&FleetTotals::cache_written_bytes>},
    {{"kv_moved_bytes", "network.kv_moved_bytes"}, flow<&FleetTotals::kv_moved_bytes>},
    {{"prefill_busy_ratio", "utilisation.prefill_busy_ratio"}, flow<&FleetTotals::prefill_node_ns, &metrics::busy_ratio>},
    {{"decode_busy_ratio", "utilisation.decode_busy_ratio"}, flow<&FleetTotals::decode_node_ns, &metrics::busy_ratio>},
    {{"prefill_efficiency_ratio", "utilisation.prefill_efficiency_ratio"}, steps<&StepMeans::prefill_efficiency_ratio>},
    {{"decode_batch_per_gpu_requests", "utilisation.decode_batch_per_gpu_mean"}, steps<&StepMeans::decode_batch_per_gpu>},
    {{"decode_kv_mean_ratio", "utilisation.decode_kv_ratio_mean"}, steps<&StepMeans::decode_kv_ratio_mean>},
    {{"decode_kv_max_ratio", "utilisation.decode_kv_ratio_max"}, steps<&StepMeans::decode_kv_ratio_max>},
    {{"prefill_attention_imbalance_ratio", "utilisation.imbalance.prefill_attention"}, steps<&StepMeans::prefill_attention_imbalance>},
    {{"prefill_token_imbalance_ratio", "utilisation.imbalance.prefill_tokens"}, steps<&StepMeans::prefill_token_imbalance>},
    {{"prefill_expert_imbalance_ratio", "utilisation.imbalance.expert_prefill"}, steps<&StepMeans::prefill_expert_imbalance>},
    {{"decode_kv_imbalance_ratio", "utilisation.imbalance.decode_kv"}, steps<&StepMeans::decode_kv_imbalance>},
    {{"decode_request_imbalance_ratio", "utilisation.imbalance.decode_requests"}, steps<&StepMeans::decode_request_imbalance>},
    {{"decode_expert_imbalance_ratio", "utilisation.imbalance.expert_decode"}, steps<&StepMeans::decode_expert_imbalance>},
    {{"prefill_steps", "", "steps", Kind::Flow, "Steps of prefill units that ended."}, steps<&StepMeans::prefill_steps>},
    {{"decode_steps", "", "steps", Kind::Flow, "Steps of decode units that ended."}, steps<&StepMeans::decode_steps>},
    {{"out_of_range_steps", "", "steps", Kind::Flow, "Steps whose duration was priced outside the calibrated ranges."}, steps<&StepMeans::out_of_range_steps>},
};

constexpr Column kPublishedColumns[] = {
    {{"published_nodes_mean", "", "nodes", Kind::Level, "Published nodes of the hour."}, of<&published<&PublishedHour::nodes_mean>>},
    {{"published_cost_usd", "", "USD", Kind::Flow, "Published cost of the hour."}, of<&published<&PublishedHour::cost_usd>>},
    {{"published_theoretical_revenue_usd", "", "USD", Kind::Flow, "Published theoretical revenue of the hour."}, of<&published<&PublishedHour::theoretical_revenue_usd>>},
    {{"theoretical_revenue_error_ratio", "", "share", Kind::Ratio, "Simulated / published theoretical revenue - 1, of a whole hour."}, of<&Stretch::revenue_error>},
};
// clang-format on

std::string text_of(const metrics::Value& value) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    return fmt::format("{}", *count);
  }
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && std::isfinite(*number) ? fmt::format("{}", *number) : "";
}

// The columns of a file, in order.
std::vector<Column> columns_of(bool timeseries, bool published) {
  std::vector<Column> columns{kTime};
  const auto add = [&](std::span<const Column> some) {
    columns.insert(columns.end(), some.begin(), some.end());
  };
  if (timeseries) {
    add(kStateColumns);
  }
  add(kHourlyColumns);
  add(kFlowColumns);
  if (published) {
    add(kPublishedColumns);
  }
  return columns;
}

std::string line_of(const std::vector<Column>& columns, const auto& field) {
  std::vector<std::string> fields;
  std::ranges::transform(columns, std::back_inserter(fields), field);
  return fmt::format("{}\n", fmt::join(fields, ","));
}

std::string csv_of(const std::vector<Column>& columns, const std::vector<Stretch>& rows) {
  std::string csv = line_of(columns, [](const Column& c) { return std::string(c.meaning.name); });
  for (const Stretch& row : rows) {
    csv += line_of(columns, [&](const Column& column) { return text_of(column.value(row)); });
  }
  return csv;
}

std::vector<Stretch> rows_of(const std::vector<Interval>& intervals,
                             const std::vector<Account>& accounts) {
  EPFLEET_CHECK(intervals.size() == accounts.size(), "each interval has its account");
  std::vector<Stretch> rows;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    rows.push_back({&intervals[i], &accounts[i], metrics::sum(intervals[i].tokens), nullptr, {}});
  }
  return rows;
}

}  // namespace

std::vector<SeriesColumn> series_columns() {
  std::vector<SeriesColumn> all;
  const auto among = [](std::span<const Column> columns, std::string_view name) {
    return std::ranges::any_of(columns, [&](const Column& c) { return c.meaning.name == name; });
  };
  for (const Column& column : columns_of(true, true)) {
    all.push_back({column.meaning, !among(kPublishedColumns, column.meaning.name),
                   !among(kStateColumns, column.meaning.name)});
  }
  return all;
}

std::string timeseries_csv(const RunReport& report) {
  return csv_of(columns_of(true, false),
                rows_of(report.statistics.intervals, report.statement.intervals));
}

std::string hourly_csv(const RunReport& report) {
  const auto& published = report.published.hours;
  const auto errors = hourly_revenue_errors(report);
  std::vector<Stretch> rows = rows_of(report.statistics.hours, report.statement.hours);
  for (std::size_t h = 0; h < rows.size(); ++h) {
    rows[h].published = h < published.size() ? &published[h] : nullptr;
    rows[h].revenue_error = errors[h];
  }
  return csv_of(columns_of(false, !published.empty()), rows);
}

}  // namespace epfleet::report
