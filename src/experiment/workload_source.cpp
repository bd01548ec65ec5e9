#include "workload_source.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/cache/block_cache.h"
#include "epfleet/cluster/expected_service.h"
#include "epfleet/experiment/trace_window.h"
#include "epfleet/sessions/session_source.h"
#include "epfleet/sessions/token_rate_source.h"
#include "epfleet/sessions/token_rate_trace.h"

namespace epfleet::experiment {
namespace {

std::unique_ptr<workload::Source> make_sessions(const config::Scenario& scenario,
                                                const cluster::FleetSpec& spec,
                                                const cluster::StepPricers& pricers,
                                                base::Worker* worker) {
  sessions::SessionSourceSpec sessions;
  sessions.config = scenario.workload;
  sessions.seed = scenario.seed;
  sessions.duration = scenario.duration;
  sessions.cool_down = scenario.report.cool_down;
  sessions.block = scenario.kv_cache.block;
  sessions.service = expected_service(scenario, spec, pricers);
  sessions.worker = worker;
  return sessions::make_session_source(sessions);
}

}  // namespace

std::optional<base::Duration> window_of_trace(const config::Scenario& scenario) {
  switch (scenario.workload.source) {
    case workload::SourceKind::TokenRateTrace:
      return sessions::window_of_trace(scenario.workload);
    case workload::SourceKind::RequestTrace:
      return traces::window_of_trace(scenario.workload, scenario.seed);
    case workload::SourceKind::Sessions:
    case workload::SourceKind::Plain:
      break;
  }
  return std::nullopt;
}

sessions::ExpectedService expected_service(const config::Scenario& scenario,
                                           const cluster::FleetSpec& spec,
                                           const cluster::StepPricers& pricers) {
  cluster::SteadyLoad load;
  const workload::TotalsConfig& totals = scenario.workload.totals;
  if (totals.output) {
    load.output_tokens_per_s = static_cast<double>(*totals.output) *
                               workload::arrivals_scale(scenario.workload) /
                               base::to_seconds(scenario.duration);
  }
  load.mean_kv_tokens = totals.kv_per_output_token.value_or(load.mean_kv_tokens);
  const cluster::ServiceEstimate estimate = cluster::estimate_service(spec, pricers, load);
  return {estimate.prefill_s, estimate.per_output_token_s};
}

Workload::Workload(const config::Scenario& scenario, const cluster::FleetSpec& spec,
                   const cluster::StepPricers& pricers, base::Worker* worker) {
  switch (scenario.workload.source) {
    case workload::SourceKind::Sessions:
      source_ = make_sessions(scenario, spec, pricers, worker);
      break;
    case workload::SourceKind::TokenRateTrace:
      source_ = sessions::make_token_rate_source({.config = scenario.workload,
                                                  .seed = scenario.seed,
                                                  .duration = scenario.duration,
                                                  .cool_down = scenario.report.cool_down});
      states_hits_ = true;
      break;
    case workload::SourceKind::RequestTrace: {
      auto requests = traces::make_trace_source({.config = scenario.workload,
                                                 .seed = scenario.seed,
                                                 .duration = scenario.duration,
                                                 .cool_down = scenario.report.cool_down,
                                                 .counted = spec.duration});
      requests_ = requests.get();
      source_ = std::move(requests);
      break;
    }
    case workload::SourceKind::Plain: {
      auto plain = sessions::make_plain_source({scenario.workload, scenario.seed});
      plain_ = plain.get();
      source_ = std::move(plain);
      states_hits_ = scenario.workload.plain.states_hits();
      waits_for_answers_ = scenario.workload.plain.concurrency.has_value();
      break;
    }
  }
  scale(scenario.workload.scale);
}

void Workload::scale(const workload::ScaleConfig& scale) {
  if (scale.input != 1.0 || scale.output != 1.0) {
    auto scaled = std::make_unique<workload::ScaledSource>(std::move(source_), scale);
    scaled_ = scaled.get();
    source_ = std::move(scaled);
  }
}

std::unique_ptr<cache::PrefixCache> Workload::make_cache(const config::Scenario& scenario,
                                                         const cluster::FleetSpec& spec) {
  const std::int64_t token_bytes = cluster::kv_bytes_per_token(spec);
  cache::KvCacheConfig config = spec.kv_cache;
  const bool mechanistic = config.model == cache::CacheModel::Mechanistic;
  if (plain_ != nullptr && mechanistic) {
    if (states_hits_) {
      config.model = cache::CacheModel::Statistical;  // it replays what is stated
    } else {
      notes_.emplace_back(
          "single requests share nothing, so that nothing hits the cache: workload.hit_ratio says "
          "what does");
    }
  }
  if (requests_ != nullptr && mechanistic) {
    const traces::TraceInfo& trace = requests_->info();
    if (trace.block_tokens > 0 && config.isolation != cache::Isolation::None) {
      throw base::InputError({.key = "kv_cache.isolation",
                              .what = "needs sessions, and the trace has block ids without them",
                              .remedy = "set kv_cache.isolation: none"});
    }
    if (trace.block_tokens > 0) {
      const double block =  // longer prompts are longer block by block
          scenario.workload.scale.input * static_cast<double>(trace.block_tokens);
      return warmed(cache::make_block_cache(
          config, token_bytes, std::max<std::int64_t>(1, std::llround(block)), *requests_));
    }
    if (trace.states_hits() && !trace.by_sessions()) {
      config.model = cache::CacheModel::Statistical;  // it replays what is stated
    } else if (!trace.by_sessions()) {
      notes_.emplace_back("the trace has no identities: a mechanistic cache finds nothing again");
    }
  }
  return warmed(
      cache::make_prefix_cache(config, token_bytes, source_->shared_prefixes(), scenario.seed));
}

// What the trace was before its cut, as if each request had been served at once.
std::unique_ptr<cache::PrefixCache> Workload::warmed(std::unique_ptr<cache::PrefixCache> cache) {
  if (requests_ != nullptr) {
    requests_->play_before([&](const workload::Request& played) {
      const workload::Request request = scaled_ != nullptr ? scaled_->scaled(played) : played;
      const base::TimePoint at = request.arrival;
      (void)cache->lookup(request, at);
      (void)cache->store(request, request.prompt_tokens, at, at);
      if (workload::answer_is_reusable(request.variant)) {
        (void)cache->store(request, request.prompt_tokens + request.output_tokens, at, at);
      }
      if (!request.prefix.returns) {
        cache->forget_session(request);
      }
    });
  }
  return cache;
}

traces::TraceInfo Workload::trace_info() const {
  if (requests_ != nullptr) {
    return requests_->info();
  }
  using traces::Field;
  traces::TraceInfo info;
  for (const Field field :
       {Field::Reasoning, Field::Session, Field::Turn, Field::Variant, Field::Channel,
        Field::SessionTokens, Field::SharedPrefix, Field::SharedTokens, Field::LastTurn}) {
    // A trace of token rates has its lengths from sessions; they are not its own.
    if ((!states_hits_ && plain_ == nullptr) || field == Field::Reasoning ||
        field == Field::Variant || field == Field::Channel) {
      info.set(field);
    }
  }
  if (states_hits_) {
    info.set(Field::Cached);
  }
  return info;
}

std::vector<std::string> Workload::notes() const {
  std::vector<std::string> notes = source_->notes();
  notes.insert(notes.end(), notes_.begin(), notes_.end());
  return notes;
}

std::span<const workload::BlockId> Workload::blocks_of(const workload::Request& request) const {
  return requests_ != nullptr ? requests_->blocks_of(request.prefix.session_slot)
                              : std::span<const workload::BlockId>();
}

}  // namespace epfleet::experiment
