

#include "epfleet/experiment/capacity_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "epfleet/base/error.h"
#include "epfleet/base/real_math.h"
#include "epfleet/experiment/run_case.h"
#include "epfleet/text/parse.h"

namespace epfleet::experiment {
namespace {

constexpr std::size_t kMostCombinations = 10'000;

// The search along one key at one point of the grid.
class Search {
 public:
  Search(const PlanQuestion& question, const Simulate& simulate,
         std::vector<config::Override> overrides)
      : question_(question), simulate_(simulate), overrides_(std::move(overrides)) {}

  PlanAnswer answer(std::vector<std::string> grid_values, std::optional<double> start) {
    if (question_.searched) {
      search(start);
      remark();
    } else {
      (void)at(0.0);
      choose();
    }
    answer_.grid_values = std::move(grid_values);
    return std::move(answer_);
  }

 private:
  void search(std::optional<double> start) {
    const double low = key().low, high = key().high;
    if (start && try_near(std::clamp(*start, low, high))) {
      // The edge was close by.
    } else if (at(low).met != at(high).met) {
      narrow(at(low).met ? low : high, at(low).met ? high : low);
    } else if (!at(low).met && at(low).served != at(high).served) {
      look_between_edges(low, high);
    } else if (!at(low).met) {
      look_inside(low, high);
    }
    if (!question_.metric.empty()) {
      find_valley();
    }
    choose();
    if (answer_.best) {
      try_neighbours();
      choose();  // a neighbour may turn out better
    }
  }

  [[nodiscard]] const Vary& key() const { return *question_.searched; }

  const PlanPoint& at(double value) {
    const auto known = answer_.tried.find(value);
    if (known != answer_.tried.end()) {
      return known->second;
    }
    std::vector<config::Override> overrides = overrides_;
    if (question_.searched) {
      overrides.push_back(key().key + "=" + key().text(value));
    }
    PlanPoint point = simulate_(overrides);
    point.value = value;
    return answer_.tried.emplace(value, std::move(point)).first->second;
  }

  // As --set would say it: what is tried is what is printed.
  [[nodiscard]] double rounded(double value) const {
    if (key().whole) {
      return std::floor(value);
    }
    const auto parsed =
        config::parse_real(key().dimension, key().text(*text::parse_number(plain_number(value))));
    return parsed ? *parsed : value;
  }

  [[nodiscard]] bool neighbours(double a, double b) const {
    return key().whole ? std::fabs(a - b) <= 1.0
                       : std::fmax(a, b) <= std::fmin(a, b) * (1.0 + question_.precision);
  }

  [[nodiscard]] double between(double a, double b) const {
    return rounded(key().whole ? (a + b) / 2.0 : std::sqrt(a * b));
  }

  // The next value in a direction: one further, or as far as the precision tells apart.
  [[nodiscard]] double next(double value, bool up, double steps = 1.0) const {
    if (key().whole) {
      return value + (up ? steps : -steps);
    }
    return rounded(value * base::real_pow(1.0 + question_.precision, up ? steps : -steps));
  }

  [[nodiscard]] bool inside(double value) const {
    return value >= key().low && value <= key().high;
  }

  // Returns the good one of the two neighbours at the edge.
  double narrow(double good, double bad, bool PlanPoint::* what = &PlanPoint::met) {
    while (!neighbours(good, bad)) {
      const double middle = between(good, bad);
      if (middle == good || middle == bad) {
        break;
      }
      (at(middle).*what ? good : bad) = middle;
    }
    return good;
  }

  // One end does not serve, the other is beyond a limit: what meets both lies between.
  void look_between_edges(double low, double high) {
    const double serves = at(low).served ? low : high;
    const double edge = narrow(serves, serves == low ? high : low, &PlanPoint::served);
    if (at(edge).met) {
      narrow(edge, serves);
    }
  }

  // From an answer nearby outwards in growing steps until the edge is passed. False: not found.
  bool try_near(double start) {
    const bool met = at(start).met;
    for (double steps = 1.0;; steps *= 2.0) {
      bool any = false;
      for (const bool up : {!met, met}) {
        const double value = std::clamp(next(start, up, steps), key().low, key().high);
        any = any || inside(next(start, up, steps));
        if (at(value).met != met) {
          narrow(met ? start : value, met ? value : start);
          return true;
        }
      }
      if (!any) {
        return false;
      }
    }
  }

  // Both ends miss the objectives: perhaps they are met between.
  void look_inside(double low, double high) {
    for (const double share : {0.5, 0.25, 0.75}) {
      const double value = rounded(low + share * (high - low));
      if (at(value).met) {
        narrow(value, low);
        narrow(value, high);
        return;
      }
    }
  }

