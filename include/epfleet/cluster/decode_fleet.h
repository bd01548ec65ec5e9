// All decode units with their NICs, the balancer that picks unit and GPU, and those who wait for
// room.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "epfleet/cluster/fleet_spec.h"
#include "epfleet/cluster/store_path.h"
#include "epfleet/cluster/unit_clock.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/policy/balancer.h"
#include "epfleet/serving/decode_unit.h"
#include "epfleet/serving/link.h"

namespace epfleet::cluster {

class DecodeFleet {
 public:
  DecodeFleet(const FleetSpec& spec, const StepPricers& pricers, std::size_t units,
              serving::RequestPool& pool, StorePath& store);

  // Where a request went, and when its KV has left the sender.
  struct Handover {
    std::uint32_t unit = 0;
    base::TimePoint
        kv_sent;  // placed: the transfer's end; waiting: now, its KV goes to host memory
    bool placed = false;
  };
  // Picks a unit and a GPU and moves the KV there over both ends' NICs, or lets the request wait at
  // its unit.
  Handover hand_over(serving::Slot slot, serving::Link& from, base::TimePoint now);
  // A preempted request: its KV goes to host memory over PCIe and comes back when its GPU has room,
  // or another one of the unit.
  void swap_out(std::uint32_t unit, serving::Slot slot, base::TimePoint now);
  // Gives room that has become free to those who wait at the unit, in order.
  void admit_waiting(std::uint32_t unit, base::TimePoint now);
  // Everybody leaves a closed unit, waiting ones too.
  void evict_all(std::uint32_t unit, std::vector<serving::Slot>& evicted);

  base::TimePoint write_to_store(std::uint32_t unit, std::uint32_t gpu, std::int64_t tokens,
                                 base::TimePoint now);

  void open(std::uint32_t unit);
  void close(std::uint32_t unit);
  [[nodiscard]] bool any_open() const { return !open_.empty(); }
  // After a step: the balancer sees sums as of the last step boundary, plus placements since.
  void refresh_load(std::uint32_t unit);

  [[nodiscard]] std::size_t size() const { return units_.size(); }
  [[nodiscard]] serving::DecodeUnit& unit(std::uint32_t index) { return units_[index]; }
  [[nodiscard]] const serving::DecodeUnit& unit(std::uint32_t index) const { return units_[index]; }
  [[nodiscard]] UnitClock& clock(std::uint32_t index) { return clocks_[index]; }
  [[nodiscard]] serving::Link& nic(std::uint32_t unit, std::uint32_t gpu) {
    return nics_[unit * gpus_ + gpu];
  }
  [[nodiscard]] std::int64_t waiting_requests() const;
  [[nodiscard]] bool empty(std::uint32_t unit) const {
    return units_[unit].placed_requests() == 0 && waiting_[unit].empty();
  }
  // KV tokens that a GPU can hold: a request that outgrows this alone could never finish.
  [[nodiscard]] std::int64_t longest_context() const {
    return units_.front().limits().kv_capacity_tokens;
  }
  [[nodiscard]] std::int64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] std::int64_t bytes_moved() const { return bytes_moved_; }

 private:
  struct Waiting {
    serving::Slot slot;
    bool swapped;                // its KV is in the memory of its GPU's host
    base::TimePoint not_before;  // its KV is in host memory
  };
  [[nodiscard]] base::Bytes kv_bytes(const serving::LiveRequest& request) const;
  bool admit(std::uint32_t unit, const Waiting& waiting, base::TimePoint now);
  bool swap_in(std::uint32_t unit, const Waiting& waiting, base::TimePoint now);
  void place(std::uint32_t unit, serving::Slot slot, std::uint32_t gpu, base::TimePoint arrives);

  void report_load(std::uint32_t unit);
  void take_reports(base::TimePoint now);  // those that are due

  std::size_t gpus_;
  std::size_t gpus_per_node_;
  std::int64_t kv_bytes_per_token_;
  base::BytesPerSecond pcie_bandwidth_;
  std::unique_ptr<policy::DecodeUnitRule> unit_rule_;
  base::Duration view_age_;
  std::vector<base::TimePoint> next_report_;  // by unit; not used while the view has no age
  std::vector<std::unique_ptr<policy::DecodeGpuRule>> gpu_rules_;
  serving::RequestPool& pool_;
  StorePath& store_;
  std::vector<serving::DecodeUnit> units_;
  std::vector<UnitClock> clocks_;
  std::vector<serving::Link> nics_;           // by GPU; receives KV, and sends it in migrations
  std::vector<serving::Link> storage_write_;  // by node
  std::vector<std::deque<Waiting>> waiting_;  // by unit
  std::vector<std::uint32_t> open_;
  std::vector<std::int64_t> unit_requests_, unit_kv_;
  std::int64_t bytes_written_ = 0, bytes_moved_ = 0;
};

}  // namespace epfleet::cluster
