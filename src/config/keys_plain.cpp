// Keys of traffic in plain numbers.
#include "key_files.h"
#include "key_rows.h"
#include "length_rows.h"

namespace epfleet::config {
namespace {

constexpr double kMostRate = 1e6;  // requests/s
const std::string kChoice = "free choice";

// --- stages

constexpr const char* kStage =
    "write for example {for: 5 min, rate: 100/s} or, as a ramp, {for: 10 min, to: 400/s}";

std::optional<Fault> read_stage(workload::StageConfig& stage, const Entry& entry) {
  const auto text = scalar_text(entry.value, "one value");
  if (!text) {
    return text.error();
  }
  if (entry.key == "for") {
    const auto length = parse_whole(Dimension::Duration, *text, "5 min");
    if (!length) {
      return length.error();
    }
    stage.length = base::Duration(*length);
    return std::nullopt;
  }
  if (entry.key != "rate" && entry.key != "to") {
    return Fault{fmt::format("'{}' is none of for, rate, to", entry.key), kStage};
  }
  const auto rate = parse_real(Dimension::Rate, *text);
  if (!rate) {
    return rate.error();
  }
  if (*rate < 0.0 || *rate > kMostRate) {
    return Fault{fmt::format("'{}' is out of range", *text), "must be >= 0 /s and <= 1e6 /s"};
  }
  (entry.key == "rate" ? stage.rate : stage.to) = *rate;
  return std::nullopt;
}

Parsed<workload::StageConfig> stage_from(const Node& node) {
  if (node.kind != Node::Kind::Map) {
    return tl::unexpected(Fault{"is not {for, rate or to}", kStage});
  }
  workload::StageConfig stage;
  for (const Entry& entry : node.entries) {
    if (auto fault = read_stage(stage, entry)) {
      return tl::unexpected(*fault);
    }
  }
  if (stage.length <= base::Duration{} || base::to_seconds(stage.length) > kYear) {
    return tl::unexpected(Fault{"has no length from 0 s to 366 d (for)", kStage});
  }
  if (!stage.rate && !stage.to) {
    return tl::unexpected(Fault{"has neither rate nor to", kStage});
  }
  return stage;
}

std::optional<Fault> read_stages(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list", kStage};
  }
  std::vector<workload::StageConfig> stages;
  for (const Node& item : node.items) {
    const auto stage = stage_from(item);
    if (!stage) {
      return Fault{fmt::format("stage {}: {}", stages.size() + 1, stage.error().what),
                   stage.error().remedy, item.place.line, item.place.column};
    }
    stages.push_back(*stage);
  }
  scenario.workload.plain.stages = std::move(stages);
  return std::nullopt;
}

std::string print_stages(const Scenario& scenario) {
  std::string text;
  for (const workload::StageConfig& stage : scenario.workload.plain.stages) {
    text += fmt::format("\n- {{for: {}", print_whole(Dimension::Duration, stage.length.count()));
    for (const auto& [name, rate] : {std::pair("rate", stage.rate), std::pair("to", stage.to)}) {
      text += rate ? fmt::format(", {}: {}", name, print_real(Dimension::Rate, *rate)) : "";
    }
    text += "}";
  }
  return text.empty() ? "[]" : text;
}

void add_load_rows(Rows& rows) {
  using workload::ArrivalProcess;
  rows.number("workload.rate", EPFLEET_MEMBER(workload.plain.rate), Dimension::Rate,
              above(0.0, kMostRate),
              {"Requests that arrive on average. Stating it, stages or concurrency makes the "
               "traffic plain: single requests, with workload.input and workload.output.",
               kChoice, "400/s"},
              "none");
  Key& stages = rows.custom(
      "workload.stages", "list of {for: duration, rate: per second, to: per second}",
      {"The rate over the window, instead of workload.rate: even stretches, and ramps to another "
       "rate. Before, the first rate holds, and after, the last. The window is as long as all of "
       "them unless duration is stated.",
       kChoice});
  stages.json = JsonType::List;
  stages.read = read_stages;
  stages.print = print_stages;
  rows.number("workload.concurrency", EPFLEET_MEMBER(workload.plain.concurrency),
              between(1, 10'000'000),
              {"Clients of a closed loop, instead of a rate: each sends its next request when its "
               "last is answered.",
               kChoice, "5000"},
              "none");
  rows.number("workload.think", EPFLEET_MEMBER(workload.plain.think), between(0.001, kYear),
              {"Of a client of workload.concurrency: from an answer to its next request.",
               "a choice: the way to the client and back"});
  rows.number("workload.requests", EPFLEET_MEMBER(workload.plain.requests),
              between(1, 1'000'000'000),
              {"Requests of the window, which begins with the first and ends with the last of "
               "them; all are served to their end. Nothing comes after them.",
               kChoice, "10000"},
              "none");
  rows.choice("workload.arrivals.process", EPFLEET_MEMBER(workload.plain.process),
              {{"constant", "equal gaps", ArrivalProcess::Constant},
               {"poisson", "exponential gaps: many independent users", ArrivalProcess::Poisson},
               {"gamma", "gamma gaps with workload.arrivals.cv", ArrivalProcess::Gamma}},
              {"How the gaps between arrivals vary around 1 / rate.", kChoice});
  rows.number("workload.arrivals.cv", EPFLEET_MEMBER(workload.plain.cv), Dimension::Number,
              between(0.05, 20.0),
              {"Standard deviation / mean of the gaps of process gamma; 1 is Poisson, 2 is bursty. "
               "The --burstiness of vLLM is 1 / cv^2.",
               kChoice, "2"});
}

}  // namespace

void add_plain_rows(Rows& rows) {
  add_load_rows(rows);
  add_length_rows(rows, "workload.input", EPFLEET_MEMBER(workload.plain.input), "a prompt");
  add_length_rows(rows, "workload.output", EPFLEET_MEMBER(workload.plain.output),
                  "an answer, reasoning included");
  rows.number("workload.hit_ratio", EPFLEET_MEMBER(workload.plain.hit_ratio), Dimension::Share,
              Range{.low = 0.0, .high = 1.0, .high_open = true},
              {"Share of every prompt of plain traffic that hits the KV cache; none: kv_cache "
               "decides, and single requests find nothing again in a mechanistic one.",
               kChoice, "50 %"},
              "none");
  rows.choice("workload.variant", EPFLEET_MEMBER(workload.plain.variant),
              words_of<workload::Variant>(workload::kVariantNames),
              {"Model of plain traffic; it decides the price.", kChoice});
}

}  // namespace epfleet::config
