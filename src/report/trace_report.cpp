#include "epfleet/report/trace_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "epfleet/report/human_numbers.h"
#include "summary_document.h"
#include "terminal_canvas.h"

namespace epfleet::report {
namespace {

using Json = nlohmann::ordered_json;
using traces::CountedValues;
using traces::TraceStatistics;

Json lengths(const CountedValues& values) {
  return {{"mean", values.mean()},        {"p50", values.quantile(0.5)},
          {"p90", values.quantile(0.9)},  {"p95", values.quantile(0.95)},
          {"p99", values.quantile(0.99)}, {"max", values.largest()},
          {"total", values.total()},      {"zero", values.zeros()}};
}

// Of `total` over the trace's span; none if all comes at once.
std::optional<double> per_second(std::int64_t total, const TraceStatistics& s) {
  if (s.span() <= base::Duration{}) {
    return std::nullopt;
  }
  return static_cast<double>(total) / base::to_seconds(s.span());
}

Json rates(const TraceStatistics& s) {
  return {{"requests_per_s", json_of(per_second(s.requests(), s))},
          {"input_tokens_per_s", json_of(per_second(s.input().total(), s))},
          {"output_tokens_per_s", json_of(per_second(s.output().total(), s))},
          {"requests_in_busiest_minute", s.most_in_a_minute()}};
}

// The hit ratio with each capacity or time to live, as JSON and in words.
struct Curve {
  Json json = Json::array();
  std::vector<std::string> words;

