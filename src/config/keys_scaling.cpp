// Keys of scaling: when units come and go, how they start and leave, and what the rules know.
#include <algorithm>
#include <tuple>

#include "day_minutes.h"
#include "epfleet/policy/registry.h"
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

constexpr std::int64_t kMostGroups = 100'000;

// `at` of a step: HH:MM on the scenario's clock (daily), or a duration after the start.
Parsed<policy::ScheduleStep> step_time(const Scenario& scenario, const std::string& text) {
  policy::ScheduleStep step;
  if (text.find(':') != std::string::npos) {
    return parse_time_of_day(text).map([&](int minute) {
      step.at = first_after(scenario.start, minute);
      step.daily = true;
      return step;
    });
  }
  return parse_whole(Dimension::Duration, text).map([&](std::int64_t ns) {
    step.at = base::Duration(ns);
    return step;
  });
}

Parsed<policy::ScheduleStep> step_from(const Scenario& scenario, const Node& node) {
  const Node* at = node.find("at");
  const Node* groups = node.find("groups");
  if (node.kind != Node::Kind::Map || at == nullptr || groups == nullptr ||
      node.entries.size() != 2) {
    return tl::unexpected(
        Fault{"a step is not {at, groups}",
              "write for example {at: \"08:30\", groups: 9} or {at: 2 h, groups: 3}"});
  }
  auto step = scalar_text(*at, "time of day or duration").and_then([&](const std::string& text) {
    return step_time(scenario, text);
  });
  const auto count = scalar_text(*groups, "whole number").and_then([](const std::string& text) {
    return parse_whole(Dimension::Number, text);
  });
  if (!step || !count) {
    return tl::unexpected(step ? count.error() : step.error());
  }
  if (*count < 0 || *count > kMostGroups || step->at < base::Duration{} ||
      base::to_seconds(step->at) > kYear) {
    return tl::unexpected(
        Fault{"a step has a time or a number of groups out of range",
              fmt::format("from 0 s to 366 d, from 0 to {} groups", kMostGroups)});
  }
  step->groups = *count;
  return step;
}

std::string print_step(const Scenario& scenario, const policy::ScheduleStep& step) {
  const auto minutes = static_cast<int>(step.at.count() / kMinuteNs);
  const std::string at =
      step.daily
          ? yaml_text(print_time_of_day((scenario.start.minute_of_day() + minutes) % kDayMinutes))
          : print_whole(Dimension::Duration, step.at.count());
  return fmt::format("{{at: {}, groups: {}}}", at, step.groups);
}

std::optional<Fault> read_schedule(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list", "write a list of {at, groups}"};
  }
  std::vector<policy::ScheduleStep> steps;
  for (const Node& item : node.items) {
    const auto step = step_from(scenario, item);
    if (!step) {
      return Fault{fmt::format("step {}: {}", steps.size() + 1, step.error().what),
                   step.error().remedy, item.place.line, item.place.column};
    }
    steps.push_back(*step);
  }
  // Two steps at one time are refused later (check.h); until then their order must not vary.
  std::ranges::sort(steps, {}, [](const policy::ScheduleStep& step) {
    return std::tuple(step.at, step.daily, step.groups);
  });
  scenario.scaling.schedule = std::move(steps);
  return std::nullopt;
}

std::string print_schedule(const Scenario& scenario) {
  std::string text;
  for (const policy::ScheduleStep& step : scenario.scaling.schedule) {
    text += "\n- " + print_step(scenario, step);
  }
  return text.empty() ? "[]" : text;
}

