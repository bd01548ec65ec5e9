// The scenario's workload as a Source, and the cache that goes with it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/scenario.h"
#include "epfleet/sessions/session_paths.h"
#include "epfleet/traces/trace_source.h"

namespace epfleet::experiment {

class Workload {
 public:
  Workload(const config::Scenario& scenario, const cluster::FleetSpec& spec,
           const cluster::StepPricers& pricers, base::Worker* worker);

  [[nodiscard]] workload::Source& source() const { return *source_; }
  // The source may work on another thread than the cache.
  [[nodiscard]] bool draws_apart() const { return requests_ == nullptr; }

  // Of the kind that the source's identities allow, warm with what the trace was before its cut.
  // The workload must outlive it.
  [[nodiscard]] std::unique_ptr<cache::PrefixCache> make_cache(const config::Scenario& scenario,
                                                               const cluster::FleetSpec& spec);

  // What a reader of the numbers must know of the requests: one sentence each.
  [[nodiscard]] std::vector<std::string> notes() const;

  // What a trace of these requests can tell.
  [[nodiscard]] traces::TraceInfo trace_info() const;
  // Of a request that was taken and is not complete.
  [[nodiscard]] std::span<const workload::BlockId> blocks_of(
      const workload::Request& request) const;

 private:
  [[nodiscard]] std::unique_ptr<cache::PrefixCache> warmed(
      std::unique_ptr<cache::PrefixCache> cache);

  std::unique_ptr<workload::Source> source_;
  std::vector<std::string> notes_;
  bool states_hits_ = false;                 // a trace of token rates
  traces::TraceSource* requests_ = nullptr;  // source_, if it is a request trace
};

// Service times before any service is simulated, at the scenario's mean load.
[[nodiscard]] sessions::ExpectedService expected_service(const config::Scenario& scenario,
                                                         const cluster::FleetSpec& spec,
                                                         const cluster::StepPricers& pricers);

}  // namespace epfleet::experiment
