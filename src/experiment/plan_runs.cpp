#include "epfleet/experiment/plan_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "epfleet/base/error.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/experiment/verdict.h"
#include "epfleet/text/parse.h"
#include "epfleet/text/quote.h"
#include "plan_columns.h"
#include "run_money.h"

namespace epfleet::experiment {
namespace {

constexpr std::array<std::string_view, 7> kUnitKeys = {"fleet.groups",
                                                       "fleet.base.prefill_units",
                                                       "fleet.base.decode_units",
                                                       "fleet.group.prefill_units",
                                                       "fleet.group.decode_units",
                                                       "fleet.prefill_units",
                                                       "fleet.decode_units"};

bool counts_units(const std::string& key) { return std::ranges::count(kUnitKeys, key) > 0; }

// Read after the last event. When windows of prices open and close is not: intervals end there.
bool is_priced(const std::string& key) {
  return (key.starts_with("prices.") && key != "prices.off_peak" && key != "prices.calendar" &&
          key != "prices.holidays") ||
         key == "energy.usd_per_kwh";
}

std::string key_of(const config::Override& text) { return text.substr(0, text.find('=')); }

// Whether a has no more units of any kind than b, both in the same keys.
bool no_more_units(const std::map<std::string, std::int64_t>& a,
                   const std::map<std::string, std::int64_t>& b) {
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return one.first == other.first && one.second <= other.second;
  });
}

std::string units_text(const std::map<std::string, std::int64_t>& units) {
  std::string text;
  for (const auto& [key, count] : units) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, count);
  }
  return text;
}

bool exceeds_nodes(const PlanPoint& point, const std::vector<PlanLimit>& limits) {
  return std::ranges::any_of(limits, [&](const PlanLimit& limit) {
    return limit.at_most && limit.metric.starts_with("nodes.") && point.metric(limit.metric) &&
           !limit.holds(point);
  });
}

}  // namespace

PlanRuns::PlanRuns(const PlanQuestion& question, const std::atomic<bool>* stop)
    : question_(question), stop_(stop) {
  if (question.searched) {
    varied_.insert(question.searched->key);
  }
  for (const Vary& vary : question.grid) {
    varied_.insert(vary.key);
  }
}

std::vector<config::Override> PlanRuns::Asked::overrides() const {
  std::vector<config::Override> all;
  for (const auto* keys : {&simulated, &priced}) {
    for (const auto& [key, value] : *keys) {
      all.push_back(key + "=" + value);
    }
  }
  return all;
}

PlanRuns::Asked PlanRuns::asked(const std::vector<config::Override>& overrides) const {
  Asked asked;
  for (const config::Override& text : overrides) {
    const std::string key = key_of(text);
    if (key.size() == text.size()) {  // no '=': the loader says what is wrong with it
      asked.simulated[text] = "";
      continue;
    }
    auto& keys = is_priced(key) ? asked.priced : asked.simulated;
    keys[key] = text.substr(key.size() + 1);
  }
  return asked;
}

// As many units as the phase's GPUs make, when its EP size is varied.
void PlanRuns::let_units_follow(Asked& asked) const {
  const bool decode = varied_.contains("decode.gpus"), prefill = varied_.contains("prefill.gpus");
  const bool counted = std::ranges::any_of(varied_, counts_units);
  if ((!decode && !prefill) || counted) {
    return;
  }
  Asked before = asked;
  for (const char* key : {"prefill.gpus", "decode.gpus"}) {
    if (varied_.contains(key)) {
      before.simulated.erase(key);
    }
  }
  const config::Scenario scenario = config::load_scenario(question_.scenario, before.overrides());
  if (scenario.scaling.policy != "fixed") {
    throw base::InputError(
        {.key = "--vary",
         .what = fmt::format("the EP size is varied, but scaling.policy is {}: the units cannot "
                             "follow",
                             scenario.scaling.policy),
         .remedy = "set scaling.policy=fixed, or vary the units, too"});
  }
  const cluster::UnitCounts units = cluster::allotments_without_load(scenario).front().units;
  const auto follow = [&](const char* phase, std::int64_t had, std::int64_t gpus, bool varied) {
    const auto now =
        varied ? text::parse_number(asked.simulated[std::string(phase) + ".gpus"]) : std::nullopt;
    const std::int64_t all = had * gpus;
    const std::int64_t count =
        now && *now >= 1.0 ? std::max<std::int64_t>(1, all / static_cast<std::int64_t>(*now)) : had;
    asked.simulated[fmt::format("fleet.base.{}_units", phase)] = std::to_string(count);
    if (varied) {
      asked.simulated.try_emplace(std::string(phase) + ".redundant_experts", "auto");
    }
  };
  asked.simulated["fleet.groups"] = "0";
  follow("prefill", units.prefill_units, scenario.prefill.gpus, prefill);
  follow("decode", units.decode_units, scenario.decode.gpus, decode);
}

