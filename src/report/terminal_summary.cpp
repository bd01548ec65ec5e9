#include "epfleet/report/terminal_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "epfleet/report/human_numbers.h"
#include "terminal_canvas.h"

namespace epfleet::report {
namespace {

using metrics::Measure;

// One word and one unit, so that six of them fit side by side.
std::string seconds(const Measure& value) {
  constexpr double kMinutesFrom = 120.0, kHoursFrom = 7200.0;
  if (!value) {
    return "-";
  }
  if (*value >= kMinutesFrom) {
    return *value >= kHoursFrom ? fmt::format("{:.1f} h", *value / 3600.0)
                                : fmt::format("{:.1f} min", *value / 60.0);
  }
  return human_duration(*value);
}
std::string percent(const Measure& value) { return value ? human_percent(*value) : "-"; }
std::string speed(const Measure& value) { return value ? fmt::format("{:.1f}", *value) : "-"; }
std::string times(const Measure& value) { return value ? fmt::format("{:.2f}", *value) : "-"; }
std::string count(std::int64_t value) { return human_count(static_cast<double>(value)); }
std::string number(const Measure& value) { return value ? human_number(*value) : "-"; }
std::string bytes(std::int64_t value) { return human_bytes(static_cast<double>(value)); }

std::string usd(double value) {
  return value != 0.0 && value < 100.0 ? grouped(value, 2) : grouped(value);
}
std::string unit_usd(const Measure& value) { return value ? fmt::format("{:.3f}", *value) : "-"; }

void head(Canvas& canvas, const RunReport& r) {
  canvas.title(r.scenario, fmt::format("seed {}   {} simulated   fingerprint {:016x}", r.seed,
                                       human_duration(r.simulated_s()), r.trajectory_fingerprint));
  if (r.partial) {
    canvas.warning("PARTIAL: the run stopped before the end of its window");
  }
}

// The answer first.
std::string verdict_line(const RunVerdict& v) {
  std::string line = !v.stable      ? "UNSTABLE: " + v.why
                     : !v.meets_slo ? (v.why.empty() ? "keeps up" : "none: " + v.why)
                     : *v.meets_slo ? "meets its objectives"
                                    : "MISSES its objectives: " + v.why;
  if (v.binds != "none") {
    line += fmt::format("; {} binds", v.binds);
  }
  if (v.headroom_ratio) {
    const double room = *v.headroom_ratio;
    line += room >= 9.0   ? fmt::format(", about {:.0f} times the load fits", 1.0 + room)
            : room >= 0.0 ? fmt::format(", about {:.0f} % more load fits", room * 100.0)
                          : fmt::format(", about {:.0f} % less load would fit", room * -100.0);
  }
  return line;
}

void verdict(Canvas& canvas, const RunReport& r) {
  const RunVerdict& v = r.verdict;
  if (v.stable && v.meets_slo.value_or(true)) {
    canvas.line("verdict", verdict_line(v));
  } else {
    canvas.warning(verdict_line(v));
  }
}

// What is asked first beside the verdict: speed, use of the GPUs, money per hour.
void key_figures(Canvas& canvas, const RunReport& r) {
  const Efficiency& e = r.efficiency;
  const cost::UnitCost& u = r.statement.unit_cost;
  constexpr double kHoursPerDay = 24.0;
  canvas.line("speed", fmt::format("{} tokens/s per user, {} output tokens/s per GPU",
                                   speed(r.statistics.latency.output_speed.mean),
                                   number(e.output_tps_per_gpu)));
  canvas.line("use of the GPUs",
              fmt::format("prefill MFU {}; decode MFU {}, MBU {} (of data-sheet peaks)",
                          percent(e.prefill_mfu_ratio), percent(e.decode_mfu_ratio),
                          percent(e.decode_mbu_ratio)));
  if (e.usd_per_hour) {
    canvas.line("cost", fmt::format("{} {} per hour, {} per day; per million tokens {} in, {} out",
                                    usd(*e.usd_per_hour), r.statement.currency,
                                    usd(*e.usd_per_hour * kHoursPerDay),
                                    unit_usd(u.usd_per_m_input), unit_usd(u.usd_per_m_output)));
  }
  const cost::Account& a = r.statement.total;
  if (r.verdict.stable && a.theoretical_margin_ratio && a.expected_margin_ratio) {
    canvas.line("margin",
                fmt::format("{} theoretical, {} expected", percent(a.theoretical_margin_ratio),
                            percent(a.expected_margin_ratio)));
  }
}

void latency_row(Canvas& canvas, std::string_view name, const metrics::Distribution& d) {
  canvas.columns(name, {seconds(d.mean), seconds(d.p50), seconds(d.p90), seconds(d.p95),
                        seconds(d.p99), seconds(d.max)});
}

void service(Canvas& canvas, const RunReport& r) {
  const metrics::Latency& l = r.statistics.latency;
  canvas.section("Service", {"mean", "p50", "p90", "p95", "p99", "max"});
  latency_row(canvas, "time to first token", l.ttft);
  latency_row(canvas, "time per output token", l.tpot);
  latency_row(canvas, "gap between chunks", l.itl);
  latency_row(canvas, "end to end", l.e2e);
  const metrics::OutputSpeed& s = l.output_speed;
  canvas.line("output speed", fmt::format("{} tokens/s on average, slowest 1 % {}, 10 % {}, "
                                          "median {}",
                                          speed(s.mean), speed(s.p1), speed(s.p10), speed(s.p50)));
  const metrics::SloResult& slo = r.statistics.slo;
  if (slo.ttft.limit || slo.tpot.limit) {
    canvas.line("objectives met",
                fmt::format("{} of requests, {} requests/s", percent(slo.attainment_ratio),
                            number(slo.goodput_rps)));
  }
}

// Why they ended so; nothing if none did.
void by_reason(Canvas& canvas, std::string_view name, const metrics::RequestCounts& counts,
               observe::Outcome outcome) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < observe::kEndings.size(); ++i) {
    if (observe::kEndings[i].outcome == outcome && counts.by_ending[i] > 0) {
      parts.push_back(fmt::format("{} {}", count(counts.by_ending[i]), observe::kEndings[i].name));
    }
  }
  if (!parts.empty()) {
    canvas.line(name, fmt::format("{}", fmt::join(parts, ", ")));
  }
}

