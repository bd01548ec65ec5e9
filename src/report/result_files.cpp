#include "epfleet/report/result_files.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "epfleet/report/checks.h"
#include "epfleet/text/quote.h"
#include "summary_document.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

// A text for people: invalid UTF-8 (a file name, say) is replaced, so that the file can always be
// read.
std::string text_of(const Json& document) {
  return document.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json(const CheckRow& row) {
  return {{"name", row.name},
          {"role", base::name_in(kRoleNames, row.role)},
          {"published", row.published},
          {"published_low", json_of(row.published_low)},
          {"published_high", json_of(row.published_high)},
          {"simulated", json_of(row.simulated)},
          {"low", json_of(row.band.low)},
          {"high", json_of(row.band.high)},
          {"band_stale", row.band_stale},
          {"error_ratio", json_of(row.error_ratio)},
          {"tolerance_ratio", json_of(row.tolerance_ratio)},
          {"within", json_of(row.within)},
          {"source", row.source},
          {"note", row.note}};
}

Json checks(const RunReport& report) {
  Json rows = Json::array();
  for (const CheckRow& row : make_checks(report)) {
    rows.push_back(json(row));
  }
  return rows;
}

// {mean,median,std,p99}_NAME_ms
void add_milliseconds(Json& document, const std::string& name, const metrics::Distribution& d) {
  const auto ms = [](const metrics::Measure& seconds) {
    return seconds ? Json(*seconds * 1e3) : Json(nullptr);
  };
  document["mean_" + name + "_ms"] = ms(d.mean);
  document["median_" + name + "_ms"] = ms(d.p50);
  document["std_" + name + "_ms"] = ms(d.std_dev);
  document["p99_" + name + "_ms"] = ms(d.p99);
}

double per_second(double count, double seconds) { return seconds > 0.0 ? count / seconds : 0.0; }

}  // namespace

std::string summary_json(const RunReport& report) {
  Json summary = summary_document(report);
  summary["checks"] = checks(report);
  return text_of(summary);
}

std::string run_info_json(const RunReport& report) {
  const RunInfo& info = report.info;
  const auto events = static_cast<double>(info.events);
  const auto requests = static_cast<double>(report.statistics.requests.arrived);
  return text_of({{"wall_s", info.wall_s},
                  {"before_window_s", info.before_window_s},
                  {"window_s", info.window_s},
                  {"peak_rss_bytes", info.peak_rss_bytes},
                  {"events", info.events},
                  {"events_per_s", per_second(events, info.wall_s)},
                  {"requests_per_s", per_second(requests, info.wall_s)},
                  {"version", info.version},
                  {"host", info.host}});
}

std::string bench_serving_json(const RunReport& report) {
  const metrics::RunStatistics& s = report.statistics;
  // One set: the requests that finished in the window. Latencies are of those that arrived in it.
  const double duration = report.simulated_s();
  const metrics::RequestCounts& requests = s.requests;
  const auto input = static_cast<double>(requests.finished_input_tokens);
  const auto output = static_cast<double>(requests.finished_output_tokens);
  Json document;
  document["duration"] = duration;
  document["completed"] = requests.finished_in_window;
  document["failed"] = requests.failed + requests.rejected;
  document["total_input_tokens"] = requests.finished_input_tokens;
  document["total_output_tokens"] = requests.finished_output_tokens;
  document["request_throughput"] =
      per_second(static_cast<double>(requests.finished_in_window), duration);
  document["request_goodput"] = json_of(s.slo.goodput_rps);
  document["output_throughput"] = per_second(output, duration);
  document["total_token_throughput"] = per_second(input + output, duration);
  document["max_output_tokens_per_s"] = s.tokens.output_peak_tps;
  document["max_concurrent_requests"] = requests.concurrent_peak;
  add_milliseconds(document, "ttft", s.latency.ttft);
  add_milliseconds(document, "tpot", s.latency.tpot);
  add_milliseconds(document, "itl", s.latency.itl);
  add_milliseconds(document, "e2el", s.latency.e2e);
  return text_of(document);
}

std::string decisions_csv(const RunReport& report) {
  std::string csv = "time_s,by,saw,decided,why\n";
  for (const observe::Decision& decision : report.statistics.decisions) {
    csv += fmt::format("{:.3f},{},{},{},{}\n", base::to_seconds(decision.time - base::kWindowStart),
                       decision.by, text::csv_field(decision.saw),
                       text::csv_field(decision.decided), text::csv_field(decision.why));
  }
  return csv;
}

std::string distributions_csv(const RunReport& report) {
  const metrics::Latency& latency = report.statistics.latency;
  std::string csv = "percentile";
  for (const metrics::LatencyRow& row : metrics::kLatencyRows) {
    csv += fmt::format(",{}", row.name);
  }
  csv += ",output_speed_tps\n";
  const auto value = [](const metrics::Distribution& d, std::size_t percent) -> metrics::Measure {
    return percent == 100 ? d.max
           : percent > 0 && percent <= d.percentiles.size()
               ? metrics::Measure(d.percentiles[percent - 1])
               : std::nullopt;
  };
  const auto field = [](const metrics::Measure& of) { return of ? fmt::format(",{}", *of) : ","; };
  for (std::size_t percent = 1; percent <= 100; ++percent) {
    csv += fmt::format("{}", percent);
    for (const metrics::LatencyRow& row : metrics::kLatencyRows) {
      csv += field(value(latency.*row.member, percent));
    }
    // The slow tail of the speed is the long tail of the time per token.
    const metrics::Measure tpot = value(latency.tpot, 100 - percent);
    csv += field(tpot ? metrics::ratio(1.0, *tpot) : metrics::Measure()) + "\n";
  }
  return csv;
}

void write_result(ResultFolder& folder, const RunReport& report) {
  folder.write("resolved.yaml", report.resolved_yaml);
  folder.write("timeseries.csv", timeseries_csv(report));
  folder.write("hourly.csv", hourly_csv(report));
  folder.write("decisions.csv", decisions_csv(report));
  folder.write("distributions.csv", distributions_csv(report));
  folder.write("bench_serving.json", bench_serving_json(report));
  folder.write("run_info.json", run_info_json(report));
  folder.write("summary.json", summary_json(report));
}

}  // namespace epfleet::report
