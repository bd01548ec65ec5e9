#include "epfleet/cluster/decode_fleet.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/cluster/expert_setup.h"
#include "epfleet/policy/registry.h"

namespace epfleet::cluster {

using serving::LiveRequest;
using serving::Slot;

DecodeFleet::DecodeFleet(const FleetSpec& spec, const StepPricers& pricers, std::size_t units,
                         serving::RequestPool& pool, StorePath& store)
    : gpus_(static_cast<std::size_t>(spec.decode_layout.gpus)),
      gpus_per_node_(static_cast<std::size_t>(spec.decode_hardware.gpus_per_node)),
      kv_bytes_per_token_(kv_bytes_per_token(spec)),
      pcie_bandwidth_(spec.decode_hardware.pcie_bandwidth),
      unit_rule_(policy::decode_unit_rules()[spec.decode.balancer.unit](spec.seed)),
      view_age_(spec.decode.balancer.view_age),
      next_report_(units, spec.run_start()),
      pool_(pool),
      store_(store),
      nics_(units * gpus_, serving::Link(spec.decode_hardware.rdma_bandwidth)),
      storage_write_(units * (gpus_ / gpus_per_node_),
                     serving::Link(spec.decode_hardware.storage_bandwidth)),
      waiting_(units),
      unit_requests_(units, 0),
      unit_kv_(units, 0) {
  serving::DecodeUnitLimits limits = decode_limits(spec);
  units_.reserve(units);
  for (std::uint32_t i = 0; i < units; ++i) {
    gpu_rules_.push_back(
        policy::decode_gpu_rules()[spec.decode.balancer.gpu](base::mix64(spec.seed + i)));
    limits.even = gpu_rules_.back()->evens_out();
    limits.rebalance = pause_of_unit(spec, pricers.decode_stall, i, units);
    units_.emplace_back(base::UnitId(i), limits, pricers.decode, pool);
    clocks_.emplace_back(static_cast<std::int64_t>(gpus_ / gpus_per_node_), spec.run_start());
  }
}

base::Bytes DecodeFleet::kv_bytes(const LiveRequest& request) const {
  const std::int64_t tokens = request.kv_fixed(request.steps_taken) / serving::kTokenOne;
  return base::Bytes(tokens * kv_bytes_per_token_);
}

void DecodeFleet::place(std::uint32_t unit, Slot slot, std::uint32_t gpu, base::TimePoint arrives) {
  units_[unit].place(slot, gpu, arrives);
  bytes_moved_ += kv_bytes(pool_[slot]).count();
}

DecodeFleet::Handover DecodeFleet::hand_over(Slot slot, serving::Link& from, base::TimePoint now) {
  EPFLEET_CHECK(!open_.empty(), "a decode unit serves");
  LiveRequest& request = pool_[slot];
  const policy::DecodeAsk ask{request.kv_fixed(request.steps_taken)};
  if (view_age_ > base::Duration::zero()) {
    take_reports(now);
  }
  const std::uint32_t unit = unit_rule_->choose(ask, {open_, unit_requests_, unit_kv_});
  ++unit_requests_[unit];
  unit_kv_[unit] += ask.kv_fixed;
  request.decode_unit = static_cast<std::uint16_t>(unit);
  const auto gpu = waiting_[unit].empty() ? gpu_rules_[unit]->choose(ask, units_[unit].view())
                                          : std::nullopt;  // nobody overtakes those who wait
  if (!gpu) {
    request.stage = serving::Stage::AwaitingRoom;
    waiting_[unit].push_back({slot, false, now});
    return {unit, now, false};
  }
  const base::TimePoint arrives =
      serving::Link::transfer(from, nic(unit, *gpu), now, kv_bytes(request));
  place(unit, slot, *gpu, arrives);
  return {unit, arrives, true};
}

void DecodeFleet::swap_out(std::uint32_t unit, Slot slot, base::TimePoint now) {
  const base::TimePoint out = now + kv_bytes(pool_[slot]) / pcie_bandwidth_;
  waiting_[unit].push_front({slot, true, out});
}

void DecodeFleet::admit_waiting(std::uint32_t unit, base::TimePoint now) {
  while (!waiting_[unit].empty() && admit(unit, waiting_[unit].front(), now)) {
    waiting_[unit].pop_front();
  }
}

bool DecodeFleet::admit(std::uint32_t unit, const Waiting& waiting, base::TimePoint now) {
  if (waiting.swapped) {
    return swap_in(unit, waiting, now);
  }
  const LiveRequest& request = pool_[waiting.slot];
  const policy::DecodeAsk ask{request.kv_fixed(request.steps_taken)};
  const auto gpu = gpu_rules_[unit]->choose(ask, units_[unit].view());
  if (!gpu) {
    return false;
  }
  place(unit, waiting.slot, *gpu, nic(unit, *gpu).reserve(now, kv_bytes(request)));
  return true;
}

// To its own GPU, else over the NIC to another: were it bound to its own, everybody behind it would
// wait for that one GPU.
bool DecodeFleet::swap_in(std::uint32_t unit, const Waiting& waiting, base::TimePoint now) {
  const LiveRequest& request = pool_[waiting.slot];
  const policy::DecodeAsk ask{request.kv_fixed(request.steps_taken)};
  const policy::DecodeGpuView view = units_[unit].view();
  const auto has_room = [&](std::uint32_t gpu) {
    // One step's growth of the whole GPU as slack, so that it is not swapped out again at once.
    const std::int32_t slack = 4 * serving::kTokenOne * view.requests[gpu];
    return view.requests[gpu] < view.request_limit &&
           view.kv_fixed[gpu] <= view.kv_limit_fixed - ask.kv_fixed - slack;
  };
  const base::TimePoint read =
      std::max(now, waiting.not_before) + kv_bytes(request) / pcie_bandwidth_;
  if (has_room(request.decode_gpu)) {
    place(unit, waiting.slot, request.decode_gpu, read);
    return true;
  }
  const auto other = gpu_rules_[unit]->choose(ask, view);
  if (!other || !has_room(*other)) {
    return false;
  }
  place(unit, waiting.slot, *other,
        std::max(read, nic(unit, *other).reserve(now, kv_bytes(request))));
  return true;
}

void DecodeFleet::evict_all(std::uint32_t unit, std::vector<Slot>& evicted) {
  units_[unit].evict_all(evicted);
  for (const Waiting& waiting : waiting_[unit]) {
    evicted.push_back(waiting.slot);
  }
  waiting_[unit].clear();
  refresh_load(unit);
}

base::TimePoint DecodeFleet::write_to_store(std::uint32_t unit, std::uint32_t gpu,
                                            std::int64_t tokens, base::TimePoint now) {
  const base::Bytes bytes(tokens * kv_bytes_per_token_);
  bytes_written_ += bytes.count();
  serving::Link& nic = storage_write_[unit * (gpus_ / gpus_per_node_) + gpu / gpus_per_node_];
  return store_.write(nic, now, bytes);
}

void DecodeFleet::open(std::uint32_t unit) {
  open_.insert(std::lower_bound(open_.begin(), open_.end(), unit), unit);
}

void DecodeFleet::close(std::uint32_t unit) { std::erase(open_, unit); }

void DecodeFleet::refresh_load(std::uint32_t unit) {
  if (view_age_ == base::Duration::zero()) {
    report_load(unit);
  }
}

void DecodeFleet::take_reports(base::TimePoint now) {
  for (const std::uint32_t unit : open_) {
    if (next_report_[unit] <= now) {
      report_load(unit);
      next_report_[unit] = now + view_age_;
    }
  }
}

void DecodeFleet::report_load(std::uint32_t unit) {
  unit_requests_[unit] =
      units_[unit].placed_requests() + static_cast<std::int64_t>(waiting_[unit].size());
  unit_kv_[unit] = units_[unit].placed_kv_fixed();
}

std::int64_t DecodeFleet::waiting_requests() const {
  std::int64_t waiting = 0;
  for (std::size_t unit = 0; unit < units_.size(); ++unit) {
    waiting += static_cast<std::int64_t>(waiting_[unit].size()) + units_[unit].placed_requests() -
               units_[unit].active_requests();
  }
  return waiting;
}

}  // namespace epfleet::cluster