PlanRuns::Tried PlanRuns::tried_of(const Asked& asked) const {
  Tried tried;
  for (const auto& [key, value] : asked.simulated) {
    const auto count = counts_units(key) ? text::parse_number(value) : std::nullopt;
    if (count) {
      tried.units[key] = static_cast<std::int64_t>(*count);
    } else {
      tried.others += key + "=" + value + "\n";
    }
  }
  return tried;
}

const PlanRuns::Tried* PlanRuns::who_rules_out(const Tried& next) const {
  const auto found = std::ranges::find_if(tried_, [&](const Tried& one) {
    return one.point.run && !one.point.metrics.empty() && one.others == next.others &&
           ((!one.point.served && no_more_units(next.units, one.units)) ||
            (exceeds_nodes(one.point, question_.limits) && no_more_units(one.units, next.units)));
  });
  return found == tried_.end() ? nullptr : &*found;
}

PlanPoint PlanRuns::judge(const report::RunReport& report) const {
  PlanPoint point;
  if (report.overrun) {
    point.why_not = kOverrun;
    return point;
  }
  if (question_.limits.empty()) {
    require_slo(report.statistics, "a plan");
  }
  const Verdict verdict = has_objectives(report.statistics) ? meets_slo(report.statistics)
                                                            : keeps_up(report.statistics);
  point.served = verdict.good;
  point.why_not = verdict.why;
  point.metrics = report::metric_values(report);
  point.currency = report.statement.currency;
  for (const PlanLimit& limit : question_.limits) {
    if (!limit.holds(point)) {
      const auto measured = point.metric(limit.metric);
      point.within = false;
      point.why_not += fmt::format("{}{} is {}", point.why_not.empty() ? "" : "; ", limit.metric,
                                   measured ? fmt::format("{:.4g}, not {} {:.4g}", *measured,
                                                          limit.at_most ? "<=" : ">=", limit.value)
                                            : "not measured");
    }
  }
  point.met = point.served && point.within;
  return point;
}

std::string PlanRuns::csv_of_runs() const {
  std::string csv = "keys,met";
  for (const PlanColumn& column : kPlanColumns) {
    csv += fmt::format(",{}", column.metric);
  }
  csv += ",why_not\n";
  for (const Tried& one : tried_) {
    std::string keys = one.others + units_text(one.units);
    std::ranges::replace(keys, '\n', ' ');
    csv += fmt::format("{},{}", text::csv_field(keys), one.point.met ? 1 : 0);
    for (const PlanColumn& column : kPlanColumns) {
      const auto found = one.point.metrics.find(column.metric);
      csv += "," + (found == one.point.metrics.end() ? "" : found->second);
    }
    csv += "," + text::csv_field(one.point.why_not) + "\n";
  }
  return csv;
}

config::Scenario PlanRuns::scenario(const std::vector<config::Override>& overrides) const {
  Asked asked = this->asked(overrides);
  let_units_follow(asked);
  return config::load_scenario(question_.scenario, asked.overrides());
}

PlanPoint PlanRuns::point(const std::vector<config::Override>& overrides) {
  PlanPoint refused;
  try {
    Asked asked = this->asked(overrides);
    let_units_follow(asked);
    const config::Scenario scenario = config::load_scenario(question_.scenario, asked.overrides());
    Tried tried = tried_of(asked);
    const std::string simulated = tried.others + units_text(tried.units);
    if (const auto known = reports_.find(simulated); known != reports_.end()) {
      return judge(repriced(scenario, known->second));
    }
    if (const Tried* other = who_rules_out(tried)) {
      refused.run = false;
      refused.why_not =
          fmt::format("ruled out: {} {}", units_text(other->units),
                      other->point.served ? "is above a limit already" : "does not serve either");
      return refused;
    }
    RunOptions options;
    options.stop = stop_;
    report::RunReport report = run_scenario(scenario, options);
    tried.point = judge(report);
    if (stop_ == nullptr || !stop_->load()) {
      reports_.emplace(simulated, std::move(report));
      tried_.push_back(tried);
    }
    return tried.point;
  } catch (const base::InputError& error) {
    if (error.problems().front().key == "slo" || error.problems().front().key == "--vary") {
      throw;  // of the question, not of this point
    }
    refused.why_not = "refused: " + error.problems().front().text();
    return refused;
  }
}

}  // namespace epfleet::experiment