void add_start_up_rows(Rows& rows) {
  rows.number(EPFLEET_KEY(scaling.start_up.total), between(0.0, kYear),
              {"Time from allotment to service, instead of the phases; a bare scaling.start_up: "
               "DURATION is this. Stating a phase puts the phases in force.",
               "1.5 min with everything cached, 4 central, 10 cold (engines' logs)", "4 min"},
              "none")
      .guess("90 s", "10 min");
  rows.number(EPFLEET_KEY(scaling.start_up.node), between(0.0, kYear),
              {"Until a unit's nodes are there.", "free choice: training gives them up at once"});
  rows.number(EPFLEET_KEY(scaling.start_up.container), between(0.0, kYear),
              {"Until the engine's process runs.", "vllm#44881: 16 s with a warm image"});
  rows.number(EPFLEET_KEY(scaling.start_up.weights), between(0.0, kYear),
              {"Until a node's weights are read; auto: its GPUs' weights over the narrowest of its "
               "NVMe, its storage NIC and its share of the store.",
               "computed"},
              "auto");
  rows.number(EPFLEET_KEY(scaling.start_up.compile), between(0.0, kYear),
              {"Compiling kernels and warming up.",
               "vllm#44881: 210 s and 5 s with a compile cache; PR 25619: a couple of minutes"})
      .guess("30 s", "8 min");
  rows.number(EPFLEET_KEY(scaling.start_up.graphs), between(0.0, kYear),
              {"Capturing CUDA graphs.", "run-ai/runai-model-streamer#67: 37 s"})
      .guess("10 s", "2 min");
  rows.number(
      EPFLEET_KEY(scaling.start_up.nvme_bandwidth), between(1e6, 1e15),
      {"Read bandwidth of a node's NVMe, if weights come from there.", "free choice", "25 GB/s"},
      "none");
  rows.number(EPFLEET_KEY(scaling.start_up.store_bandwidth), between(1e9, 1e18),
              {"Read bandwidth of the whole store, shared evenly by the nodes that load.",
               "3FS: 6.6 TiB/s of 180 storage nodes (open-infra-index, day 5)"});
  rows.number(
          EPFLEET_KEY(scaling.start_up.spread), Dimension::Share, between(0.0, 10.0),
          {"A node takes up to this share longer, drawn evenly; the unit waits for its slowest.",
           "not published"})
      .guess("0 %", "50 %");
  rows.number(EPFLEET_KEY(scaling.start_up.failure_ratio), Dimension::Share, between(0.0, 1.0),
              {"Share of starts that never end.", "free choice"});
  rows.number(
      EPFLEET_KEY(scaling.start_up.timeout), above(0.0, kYear),
      {"After this long a start that does not end is given up, and tried again.", "free choice"});
}

void add_loop_rows(Rows& rows) {
  rows.number(
      EPFLEET_KEY(scaling.interval), between(1.0, kDay),
      {"Time between two decisions of a rule that follows the load.", "Kubernetes HPA: 15 s"});
  rows.number(EPFLEET_KEY(scaling.window), between(1.0, kDay),
              {"Load and latency are seen over this long.", "llm-d: 1 min"});
  rows.number(EPFLEET_KEY(scaling.view_age), between(0.0, kDay),
              {"A decision sees the fleet as it was so long ago, in whole scaling.interval.",
               "free choice; collectors are 0 s to 60 s behind"});
  rows.number(EPFLEET_KEY(scaling.stabilisation), between(0.0, kDay),
              {"Down only to the most that was wanted during this long.",
               "Kubernetes HPA: scale-down stabilisation window, 300 s"});
  rows.flag(EPFLEET_KEY(scaling.separate),
            {"Whether prefill and decode units come and go apart; else in fleet.group.",
             "free choice; the published chart moves in groups"});
  rows.number(EPFLEET_KEY(scaling.min_groups), between(0, kMostGroups),
              {"Fewest groups that a rule may choose.", "free choice"});
  rows.number(EPFLEET_KEY(scaling.max_groups), between(0, kMostGroups),
              {"Most groups that a rule may choose; none: as many as fleet.pool_nodes or "
               "scaling.gpu_budget hold, else fleet.groups.",
               "free choice", "9"},
              "none");
  rows.number(EPFLEET_KEY(scaling.gpu_budget), between(1, 1e7),
              {"GPUs that may be in use at once, those that load or drain included.",
               "Dynamo planner: max_gpu_budget", "2224"},
              "none");
}

