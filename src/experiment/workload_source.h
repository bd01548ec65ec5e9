// The scenario's workload as a Source, and the cache that goes with it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/worker.h"
#include "epfleet/cache/prefix_cache.h"
#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/config/scenario.h"
#include "epfleet/sessions/plain_source.h"
#include "epfleet/sessions/session_paths.h"
#include "epfleet/traces/trace_source.h"
#include "epfleet/workload/scaled_source.h"

namespace epfleet::experiment {

class Workload {
 public:
  Workload(const config::Scenario& scenario, const cluster::FleetSpec& spec,
           const cluster::StepPricers& pricers, base::Worker* worker);

  [[nodiscard]] workload::Source& source() const { return *source_; }
  // The source may work on another thread than the cache.
  [[nodiscard]] bool draws_apart() const { return requests_ == nullptr && !waits_for_answers_; }

  // Of plain traffic with a stated number of requests, once it has come.
  [[nodiscard]] std::optional<base::TimePoint> last_arrival() const {
    return plain_ != nullptr ? plain_->last_arrival() : std::nullopt;
  }

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

  void scale(const workload::ScaleConfig& scale);

  std::unique_ptr<workload::Source> source_;
  std::vector<std::string> notes_;
  bool states_hits_ = false;        // a trace of token rates
  bool waits_for_answers_ = false;  // so soon that a second thread would only be waited for
  traces::TraceSource* requests_ = nullptr;   // source_, if it is a request trace
  sessions::PlainSource* plain_ = nullptr;    // source_, if it is plain
  workload::ScaledSource* scaled_ = nullptr;  // source_ around one of these, if lengths are scaled
};

// Service times before any service is simulated, at the scenario's mean load.
[[nodiscard]] sessions::ExpectedService expected_service(const config::Scenario& scenario,
                                                         const cluster::FleetSpec& spec,
                                                         const cluster::StepPricers& pricers);

}  // namespace epfleet::experiment
