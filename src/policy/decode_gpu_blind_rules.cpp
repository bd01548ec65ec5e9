// Rules that look at no load, only at whether there is room: taking turns, and drawing lots.
#include "epfleet/base/random.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {
namespace {

// The first GPU with room, from `first` on and around.
std::optional<std::uint32_t> next_with_room(const DecodeAsk& ask, const DecodeGpuView& view,
                                            std::size_t first) {
  const std::size_t gpus = view.requests.size();
  for (std::size_t step = 0; step < gpus; ++step) {
    const std::size_t i = (first + step) % gpus;
    if (view.requests[i] < view.request_limit &&
        view.kv_fixed[i] <= view.kv_limit_fixed - ask.kv_fixed) {
      return static_cast<std::uint32_t>(i);
    }
  }
  return std::nullopt;
}

class RoundRobin : public DecodeGpuRule {
 public:
  std::optional<std::uint32_t> choose(const DecodeAsk& ask, const DecodeGpuView& view) override {
    const auto choice = next_with_room(ask, view, turn_);
    turn_ = choice ? *choice + 1 : turn_;
    return choice;
  }

 private:
  std::size_t turn_ = 0;
};

class Random : public DecodeGpuRule {
 public:
  explicit Random(std::uint64_t seed)
      : bits_(base::StreamFamily(seed, "policy.decode.random"), 0) {}
  std::optional<std::uint32_t> choose(const DecodeAsk& ask, const DecodeGpuView& view) override {
    return next_with_room(ask, view, bits_.bits() % view.requests.size());
  }

 private:
  base::Stream bits_;
};

}  // namespace

std::unique_ptr<DecodeGpuRule> make_decode_gpu_round_robin(std::uint64_t /*seed*/) {
  return std::make_unique<RoundRobin>();
}
std::unique_ptr<DecodeGpuRule> make_decode_gpu_random(std::uint64_t seed) {
  return std::make_unique<Random>(seed);
}

}  // namespace epfleet::policy
