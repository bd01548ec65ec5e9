#include "demand.h"

#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/cluster/expected_service.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/sessions/plain_arrivals.h"
#include "epfleet/sessions/plain_source.h"
#include "epfleet/sessions/token_rate_trace.h"

namespace epfleet::experiment {
namespace {

constexpr double kSaid = 1.1;      // times what the fleet can do: a note
constexpr double kRefused = 20.0;  // no service is meant to be so small
constexpr double kLeastMisses = 0.1;

// Tokens of the counted window.
struct Demand {
  double computed = 0.0, output = 0.0;
};

Demand demand_of(const config::Scenario& scenario) {
  const workload::WorkloadConfig& workload = scenario.workload;
  Demand demand;
  if (workload.source == workload::SourceKind::Sessions) {
    const workload::TotalsConfig& totals = workload.totals;
    const double misses = totals.hit_ratio ? 1.0 - *totals.hit_ratio : kLeastMisses;
    demand = {misses * static_cast<double>(totals.input.value_or(0)),
              static_cast<double>(totals.output.value_or(0))};
  } else if (workload.source == workload::SourceKind::TokenRateTrace) {
    for (const auto& bin : sessions::read_token_rate_trace(workload, scenario.duration)) {
      if (bin.from < scenario.window_end()) {
        demand.computed += static_cast<double>(bin.input - bin.cached);
        demand.output += static_cast<double>(bin.output);
      }
    }
  } else if (workload.source == workload::SourceKind::Plain && !workload.plain.concurrency) {
    const sessions::PlainMeans means = sessions::means_of(workload.plain);
    const double requests =
        sessions::PlainArrivals(workload.plain, 1.0, scenario.seed, {}).expected(scenario.duration);
    demand = {requests * (means.input - means.cached), requests * means.output};
  }
  const double scale = workload::arrivals_scale(workload);
  return {scale * workload.scale.input * demand.computed,
          scale * workload.scale.output * demand.output};
}

std::string excess(const char* phase, double asked_per_s, double able_per_s) {
  return fmt::format("the traffic asks {} of {} tokens/s, {} times the {} that the fleet can do",
                     phase, report::human_number(asked_per_s),
                     report::human_number(asked_per_s / able_per_s),
                     report::human_number(able_per_s));
}

}  // namespace

std::vector<std::string> notes_on_demand(const config::Scenario& scenario,
                                         const cluster::StepPricers& pricers) {
  const Demand demand = demand_of(scenario);
  const cluster::FleetCapacity able = cluster::fleet_capacity(
      scenario, pricers, scenario.workload.totals.kv_per_output_token.value_or(1.0));
  const double seconds = base::to_seconds(scenario.duration);
  const bool plain = scenario.workload.source == workload::SourceKind::Plain;
  std::vector<std::string> notes;
  for (const auto& [phase, asked, able_per_s] :
       {std::tuple("prefill", demand.computed / seconds, able.prefill_tokens_per_s),
        std::tuple("decode", demand.output / seconds, able.output_tokens_per_s)}) {
    const std::string what = excess(phase, asked, able_per_s);
    if (asked > kRefused * able_per_s) {
      throw base::InputError(
          {.file = scenario.file,
           .key = plain ? "workload.rate" : "workload.totals",
           .what = what,
           .remedy =
               plain
                   ? std::string("lower it, the lengths or workload.scale, or raise the fleet")
                   : fmt::format("the totals are those of the whole duration ({}): to simulate a "
                                 "part of it use --until; else lower them or workload.rate_scale, "
                                 "or raise duration or the fleet",
                                 report::human_duration(seconds))});
    }
    if (asked > kSaid * able_per_s) {
      notes.push_back(what + ": queues grow as long as it lasts");
    }
  }
  return notes;
}

}  // namespace epfleet::experiment
