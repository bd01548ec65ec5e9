// `epfleet plan`: the best value of a key under the objectives, and what would change it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/config/key.h"
#include "epfleet/experiment/capacity_plan.h"
#include "epfleet/experiment/plan_runs.h"
#include "epfleet/experiment/sweep_jobs.h"
#include "epfleet/page/page.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/parse.h"
#include "signals.h"

namespace epfleet::cli {
namespace {

// Asked unless the user asks something else.
const std::vector<std::string> kUsualChanges = {"workload.rate_scale=x1.2", "prices.gpu_hour=x1.3"};

struct Interrupted {};  // unwinds a search

struct PlanRequest {
  std::string scenario;
  std::vector<std::string> vary;
  std::string meet;
  std::string minimise, maximise;  // one of them
  std::vector<std::string> limits;
  std::vector<std::string> what_if;  // empty: the usual two
  std::vector<std::string> overrides;
  std::string out;
  bool quiet = false;
  bool no_page = false;
};

// The aim, and which of the varied keys is searched: the one that is maximised, else the first
// range.
experiment::PlanQuestion question_of(const PlanRequest& request) {
  experiment::PlanQuestion question;
  question.scenario = request.scenario;
  question.overrides = request.overrides;
  if (request.minimise.empty() == request.maximise.empty()) {
    throw wrong_option("", "one of --minimise METRIC and --maximise METRIC-OR-KEY is needed",
                       "for example --minimise cost.usd_per_hour");
  }
  std::ranges::transform(request.vary, std::back_inserter(question.grid), experiment::parse_vary);
  std::ranges::transform(request.limits, std::back_inserter(question.limits),
                         experiment::parse_limit);
  auto searched = std::ranges::find(question.grid, request.maximise, &experiment::Vary::key);
  if (searched == question.grid.end()) {
    question.metric = request.minimise + request.maximise;
    question.most = !request.maximise.empty();
    if (config::find_key(question.metric) != nullptr) {
      throw wrong_option("--maximise", fmt::format("'{}' is not varied", question.metric),
                         fmt::format("add --vary {}=LO..HI", question.metric));
    }
    experiment::require_metric(question.metric, "", question.most ? "--maximise" : "--minimise");
    searched = std::ranges::find_if(question.grid, &experiment::Vary::is_range);
  } else if (!searched->is_range) {
    throw wrong_option("--vary", fmt::format("{} is searched, and needs a range", searched->key),
                       fmt::format("write {}=LO..HI", searched->key));
  }
  if (searched != question.grid.end()) {
    question.searched = *searched;
    question.grid.erase(searched);
  }
  return question;
}

// KEY=VALUE, with xFACTOR written out for what the scenario has.
std::string spelled_out(const std::string& change, const config::Scenario& scenario) {
  const std::size_t equals = change.find('=');
  if (equals == std::string::npos) {
    throw wrong_option("--what-if", fmt::format("'{}' is not KEY=VALUE", change),
                       "for example workload.rate_scale=x1.2");
  }
  const std::string key = change.substr(0, equals);
  config::require_key(key, "--what-if");
  const std::string value = change.substr(equals + 1);
  const auto factor = value.starts_with('x') ? text::parse_number(value.substr(1)) : std::nullopt;
  const auto present = config::value_of(scenario, key);
  if (!factor || !present) {
    return change;
  }
  // "2 USD/h": the factor goes to the number, the unit stays.
  std::string text = *present;
  std::erase(text, '"');
  double number = 0.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{}) {
    throw wrong_option("--what-if", fmt::format("{} is {}, not a number", key, text),
                       fmt::format("write {}=VALUE", key));
  }
  return fmt::format("{}={:.10g}{}", key, number * *factor, parsed.ptr);
}

// Asks and tells: one line on stderr a run.
class Planner {
 public:
  Planner(const PlanRequest& request, const experiment::PlanQuestion& question)
      : request_(request), runs_(question, &stop_on_signals()), stop_(stop_on_signals()) {}

  // With the first values, so that a mistake shows before a long run.
  [[nodiscard]] config::Scenario first(const experiment::PlanQuestion& question) const {
    std::vector<config::Override> overrides = request_.overrides;
    if (const auto& searched = question.searched) {
      overrides.push_back(searched->key + "=" + searched->text(searched->high));
    }
    for (const experiment::Vary& vary : question.grid) {
      overrides.push_back(vary.key + "=" + vary.grid().front());
    }
    return runs_.scenario(overrides);
  }

  [[nodiscard]] std::string csv_of_runs() const { return runs_.csv_of_runs(); }

  std::vector<experiment::PlanAnswer> ask(const experiment::PlanQuestion& question,
                                          std::optional<double> start) {
    return experiment::make_plan(
        question, [&](const auto& overrides) { return simulate(overrides); }, start);
  }

