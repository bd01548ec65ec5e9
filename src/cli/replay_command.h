// `epfleet replay`: a trace and how it is played, as overrides of the scenario's keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace epfleet::cli {

struct ReplayOptions {
  std::string trace;  // empty: no replay
  std::optional<double> rate_scale;
  // Of request traces only. Texts are values of the keys workload.trace.*; empty: not given.
  std::string rate, stretch, from, length, block, variant, channel;
  std::string tile;          // a duration: of the run, the trace repeated over it
  std::string hourly_shape;  // a file
  bool lenient = false;
  bool cold_store = false;
};

// Throws InputError: no such trace, or options that a token-rate trace does not know.
[[nodiscard]] std::vector<std::string> replay_overrides(const ReplayOptions& options);

// The options as they are typed, without paths of this machine.
[[nodiscard]] std::string replay_arguments(const ReplayOptions& options);

}  // namespace epfleet::cli
