#include "epfleet/experiment/run_case.h"

#include <fmt/format.h>

#include <new>
#include <string>

#include "bisection.h"
#include "epfleet/base/error.h"
#include "epfleet/config/key.h"
#include "epfleet/config/loader.h"
#include "epfleet/experiment/run_scenario.h"
#include "epfleet/experiment/verdict.h"

namespace epfleet::experiment {
namespace {

struct Stopped {};  // unwinds a search that was interrupted

report::RunReport simulate(const config::Scenario& scenario, const std::atomic<bool>* stop) {
  RunOptions options;
  options.stop = stop;
  options.threads = false;
  report::RunReport report = run_scenario(scenario, options);
  if (stop != nullptr && stop->load()) {
    throw Stopped{};
  }
  return report;
}

CaseResult run_once(const SweepJob& job, const std::atomic<bool>* stop) {
  config::Scenario scenario = *job.scenario;
  scenario.seed = job.seed;
  return result_of(simulate(scenario, stop));
}

// The highest value that meets the objectives, and the numbers of the run there or at `report_at`.
CaseResult run_search(const SweepJob& job, const SweepFile& sweep, const std::atomic<bool>* stop) {
  const SweepSearch& search = *sweep.search;
  std::optional<CaseResult> reported;
  std::string last_why;
  const auto run_at = [&](double value) {
    std::vector<config::Override> overrides = job.overrides;
    overrides.push_back(fmt::format("seed={}", job.seed));
    overrides.push_back(fmt::format("{}={}", search.key, plain_number(value)));
    return simulate(config::load_scenario(sweep.scenario, overrides), stop);
  };
  const auto meets = [&](double value) {
    const report::RunReport report = run_at(value);
    require_slo(report.statistics, "a search");
    const Verdict verdict =
        report.overrun ? Verdict{false, kOverrun} : meets_slo(report.statistics);
    if (verdict.good && !search.report_at) {
      reported = result_of(report);
    }
    if (!verdict.good) {
      last_why = fmt::format("at {}: {}", plain_number(value), verdict.why);
    }
    return verdict.good;
  };
  const bool whole = config::find_key(search.key) != nullptr &&
                     config::find_key(search.key)->json == config::JsonType::Integer;
  const Edge edge = find_edge(search.low, search.high, search.precision, whole, meets);
  if (search.report_at) {
    reported = result_of(run_at(*search.report_at));
  }
  CaseResult result = reported.value_or(CaseResult{});
  const auto text = [](const std::optional<double>& value) {
    return value ? plain_number(*value) : std::string();
  };
  result.metrics[found_metric(search)] = text(edge.good);
  result.metrics[failed_metric(search)] = text(edge.bad);
  if (result.status == CaseStatus::Ok) {  // else it is unstable where it is reported
    result.message = last_why;
    result.status = !edge.good ? CaseStatus::Below : !edge.bad ? CaseStatus::Above : CaseStatus::Ok;
  }
  return result;
}

}  // namespace

std::string plain_number(double value) { return fmt::format("{:.6g}", value); }

CaseResult result_of(const report::RunReport& report) {
  CaseResult result;
  result.metrics = report::metric_values(report);
  if (report.overrun) {
    result.status = CaseStatus::Unstable;
    result.message = kOverrun;
  } else if (const Verdict up = keeps_up(report.statistics); !up.good) {
    result.status = CaseStatus::Unstable;
    result.message = up.why;
  }
  return result;
}

std::optional<CaseResult> run_case(const SweepJob& job, const SweepFile& sweep,
                                   const std::atomic<bool>* stop) {
  const auto failure = [](std::string message) {
    return CaseResult{CaseStatus::Failed, std::move(message), {}};
  };
  if (!job.scenario) {
    return failure(job.refusal);
  }
  try {
    return sweep.search ? run_search(job, sweep, stop) : run_once(job, stop);
  } catch (const Stopped&) {
    return std::nullopt;
  } catch (const base::InputError& error) {
    return failure(one_line(error));
  } catch (const std::bad_alloc&) {
    return failure("not enough memory");
  } catch (const std::exception& error) {
    return failure(error.what());
  }
}

}  // namespace epfleet::experiment
