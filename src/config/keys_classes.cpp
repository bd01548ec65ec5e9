// Keys of classes and tenants of one's own: workload.classes.NAME, with any name.
#include <algorithm>

#include "length_rows.h"
#include "own_classes.h"

namespace epfleet::config {
namespace {

const workload::OwnClassConfig& class_of(const Scenario& scenario, const std::string& name) {
  static const workload::OwnClassConfig kNone;
  const auto& classes = scenario.workload.plain.classes;
  const auto found = std::ranges::find(classes, name, &workload::OwnClassConfig::name);
  return found == classes.end() ? kNone : *found;
}

workload::OwnClassConfig& class_of(Scenario& scenario, const std::string& name) {
  auto& classes = scenario.workload.plain.classes;
  const auto found = std::ranges::find(classes, name, &workload::OwnClassConfig::name);
  if (found != classes.end()) {
    return *found;
  }
  classes.emplace_back().name = name;
  return classes.back();
}

}  // namespace

void add_own_class_rows(Rows& rows, const std::string& name) {
  const std::string group = "workload.classes." + name + ".";
  const std::string choice = "free choice";
  const auto of = [name](auto& scenario) -> auto& { return class_of(scenario, name); };
  rows.number(
      group + "share", [of](auto& s) -> auto& { return of(s).share; }, Dimension::Share,
      above(0.0, 1.0),
      {"Of plain traffic: share of the requests, or of the clients of a closed loop.", choice,
       "30 %"},
      "none");
  rows.number(
      group + "rate", [of](auto& s) -> auto& { return of(s).rate; }, Dimension::Rate,
      above(0.0, 1e6),
      {"Requests of the class, instead of its share of workload.rate.", choice, "50/s"}, "none");
  add_length_rows(
      rows, group + "input", [of](auto& s) -> auto& { return of(s).input; },
      "a prompt of the class; not stated: as workload.input");
  add_length_rows(
      rows, group + "output", [of](auto& s) -> auto& { return of(s).output; },
      "an answer of the class; not stated: as workload.output");
  rows.number(
      group + "hit_ratio", [of](auto& s) -> auto& { return of(s).hit_ratio; }, Dimension::Share,
      Range{.low = 0.0, .high = 1.0, .high_open = true},
      {"Share of its prompts that hits the KV cache; none: workload.hit_ratio.", choice, "50 %"},
      "none");
  rows.number(group + "priority", [of](auto& s) -> auto& { return of(s).priority; },
              between(-1000, 1000),
              {"The lower, the earlier a cap of admission turns its requests away.", choice});
  const auto price = [&](const char* member, auto field, const char* what) {
    rows.number(
        group + "prices." + member, [of, field](auto& s) -> auto& { return of(s).prices.*field; },
        Dimension::TokenPrice, between(0.0, 1e6),
        {fmt::format("What the class pays for a million {}; none: prices.book.", what), choice,
         "0.55 USD/M"},
        "none");
  };
  using Prices = workload::OwnClassConfig::Prices;
  price("hit", &Prices::hit, "input tokens that hit the cache");
  price("miss", &Prices::miss, "input tokens that miss it");
  price("output", &Prices::output, "output tokens");
  const auto limit = [&](const char* member, auto field, const char* what, const char* example) {
    rows.number(
        group + "objectives." + member,
        [of, field](auto& s) -> auto& { return of(s).objectives.*field; }, above(0.0, 3600.0),
        {fmt::format("Longest {} of its requests; none: slo.{}.limit.", what, member), choice,
         example},
        "none");
  };
  using Objectives = workload::OwnClassConfig::Objectives;
  limit("ttft", &Objectives::ttft, "time to first token", "2 s");
  limit("tpot", &Objectives::tpot, "time per output token", "50 ms");
  rows.number(
      group + "objectives.quantile", [of](auto& s) -> auto& { return of(s).objectives.share; },
      Dimension::Share, above(0.0, 1.0),
      {"Share of its requests that must keep its own limits; none: all.", choice, "95 %"}, "none");
}

}  // namespace epfleet::config
