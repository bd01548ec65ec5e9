#include "replay_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "commands.h"
#include "epfleet/sessions/token_rate_trace.h"
#include "epfleet/text/files.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

// An option for traces of requests: another value of a key. ReplayOptions::values has one for each.
struct KeyOption {
  const char *name, *key, *help;
  const char* flag = "";  // what the key becomes; empty: the option takes the value
};

constexpr KeyOption kOptions[] = {
    {"--rate", "workload.trace.rate", "Requests per second, mean of a day"},
    {"--stretch", "workload.trace.stretch", "Play the trace within this time"},
    {"--from", "workload.trace.from", "Begin so far into the trace"},
    {"--length", "workload.trace.length", "Play so much of it"},
    {"--block", "workload.trace.block", "Tokens of a block id, if unusual"},
    {"--time-unit", "workload.trace.time_unit", "Unit of times, if unusual: s, ms, us, ns"},
    {"--column", "workload.trace.columns", "OURS=THEIRS: a column or key of another name"},
    {"--variant", "workload.trace.variant", "v3 or r1, for requests that do not say"},
    {"--channel", "workload.trace.channel", "web, app or api, for requests that do not say"},
    {"--tile", "duration", "Repeat the trace over so long a run, e.g. '24 h'"},
    {"--hourly-shape", "workload.hourly_shape", "CSV of 24 hourly weights to lay over the trace"},
    {"--lenient", "workload.trace.lenient", "Skip and count wrong lines", "true"},
    {"--cold-store", "workload.trace.warm_store",
     "What was before the trace or --from is not in the store", "false"},
};

bool is(const KeyOption& option, std::string_view name) { return option.name == name; }

}  // namespace

void add_replay_options(Command command, ReplayOptions& replay) {
  command.add_option("TRACE", replay.trace, "Trace file").required();
  command.add_option("--rate-scale", replay.rate_scale, "Multiply the trace's rates");
  const Command requests = command.add_group("Traces of requests");
  replay.values.resize(std::size(kOptions));
  for (std::size_t i = 0; i < std::size(kOptions); ++i) {
    const KeyOption& option = kOptions[i];
    std::string& value = replay.values[i];
    if (*option.flag == '\0') {
      const Option added = requests.add_option(option.name, value, option.help);
      if (is(option, "--column")) {  // may be given several times
        added.joined_by(',');
      }
    } else {
      requests.add_flag(option.name, [&] { value = option.flag; }, option.help);
    }
  }
}

std::vector<std::string> replay_overrides(const ReplayOptions& replay) {
  text::refuse_pipe(replay.trace);
  const bool rates = sessions::is_token_rate_trace(replay.trace);
  std::vector<std::string> overrides{
      fmt::format("workload.source={}", rates ? "token_rate" : "requests"),
      fmt::format("workload.path={}", fs::absolute(replay.trace).string())};
  if (rates) {
    overrides.emplace_back("kv_cache.model=statistical");
  }
  for (std::size_t i = 0; i < replay.values.size(); ++i) {
    const KeyOption& option = kOptions[i];
    std::string value = replay.values[i];
    if (value.empty()) {
      continue;
    }
    if (rates) {
      throw wrong_option(option.name, "is for traces of single requests; this one has token totals",
                         "leave it out");
    }
    if (is(option, "--hourly-shape") && value != "flat") {
      value = fs::absolute(value).string();
    }
    overrides.push_back(fmt::format("{}={}", option.key, value));
    if (is(option, "--tile")) {
      overrides.emplace_back("workload.trace.repeat=true");
    }
  }
  if (replay.rate_scale) {
    overrides.push_back(fmt::format("workload.rate_scale={}", *replay.rate_scale));
  }
  return overrides;
}

std::string replay_arguments(const ReplayOptions& replay) {
  std::string text;
  for (std::size_t i = 0; i < replay.values.size(); ++i) {
    const KeyOption& option = kOptions[i];
    const std::string& value = replay.values[i];
    if (value.empty()) {
      continue;
    }
    text += fmt::format(" {}", option.name);
    if (*option.flag == '\0') {
      text += fmt::format(
          " '{}'", is(option, "--hourly-shape") ? fs::path(value).filename().string() : value);
    }
  }
  if (replay.rate_scale) {
    text += fmt::format(" --rate-scale {}", *replay.rate_scale);
  }
  return text;
}

}  // namespace epfleet::cli
