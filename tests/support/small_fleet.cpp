#include "support/small_fleet.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/resolved.h"
#include "epfleet/sessions/plain_source.h"
#include "epfleet/sessions/session_source.h"
#include "epfleet/sessions/token_rate_source.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/trace_source.h"
#include "epfleet/workload/arrival_feed.h"
#include "support/places.h"

namespace epfleet::test {
namespace {

const std::string kSupport = source_dir() + "/tests/support";

// Passes everything on and keeps what it handed out.
class KeepingSource final : public workload::Source {
 public:
  KeepingSource(std::unique_ptr<workload::Source> from, std::vector<workload::Request>& kept)
      : from_(std::move(from)), kept_(kept) {}

  std::optional<base::TimePoint> next_arrival() override { return from_->next_arrival(); }
  workload::Request take() override {
    kept_.push_back(from_->take());
    return kept_.back();
  }
  void complete(const workload::Request& request, base::TimePoint done) override {
    from_->complete(request, done);
  }
  std::span<const workload::WarmExtent> warm_extents() const override {
    return from_->warm_extents();
  }
  std::span<const workload::WarmTotal> warm_totals() const override { return from_->warm_totals(); }
  base::Duration shortest_return() const override { return from_->shortest_return(); }
  bool sessions_overlap() const override { return from_->sessions_overlap(); }
  std::size_t shared_prefixes() const override { return from_->shared_prefixes(); }
  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    from_->check_sums(check, in_service);
  }

 private:
  std::unique_ptr<workload::Source> from_;
  std::vector<workload::Request>& kept_;
};

// Passes everything on and follows what is in the store.
class WatchedCache final : public cache::PrefixCache {
 public:
  WatchedCache(std::unique_ptr<cache::PrefixCache> to, std::int64_t block, Ledger::StoreFlow& flow,
               bool keeps_sessions)
      : to_(std::move(to)), block_(block), flow_(flow), keeps_sessions_(keeps_sessions) {}

  cache::Lookup lookup(const workload::Request& request, cache::Extent& own,
                       base::TimePoint now) override {
    expire(now);
    return to_->lookup(request, own, now);
  }
  std::int32_t store(const workload::Request& request, cache::Extent& own, std::int64_t tokens,
                     base::TimePoint now, base::TimePoint stored_at) override {
    expire(now);
    const std::int32_t had = to_->store(request, own, tokens, now, stored_at);
    const std::int64_t is_new = tokens / block_ * block_ - had;
    flow_.taken += is_new;
    flow_.evicted += flow_.left + is_new - to_->stored_tokens(now);
    flow_.left = to_->stored_tokens(now);
    return had;
  }
  void postpone(const workload::Request& request, cache::Extent& own,
                base::TimePoint stored_at) override {
    to_->postpone(request, own, stored_at);
  }
  void forget_session(const workload::Request& last, cache::Extent& own) override {
    to_->forget_session(last, own);
  }
  cache::Extent& session(std::uint32_t slot) override { return to_->session(slot); }
  std::optional<base::HugeVector<cache::Extent>> give_up_sessions() override {
    return keeps_sessions_ ? std::nullopt : to_->give_up_sessions();
  }
  void warm(std::span<const workload::WarmExtent> extents,
            std::span<const workload::WarmTotal> totals) override {
    to_->warm(extents, totals);
  }
  std::int64_t stored_tokens(base::TimePoint now) override {
    expire(now);
    return to_->stored_tokens(now);
  }
  std::int64_t peak_tokens() const override { return to_->peak_tokens(); }
  void restart_peak(base::TimePoint now) override { to_->restart_peak(now); }
  void check_sums(base::SumCheck& check, std::span<const cache::Extent> elsewhere) const override {
    to_->check_sums(check, elsewhere);
  }

 private:
  void expire(base::TimePoint now) {
    flow_.expired += flow_.left - to_->stored_tokens(now);
    flow_.left = to_->stored_tokens(now);
  }

  std::unique_ptr<cache::PrefixCache> to_;
  std::int64_t block_;
  Ledger::StoreFlow& flow_;
  bool keeps_sessions_;
};

class KeepingObserver final : public observe::Observer {
 public:
  explicit KeepingObserver(Ledger& ledger) : ledger_(ledger) {}

  void on_requests_done(std::span<const observe::RequestDone> requests) override {
    ledger_.requests.insert(ledger_.requests.end(), requests.begin(), requests.end());
  }
  void on_prefill_step(const observe::PrefillStepDone& step) override {
    ledger_.prefill_steps.push_back(step);
  }
  void on_decode_step(const observe::DecodeStepDone& step) override {
    ledger_.decode_steps.push_back(step);
  }
  void on_sample(const observe::FleetSample& sample) override { ledger_.samples.push_back(sample); }

