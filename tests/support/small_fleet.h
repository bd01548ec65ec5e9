// A small service with every fact it announces kept: what the laws of the whole are tested on. The
// fleet is put together here from the public parts, as experiment does, so that a test can look at
// the source and listen beside the statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/scenario.h"
#include "epfleet/observe/facts.h"
#include "epfleet/workload/source.h"

namespace epfleet::test {

// tests/support/small_fleet.yaml with keys on top ("decode.gpus=64").
[[nodiscard]] config::Scenario small_fleet(std::uint64_t seed,
                                           std::vector<std::string> overrides = {});

// The same fleet under the totals of tests/support/small_fleet.csv: an open loop of single
// requests. It starts a hundred times faster, because no totals are solved for.
[[nodiscard]] config::Scenario replayed_fleet(std::uint64_t seed,
                                              std::vector<std::string> overrides = {});

// Every fact of a run, in the order of announcement.
struct Ledger {
  std::vector<workload::Request> arrivals;  // as the source gave them
  std::vector<observe::RequestDone> requests;
  std::vector<observe::PrefillStepDone> prefill_steps;
  std::vector<observe::DecodeStepDone> decode_steps;
  std::vector<observe::FleetSample> samples;
  // What became of what the store took, in tokens. Only of a store of sessions that began empty.
  struct StoreFlow {
    std::int64_t taken = 0, evicted = 0, expired = 0, left = 0;
  } store;

  [[nodiscard]] const observe::FleetSample& last() const { return samples.back(); }
  [[nodiscard]] std::int64_t count(observe::Outcome outcome) const;
  // The requests by id. REQUIRES: ids are 0 .. n - 1, each once (law 1).
  [[nodiscard]] std::vector<observe::RequestDone> by_id() const;
};

struct FleetRun {
  cluster::FleetSpec spec;
  std::shared_ptr<const cluster::StepPricers> pricers;
  Ledger ledger;
  std::uint64_t fingerprint = 0;
  std::uint64_t scheduled = 0, executed = 0, cancelled = 0, left = 0;

  [[nodiscard]] std::int64_t kv_bytes_per_token() const {
    return cluster::kv_bytes_per_token(spec);
  }
  // Decode tokens of a step: 1 + a of MTP. REQUIRES: one draft token, no spread.
  [[nodiscard]] base::TokenParts32 rate() const;
  // Decode steps of an answer: ceil((output - 1) / rate).
  [[nodiscard]] std::int64_t steps_of(std::int64_t output_tokens) const;
};

// Warm-up, window and cool-down, on one thread.
[[nodiscard]] FleetRun run_fleet(const config::Scenario& scenario);
// The same in a fleet that the scenario alone does not describe.
[[nodiscard]] FleetRun run_fleet(const config::Scenario& scenario, const cluster::FleetSpec& spec);

// What else may be stated of a run.
struct RunParts {
  std::shared_ptr<const cluster::StepPricers> pricers;  // none: made once for the scenario
  base::Worker* worker = nullptr;                       // none: on one thread
  observe::Observer* beside = nullptr;                  // hears what the ledger hears
  std::optional<std::uint64_t> check_sums{};            // every so many events; none: never
  bool sessions_in_table = false;  // the cache keeps what it has of them: nothing travels
};
[[nodiscard]] FleetRun run_fleet(const config::Scenario& scenario, const cluster::FleetSpec& spec,
                                 const RunParts& parts);

// Tokens of a sample, over all variants and channels.
[[nodiscard]] observe::TokenTotals tokens_of(const observe::FleetSample& sample);

}  // namespace epfleet::test
