// Keys of what fails and what is done about it.
#include <fmt/format.h>

#include "day_minutes.h"
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

using cluster::FailureAt;
using cluster::FailureKind;
using cluster::UnitKind;

constexpr std::string_view kExampleEvents =
    "write for example {time: 30 min, what: node, unit: decode/0} or {time: \"14:30\", what: nic, "
    "unit: prefill/2, gpu: 5, for: 10 min, share: 50 %}";

// A duration after the window's start, or the first HH:MM on the scenario's clock from there on.
Parsed<base::Duration> time_from(const Scenario& scenario, const std::string& text) {
  if (text.find(':') != std::string::npos) {
    return parse_time_of_day(text).map(
        [&](int minute) { return first_after(scenario.start, minute); });
  }
  return parse_whole(Dimension::Duration, text, "30 min").map([](std::int64_t ns) {
    return base::Duration(ns);
  });
}

Parsed<cluster::UnitName> unit_from(const std::string& text) {
  const auto slash = text.find('/');
  const auto kind =
      base::value_in<UnitKind>(cluster::kUnitKindNames, std::string_view(text).substr(0, slash));
  const auto index = slash == std::string::npos
                         ? Parsed<std::int64_t>(tl::unexpected(Fault{}))
                         : parse_whole(Dimension::Number, text.substr(slash + 1));
  if (!kind || !index || *index < 0) {
    return tl::unexpected(Fault{fmt::format("'{}' is not a unit", text),
                                "write prefill/N or decode/N, N from 0, for example decode/0"});
  }
  return cluster::UnitName{*kind, *index};
}

Parsed<FailureKind> kind_from(const std::string& text) {
  if (const auto kind = base::value_in<FailureKind>(cluster::kFailureKindNames, text)) {
    return *kind;
  }
  return tl::unexpected(
      Fault{fmt::format("'{}' is not a kind of failure", text),
            fmt::format("choose from {}", fmt::join(cluster::kFailureKindNames, ", "))});
}

// Reads one entry of a failure into `into`; what is wrong is the answer.
template <class Read, class Into>
std::optional<Fault> read_entry(const Node& value, const char* expected, const Read& read,
                                Into& into) {
  const auto parsed = scalar_text(value, expected).and_then(read);
  if (parsed) {
    into = *parsed;
    return std::nullopt;
  }
  Fault fault = parsed.error();
  fault.line = value.place.line;
  fault.column = value.place.column;
  return fault;
}

std::optional<Fault> read_part(const Scenario& scenario, const Entry& entry, FailureAt& failure) {
  if (entry.key == "time") {
    return read_entry(
        entry.value, "time of day or duration",
        [&](const std::string& text) { return time_from(scenario, text); }, failure.time);
  }
  if (entry.key == "what") {
    return read_entry(entry.value, "kind of failure", kind_from, failure.what);
  }
  if (entry.key == "unit") {
    return read_entry(entry.value, "unit", unit_from, failure.unit);
  }
  if (entry.key == "gpu") {
    return read_entry(
        entry.value, "whole number",
        [](const std::string& text) { return parse_whole(Dimension::Number, text); }, failure.gpu);
  }
  if (entry.key == "for") {
    std::int64_t ns = 0;
    auto fault = read_entry(
        entry.value, "duration",
        [](const std::string& text) { return parse_whole(Dimension::Duration, text, "10 min"); },
        ns);
    failure.lasts = base::Duration(ns);
    return fault;
  }
  if (entry.key == "share") {
    return read_entry(
        entry.value, "share",
        [](const std::string& text) { return parse_real(Dimension::Share, text); }, failure.share);
  }
  return Fault{fmt::format("a failure has no '{}'", entry.key),
               "its parts are time, what, unit, gpu, for and share", entry.place.line,
               entry.place.column};
}

std::optional<Fault> wrong_with(const FailureAt& failure) {
  const bool store = failure.what == FailureKind::Store;
  if (store && failure.unit) {
    return Fault{"the store is not part of a unit", "leave its unit out"};
  }
  if (!store && !failure.unit) {
    return Fault{fmt::format("a {} is lost of a unit, and none is named",
                             base::name_in(cluster::kFailureKindNames, failure.what)),
                 "add for example unit: decode/0"};
  }
  const bool slow = failure.what == FailureKind::Nic || failure.what == FailureKind::Straggler;
  if (failure.share && !slow) {
    return Fault{"a share is left of a slow NIC or straggler only", "leave it out"};
  }
  const double share = failure.share.value_or(1.0);
  const double lasts = base::to_seconds(failure.lasts.value_or(base::Duration(1)));
  const double time = base::to_seconds(failure.time);
  if (time < 0.0 || time > kYear || lasts <= 0.0 || lasts > kYear || share < 0.001 || share > 1.0 ||
      failure.gpu < 0) {
    return Fault{"a failure has a time, length, GPU or share out of range",
                 "time from 0 s, for above 0 s, both to 366 d; gpu from 0; share 0.1 % to 100 %"};
  }
  return std::nullopt;
}

