// What must hold between the keys of the workload.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "check_parts.h"

namespace epfleet::config {
namespace {

using workload::SessionClassConfig;

std::string class_key(std::size_t index, const char* member) {
  return fmt::format("workload.classes.{}.{}", workload::kSessionClassNames[index], member);
}

void check_shares(const workload::WorkloadConfig& workload, Contradictions& found) {
  constexpr double kRounding = 1e-6;  // shares are written with a few decimals
  double sum = 0.0;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < workload.classes.size(); ++i) {
    sum += workload.classes[i].request_share;
    keys.push_back(class_key(i, "request_share"));
  }
  if (std::fabs(sum - 1.0) > kRounding) {
    found.add(keys, fmt::format("the request shares of the classes sum to {:.6g}, not to 1", sum),
              "state request_share of every class; part sessions_2025-02 has a whole mix");
  }
}

// A class that has requests needs lengths, and think times if it has several turns.
void check_lengths(const SessionClassConfig& one, std::size_t i, Contradictions& found) {
  const auto needed = [&](const workload::Lognormal& law, const char* member) {
    if (law.median <= 0.0) {
      found.add({class_key(i, member), class_key(i, "request_share")},
                "is 0 although the class has requests", "state a length or a time above 0");
    }
  };
  needed(one.first_message, "first_message.median");
  needed(one.output, "output.median");
  if (one.turns_alpha > 0.0) {
    needed(one.later_message, "later_message.median");
    needed(one.think, "think.median");
  }
  if (one.turns_alpha > 0.0 && one.long_think_share > 0.0) {
    needed(one.long_think, "long_think.median");
  }
  if (one.attachment_first + one.attachment_later > 0.0) {
    needed(one.attachment, "attachment.median");
  }
}

void check_class(const SessionClassConfig& one, std::size_t i, Contradictions& found) {
  if (one.app_share + one.api_share > 1.0) {
    found.add({class_key(i, "app_share"), class_key(i, "api_share")},
              fmt::format("app_share and api_share sum to {:.6g}, more than 1",
                          one.app_share + one.api_share),
              "lower one of them; the rest uses the web");
  }
  if ((one.turns_alpha > 0.0) != (one.turns_beta > 0.0)) {
    found.add({class_key(i, "turns_alpha"), class_key(i, "turns_beta")},
              "turns_alpha and turns_beta are not both 0 or both above",
              "state both; both 0: one turn");
  }
  // Mean turns (alpha + beta - 1) / (alpha - 1): infinite for alpha <= 1.
  if (one.turns_alpha > 0.0 && one.turns_alpha <= 1.0) {
    found.add({class_key(i, "turns_alpha")}, "gives sessions without end on average",
              "choose more than 1");
  }
  if ((one.templates > 0) != (one.template_mean > 0.0)) {
    found.add({class_key(i, "templates"), class_key(i, "template_mean")},
              "templates and template_mean are not both 0 or both above", "state both, or neither");
  }
  if (one.request_share > 0.0) {
    check_lengths(one, i, found);
  }
}

void check_totals(const workload::WorkloadConfig& workload, Contradictions& found) {
  const workload::TotalsConfig& totals = workload.totals;
  if (!totals.input && !totals.output) {
    found.add({"workload.totals.input", "workload.totals.output", "workload.source"},
              "nothing says how much is asked of the service",
              "state workload.totals.input, for example 608 billion");
  }
  const auto below_context = [&](const std::optional<double>& total, const char* key) {
    if (total && *total >= static_cast<double>(workload.context_limit)) {
      found.add({key, "workload.context_limit"},
                fmt::format("is not below the context limit of {} tokens", workload.context_limit),
                "lower it, or raise workload.context_limit");
    }
  };
  below_context(totals.kv_per_output_token, "workload.totals.kv_per_output_token");
  below_context(totals.attention_pairs_per_computed_token,
                "workload.totals.attention_pairs_per_computed_token");
}

void check_limits(const workload::WorkloadConfig& workload, Contradictions& found) {
  const auto below_context = [&](std::int64_t limit, std::string key) {
    if (limit >= workload.context_limit) {
      found.add({std::move(key), "workload.context_limit"},
                fmt::format("leaves no room for a prompt in the context limit of {} tokens",
                            workload.context_limit),
                "lower it, or raise workload.context_limit");
    }
  };
  below_context(workload.output_limit_v3, "workload.output_limit_v3");
  below_context(workload.output_limit_r1, "workload.output_limit_r1");
  for (std::size_t i = 0; i < workload.classes.size(); ++i) {
    below_context(workload.classes[i].system_prompt, class_key(i, "system_prompt"));
  }
}

void check_replay(const workload::WorkloadConfig& workload, Contradictions& found) {
  const workload::TraceReplayConfig& trace = workload.trace;
  const bool shaped = workload.hourly_shape != "flat" || trace.rate.has_value();
  if (trace.stretch && shaped) {
    found.add({"workload.trace.stretch", "workload.hourly_shape", "workload.trace.rate"},
              "is stated, but a rate or an hourly shape decides the times",
              "leave it out, or set workload.hourly_shape: flat and no rate");
  }
}

}  // namespace

void check_workload(const Scenario& scenario, Contradictions& found) {
  const workload::WorkloadConfig& workload = scenario.workload;
  using workload::SourceKind;
  const bool plain = workload.source == SourceKind::Plain;
  const bool trace = !plain && workload.source != SourceKind::Sessions;
  if (trace && workload.path.empty()) {
    found.add({"workload.path", "workload.source"},
              "is not stated, but workload.source reads a trace", "state the path of the trace");
  }
  if (!trace && !workload.path.empty()) {
    found.add({"workload.path", "workload.source"},
              fmt::format("is stated, but source: {} reads no trace", plain ? "plain" : "sessions"),
              "leave it out, or set workload.source: requests or token_rate");
  }
  if (workload.source == SourceKind::RequestTrace) {
    check_replay(workload, found);
  } else if (!plain) {
    check_shares(workload, found);  // a token-rate trace takes lengths from the classes, too
    for (std::size_t i = 0; i < workload.classes.size(); ++i) {
      check_class(workload.classes[i], i, found);
    }
  }
  check_limits(workload, found);
  if (workload.source == SourceKind::Sessions) {
    check_totals(workload, found);
  }
  check_plain(scenario, found);
}

}  // namespace epfleet::config
