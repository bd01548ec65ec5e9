#include "epfleet/cluster/prefill_fleet.h"

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"
#include "epfleet/cluster/expert_setup.h"
#include "epfleet/policy/registry.h"

namespace epfleet::cluster {

PrefillFleet::PrefillFleet(const FleetSpec& spec, const StepPricers& pricers, std::size_t units,
                           serving::RequestPool& pool, StorePath& store)
    : gpus_(static_cast<std::size_t>(spec.prefill_layout.gpus)),
      nodes_(
          static_cast<std::size_t>(spec.prefill_layout.gpus / spec.prefill_hardware.gpus_per_node)),
      kv_bytes_per_token_(kv_bytes_per_token(spec)),
      unit_rule_(policy::prefill_unit_rules()[spec.prefill.balancer.unit](spec.seed)),
      view_age_(spec.prefill.balancer.view_age),
      next_report_(units, spec.run_start()),
      pool_(pool),
      store_(store),
      nics_(units * gpus_, serving::Link(spec.prefill_hardware.rdma_bandwidth)),
      storage_read_(units * nodes_, serving::Link(spec.prefill_hardware.storage_bandwidth)),
      storage_write_(storage_read_),
      unit_loads_(units) {
  serving::PrefillUnitLimits limits = prefill_limits(spec, pricers.prefill);
  kv_capacity_ = limits.kv_capacity_tokens;
  units_.reserve(units);
  for (std::uint32_t i = 0; i < units; ++i) {
    gpu_rules_.push_back(
        policy::prefill_gpu_rules()[spec.prefill.balancer.gpu](base::mix64(spec.seed + i)));
    limits.rebalance = pause_of_unit(spec, pricers.prefill_stall, i, units);
    units_.emplace_back(base::UnitId(i), limits, pricers.prefill, *gpu_rules_.back(), pool);
    clocks_.emplace_back(static_cast<std::int64_t>(nodes_), spec.run_start());
  }
}

serving::Link& PrefillFleet::least_busy_storage_nic(std::vector<serving::Link>& nics,
                                                    std::uint32_t unit) {
  const auto first = nics.begin() + static_cast<std::ptrdiff_t>(unit * nodes_);
  return *std::min_element(
      first, first + static_cast<std::ptrdiff_t>(nodes_),
      [](const serving::Link& a, const serving::Link& b) { return a.free_at() < b.free_at(); });
}

std::uint32_t PrefillFleet::route(serving::Slot slot, base::TimePoint now,
                                  base::TimePoint not_before) {
  EPFLEET_CHECK(!open_.empty(), "a prefill unit serves");
  serving::LiveRequest& request = pool_[slot];
  const std::int32_t tokens = request.request.prompt_tokens - request.computed_to;
  const policy::PrefillAsk ask{
      static_cast<float>(tokens),
      static_cast<float>(serving::PrefillUnit::pairs(tokens, request.computed_to))};
  if (view_age_ > base::Duration::zero()) {
    take_reports(now);
  }
  const std::uint32_t unit = unit_rule_->choose(ask, unit_loads_.view(open_));
  request.kv_ready = std::max(now, not_before);
  if (request.cached_tokens > 0 && !request.prefill_started) {
    const base::Bytes bytes(request.cached_tokens * kv_bytes_per_token_);
    serving::Link& nic = least_busy_storage_nic(storage_read_, unit);
    if (store_.recomputes(nic, now, request.cached_tokens, bytes)) {
      recomputed_tokens_ += request.cached_tokens;
      request.cached_tokens = request.computed_to = 0;
    } else {
      request.kv_ready = store_.read(nic, now, bytes);
      bytes_read_ += bytes.count();
    }
  }
  units_[unit].enqueue(slot);
  if (view_age_ > base::Duration::zero()) {
    unit_loads_.add(unit, ask.tokens, ask.attention_pairs);
  }
  refresh_load(unit);
  return unit;
}

base::TimePoint PrefillFleet::write_to_store(std::uint32_t unit, std::int64_t tokens,
                                             base::TimePoint now) {
  const base::Bytes bytes(tokens * kv_bytes_per_token_);
  bytes_written_ += bytes.count();
  return store_.write(least_busy_storage_nic(storage_write_, unit), now, bytes);
}

void PrefillFleet::open(std::uint32_t unit) {
  open_.insert(std::lower_bound(open_.begin(), open_.end(), unit), unit);
}

void PrefillFleet::close(std::uint32_t unit) { std::erase(open_, unit); }

void PrefillFleet::refresh_load(std::uint32_t unit) {
  if (view_age_ == base::Duration::zero()) {
    report_load(unit);
  }
}

void PrefillFleet::take_reports(base::TimePoint now) {
  for (const std::uint32_t unit : open_) {
    if (next_report_[unit] <= now) {
      report_load(unit);
      next_report_[unit] = now + view_age_;
    }
  }
}

void PrefillFleet::report_load(std::uint32_t unit) {
  unit_loads_.set(unit, static_cast<double>(units_[unit].outstanding_tokens()),
                  units_[unit].outstanding_pairs());
}

}  // namespace epfleet::cluster
