#include "epfleet/cluster/decode_router.h"

#include <algorithm>

#include "epfleet/policy/registry.h"

namespace epfleet::cluster {

using serving::Link;
using serving::LiveRequest;
using serving::RequestSlot;
using Waiting = serving::DecodeUnit::Waiting;
using Leaving = serving::DecodeUnit::Leaving;

namespace {

constexpr double kAllAccepted = 1.0;

policy::DecodeDemand demand_of(const LiveRequest& request) {
  return {request.kv(request.steps_taken)};
}

}  // namespace

DecodeRouter::DecodeRouter(FleetState& fleet)
    : fleet_(fleet),
      rule_(policy::decode_unit_rules()[fleet.spec.decode.balancer.unit](fleet.spec.seed)),
      most_growth_(
          base::TokenParts32::nearest(fleet.spec.decode.mtp.tokens_per_step(kAllAccepted))) {}

void DecodeRouter::place(Member& member, RequestSlot slot, std::uint32_t gpu,
                         base::TimePoint arrives, base::Bytes kv) {
  member.unit.place(slot, gpu, arrives);
  fleet_.totals.kv_moved_bytes += kv.count();
}

base::TimePoint DecodeRouter::hand_over(RequestSlot slot, Link& from) {
  return put(slot,
             [&](Link& to, base::Bytes kv) { return Link::transfer(from, to, fleet_.now(), kv); });
}

void DecodeRouter::take_over(const Leaving& leaving, std::vector<Link>& from) {
  const LiveRequest& request = fleet_.requests[leaving.slot];
  const base::Bytes bytes = fleet_.kv_bytes(request);
  const std::uint32_t old_gpu = request.decode_gpu;
  base::TimePoint ready = std::max(fleet_.now(), leaving.since);
  if (leaving.kv == Leaving::Kv::InHost) {
    ready += bytes / fleet_.spec.decode_hardware.pcie_bandwidth;
  }
  (void)put(leaving.slot, [&](Link& to, base::Bytes /*kv*/) {
    return leaving.kv == Leaving::Kv::Elsewhere ? to.reserve(ready, bytes)
                                                : Link::transfer(from[old_gpu], to, ready, bytes);
  });
}

template <class Send>
base::TimePoint DecodeRouter::put(RequestSlot slot, const Send& send) {
  DecodePool& pool = fleet_.decode;
  LiveRequest& request = fleet_.requests[slot];
  if (!pool.any_open()) {
    request.stage = serving::Stage::AwaitingRoom;
    fleet_.homeless.with_kv.push_back(slot);
    return fleet_.now();
  }
  const policy::DecodeDemand demand = demand_of(request);
  const std::uint32_t unit = rule_->choose(demand, pool.loads_of_open());
  pool.note_placed(unit, 1, demand.kv);
  request.decode_unit = static_cast<std::uint16_t>(unit);
  Member& member = pool[unit];
  const auto gpu = member.unit.first_waiting() == nullptr
                       ? member.gpu_rule->choose(demand, member.unit.view())
                       : std::nullopt;  // no request overtakes those that wait
  base::TimePoint sent = fleet_.now();
  if (gpu) {
    const base::Bytes kv = fleet_.kv_bytes(demand.kv.whole_tokens());
    sent = send(member.rdma[*gpu], kv);
    place(member, slot, *gpu, sent, kv);
  } else {
    request.stage = serving::Stage::AwaitingRoom;
    member.unit.wait_last(slot);
  }
  pool.wake(unit, sent);
  return sent;
}

void DecodeRouter::settle() {
  if (fleet_.homeless.with_kv.empty() || !fleet_.decode.any_open()) {
    return;
  }
  std::vector<RequestSlot> waiting;
  waiting.swap(fleet_.homeless.with_kv);
  for (const RequestSlot slot : waiting) {
    (void)put(slot, [&](Link& to, base::Bytes kv) { return to.reserve(fleet_.now(), kv); });
  }
}

void DecodeRouter::swap_out(RequestSlot slot) {
  const LiveRequest& request = fleet_.requests[slot];
  const base::TimePoint out =
      fleet_.now() + fleet_.kv_bytes(request) / fleet_.spec.decode_hardware.pcie_bandwidth;
  fleet_.decode[request.decode_unit].unit.wait_first(slot, out);
}

void DecodeRouter::admit_waiting(std::uint32_t unit) {
  Member& member = fleet_.decode[unit];
  while (const Waiting* first = member.unit.first_waiting()) {
    if (!admit(member, *first)) {
      return;
    }
    member.unit.stop_waiting();
  }
}

bool DecodeRouter::admit(Member& member, const Waiting& waiting) {
  if (waiting.swapped) {
    return swap_in(member, waiting);
  }
  const LiveRequest& request = fleet_.requests[waiting.slot];
  const auto gpu = member.gpu_rule->choose(demand_of(request), member.unit.view());
  if (!gpu) {
    return false;
  }
  const base::Bytes kv = fleet_.kv_bytes(request);
  place(member, waiting.slot, *gpu, member.rdma[*gpu].reserve(fleet_.now(), kv), kv);
  return true;
}

// To its own GPU, else over the NIC to another: were it bound to its own, all behind it would wait
// for that one GPU.
bool DecodeRouter::swap_in(Member& member, const Waiting& waiting) {
  const LiveRequest& request = fleet_.requests[waiting.slot];
  const policy::DecodeDemand demand = demand_of(request);
  const policy::DecodeGpuView view = member.unit.view();
  const auto has_room = [&](std::uint32_t gpu) {
    // One step's growth of the whole GPU as slack, so that it is not swapped out again at once.
    const auto slack = most_growth_ * static_cast<std::int32_t>(view.with_one_more[gpu]);
    return view.with_one_more[gpu] <= static_cast<float>(view.request_limit) &&
           view.kv[gpu] <= view.kv_limit - demand.kv - slack;
  };
  const base::Bytes bytes = fleet_.kv_bytes(request);
  const base::TimePoint now = fleet_.now();
  const base::TimePoint read =
      std::max(now, waiting.not_before) + bytes / fleet_.spec.decode_hardware.pcie_bandwidth;
  if (has_room(request.decode_gpu)) {
    place(member, waiting.slot, request.decode_gpu, read, bytes);
    return true;
  }
  const auto other = member.gpu_rule->choose(demand, view);
  if (!other || !has_room(*other)) {
    return false;
  }
  place(member, waiting.slot, *other, std::max(read, member.rdma[*other].reserve(now, bytes)),
        bytes);
  return true;
}

base::TimePoint DecodeRouter::write_to_store(const LiveRequest& request, std::int64_t tokens) {
  const auto node = static_cast<std::size_t>(request.decode_gpu) /
                    static_cast<std::size_t>(fleet_.spec.decode_hardware.gpus_per_node);
  return fleet_.write_to_store(fleet_.decode[request.decode_unit].storage_write[node], tokens);
}

}  // namespace epfleet::cluster