 private:
  experiment::PlanPoint simulate(const std::vector<config::Override>& overrides) {
    const std::size_t before = runs_.simulated();
    experiment::PlanPoint point = runs_.point(overrides);
    if (stop_) {
      throw Interrupted{};
    }
    if (!request_.quiet && runs_.simulated() > before) {
      std::string keys;
      for (std::size_t i = request_.overrides.size(); i < overrides.size(); ++i) {
        keys += (keys.empty() ? "" : ", ") + overrides[i];
      }
      base::tell(fmt::format("tried {}: {}\n", keys,
                             point.met ? "meets the objectives" : "misses: " + point.why_not));
    }
    return point;
  }

  const PlanRequest& request_;
  experiment::PlanRuns runs_;
  const std::atomic<bool>& stop_;
};

// Beside a whole result of an earlier call, as a run's.
void keep_partial(const PlanRequest& request, const Planner& planner) {
  if (!request.out.empty()) {
    const std::string folder = request.out + ".partial";
    report::require_writable_folder(folder);
    report::write_into_folder(folder, "plan.csv", planner.csv_of_runs());
    base::tell(fmt::format("the runs so far are in {}/plan.csv\n", folder));
  }
}

void answer(const PlanRequest& request, const experiment::PlanQuestion& question,
            Planner& planner) {
  const config::Scenario scenario = planner.first(question);
  std::vector<std::string> changes = request.what_if.empty() ? kUsualChanges : request.what_if;
  std::erase(changes, "none");
  for (std::string& change : changes) {
    change = spelled_out(change, scenario);
  }
  if (!request.out.empty()) {
    report::require_writable_folder(request.out);
  }
  const std::vector<experiment::PlanAnswer> answers = planner.ask(question, std::nullopt);
  show(experiment::plan_text(question, answers));
  std::fflush(stdout);
  std::string csv =
      experiment::plan_csv_head(question) + experiment::plan_csv_rows(question, "", answers);
  const experiment::PlanAnswer* best = experiment::best_of(question, answers);
  for (const std::string& change : changes) {
    if (best == nullptr) {
      break;
    }
    experiment::PlanQuestion changed = question;
    changed.overrides.push_back(change);
    const auto after = planner.ask(changed, best->best);
    show(experiment::change_text(changed, change, best, experiment::best_of(changed, after)));
    std::fflush(stdout);
    csv += experiment::plan_csv_rows(changed, change, after);
  }
  if (!request.out.empty()) {
    report::write_into_folder(request.out, "plan.csv", csv);
    report::write_into_folder(request.out, "pareto.csv", experiment::pareto_csv(question, answers));
    if (!request.no_page) {
      report::write_into_folder(request.out, page::kPageFile, page::page_of(request.out));
    }
  }
}

int plan_command(const PlanRequest& request) {
  if (!request.out.empty()) {
    report::refuse_foreign_folder(request.out, report::holds_file(request.out, "plan.csv"),
                                  "a plan");
  }
  const experiment::PlanQuestion question = question_of(request);
  Planner planner(request, question);
  try {
    answer(request, question, planner);
  } catch (const Interrupted&) {
    keep_partial(request, planner);
    return exit_code(signal_received());
  }
  return kDone;
}

}  // namespace

void add_plan(Command app, Chosen& chosen) {
  auto request = std::make_shared<PlanRequest>();
  const Command command =
      app.add_subcommand("plan", "Find the best value of a key under the objectives");
  command.add_option("SCENARIO", request->scenario, "Scenario file (YAML)").required();
  command
      .add_option("--vary", request->vary,
                  "KEY=LO..HI (the first, or what is maximised, is searched), KEY=LO..HI/STEP or "
                  "KEY=A,B,C: every value")
      .required()
      .one_each();
  command.add_option("--meet", request->meet, "What must be met: slo (the default)").only({"slo"});
  const Option minimise =
      command.add_option("--minimise", request->minimise, "Path in summary.json");
  command
      .add_option("--maximise", request->maximise,
                  "Path in summary.json, or one of the varied keys")
      .excludes(minimise);
  command
      .add_option("--limit", request->limits,
                  "METRIC<=NUMBER or METRIC>=NUMBER: must hold, too, e.g. 'nodes.peak<=60'")
      .one_each();
  command
      .add_option("--what-if", request->what_if,
                  "KEY=VALUE or KEY=xFACTOR: what it changes; none for none (default: 20 % more "
                  "traffic, a 30 % more expensive GPU)")
      .one_each();
  add_overrides(command, request->overrides);
  command.add_option("--out", request->out, "Folder for plan.csv, pareto.csv and report.html");
  command.add_flag("--no-report", request->no_page, "Leave report.html out");
  command.add_flag("--quiet", request->quiet, "No progress on stderr");
  when_chosen(command, chosen, request, plan_command);
}

}  // namespace epfleet::cli
