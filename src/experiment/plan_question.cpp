#include "epfleet/experiment/plan_question.h"

#include <fmt/format.h>

#include <limits>

#include "epfleet/base/error.h"
#include "epfleet/experiment/run_case.h"
#include "epfleet/experiment/sweep_jobs.h"
#include "epfleet/text/parse.h"

namespace epfleet::experiment {

std::optional<double> PlanPoint::metric(const std::string& name) const {
  const auto found = metrics.find(name);
  return found == metrics.end() ? std::nullopt : text::parse_number(found->second);
}

bool PlanLimit::holds(const PlanPoint& point) const {
  const auto measured = point.metric(metric);
  return measured && (at_most ? *measured <= value : *measured >= value);
}

std::string PlanLimit::text() const {
  return fmt::format("{}{}{}", metric, at_most ? "<=" : ">=", plain_number(value));
}

PlanLimit parse_limit(const std::string& text) {
  const std::size_t at = text.find_first_of("<>");
  const auto number = at == std::string::npos || at + 1 >= text.size() || text[at + 1] != '='
                          ? std::nullopt
                          : text::parse_number(text.substr(at + 2));
  if (!number) {
    throw base::InputError(
        {.key = "--limit",
         .what = fmt::format("'{}' is not METRIC<=NUMBER or METRIC>=NUMBER", text),
         .remedy = "for example --limit 'nodes.peak<=60', in quotes; the number is in the metric's "
                   "own unit"});
  }
  PlanLimit limit{text.substr(0, at), text[at] == '<', *number};
  require_metric(limit.metric, "", "--limit");
  return limit;
}

double PlanQuestion::cost_of(const PlanPoint& point) const {
  if (metric.empty()) {
    return -point.value;
  }
  const auto measured = point.metric(metric);
  return !measured ? std::numeric_limits<double>::infinity() : most ? -*measured : *measured;
}

std::string PlanQuestion::value_text(double value) const {
  return searched ? searched->text(value) : "";
}

}  // namespace epfleet::experiment