// What conversations were solved for, and what that took: the mix does not stay as it was.
std::string solved_line(const std::vector<workload::SolvedTotal>& totals) {
  std::vector<std::string> parts;
  std::string requests;
  for (const workload::SolvedTotal& total : totals) {
    const auto shown = [&](double value) {
      return total.name == "hit_ratio" ? human_percent(value) : human_count(value);
    };
    if (total.name == workload::kSolvedRequests) {
      requests = fmt::format("{} requests ({} with the classes' own lengths)",
                             human_count(total.achieved), human_count(total.asked));
      continue;
    }
    constexpr double kAlike = 0.001;
    const bool alike = std::abs(total.achieved - total.asked) <= kAlike * total.asked;
    std::string name = total.name;
    std::ranges::replace(name, '_', ' ');
    parts.push_back(
        alike ? fmt::format("{} {}", name, shown(total.achieved))
              : fmt::format("{} {} (asked {})", name, shown(total.achieved), shown(total.asked)));
  }
  return fmt::format("{}: {}", fmt::join(parts, ", "), requests);
}

void load(Canvas& canvas, const RunReport& r) {
  const metrics::RequestCounts& q = r.statistics.requests;
  const metrics::TokenSums& t = r.statistics.tokens;
  const metrics::WorkloadMeans& w = r.statistics.workload;
  canvas.section("Load", {});
  canvas.line("requests", fmt::format("{} arrived, {} completed, {} rejected, {} failed, {} in "
                                      "flight",
                                      count(q.arrived), count(q.completed), count(q.rejected),
                                      count(q.failed), count(q.in_flight)));
  by_reason(canvas, "rejected", q, observe::Outcome::Rejected);
  by_reason(canvas, "failed", q, observe::Outcome::Failed);
  if (q.retries > 0) {
    canvas.line("retries", fmt::format("{} of the arrived ones repeat another; {} clients had no "
                                       "answer at the end",
                                       count(q.retries), count(q.unanswered)));
  }
  if (!r.solved_totals.empty()) {
    canvas.line("totals solved for", solved_line(r.solved_totals));
  }
  if (r.rows) {
    canvas.line("rows of the trace", account_of(*r.rows));
  }
  canvas.line("tokens", fmt::format("{} in, {} of them computed, {} out", count(t.input),
                                    count(t.computed), count(t.output)));
  canvas.line("a request", fmt::format("{} tokens in, {} out, KV length {} per output token",
                                       number(w.mean_input_tokens), number(w.mean_output_tokens),
                                       number(w.mean_kv_per_output_token)));
  const metrics::CacheUse& c = r.statistics.cache;
  canvas.line("KV cache on disk",
              fmt::format("{} of input hits; {} read, {} written, {} stored", percent(c.hit_ratio),
                          bytes(c.bytes_read), bytes(c.bytes_written), bytes(c.bytes_stored_peak)));
}

