// The two micro-batches of every GPU of a decode unit when a request keeps its half.
// Modelled: a request joins the half of its GPU with fewer requests (a tie: the half with less KV,
//   then half 0) and stays there until it leaves the GPU. So no half outgrows half of the GPU's
//   limit, but nothing evens out what leaving and growing make uneven.
// Left out: moving a request between the halves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "epfleet/serving/live_request.h"
#include "epfleet/timing/decode_pricer.h"

namespace epfleet::serving {

class StickyHalves {
 public:
  explicit StickyHalves(std::size_t gpus);

  // `kv`: the request's KV at this moment. Sets request.decode_half.
  void join(LiveRequest& request, base::TokenParts32 kv);
  void leave(const LiveRequest& request, base::TokenParts32 kv);
  // One decode step of all requests.
  void advance();

  [[nodiscard]] timing::UnitHalves loads() const;

  // A request that has its half already.
  void count(const LiveRequest& request, base::TokenParts32 kv);
  void check_sums(base::SumCheck& check, const StickyHalves& anew) const;

 private:
  struct Half {  // per GPU
    std::vector<std::int32_t> requests;
    std::vector<base::TokenParts32> kv, rate;
  };
  [[nodiscard]] std::uint8_t emptier_half(std::size_t gpu) const;

  std::array<Half, 2> halves_;
};

}  // namespace epfleet::serving
