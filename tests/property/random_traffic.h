// Random requests as a trace, and random settings of the small fleet: what a run of it is made of.
// Both shrink by leaving parts out, and print as a command that can be run.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "epfleet/config/scenario.h"

namespace epfleet::test {

struct TracedRequest {
  std::int64_t gap_ms = 0;  // since the one before
  std::int64_t session = 0;
  std::int64_t new_tokens = 1;  // beyond what its session has said
  std::int64_t output_tokens = 1;
  bool r1 = false;
  std::int64_t channel = 0;
};

struct Traffic {
  std::vector<TracedRequest> requests;

  // As a trace in epfleet's own format: each session grows, until its context is long.
  [[nodiscard]] std::string csv() const;
};

// One choice is one or more keys that belong together.
struct Settings {
  std::vector<std::string> keys;  // "KEY=VALUE", the last one counts

  // With these keys on top; empty: they contradict each other.
  [[nodiscard]] std::optional<config::Scenario> scenario(
      std::uint64_t seed, const std::vector<std::string>& more = {}) const;
};

[[nodiscard]] rc::Gen<Traffic> any_traffic();
// Short prompts, all at once, that have nothing in common.
[[nodiscard]] rc::Gen<Traffic> any_burst();
// The small fleet for two thirds of a minute, which has room to mask a lost node.
[[nodiscard]] std::vector<std::string> keys_of_all();
// Of everything that may be chosen without a new layout of GPUs (step prices take longer to make
// than a run).
[[nodiscard]] rc::Gen<Settings> any_settings();
// Where two of them on one GPU outgrow it.
[[nodiscard]] Settings short_of_memory();

std::ostream& operator<<(std::ostream& to, const Traffic& traffic);
std::ostream& operator<<(std::ostream& to, const Settings& settings);

}  // namespace epfleet::test

// As parameters of a property.
template <>
struct rc::Arbitrary<epfleet::test::Traffic> {
  static Gen<epfleet::test::Traffic> arbitrary() { return epfleet::test::any_traffic(); }
};
template <>
struct rc::Arbitrary<epfleet::test::Settings> {
  static Gen<epfleet::test::Settings> arbitrary() { return epfleet::test::any_settings(); }
};
