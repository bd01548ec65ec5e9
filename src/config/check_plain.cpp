// What must hold between the keys of traffic in plain numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "check_parts.h"
#include "epfleet/text/nearest_word.h"

namespace epfleet::config {
namespace {

using workload::LengthConfig;
using workload::LengthShape;
using workload::PlainConfig;

// The load is said in one way, and nothing else decides it.
void check_load(const Scenario& scenario, Contradictions& found) {
  const PlainConfig& plain = scenario.workload.plain;
  const auto both = [&](bool one, const char* key, bool other, const char* other_key) {
    if (one && other) {
      found.add({key, other_key},
                fmt::format("is stated, and {} too: both say the load", other_key),
                fmt::format("keep one of them; {}: {} takes the other back", other_key,
                            other_key == std::string_view("workload.stages") ? "[]" : "none"));
    }
  };
  const bool staged = !plain.stages.empty();
  both(plain.rate.has_value(), "workload.rate", staged, "workload.stages");
  both(plain.rate.has_value(), "workload.rate", plain.concurrency.has_value(),
       "workload.concurrency");
  both(staged, "workload.stages", plain.concurrency.has_value(), "workload.concurrency");
  const workload::TotalsConfig& totals = scenario.workload.totals;
  for (const auto& [stated, key] :
       {std::pair(totals.input.has_value(), "workload.totals.input"),
        std::pair(totals.output.has_value(), "workload.totals.output"),
        std::pair(totals.kv_per_output_token.has_value(), "workload.totals.kv_per_output_token"),
        std::pair(totals.hit_ratio.has_value(), "workload.totals.hit_ratio"),
        std::pair(totals.attention_pairs_per_computed_token.has_value(),
                  "workload.totals.attention_pairs_per_computed_token")}) {
    if (stated) {
      found.add({key, "workload.rate", "workload.stages", "workload.concurrency"},
                "is a total of conversations, and the traffic is plain",
                "leave it out, or workload.rate, stages and concurrency");
    }
  }
  if (scenario.workload.hourly_shape != "flat") {
    found.add({"workload.hourly_shape", "workload.rate", "workload.stages", "workload.concurrency"},
              "is a shape of other traffic", "write workload.stages instead, or set it to flat");
  }
  if (plain.concurrency && plain.process != workload::ArrivalProcess::Poisson) {
    found.add({"workload.arrivals.process", "workload.concurrency"},
              "is stated, but in a closed loop the answers decide when requests arrive",
              "leave it out, or state workload.rate");
  }
  if (scenario.given.contains("workload.arrivals.cv") &&
      plain.process != workload::ArrivalProcess::Gamma && plain.cv != 1.0) {
    found.add({"workload.arrivals.cv", "workload.arrivals.process"},
              "is stated, but only process gamma has a cv", "set workload.arrivals.process: gamma");
  }
}

void check_length(const LengthConfig& length, const std::string& key, bool needed,
                  std::int64_t limit, Contradictions& found) {
  if (!length.stated()) {
    if (needed) {
      found.add({key + ".mean", "workload.rate", "workload.stages", "workload.concurrency"},
                "is not stated, and plain traffic needs it",
                fmt::format("state it, for example {}: {}", key,
                            key.ends_with("input") ? "4000" : "1100"));
    }
    return;
  }
  const auto add = [&](const char* member, std::string what, std::string remedy) {
    found.add({key + member, key + ".law", key + ".mean", key + ".cv", key + ".min", key + ".max"},
              std::move(what), std::move(remedy));
  };
  const LengthShape shape = length.shape();
  const auto low = static_cast<double>(length.min.value_or(1));
  const auto high = static_cast<double>(length.max.value_or(limit));
  if (length.max && *length.max >= limit) {
    found.add({key + ".max", "workload.context_limit"},
              fmt::format("leaves no room for the rest in the context limit of {} tokens", limit),
              "lower it, or raise workload.context_limit");
  }
  if (low > high) {
    return add(".min", "is above the longest", "lower it, or raise max");
  }
  if (shape == LengthShape::Uniform) {
    if (!length.min || !length.max) {
      add(length.min ? ".max" : ".min", "is not stated, and law uniform lies between min and max",
          "state both");
    }
    if (length.mean || length.cv) {
      add(length.mean ? ".mean" : ".cv", "is stated, but law uniform follows from min and max",
          "leave it out");
    }
    return;
  }
  if (!length.mean) {
    return add(".mean", "is not stated", "state it, or both min and max");
  }
  if (shape == LengthShape::Fixed) {
    if (length.cv.value_or(0.0) > 0.0) {
      add(".cv", "is above 0, but law fixed has one length", "leave it out, or choose lognormal");
    }
    if (length.min || length.max) {
      add(length.min ? ".min" : ".max", "is stated, but all are as long as the mean",
          "state a cv, for example 1, or leave it out");
    }
    return;
  }
  if (length.cv.value_or(1.0) == 0.0) {
    add(".cv", "is 0, and law lognormal varies", "choose for example 1, or law fixed");
  }
  if (*length.mean <= low || *length.mean >= high) {
    add(".mean",
        fmt::format("does not lie between the shortest, {:g}, and the longest, {:g}", low, high),
        "choose another mean or other limits");
  }
}

// Of their own names: shares of one load, or a rate each.
void check_classes(const Scenario& scenario, Contradictions& found) {
  const PlainConfig& plain = scenario.workload.plain;
  if (plain.classes.empty()) {
    return;
  }
  const auto key = [](const workload::OwnClassConfig& one, const char* member) {
    return fmt::format("workload.classes.{}.{}", one.name, member);
  };
  if (plain.classes.size() > workload::kMostOwnClasses) {
    found.add({"workload.classes"}, fmt::format("has {} classes of its own", plain.classes.size()),
              fmt::format("state at most {}", workload::kMostOwnClasses));
  }
  const bool one_load = plain.rate || plain.concurrency || !plain.stages.empty();
  double sum = 0.0;
  std::vector<std::string> shares;
  for (const workload::OwnClassConfig& one : plain.classes) {
    shares.push_back(key(one, "share"));
    sum += one.share.value_or(0.0);
    if (one.rate && one_load) {
      found.add({key(one, "rate"), "workload.rate", "workload.stages", "workload.concurrency"},
                "is stated, and the load of all classes too",
                fmt::format("state {} instead, or a rate of every class and none of all",
                            key(one, "share")));
    } else if (one_load != one.share.has_value() || (!one_load && !one.rate)) {
      found.add({key(one, one_load ? "share" : "rate"), key(one, "share"), key(one, "rate")},
                one_load ? "is not stated, and the classes share one load"
                         : "is not stated, and nothing says the load of all classes",
                one_load
                    ? "state it, for example 30 %"
                    : "state it for every class, for example 50/s, or workload.rate and shares");
    }
    const workload::OwnClassConfig::Objectives& own = one.objectives;
    if (own.share && !own.any()) {
      found.add({key(one, "objectives.quantile")}, "is stated without a limit of the class",
                fmt::format("state {} too", key(one, "objectives.ttft")));
    }
    const std::int64_t limit = scenario.workload.context_limit;
    check_length(one.input, key(one, "input"), false, limit, found);
    check_length(one.output, key(one, "output"), false, limit, found);
  }
  constexpr double kRounding = 1e-6;
  const bool all_shared =
      std::ranges::all_of(plain.classes, [](const auto& one) { return one.share.has_value(); });
  if (one_load && all_shared && std::abs(sum - 1.0) > kRounding) {
    found.add(shares, fmt::format("the shares of the classes sum to {:.6g}, not to 1", sum),
              "state the share of every class");
  }
}

// Some class leaves it to all of them.
bool is_left(const PlainConfig& plain, LengthConfig workload::OwnClassConfig::* length) {
  return plain.classes.empty() || std::ranges::any_of(plain.classes, [&](const auto& one) {
           return !(one.*length).stated();
         });
}

void check_context(const Scenario& scenario, Contradictions& found) {
  const PlainConfig& plain = scenario.workload.plain;
  double both = 0.0;
  for (std::size_t i = 0; i < std::max<std::size_t>(plain.classes.size(), 1); ++i) {
    const workload::OwnClassConfig whole = plain.whole_class(i);
    both = std::max(both, whole.input.usual_mean() + whole.output.usual_mean());
  }
  if (both > static_cast<double>(scenario.workload.context_limit)) {
    found.add({"workload.input.mean", "workload.output.mean", "workload.context_limit"},
              fmt::format("prompt and answer have {:g} tokens together, more than the context "
                          "limit of {}",
                          both, scenario.workload.context_limit),
              "shorten them, or raise workload.context_limit");
  }
}

void check_end(const Scenario& scenario, Contradictions& found) {
  const PlainConfig& plain = scenario.workload.plain;
  if (!plain.requests) {
    return;
  }
  if (!scenario.ends_by_itself) {
    found.add({"workload.requests", "duration"},
              "is stated, and duration too: both say when the window ends",
              "leave one of them out, or set duration: auto");
  }
  constexpr double kLongest = 366.0 * 86'400.0;
  const double rate = plain.total_rate().value_or(kLongest);
  if (static_cast<double>(*plain.requests) > rate * kLongest) {
    found.add({"workload.requests", "workload.rate"}, "takes longer than 366 d at that rate",
              "lower it, or raise the rate");
  }
}

}  // namespace

void check_plain(const Scenario& scenario, Contradictions& found) {
  const PlainConfig& plain = scenario.workload.plain;
  const bool is_plain = scenario.workload.source == workload::SourceKind::Plain;
  if (scenario.ends_by_itself && (!is_plain || (!plain.requests && plain.stages.empty()))) {
    found.add({"duration"}, "is auto, but the traffic has no end of its own",
              "state a duration, workload.requests or workload.stages");
  }
  if (!is_plain) {
    for (const workload::OwnClassConfig& one : plain.classes) {
      const std::string name = "workload.classes." + one.name;
      const std::string nearest = text::nearest_word(
          one.name, std::vector<std::string>(workload::kSessionClassNames.begin(),
                                             workload::kSessionClassNames.end()));
      found.add({name, "workload.source", "workload.rate"},
                "is a class of plain traffic, and the traffic is not plain",
                nearest.empty() ? "state workload.rate, or leave it out"
                                : fmt::format("did you mean '{}'?", nearest));
    }
    for (const auto& [stated, key] :
         {std::pair(plain.rate.has_value(), "workload.rate"),
          std::pair(!plain.stages.empty(), "workload.stages"),
          std::pair(plain.concurrency.has_value(), "workload.concurrency"),
          std::pair(plain.requests.has_value(), "workload.requests"),
          std::pair(plain.hit_ratio.has_value(), "workload.hit_ratio")}) {
      if (stated) {
        found.add({key, "workload.source"}, "is stated, but workload.source is not plain",
                  "set workload.source: plain, or leave it out");
      }
    }
    return;
  }
  if (!plain.says_load()) {
    found.add({"workload.rate", "workload.stages", "workload.concurrency", "workload.source"},
              "is not stated, and nothing else says how many requests come",
              "state workload.rate (for example 400/s), workload.stages or workload.concurrency");
  }
  check_load(scenario, found);
  check_classes(scenario, found);
  check_length(plain.input, "workload.input", is_left(plain, &workload::OwnClassConfig::input),
               scenario.workload.context_limit, found);
  check_length(plain.output, "workload.output", is_left(plain, &workload::OwnClassConfig::output),
               scenario.workload.context_limit, found);
  check_context(scenario, found);
  check_end(scenario, found);
}

}  // namespace epfleet::config
