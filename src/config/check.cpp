#include "epfleet/config/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "check_parts.h"
#include "epfleet/cache/eviction_rule.h"
#include "epfleet/config/paths.h"
#include "epfleet/experts/expert_routing.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/client_mix.h"

namespace epfleet::config {
namespace {

void check_cache(const Scenario& scenario, Contradictions& found) {
  const cache::KvCacheConfig& cache = scenario.kv_cache;
  const bool mechanistic = cache.model == cache::CacheModel::Mechanistic;
  using workload::SourceKind;
  const bool plain = scenario.workload.source == SourceKind::Plain;
  const bool sessions = scenario.workload.source == SourceKind::Sessions;
  if (mechanistic && cache.hit_ratio != 0.0) {
    found.add({"kv_cache.hit_ratio", "kv_cache.model"},
              "is stated, but the mechanistic cache finds out what hits",
              plain ? "state workload.hit_ratio instead"
                    : "leave it out, or set kv_cache.model: statistical");
  }
  if (!mechanistic && (sessions || (plain && !scenario.workload.plain.hit_ratio)) &&
      !scenario.given.contains("kv_cache.hit_ratio")) {
    found.add({"kv_cache.model", "kv_cache.hit_ratio"},
              "is statistical, but kv_cache.hit_ratio is not stated",
              "state it, for example 56.3 %");
  }
  if (mechanistic && sessions && !cache::eviction_rules()[cache.eviction].by_extent) {
    found.add({"kv_cache.eviction", "workload.source"},
              fmt::format("{} decides block by block, and made-up sessions have no blocks",
                          cache.eviction),
              "choose lru, fifo or ttl, or replay a trace with block ids");
  }
  if (mechanistic && scenario.workload.source == SourceKind::TokenRateTrace) {
    found.add({"kv_cache.model", "workload.source"},
              "is mechanistic, but a token-rate trace states its hits itself",
              "set kv_cache.model: statistical");
  }
}

void check_experts(const Scenario& scenario, Contradictions& found) {
  const serving::ExpertsConfig& experts = scenario.experts;
  const bool observed = experts.skew == "observed";
  if (observed && experts.loads.empty()) {
    found.add({"experts.skew", "experts.loads"}, "is observed, but experts.loads names no file",
              "state experts.loads: FILE.csv, a row per layer with experts, a column per expert");
  }
  if (!observed && !experts.loads.empty()) {
    found.add({"experts.loads", "experts.skew"},
              fmt::format("is stated, but experts.skew is {}", experts.skew),
              "set experts.skew: observed, or leave experts.loads out");
  }
  const model::Model& model = scenario.model;
  if (experts.skew != "none" && model.groups > experts::ExpertRouting::kMostGroups) {
    found.add({"model.groups", "experts.skew"},
              fmt::format("popularity of experts is drawn for at most {} groups",
                          experts::ExpertRouting::kMostGroups),
              "lower it, or set experts.skew: none");
  }
  if (experts.skew != "none" && model.topk_groups < model.groups &&
      model.topk_groups > model.top_k) {
    found.add({"model.topk_groups", "model.top_k", "experts.skew"},
              "is more than model.top_k, so some groups would give no expert", "lower it");
  }
  if (experts.balancer == "weighted" && experts.reshare_every > experts.rebalance_every) {
    found.add({"experts.reshare_every", "experts.rebalance_every"},
              "is longer than experts.rebalance_every", "choose for example 10 s");
  }
}

void check_slo(const metrics::SloLimit& slo, const std::string& name, Contradictions& found) {
  if (slo.quantile && !slo.limit) {
    const std::string group = "slo." + name;
    found.add({group + ".quantile", group + ".limit"}, "is stated without a limit",
              fmt::format("state {}.limit too", group));
  }
}

void check_report(const Scenario& scenario, Contradictions& found) {
  constexpr std::chrono::nanoseconds kHour = std::chrono::hours(1);
  const base::Duration interval = scenario.report.interval;
  if (interval <= base::Duration{} || kHour % interval != base::Duration{}) {
    found.add({"report.interval"}, "an hour is not a whole multiple of it",
              "choose for example 60 s or 5 min");
  }
  const base::Duration warm_up = scenario.workload.warm_up.value_or(base::Duration{});
  if (interval > base::Duration{} && warm_up % interval != base::Duration{}) {
    found.add(
        {"workload.warm_up", "report.interval"}, "is not a whole multiple of report.interval",
        fmt::format("choose a multiple of {}", print_whole(Dimension::Duration, interval.count())));
  }
}

void check_timeline(const Scenario& scenario, Contradictions& found) {
  const observe::TimelineWindow& timeline = scenario.report.timeline;
  if (timeline.from && timeline.to && *timeline.to <= *timeline.from) {
    found.add({"report.timeline.to", "report.timeline.from"}, "is not after report.timeline.from",
              "choose for example 'from: 10 min' and 'to: 11 min'");
  }
}

void check_files(const Scenario& scenario, Contradictions& found) {
  const std::string& shape = scenario.workload.hourly_shape;
  const std::string& trace = scenario.workload.path;
  const std::pair<const char*, std::string> files[] = {
      {"workload.path", traces::ClientMix::is_folder(trace) ? "" : trace},
      {"workload.hourly_shape", shape == "flat" ? "" : shape},
      {"experts.loads", scenario.experts.loads},
      {"report.published", scenario.report.published},
      {"report.published_hourly", scenario.report.published_hourly},
      {"report.bands", scenario.report.bands}};
  for (const auto& [key, path] : files) {
    if (!path.empty() && !is_file(path)) {
      found.add({key}, why_no_file(path),
                "paths start from the folder of the file that names them");
    }
  }
}

}  // namespace

std::string_view name_fault(std::string_view name) {
  constexpr std::size_t kLongest = 100;  // bytes; file systems take 255, with endings of ours
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  };
  if (name.empty() || name.size() > kLongest) {
    return name.empty() ? "is empty" : "is longer than 100 bytes";
  }
  if (name.front() == '.' || name.find('/') != std::string_view::npos) {
    return "names a folder elsewhere or a hidden one";
  }
  if (std::ranges::any_of(name, is_control) || !text::is_utf8(name)) {
    return "has bytes that are no text";
  }
  return "";
}

std::vector<Contradiction> check(const Scenario& scenario) {
  Contradictions found;
  if (const std::string_view fault = name_fault(scenario.name); !fault.empty()) {
    found.add({"name"}, std::string(fault), kNameRemedy);
  }
  if (scenario.duration <= base::Duration{}) {
    found.add({"duration"}, "is not longer than 0 s", "choose for example 24 h");
  }
  check_fleet(scenario, found);
  check_workload(scenario, found);
  check_model(scenario, found);
  check_units(scenario, found);
  check_experts(scenario, found);
  check_cache(scenario, found);
  check_slo(scenario.slo.ttft, "ttft", found);
  check_slo(scenario.slo.tpot, "tpot", found);
  check_prices(scenario, found);
  check_report(scenario, found);
  check_timeline(scenario, found);
  check_files(scenario, found);
  return found.take();
}

}  // namespace epfleet::config
