// All prefill units with their storage NICs and the balancer that picks a unit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/store_path.h"
#include "epfleet/cluster/unit_clock.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/policy/balancer.h"
#include "epfleet/policy/prefill_loads.h"
#include "epfleet/serving/link.h"
#include "epfleet/serving/prefill_unit.h"

namespace epfleet::cluster {

class PrefillFleet {
 public:
  PrefillFleet(const FleetSpec& spec, const StepPricers& pricers, std::size_t units,
               serving::RequestPool& pool, StorePath& store);

  // Routes the prompt to a serving unit and starts reading its hit from the store; `not_before`:
  // when KV that it brings along (re-routed, half done) has arrived. A hit whose reading would take
  // too long is given up: it no longer counts as cached. Returns the unit.
  std::uint32_t route(serving::Slot slot, base::TimePoint now, base::TimePoint not_before);
  // Writes `tokens` of KV from the unit to the store; returns when they can be hit.
  base::TimePoint write_to_store(std::uint32_t unit, std::int64_t tokens, base::TimePoint now);

  // The unit takes new requests, or no longer does.
  void open(std::uint32_t unit);
  void close(std::uint32_t unit);
  [[nodiscard]] bool any_open() const { return !open_.empty(); }

  // After the unit's load changed (a step ended, requests left).
  void refresh_load(std::uint32_t unit);

  [[nodiscard]] std::size_t size() const { return units_.size(); }
  [[nodiscard]] serving::PrefillUnit& unit(std::uint32_t index) { return units_[index]; }
  [[nodiscard]] UnitClock& clock(std::uint32_t index) { return clocks_[index]; }
  // The NIC that sends KV from a GPU.
  [[nodiscard]] serving::Link& nic(std::uint32_t unit, std::uint32_t gpu) {
    return nics_[unit * gpus_ + gpu];
  }
  [[nodiscard]] std::int64_t recomputed_tokens() const { return recomputed_tokens_; }
  [[nodiscard]] std::int64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::int64_t longest_prompt() const { return kv_capacity_; }

 private:
  serving::Link& least_busy_storage_nic(std::vector<serving::Link>& nics, std::uint32_t unit);

  void report_load(std::uint32_t unit);
  void take_reports(base::TimePoint now);  // those that are due

  std::size_t gpus_;
  std::size_t nodes_;
  std::int64_t kv_bytes_per_token_;
  std::int64_t kv_capacity_;
  std::unique_ptr<policy::PrefillRule> unit_rule_;
  std::vector<std::unique_ptr<policy::PrefillRule>>
      gpu_rules_;  // a rule's state belongs to its unit
  base::Duration view_age_;
  std::vector<base::TimePoint> next_report_;  // by unit; not used while the view has no age
  serving::RequestPool& pool_;
  StorePath& store_;
  std::vector<serving::PrefillUnit> units_;
  std::vector<UnitClock> clocks_;
  std::vector<serving::Link> nics_;  // by GPU
  std::vector<serving::Link> storage_read_,
      storage_write_;  // by node; both directions at full rate
  std::vector<std::uint32_t> open_;
  policy::PrefillLoads unit_loads_;  // the balancer's view
  std::int64_t bytes_read_ = 0, bytes_written_ = 0, recomputed_tokens_ = 0;
};

}  // namespace epfleet::cluster