std::optional<Fault> read_failures(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list", std::string(kExampleEvents)};
  }
  std::vector<FailureAt> all;
  for (const Node& item : node.items) {
    FailureAt failure;
    std::optional<Fault> fault;
    if (item.kind != Node::Kind::Map || item.find("time") == nullptr ||
        item.find("what") == nullptr) {
      fault = Fault{"is not {time, what, ...}", std::string(kExampleEvents)};
    }
    for (std::size_t i = 0; !fault && i < item.entries.size(); ++i) {
      fault = read_part(scenario, item.entries[i], failure);
    }
    if (!fault) {
      fault = wrong_with(failure);
    }
    if (fault) {
      return Fault{fmt::format("failure {}: {}", all.size() + 1, fault->what), fault->remedy,
                   fault->line > 0 ? fault->line : item.place.line,
                   fault->line > 0 ? fault->column : item.place.column};
    }
    all.push_back(failure);
  }
  scenario.failures.at = std::move(all);
  return std::nullopt;
}

std::string print_failures(const Scenario& scenario) {
  std::string text;
  for (const FailureAt& at : scenario.failures.at) {
    text +=
        fmt::format("\n- {{time: {}, what: {}", print_whole(Dimension::Duration, at.time.count()),
                    base::name_in(cluster::kFailureKindNames, at.what));
    if (at.unit) {
      text += fmt::format(", unit: {}/{}, gpu: {}",
                          base::name_in(cluster::kUnitKindNames, at.unit->kind), at.unit->index,
                          at.gpu);
    }
    if (at.lasts) {
      text += fmt::format(", for: {}", print_whole(Dimension::Duration, at.lasts->count()));
    }
    if (at.share) {
      text += fmt::format(", share: {}", print_real(Dimension::Share, *at.share));
    }
    text += "}";
  }
  return text.empty() ? "[]" : text;
}

}  // namespace

void add_failure_rows(Rows& rows) {
  using cluster::InFlight;
  using cluster::Recovery;
  rows.number(EPFLEET_KEY(failures.node_rate), between(0.0, 1000.0),
              {"Failures of an allotted node in a day, drawn at random; 0: none. Of these 64 % are "
               "of a GPU, 10 % of a NIC and 26 % of a whole node.",
               "419 in 54 days of 2,048 nodes (arXiv 2407.21783): 0.0038; other fleets 0.0023 to "
               "0.0084; shares by the same counts",
               "0.0038"});
  Key& at = rows.custom(
      "failures.at",
      "list of {time: HH:MM or duration after the start, what: node, gpu, nic, straggler or store, "
      "unit: prefill/N or decode/N, gpu: whole number, for: duration, share: share}",
      {"Failures at stated times. gpu: which one of the unit, or one of the node that is lost (0). "
       "for: until the hardware is back; else failures.reset of a gpu, failures.repair of the "
       "others. share: of a slow nic's rate or a straggler's speed; else failures.slow_share.",
       "free choice"});
  at.json = JsonType::List;
  at.read = read_failures;
  at.print = print_failures;
  rows.number(EPFLEET_KEY(failures.detection), between(0.0, kDay),
              {"Time until it is known that a lost GPU will never answer: its unit stands still.",
               "DeepEP's time-out, about 100 s; 10 s in its fast-debug builds; raised to 1,000 s "
               "by some"})
      .guess("10 s", "1000 s");
  rows.number(
          EPFLEET_KEY(failures.mask_stall), between(0.0, kDay),
          {"The same where the unit masks the lost GPU and goes on, detection included; experts "
           "without a copy are read on top.",
           "SGLang elastic EP at EP32: 6.2 to 6.8 s for 1 to 16 lost ranks (lm-sys, "
           "2026-03-17)"})
      .guess("1 s", "100 s");
  rows.choice(
      EPFLEET_KEY(failures.recovery),
      {{"unit_restart", "the unit gives up its requests, loads anew and serves again",
        Recovery::UnitRestart},
       {"mask", "a decode unit goes on without what is lost, until it is released", Recovery::Mask},
       {"mask_and_rejoin", "the same until the hardware is there and has loaded",
        Recovery::MaskAndRejoin}},
      {"What a unit does that has lost a node or GPU. Prefill units restart in any case.",
       "DeepEP masks ranks in its low-latency kernels only"});
  rows.choice(EPFLEET_KEY(failures.in_flight),
              {{"lost", "they fail", InFlight::Lost},
               {"retry", "they are prefilled again; tokens emitted are kept", InFlight::Retry}},
              {"What becomes of the requests whose KV is lost.",
               "engines abort them; Dynamo migrates them when told to"});
  rows.number(EPFLEET_KEY(failures.spare_nodes), between(0, 1e6),
              {"Nodes held ready, charged all the time, that replace lost ones; a lost node "
               "becomes one once it is repaired.",
               "a choice"});
  rows.number(EPFLEET_KEY(failures.swap_in), between(0.0, kYear),
              {"Time until a spare node is in the place of a lost one; then it loads.",
               "under 5 min (Crusoe AutoClusters, a vendor's claim)"})
      .guess("0 s", "5 min");
  rows.number(EPFLEET_KEY(failures.repair), above(0.0, kYear),
              {"Time until a lost node is back, or a slow NIC or straggler is as before.",
               "reboot 1-4 h, reimage 4-24 h, board swap 24-72 h (fleet-sim's classes)"})
      .guess("1 h", "3 d");
  rows.number(EPFLEET_KEY(failures.reset), above(0.0, kYear),
              {"Time until a lost GPU has been reset; its node stays in the unit.", "a guess"})
      .guess("1 min", "4 h");
  rows.number(
          EPFLEET_KEY(failures.slow_share), Dimension::Share, between(0.001, 1.0),
          {"What is left of a slow NIC's rate or a straggler's speed; the unit's steps wait for "
           "it.",
           "a guess"})
      .guess("10 %", "90 %");
}

}  // namespace epfleet::config