void classes(Canvas& canvas, const RunReport& r) {
  if (r.statistics.classes.empty()) {
    return;
  }
  canvas.section("Classes", {"requests", "TTFT p50", "TTFT p99", "TPOT mean", "in limits",
                             r.statement.currency});
  for (const metrics::ClassResult& one : r.statistics.classes) {
    canvas.columns(one.objectives.name,
                   {count(one.arrived), seconds(one.ttft.p50), seconds(one.ttft.p99),
                    seconds(one.tpot.mean), percent(one.attainment_ratio), usd(one.revenue_usd)});
  }
}

void fleet(Canvas& canvas, const RunReport& r) {
  const metrics::NodeUse& n = r.statistics.nodes;
  const metrics::Throughput& t = r.statistics.throughput;
  const metrics::Utilisation& u = r.statistics.utilisation;
  const metrics::StepMeans& s = u.steps;
  canvas.section("Fleet", {});
  canvas.line("nodes",
              fmt::format("{} on average ({} prefill, {} decode), {} at most", number(n.mean),
                          number(n.prefill_mean), number(n.decode_mean), count(n.peak)));
  canvas.line("a unit", fmt::format("prefill {} nodes, decode {} nodes", r.unit_nodes.prefill,
                                    r.unit_nodes.decode));
  canvas.line("per node", fmt::format("prefill {} tokens/s ({} computed), decode {} tokens/s",
                                      number(t.prefill_input_tps_per_node),
                                      number(t.prefill_computed_tps_per_node),
                                      number(t.decode_output_tps_per_node)));
  canvas.line("prefill units",
              fmt::format("load {} of full steps, efficiency {} (mean GPU / slowest)",
                          percent(r.load.prefill_ratio), percent(s.prefill_efficiency_ratio)));
  canvas.line("decode units",
              fmt::format("load {} of full steps, {} requests per GPU, KV {} full "
                          "(fullest {})",
                          percent(r.load.decode_ratio), speed(s.decode_batch_per_gpu),
                          percent(s.decode_kv_ratio_mean), percent(s.decode_kv_ratio_max)));
  canvas.line("max / mean of GPUs",
              fmt::format("prefill attention {}, tokens {}; decode KV {}, requests {}; experts {} "
                          "and {}",
                          times(s.prefill_attention_imbalance), times(s.prefill_token_imbalance),
                          times(s.decode_kv_imbalance), times(s.decode_request_imbalance),
                          times(s.prefill_expert_imbalance), times(s.decode_expert_imbalance)));
  if (r.statistics.out_of_range_ratio.value_or(0.0) > 0.0) {
    canvas.warning(fmt::format("{} of steps were priced outside the calibrated ranges",
                               percent(r.statistics.out_of_range_ratio)));
  }
}

