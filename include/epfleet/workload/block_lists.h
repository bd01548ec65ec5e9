// The block ids of requests in flight: what a trace with identities hands to a cache that finds
// blocks again. A request carries only its session_slot, so memory follows what is in flight.
#pragma once

#include <cstdint>
#include <span>

namespace epfleet::workload {

using BlockId = std::uint64_t;

class BlockLists {
 public:
  BlockLists() = default;
  BlockLists(const BlockLists&) = delete;
  BlockLists& operator=(const BlockLists&) = delete;
  virtual ~BlockLists() = default;

  // Of the prompt, from token 0 on. REQUIRES: a request with this slot was taken and is not
  // complete.
  [[nodiscard]] virtual std::span<const BlockId> blocks_of(std::uint32_t session_slot) const = 0;
};

}  // namespace epfleet::workload
