// What requests that leave a unit take along, and when one that was swapped out may come back.
#include "epfleet/cluster/decode_router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "small_state.h"

namespace epfleet::cluster {
namespace {

using base::TimePoint;
using serving::RequestSlot;
using Leaving = serving::DecodeUnit::Leaving;
using enum Leaving::Kv;

struct OneUnit {
  explicit OneUnit(std::vector<std::string> keys) : state(std::move(keys)) { state.open_all(); }
  RequestSlot request(std::int32_t prompt) {
    workload::Request request;
    request.prompt_tokens = prompt;
    request.output_tokens = 100;
    const RequestSlot slot = state.fleet.requests.add(request);
    state.fleet.requests[slot].rate = base::TokenParts32::from_tokens(1);
    return slot;
  }
  RequestSlot hand_over(std::int32_t prompt) {
    const RequestSlot slot = request(prompt);
    (void)router.hand_over(slot, state.fleet.prefill[0].rdma[0]);
    return slot;
  }
  std::vector<Leaving> evict() {
    std::vector<Leaving> leaving;
    state.fleet.decode[0].unit.evict_all(leaving);
    return leaving;
  }
  [[nodiscard]] std::vector<serving::Link> idle_nics() const {
    return std::vector(state.fleet.decode[0].rdma.size(),
                       serving::Link(state.fleet.spec.decode_hardware.rdma_bandwidth));
  }

  SmallState state;
  DecodeRouter router{state.fleet};
};

// 33 requests for 32 GPUs of one request each. The last has no GPU here: its KV is not sent on by
// GPU 0, whose number it bears for want of another.
TEST(DecodeRouter, ARequestThatWasNeverPlacedIsNotSentByGpuZero) {
  OneUnit unit({"decode.max_requests_per_gpu=1"});
  for (int i = 0; i < 33; ++i) {
    (void)unit.hand_over(1'000);
  }
  const std::vector<Leaving> leaving = unit.evict();
  ASSERT_EQ(leaving.size(), 33U);
  EXPECT_EQ(std::ranges::count(leaving, OnGpu, &Leaving::kv), 32);
  ASSERT_EQ(leaving.back().kv, Elsewhere);
  std::vector<serving::Link> nics = unit.idle_nics();
  unit.router.take_over(leaving.back(), nics);
  EXPECT_EQ(unit.state.fleet.decode[0].unit.placed_requests(), 1);
  for (const serving::Link& nic : nics) {
    EXPECT_EQ(nic.free_at(), TimePoint::min());
  }
}

// One waits for room; when a GPU has some, it is not for who comes next.
TEST(DecodeRouter, NobodyOvertakesThoseThatWait) {
  OneUnit unit({"decode.max_requests_per_gpu=1"});
  const RequestSlot first = unit.hand_over(1'000);
  for (int i = 0; i < 32; ++i) {
    (void)unit.hand_over(1'000);
  }
  serving::DecodeUnit& decode = unit.state.fleet.decode[0].unit;
  ASSERT_NE(decode.first_waiting(), nullptr);
  const RequestSlot waits = decode.first_waiting()->slot;
  decode.remove(first);
  (void)unit.hand_over(1'000);
  EXPECT_EQ(decode.placed_requests(), 31);
  unit.router.admit_waiting(0);
  EXPECT_EQ(decode.placed_requests(), 32);
  EXPECT_NE(decode.first_waiting()->slot, waits);
}

// KV on its way to a GPU is sent on when it is there, by that GPU.
TEST(DecodeRouter, KvOnItsWayArrivesBeforeItIsSentOn) {
  OneUnit unit({});
  const RequestSlot slot = unit.hand_over(500'000);
  const TimePoint there = unit.state.fleet.requests[slot].kv_ready;
  const std::uint32_t gpu = unit.state.fleet.requests[slot].decode_gpu;
  ASSERT_GT(there, unit.state.fleet.now());
  std::vector<serving::Link> nics = unit.idle_nics();
  unit.router.take_over(unit.evict().at(0), nics);
  const base::Duration transfer =
      unit.state.fleet.kv_bytes(500'000) / unit.state.fleet.spec.decode_hardware.rdma_bandwidth;
  EXPECT_EQ(unit.state.fleet.requests[slot].kv_ready, there + transfer);
  EXPECT_EQ(nics[gpu].free_at(), there + transfer);
}

// Out over PCIe, back over PCIe, then over the NIC of the GPU that it was swapped out of.
TEST(DecodeRouter, ASwappedOutRequestIsReadBackBeforeItIsSentOn) {
  OneUnit unit({});
  const RequestSlot slot = unit.request(100'000);
  unit.state.fleet.requests[slot].decode_gpu = 5;
  unit.router.swap_out(slot);
  const std::vector<Leaving> leaving = unit.evict();
  ASSERT_EQ(leaving.at(0).kv, InHost);
  std::vector<serving::Link> nics = unit.idle_nics();
  unit.router.take_over(leaving[0], nics);
  const base::Bytes bytes = unit.state.fleet.kv_bytes(100'000);
  const hardware::HardwareProfile& hardware = unit.state.fleet.spec.decode_hardware;
  const TimePoint arrives = unit.state.fleet.now() + 2 * (bytes / hardware.pcie_bandwidth) +
                            bytes / hardware.rdma_bandwidth;
  EXPECT_EQ(unit.state.fleet.requests[slot].kv_ready, arrives);
  EXPECT_EQ(nics[5].free_at(), arrives);
}

// Also where it may come back at once.
TEST(DecodeRouter, ASwappedOutRequestIsReadBackAfterItWasWrittenOut) {
  OneUnit unit({});
  const RequestSlot slot = unit.request(100'000);
  unit.state.fleet.requests[slot].decode_gpu = 5;
  unit.router.swap_out(slot);
  unit.router.admit_waiting(0);
  EXPECT_EQ(unit.state.fleet.requests[slot].kv_ready,
            unit.state.fleet.now() + 2 * (unit.state.fleet.kv_bytes(100'000) /
                                          unit.state.fleet.spec.decode_hardware.pcie_bandwidth));
}

// On every GPU one request, which leaves room for the swapped one and ten tokens. Two requests can
// grow by 2 tokens each in a step with one draft token, and by 9 each with eight.
bool comes_back(const std::string& drafts) {
  OneUnit unit({"decode.mtp.draft_tokens=" + drafts, "decode.max_requests_per_gpu=2"});
  const auto room =
      static_cast<std::int32_t>(unit.state.fleet.decode[0].unit.limits().kv_capacity_tokens);
  for (int gpu = 0; gpu < 32; ++gpu) {
    (void)unit.hand_over(room - 1'010);
  }
  const RequestSlot slot = unit.request(1'000);
  unit.router.swap_out(slot);
  unit.router.admit_waiting(0);
  return unit.state.fleet.decode[0].unit.first_waiting() == nullptr;
}

TEST(DecodeRouter, ASwappedOutRequestComesBackOnlyWhereAStepCannotThrowItOutAgain) {
  EXPECT_TRUE(comes_back("1"));
  EXPECT_TRUE(comes_back("4"));  // 10 tokens
  EXPECT_FALSE(comes_back("5"));
  EXPECT_FALSE(comes_back("8"));
}

}  // namespace
}  // namespace epfleet::cluster