 private:
  Ledger& ledger_;
};

std::unique_ptr<workload::Source> source_of(const config::Scenario& scenario) {
  if (scenario.workload.source == workload::SourceKind::TokenRateTrace) {
    return sessions::make_token_rate_source({.config = scenario.workload,
                                             .seed = scenario.seed,
                                             .duration = scenario.duration,
                                             .cool_down = scenario.report.cool_down});
  }
  if (scenario.workload.source == workload::SourceKind::Plain) {
    return sessions::make_plain_source({scenario.workload, scenario.seed});
  }
  if (scenario.workload.source == workload::SourceKind::RequestTrace) {
    return traces::make_trace_source({.config = scenario.workload,
                                      .seed = scenario.seed,
                                      .duration = scenario.duration,
                                      .cool_down = scenario.report.cool_down});
  }
  sessions::SessionSourceSpec spec;
  spec.config = scenario.workload;
  spec.seed = scenario.seed;
  spec.duration = scenario.duration;
  spec.cool_down = scenario.report.cool_down;
  spec.block = scenario.kv_cache.block;
  spec.service = {1.0, 0.03};  // only places the turns of earlier sessions
  return sessions::make_session_source(spec);
}

// Step prices take longer to make than minutes of a small fleet to simulate: once for all seeds.
std::shared_ptr<const cluster::StepPricers> pricers_of(const config::Scenario& scenario,
                                                       const cluster::FleetSpec& spec) {
  static std::map<std::string, std::shared_ptr<const cluster::StepPricers>> made;
  auto& pricers = made[config::scenario_fingerprint(scenario)];
  if (!pricers) {
    pricers = std::make_shared<const cluster::StepPricers>(cluster::make_step_pricers(spec));
  }
  return pricers;
}

// EPFLEET_CHECK_SUMS=N: in every test that runs a fleet.
std::optional<std::uint64_t> check_sums_everywhere() {
  const char* every = std::getenv("EPFLEET_CHECK_SUMS");
  return every != nullptr ? text::parse_whole<std::uint64_t>(every) : std::nullopt;
}

}  // namespace

config::Scenario small_fleet(std::uint64_t seed, std::vector<std::string> overrides) {
  overrides.push_back("seed=" + std::to_string(seed));
  return config::load_scenario(kSupport + "/small_fleet.yaml", overrides);
}

config::Scenario replayed_fleet(std::uint64_t seed, std::vector<std::string> overrides) {
  const auto trace = {"workload.source=token_rate", "kv_cache.model=statistical"};
  overrides.insert(overrides.begin(), trace.begin(), trace.end());
  overrides.insert(overrides.begin(), "workload.path=" + kSupport + "/small_fleet.csv");
  return small_fleet(seed, std::move(overrides));
}

std::int64_t Ledger::count(observe::Outcome outcome) const {
  return std::count_if(requests.begin(), requests.end(), [&](const observe::RequestDone& request) {
    return request.outcome() == outcome;
  });
}

std::vector<observe::RequestDone> Ledger::by_id() const {
  std::vector<observe::RequestDone> sorted = requests;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return sorted;
}

base::TokenParts32 FleetRun::rate() const {
  return base::TokenParts32::nearest(1.0 + spec.decode.mtp.acceptance);
}

std::int64_t FleetRun::steps_of(std::int64_t output_tokens) const {
  const std::int64_t per_step = rate().count();
  return (base::TokenParts::from_tokens(output_tokens - 1).count() + per_step - 1) / per_step;
}

FleetRun run_fleet(const config::Scenario& scenario) { return run_fleet(scenario, scenario); }

FleetRun run_fleet(const config::Scenario& scenario, const cluster::FleetSpec& spec) {
  return run_fleet(scenario, spec, RunParts{});
}

FleetRun run_fleet(const config::Scenario& scenario, const cluster::FleetSpec& spec,
                   const RunParts& parts) {
  FleetRun run;
  run.spec = spec;
  run.pricers = parts.pricers ? parts.pricers : pricers_of(scenario, run.spec);
  KeepingSource source(source_of(scenario), run.ledger.arrivals);
  WatchedCache cache(cache::make_prefix_cache(run.spec.kv_cache, run.kv_bytes_per_token(),
                                              source.shared_prefixes(), scenario.seed),
                     run.spec.kv_cache.block, run.ledger.store, parts.sessions_in_table);
  KeepingObserver observer(run.ledger);
  workload::ArrivalFeed arrivals(source, parts.worker, 0);
  std::vector<observe::Observer*> observers{&observer};
  if (parts.beside != nullptr) {
    observers.push_back(parts.beside);
  }
  cluster::Fleet fleet(run.spec, *run.pricers, arrivals, cache, observers);
  if (const auto every = parts.check_sums ? parts.check_sums : check_sums_everywhere()) {
    fleet.check_sums(*every);
  }
  (void)fleet.run(nullptr, nullptr);
  std::erase_if(run.ledger.arrivals, [&](const workload::Request& drawn_ahead) {
    return drawn_ahead.arrival >= run.ledger.last().time;
  });
  run.fingerprint = fleet.engine().fingerprint();
  run.scheduled = fleet.engine().scheduled();
  run.executed = fleet.engine().executed();
  run.cancelled = fleet.engine().cancelled();
  run.left = fleet.engine().left();
  return run;
}

observe::TokenTotals tokens_of(const observe::FleetSample& sample) {
  observe::TokenTotals sum;
  for (const auto& by_channel : sample.tokens) {
    for (const observe::TokenTotals& tokens : by_channel) {
      sum.input += tokens.input;
      sum.cached += tokens.cached;
      sum.output += tokens.output;
    }
  }
  return sum;
}

}  // namespace epfleet::test