void money_section(Canvas& canvas, const RunReport& r) {
  const cost::Account& a = r.statement.total;
  const cost::UnitCost& u = r.statement.unit_cost;
  const auto margin = [](const Measure& ratio) {
    return ratio ? fmt::format("margin {:.0f} %", *ratio * 100.0) : std::string("no margin");
  };
  canvas.section("Money", {});
  if (!r.verdict.stable) {
    canvas.warning("of an overloaded service: what waits is neither served nor paid for yet");
  }
  canvas.line("cost",
              fmt::format("{1} {0} for {2} GPU hours, {3} {0} of it idle; {4} {0} per million "
                          "computed tokens in",
                          r.statement.currency, usd(a.cost_usd), human_count(a.gpu_hours),
                          usd(a.idle_usd), unit_usd(u.usd_per_m_computed_input)));
  canvas.line("theoretical revenue",
              fmt::format("{} {}, {} (every token at R1 prices)", usd(a.revenue.theoretical_usd),
                          r.statement.currency, margin(a.theoretical_margin_ratio)));
  canvas.line("expected revenue", fmt::format("{} {}, {} (own prices, paying share, off-peak)",
                                              usd(a.revenue.expected_usd), r.statement.currency,
                                              margin(a.expected_margin_ratio)));
  if (r.energy.j_per_output_token) {
    const std::string price =
        r.energy.usd > 0.0
            ? fmt::format(", {} {} apart from the cost", usd(r.energy.usd), r.statement.currency)
            : std::string();
    canvas.line("energy",
                fmt::format("{} kWh, {:.2f} J per output token{}", human_count(r.energy.kwh),
                            *r.energy.j_per_output_token, price));
  }
}

// The course of the run, by the hour or, in a short run, by the interval.
void course(Canvas& canvas, const RunReport& r) {
  constexpr std::size_t kFewHours = 6;
  const bool by_hour = r.statistics.hours.size() >= kFewHours;
  const auto& rows = by_hour ? r.statistics.hours : r.statistics.intervals;
  if (rows.size() < 2) {
    return;
  }
  const auto curve = [&](std::string_view name, auto value) {
    std::vector<Measure> values;
    for (const metrics::Interval& row : rows) {
      values.push_back(value(row));
    }
    canvas.curve(name, values);
  };
  canvas.section(by_hour ? "Hour by hour" : "Over time", {});
  curve("output tokens/s", [](const metrics::Interval& i) {
    return metrics::ratio(metrics::sum(i.tokens).output.tokens(), base::to_seconds(i.length()));
  });
  curve("nodes", [](const metrics::Interval& i) { return i.mean_nodes(); });
  curve("output speed", [](const metrics::Interval& i) { return i.output_speed_tps; });
  curve("TTFT p50, s", [](const metrics::Interval& i) { return i.ttft_p50_s; });
}

}  // namespace

std::string account_of(const workload::RowAccount& rows) {
  std::string text = fmt::format("{} read, {} played in the window", grouped_whole(rows.read),
                                 grouped_whole(rows.played));
  const auto add = [&](std::int64_t number, std::string_view what) {
    text += number > 0 ? fmt::format(", {} {}", grouped_whole(number), what) : "";
  };
  add(rows.before_window, "before it");
  add(rows.after_window, "after it");
  for (const workload::SkippedRows& one : rows.skipped_by) {
    add(one.rows, fmt::format("skipped: {}", one.reason));
  }
  return text;
}

std::string terminal_summary(const RunReport& report, const TerminalStyle& style) {
  Canvas canvas(style);
  head(canvas, report);
  verdict(canvas, report);
  key_figures(canvas, report);
  service(canvas, report);
  load(canvas, report);
  classes(canvas, report);
  fleet(canvas, report);
  money_section(canvas, report);
  course(canvas, report);
  show_checks(canvas, report);
  for (const std::string& note : report.notes) {
    canvas.note(note);
  }
  return canvas.text();
}

}  // namespace epfleet::report