void add_rule_rows(Rows& rows) {
  const std::string hpa = "Kubernetes HPA: 80 % by default, tolerance 0.1";
  rows.number(EPFLEET_KEY(scaling.target.prefill_load), Dimension::Share, above(0.0, 2.0),
              {"Rule target: work done over what full steps would have done, in prefill.", hpa});
  rows.number(EPFLEET_KEY(scaling.target.decode_load), Dimension::Share, above(0.0, 2.0),
              {"Rule target: the same in decode.", hpa});
  rows.number(EPFLEET_KEY(scaling.target.tolerance), Dimension::Share, between(0.0, 1.0),
              {"Rule target: no change while load / target is within 1 +- this.", hpa});
  const std::string llm_d = "llm-d workload variant autoscaler, saturation analyser";
  rows.number(
      EPFLEET_KEY(scaling.saturation.kv_limit), Dimension::Share, above(0.0, 1.0),
      {"Rule saturation: a decode GPU whose KV memory is fuller than this is saturated.", llm_d});
  rows.number(EPFLEET_KEY(scaling.saturation.kv_spare), Dimension::Share, between(0.0, 1.0),
              {"Rule saturation: a unit more when the mean spare KV is below this.", llm_d});
  rows.number(
      EPFLEET_KEY(scaling.saturation.queue_limit), Dimension::Number, above(0.0, 1e6),
      {"Rule saturation: a GPU for which more requests wait than this is saturated.", llm_d});
  rows.number(EPFLEET_KEY(scaling.saturation.queue_spare), Dimension::Number, between(0.0, 1e6),
              {"Rule saturation: a unit more when the mean spare queue is below this.", llm_d});
  const std::string dynamo = "NVIDIA Dynamo planner, config/defaults.py";
  rows.number(EPFLEET_KEY(scaling.planner.ttft), above(0.0, kYear),
              {"Rule planner: TTFT to keep; auto: slo.ttft.limit.", dynamo + " (500 ms)", "500 ms"},
              "auto");
  rows.number(
      EPFLEET_KEY(scaling.planner.itl), above(0.0, kYear),
      {"Rule planner: time per token to keep; auto: slo.tpot.limit.", dynamo + " (50 ms)", "50 ms"},
      "auto");
  rows.number(EPFLEET_KEY(scaling.planner.throughput_interval), between(1.0, kDay),
              {"Rule planner: time between two predictions of the demand.", dynamo});
  rows.choice(EPFLEET_KEY(scaling.planner.predictor),
              {{"constant", "as it is", policy::Predictor::Constant},
               {"seasonal", "as a day before", policy::Predictor::Seasonal},
               {"holt_winters", "level and trend, smoothed", policy::Predictor::HoltWinters},
               {"kalman", "a local linear trend, filtered", policy::Predictor::Kalman}},
              {"Rule planner: what the demand will be when a unit has started.", dynamo});
  rows.number(
      EPFLEET_KEY(scaling.planner.down_sensitivity), Dimension::Share, between(0.0, 1.0),
      {"Rule planner: a unit fewer when latencies are below this share of their limits.", dynamo});
  rows.number(EPFLEET_KEY(scaling.slo.prefill_load), Dimension::Share, above(0.0, 1.0),
              {"Rules slo and oracle: share of full steps to which prefill is filled.",
               "a guess: what waits for the rest is TTFT"})
      .guess("60 %", "90 %");
  rows.number(EPFLEET_KEY(scaling.slo.smoothing), Dimension::Share, above(0.0, 1.0),
              {"Rule slo: weight of the newest look in the level of the demand.", "a guess"})
      .guess("10 %", "100 %");
  rows.number(
          EPFLEET_KEY(scaling.slo.trend_smoothing), Dimension::Share, between(0.0, 1.0),
          {"Rule slo: weight of the newest look in the trend of the demand; 0 %: no look ahead.",
           "a guess"})
      .guess("0 %", "30 %");
}

}  // namespace

void add_scaling_rows(Rows& rows) {
  rows.rule(EPFLEET_KEY(scaling.policy), policy::scaling_rules().choices(),
            {"What decides how many units are allotted.", "free choice"});
  Key& schedule = rows.custom(
      "scaling.schedule", "list of {at: HH:MM or duration after the start, groups: whole number}",
      {"How many groups are allotted from when on; HH:MM repeats daily on the clock of `start`.",
       "the published chart of nodes (open-infra-index, day 6), in groups"});
  schedule.json = JsonType::List;
  schedule.read = read_schedule;
  schedule.print = print_schedule;
  add_start_up_rows(rows);
  rows.choice(
      EPFLEET_KEY(scaling.drain),
      {{"migrate", "requests move to other units with their KV", policy::DrainMode::Migrate},
       {"wait", "requests finish where they are", policy::DrainMode::Wait}},
      {"What becomes of the requests of a unit that leaves.", "free choice"});
  rows.number(EPFLEET_KEY(scaling.drain_lead), between(0.0, kYear),
              {"A unit begins to drain this long before its allotment ends.",
               "moving 2 decode units' KV takes under a second; the rest is for steps under way"});
  add_loop_rows(rows);
  add_rule_rows(rows);
}

}  // namespace epfleet::config
