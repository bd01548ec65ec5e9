#include "epfleet/experiment/sweep_jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "epfleet/base/random.h"
#include "epfleet/config/key.h"
#include "epfleet/config/paths.h"
#include "epfleet/config/resolved.h"
#include "epfleet/report/catalogue.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"
#include "epfleet/text/nearest_word.h"

namespace epfleet::experiment {
namespace {

base::InputError problem(const SweepFile& sweep, std::string key, std::string what,
                         std::string remedy) {
  return base::InputError({.file = sweep.file,
                           .key = std::move(key),
                           .what = std::move(what),
                           .remedy = std::move(remedy)});
}

std::vector<std::string> checked_metrics(const SweepFile& sweep) {
  std::vector<std::string> metrics = sweep.metrics.empty() ? usual_metrics() : sweep.metrics;
  if (metrics.size() == 1 && metrics.front() == "all") {
    metrics.clear();
    for (const report::Metric& metric : report::metric_catalogue()) {
      if (!metric.of_any_class) {
        metrics.push_back(metric.path);
      }
    }
    std::ranges::sort(metrics);
  }
  std::vector<std::string> own;
  if (sweep.search) {
    own = {found_metric(*sweep.search), failed_metric(*sweep.search)};
  }
  std::erase_if(metrics, [&](const auto& m) { return std::ranges::count(own, m) > 0; });
  const auto check = [&](const std::string& metric, const char* key) {
    if (std::ranges::count(own, metric) == 0) {
      require_metric(metric, sweep.file, key);
    }
  };
  for (const std::string& metric : metrics) {
    check(metric, "metrics");
  }
  for (const SweepClaim& claim : sweep.claims) {
    check(claim.metric, "claims");
    if (std::ranges::count(own, claim.metric) + std::ranges::count(metrics, claim.metric) == 0) {
      metrics.push_back(claim.metric);
    }
  }
  metrics.insert(metrics.begin(), own.begin(), own.end());
  return metrics;
}

std::vector<std::string> varied_keys(const std::vector<SweepCase>& cases) {
  std::vector<std::string> keys;
  for (const SweepCase& one : cases) {
    for (const Setting& setting : one.settings) {
      if (std::ranges::count(keys, setting.key) == 0) {
        keys.push_back(setting.key);
      }
    }
  }
  return keys;
}

std::string unquoted(const std::string& text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// As resolved where that is one value, as written for a group of keys, empty where it is not
// stated.
std::string shown_value(const SweepCase& one, const config::Scenario* scenario,
                        const std::string& key) {
  if (scenario != nullptr) {
    if (const auto value = config::value_of(*scenario, key)) {
      return unquoted(*value);
    }
  }
  std::string written;
  for (const Setting& setting : one.settings) {
    if (setting.key == key) {
      written = setting.text;
    }
  }
  return unquoted(written);
}

std::vector<config::Override> overrides_of(const SweepFile& sweep, const SweepCase& one) {
  std::vector<config::Override> overrides;
  for (const auto* settings : {&sweep.set, &one.settings}) {
    for (const Setting& setting : *settings) {
      overrides.push_back(setting.override_text());
    }
  }
  return overrides;
}

std::string search_text(const SweepFile& sweep) {
  if (!sweep.search) {
    return "";
  }
  const SweepSearch& search = *sweep.search;
  return fmt::format("search {} {} {} {} {}\n", search.key, search.low, search.high,
                     search.precision, search.report_at.value_or(0.0));
}

// The files that a scenario names and that are there: an hourly shape, a trace, published values.
std::vector<std::string> files_of(const config::Scenario& scenario) {
  std::vector<std::string> files;
  for (const config::Key& key : config::key_table()) {
    if (!key.is_path) {
      continue;
    }
    std::string path =
        config::resolved_path(unquoted(key.print(scenario)), config::folder_of(scenario.file));
    if (config::is_file(path)) {
      files.push_back(std::move(path));
    }
  }
  return files;
}

// The part of the identity that replicates share.
std::string case_text(const SweepFile& sweep, const config::Scenario& scenario) {
  std::string text = config::resolved_document(scenario) + search_text(sweep);
  for (const std::string& file : files_of(scenario)) {
    text += text_hash(text::read_file(file, "sweep")) + "\n";
  }
  return text;
}

void add_case(const SweepCase& one, std::size_t case_index, SweepJobs& all) {
  SweepJob job;
  job.case_index = case_index;
  job.case_name = one.name;
  job.overrides = overrides_of(all.sweep, one);
  std::string text;
  std::uint64_t seed = 0;
  try {
    config::Scenario scenario = config::load_scenario(all.sweep.scenario, job.overrides);
    seed = scenario.seed;
    text = case_text(all.sweep, scenario);
    job.case_id = config::scenario_fingerprint(scenario);
    job.scenario = std::make_shared<const config::Scenario>(std::move(scenario));
  } catch (const base::InputError& error) {
    job.refusal = one_line(error);
    for (const config::Override& override_text : job.overrides) {
      text += override_text + "\n";
    }
    job.case_id = text_hash(text);
  }
  for (const std::string& key : all.keys) {
    job.key_values.push_back(shown_value(one, job.scenario.get(), key));
  }
  for (std::int64_t replicate = 0; replicate < all.sweep.replicates; ++replicate) {
    job.index = all.jobs.size();
    job.replicate = replicate;
    job.seed = seed + static_cast<std::uint64_t>(replicate);
    job.identity = text_hash(fmt::format("{}seed {}\n", text, job.seed));
    all.jobs.push_back(job);
  }
}

void refuse_repetitions(const SweepJobs& all) {
  std::map<std::string, std::size_t> seen;
  for (const SweepJob& job : all.jobs) {
    const auto [first, is_new] = seen.emplace(job.case_id, job.case_index);
    if (!is_new && first->second != job.case_index) {
      throw problem(all.sweep, "",
                    fmt::format("cases {} and {} are the same scenario ({})", first->second + 1,
                                job.case_index + 1, job.case_id),
                    "take one of them out; values are compared as resolved");
    }
  }
}

}  // namespace

std::vector<std::string> usual_metrics() {
  return {
      "latency.output_speed_tps.mean",
      "latency.output_speed_tps.p10",
      "latency.ttft_s.p50",
      "latency.ttft_s.p95",
      "latency.tpot_s.p95",
      "slo.attainment_ratio",
      "slo.goodput_rps",
      "throughput.prefill_input_tps_per_node",
      "throughput.decode_output_tps_per_node",
      "utilisation.imbalance.prefill_attention",
      "utilisation.imbalance.decode_kv",
      "utilisation.imbalance.decode_requests",
      "cost.usd",
      "unit_cost.usd_per_m_input",
      "unit_cost.usd_per_m_output",
      "margin.theoretical_ratio",
  };
}

void require_metric(const std::string& path, const std::string& file, const std::string& key) {
  if (report::find_metric(path) != nullptr) {
    return;
  }
  std::vector<std::string> paths;
  for (const report::Metric& metric : report::metric_catalogue()) {
    paths.push_back(metric.path);
  }
  const std::string nearest = text::nearest_word(path, paths);
  throw base::InputError(
      {.file = file,
       .key = key,
       .what = fmt::format("summary.json has no number '{}'", path),
       .remedy =
           nearest.empty()
               ? "write a path such as latency.ttft_s.p95; epfleet explain --metrics lists them"
               : fmt::format("did you mean '{}'?", nearest)});
}

std::string one_line(const base::InputError& error) {
  return fmt::format(
      "{}", fmt::join(std::views::transform(error.problems(), &base::Problem::text), "; "));
}

std::string found_metric(const SweepSearch& search) { return "search." + search.key; }
std::string failed_metric(const SweepSearch& search) {
  return "search." + search.key + ".fails_at";
}

std::string text_hash(std::string_view text) {
  return fmt::format("{:016x}", base::mix64(base::stream_name_hash(text)));
}

SweepJobs spell_out(const SweepFile& sweep) {
  SweepJobs all;
  all.sweep = sweep;
  all.metrics = checked_metrics(sweep);
  const std::vector<SweepCase> cases = cases_of(sweep);
  all.cases = cases.size();
  all.keys = varied_keys(cases);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    add_case(cases[i], i, all);
  }
  if (std::ranges::all_of(all.jobs, [](const SweepJob& job) { return !job.scenario; })) {
    throw problem(sweep, "", "no case can be run", all.jobs.front().refusal);
  }
  refuse_repetitions(all);
  return all;
}

}  // namespace epfleet::experiment