  void add(const char* name, const Json& with, std::string_view with_words, double hit_ratio) {
    json.push_back({{name, with}, {"hit_ratio", hit_ratio}});
    words.push_back(fmt::format("{} with {}", human_percent(hit_ratio), with_words));
  }
};

Curve curve_of_lru(const cache::ReuseProfile& reuse) {
  Curve curve;
  for (std::size_t i = 0; i < reuse.capacities().size(); ++i) {
    const std::int64_t tokens = reuse.capacities()[i];
    curve.add("capacity_tokens", tokens, human_count(static_cast<double>(tokens)),
              reuse.lru_hit_ratio(i));
  }
  return curve;
}

Curve curve_of_ttl(const cache::ReuseProfile& reuse) {
  Curve curve;
  for (std::size_t i = 0; i < reuse.ttls().size(); ++i) {
    const double seconds = base::to_seconds(reuse.ttls()[i]);
    curve.add("ttl_s", seconds, human_duration(seconds), reuse.ttl_hit_ratio(i));
  }
  return curve;
}

template <class Of>
Json quantiles(const Of& of) {
  return {{"p50", of(0.5)}, {"p90", of(0.9)}, {"p99", of(0.99)}};
}

std::string length_line(const CountedValues& v) {
  return fmt::format("{} on average, p50 {}, p90 {}, p99 {}, at most {}; {} in all",
                     grouped(v.mean()), grouped_whole(v.quantile(0.5)),
                     grouped_whole(v.quantile(0.9)), grouped_whole(v.quantile(0.99)),
                     grouped_whole(v.largest()), human_count(static_cast<double>(v.total())));
}

void draw_reuse(const cache::ReuseProfile& reuse, Canvas& canvas) {
  canvas.section("Hits", {});
  canvas.line("ideal", fmt::format("{} of the input (infinite store, cold start), {} blocks",
                                   human_percent(reuse.ideal_hit_ratio()),
                                   grouped_whole(reuse.distinct_blocks())));
  canvas.line("LRU of tokens", fmt::format("{}", fmt::join(curve_of_lru(reuse).words, ", ")));
  canvas.line("TTL", fmt::format("{}", fmt::join(curve_of_ttl(reuse).words, ", ")));
  canvas.line("reused after", fmt::format("{} (p50), {} (p90), {} (p99)",
                                          human_duration(reuse.reuse_interval_s(0.5)),
                                          human_duration(reuse.reuse_interval_s(0.9)),
                                          human_duration(reuse.reuse_interval_s(0.99))));
  canvas.line("reuse distance", fmt::format("{} (p50), {} (p90), {} tokens (p99)",
                                            human_count(reuse.reuse_distance_tokens(0.5)),
                                            human_count(reuse.reuse_distance_tokens(0.9)),
                                            human_count(reuse.reuse_distance_tokens(0.99))));
}

}  // namespace

std::vector<std::string> notes_of(const TraceReport& report) {
  std::vector<std::string> notes = report.reading_notes;
  const std::int64_t empty = report.statistics.input().zeros();
  if (empty > 0) {
    notes.push_back(fmt::format("{} requests have no input tokens", empty));
  }
  const std::int64_t unanswered = report.statistics.output().zeros();
  if (unanswered > 0) {
    notes.push_back(fmt::format("{} requests have no output tokens", unanswered));
  }
  if (report.reuse_of_first) {
    notes.push_back(fmt::format(
        "hits and reuse are those of the first {} requests, which have {} distinct "
        "blocks: all that --reuse-blocks allows in memory (about 110 bytes each)",
        grouped_whole(*report.reuse_of_first), grouped_whole(report.reuse->distinct_blocks())));
  }
  return notes;
}

std::string trace_json(const TraceReport& report) {
  const TraceStatistics& s = report.statistics;
  Json document = {
      {"trace", report.name},
      {"format", report.info.format},
      {"time_unit", report.info.time_unit.empty() ? Json() : Json(report.info.time_unit)},
      {"rows_read", report.rows},
      {"requests", s.requests()},
      {"span_s", base::to_seconds(s.span())},
      {"rates", rates(s)},
      {"lengths", {{"input_tokens", lengths(s.input())}, {"output_tokens", lengths(s.output())}}},
      {"burstiness",
       {{"interarrival_cv", json_of(s.interarrival_cv())},
        {"dispersion_per_minute", json_of(s.dispersion_per_minute())}}}};
  if (s.cached_tokens()) {
    document["stated_hit_ratio"] =
        static_cast<double>(*s.cached_tokens()) / static_cast<double>(s.input().total());
  }
  if (report.reuse) {
    const cache::ReuseProfile& reuse = *report.reuse;
    document["block_tokens"] = report.info.block_tokens;
    document["distinct_blocks"] = reuse.distinct_blocks();
    document["ideal_hit_ratio"] = reuse.ideal_hit_ratio();
    document["lru"] = curve_of_lru(reuse).json;
    document["ttl"] = curve_of_ttl(reuse).json;
    document["reuse_interval_s"] =
        quantiles([&](double share) { return reuse.reuse_interval_s(share); });
    document["reuse_distance_tokens"] =
        quantiles([&](double share) { return reuse.reuse_distance_tokens(share); });
  } else {
    document["ideal_hit_ratio"] = nullptr;  // no identities, or not asked for
  }
  Json skipped = Json::array();
  for (const traces::SkippedLines& lines : report.skipped) {
    skipped.push_back(
        {{"reason", lines.reason}, {"lines", lines.count}, {"first_line", lines.first_line}});
  }
  document["skipped"] = skipped;
  document["notes"] = notes_of(report);
  return document.dump(2) + "\n";
}

std::string trace_summary(const TraceReport& report, const TerminalStyle& style) {
  const TraceStatistics& s = report.statistics;
  Canvas canvas(style);
  canvas.title(report.name, report.info.format);
  canvas.section("Requests", {});
  canvas.line("requests", fmt::format("{} in {}", grouped_whole(s.requests()),
                                      human_duration(base::to_seconds(s.span()))));
  if (const auto rate = per_second(s.requests(), s)) {
    canvas.line("rates",
                fmt::format("{} requests/s, {} tokens/s in, {} out; {} in the busiest "
                            "minute",
                            human_number(*rate), grouped(*per_second(s.input().total(), s)),
                            grouped(*per_second(s.output().total(), s)),
                            grouped_whole(s.most_in_a_minute())));
  }
  canvas.line("input tokens", length_line(s.input()));
  canvas.line("output tokens", length_line(s.output()));
  if (s.interarrival_cv()) {
    const auto dispersion = s.dispersion_per_minute();
    canvas.line("burstiness",
                fmt::format("gaps vary by {} (std / mean), requests a minute by {} (variance / "
                            "mean); Poisson: 1",
                            human_number(*s.interarrival_cv()),
                            dispersion ? human_number(*dispersion) : "-"));
  }
  if (report.reuse) {
    draw_reuse(*report.reuse, canvas);
  } else {
    canvas.line("hits", report.info.block_tokens > 0
                            ? "not counted (--no-reuse)"
                            : "the trace has no identities, so nothing can be found again");
  }
  for (const std::string& note : notes_of(report)) {
    canvas.note(note);
  }
  return canvas.text();
}

}  // namespace epfleet::report