  // The least metric among values that meet the objectives, if it has one valley: at an end when
  // the metric rises from it, else closed in on by pairs of neighbours.
  void find_valley() {
    std::optional<double> low, high;
    for (const auto& [value, point] : answer_.tried) {
      if (point.met) {
        low = low ? low : value;
        high = value;
      }
    }
    if (!low || *low == *high || rises(*low, next(*low, true)) ||
        rises(*high, next(*high, false))) {
      return;
    }
    double a = *low;
    double b = *high;
    while (!neighbours(a, b)) {
      const double middle = between(a, b);
      const double beside = next(middle, true);
      if (middle <= a || beside >= b) {
        (void)at(middle);
        return;
      }
      if (rises(middle, beside)) {
        b = middle;
      } else {
        a = beside;
      }
    }
  }

  // Whether the metric at `from` is no higher than at `to`; where the objectives are missed it is
  // beyond all.
  bool rises(double from, double to) {
    const auto cost = [&](double value) {
      const PlanPoint& point = at(value);
      return point.met ? question_.cost_of(point) : std::numeric_limits<double>::infinity();
    };
    return !inside(to) || cost(from) <= cost(to);
  }

  void choose() {
    answer_.best.reset();
    for (const auto& [value, point] : answer_.tried) {
      if (point.met &&
          (!answer_.best || question_.cost_of(point) < question_.cost_of(answer_.point()))) {
        answer_.best = value;
      }
    }
  }

  void try_neighbours() {
    const double best = *answer_.best;
    for (const bool up : {false, true}) {
      const double value = next(best, up);
      if (inside(value)) {
        (void)at(value);
      }
    }
  }

  // How often the answer changes along the key, of the points that were run.
  [[nodiscard]] int changes(bool PlanPoint::* what) const {
    int count = 0;
    const PlanPoint* before = nullptr;
    for (const auto& [value, point] : answer_.tried) {
      if (point.run) {
        count += before != nullptr && before->*what != point.*what ? 1 : 0;
        before = &point;
      }
    }
    return count;
  }

  void remark() {
    if (changes(&PlanPoint::served) > 1 || changes(&PlanPoint::within) > 1) {
      std::string tried;
      for (const auto& [value, point] : answer_.tried) {
        tried += fmt::format("{}{} {}", tried.empty() ? "" : ", ", key().text(value),
                             point.met ? "met" : "missed");
      }
      answer_.remarks.push_back(fmt::format(
          "not monotone: {}; a sweep over {} tells what lies between", tried, key().key));
    }
    if (changes(&PlanPoint::met) == 0 && answer_.best) {
      answer_.remarks.emplace_back("the objectives are met over the whole range");
    }
    if (!answer_.best) {
      answer_.remarks.push_back(
          fmt::format("{} met at none of the {} values tried from {} to {}: {}",
                      question_.limits.empty() ? "the objectives are" : "objectives and limits are",
                      answer_.tried.size(), key().text(key().low), key().text(key().high),
                      answer_.tried.rbegin()->second.why_not));
    }
  }

  const PlanQuestion& question_;
  const Simulate& simulate_;
  std::vector<config::Override> overrides_;
  PlanAnswer answer_;
};

}  // namespace

std::vector<PlanAnswer> make_plan(const PlanQuestion& question, const Simulate& simulate,
                                  std::optional<double> start) {
  std::vector<std::vector<std::string>> combinations = {{}};
  for (const Vary& vary : question.grid) {
    if (combinations.size() * vary.grid().size() > kMostCombinations) {
      throw base::InputError({.key = "--vary",
                              .what = fmt::format("the grid has more than {} points, and a search "
                                                  "runs at each of them",
                                                  kMostCombinations),
                              .remedy = "vary fewer keys, or take fewer values"});
    }
    std::vector<std::vector<std::string>> finer;
    for (const auto& combination : combinations) {
      for (const std::string& value : vary.grid()) {
        finer.push_back(combination);
        finer.back().push_back(value);
      }
    }
    combinations = std::move(finer);
  }
  std::vector<PlanAnswer> answers;
  for (const auto& combination : combinations) {
    std::vector<config::Override> overrides = question.overrides;
    for (std::size_t i = 0; i < combination.size(); ++i) {
      overrides.push_back(question.grid[i].key + "=" + combination[i]);
    }
    answers.push_back(Search(question, simulate, std::move(overrides)).answer(combination, start));
  }
  return answers;
}

const PlanAnswer* best_of(const PlanQuestion& question, const std::vector<PlanAnswer>& answers) {
  const PlanAnswer* best = nullptr;
  for (const PlanAnswer& answer : answers) {
    if (answer.best &&
        (best == nullptr || question.cost_of(answer.point()) < question.cost_of(best->point()))) {
      best = &answer;
    }
  }
  return best;
}

}  // namespace epfleet::experiment
