// How long a unit takes from its allotment until it serves.
// Modelled: every node allots, starts its container, reads the weights of its GPUs, compiles and
//   warms up, captures graphs; the unit serves when its slowest node is ready. Weights come through
//   the narrowest of the node's NVMe, its storage NIC and an even share of the store.
// Left out: a share of the store that changes while others begin or end; weights over the compute
//   network from units that serve (BlitzScale, lambdaScale).
// Source: 3FS read bandwidth (open-infra-index, day 5); engines' logs (keys of scaling.start_up).
#pragma once

#include <cstdint>
#include <string_view>

#include "epfleet/cluster/fleet_spec.h"

namespace epfleet::cluster {

// What all nodes of a unit have in common. `loading`: nodes that read weights at the time.
[[nodiscard]] base::Duration prefill_start_up(const FleetSpec& spec, std::int64_t loading);
[[nodiscard]] base::Duration decode_start_up(const FleetSpec& spec, std::int64_t loading);

struct Start {
  base::Duration duration{};
  bool fails = false;  // never serves; the duration is when it is given up
};
// With the own draws of the so-and-so-many-th start of a unit.
[[nodiscard]] Start draw_start(const FleetSpec& spec, std::string_view phase,
                               base::Duration in_common, std::int64_t nodes, std::uint64_t unit,
                               std::uint64_t start);

}  // namespace epfleet::cluster
