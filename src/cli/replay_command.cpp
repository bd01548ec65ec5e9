#include "replay_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/sessions/token_rate_trace.h"
#include "epfleet/traces/request_trace.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

// Option, key, value: those that only say another value of a key.
struct Given {
  const char* option;
  const char* key;
  std::string value;
};

std::vector<Given> given(const ReplayOptions& options) {
  const std::string shape = options.hourly_shape.empty() || options.hourly_shape == "flat"
                                ? options.hourly_shape
                                : fs::absolute(options.hourly_shape).string();
  std::vector<Given> all = {
      {"--rate", "workload.trace.rate", options.rate},
      {"--stretch", "workload.trace.stretch", options.stretch},
      {"--from", "workload.trace.from", options.from},
      {"--length", "workload.trace.length", options.length},
      {"--block", "workload.trace.block", options.block},
      {"--variant", "workload.trace.variant", options.variant},
      {"--channel", "workload.trace.channel", options.channel},
      {"--tile", "duration", options.tile},
      {"--tile", "workload.trace.repeat", options.tile.empty() ? "" : "true"},
      {"--hourly-shape", "workload.hourly_shape", shape},
      {"--lenient", "workload.trace.lenient", options.lenient ? "true" : ""},
      {"--cold-store", "workload.trace.warm_store", options.cold_store ? "false" : ""},
  };
  std::erase_if(all, [](const Given& one) { return one.value.empty(); });
  return all;
}

}  // namespace

std::vector<std::string> replay_overrides(const ReplayOptions& options) {
  std::vector<std::string> overrides;
  const bool rates = sessions::is_token_rate_trace(options.trace);
  overrides.push_back(fmt::format("workload.source={}", rates ? "token_rate" : "requests"));
  overrides.push_back(fmt::format("workload.path={}", fs::absolute(options.trace).string()));
  if (rates) {
    overrides.emplace_back("kv_cache.model=statistical");
  }
  for (const Given& one : given(options)) {
    if (rates) {
      throw base::InputError({.key = one.option,
                              .what = "is for traces of single requests; this one has token totals",
                              .remedy = "leave it out"});
    }
    overrides.push_back(fmt::format("{}={}", one.key, one.value));
  }
  if (options.rate_scale) {
    overrides.push_back(fmt::format("workload.rate_scale={}", *options.rate_scale));
  }
  return overrides;
}

std::string replay_arguments(const ReplayOptions& options) {
  std::string text;
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format(" {} '{}'", option, value);
    }
  };
  add("--rate", options.rate);
  add("--stretch", options.stretch);
  add("--from", options.from);
  add("--length", options.length);
  add("--block", options.block);
  add("--variant", options.variant);
  add("--channel", options.channel);
  add("--tile", options.tile);
  add("--hourly-shape", fs::path(options.hourly_shape).filename().string());
  text += options.lenient ? " --lenient" : "";
  text += options.cold_store ? " --cold-store" : "";
  if (options.rate_scale) {
    text += fmt::format(" --rate-scale {}", *options.rate_scale);
  }
  return text;
}

}  // namespace epfleet::cli
