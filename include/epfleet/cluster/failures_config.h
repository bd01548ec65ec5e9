// What fails, how often, and what is done about it. Nothing fails unless a rate or a list is given.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/names.h"
#include "epfleet/base/time.h"

namespace epfleet::cluster {

enum class UnitKind : std::uint8_t { Prefill, Decode };
inline constexpr base::Names<2> kUnitKindNames = {"prefill", "decode"};

enum class FailureKind : std::uint8_t {
  Node,       // a node is lost, and with it its GPUs
  Gpu,        // a GPU is lost until it is reset
  Nic,        // a GPU's NIC has a share of its rate
  Straggler,  // a GPU has a share of its speed
  Store,      // the KV store is gone: nothing is found or kept
};
inline constexpr base::Names<5> kFailureKindNames = {"node", "gpu", "nic", "straggler", "store"};

struct UnitName {
  UnitKind kind = UnitKind::Decode;
  std::int64_t index = 0;
  friend bool operator==(const UnitName&, const UnitName&) = default;
};

// An entry of failures.at.
struct FailureAt {
  base::Duration time{};  // after the window's start
  FailureKind what = FailureKind::Node;
  std::optional<UnitName> unit;           // none: of the store
  std::int64_t gpu = 0;                   // of the unit; its node is the one that is lost
  std::optional<base::Duration> lasts{};  // none: as long as for drawn ones
  std::optional<double> share{};          // of the rate or speed that is left; none: slow_share
};

enum class Recovery : std::uint8_t { UnitRestart, Mask, MaskAndRejoin };
enum class InFlight : std::uint8_t { Lost, Retry };

struct FailuresConfig {
  double node_rate = 0.0;  // per allotted node and day
  std::vector<FailureAt> at;
  base::Duration detection = std::chrono::seconds(100);
  base::Duration mask_stall = std::chrono::milliseconds(6'500);
  Recovery recovery = Recovery::UnitRestart;
  InFlight in_flight = InFlight::Lost;
  std::int64_t spare_nodes = 0;
  base::Duration swap_in = std::chrono::minutes(2);
  base::Duration repair = std::chrono::hours(4);
  base::Duration reset = std::chrono::minutes(5);
  double slow_share = 0.5;

  [[nodiscard]] bool any() const { return node_rate > 0.0 || !at.empty(); }
};

}  // namespace epfleet::cluster
