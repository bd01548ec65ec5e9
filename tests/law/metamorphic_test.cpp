// How results must move when the fleet does:
//     a second group never completes fewer answers when one is overrun
//     faster links never delay a lone request
//     more store never hits less, no store never hits
//     a request in an empty fleet takes just: arrival, one step, KV transfer, steps of one
#include <gtest/gtest.h>

#include "support/trace_file.h"

namespace epfleet::test {
namespace {

using observe::Outcome;
using observe::RequestDone;

std::int64_t completed_output(const FleetRun& run) {
  std::int64_t output = 0;
  for (const RequestDone& request : run.ledger.requests) {
    output += request.outcome() == Outcome::Completed ? request.output_tokens : 0;
  }
  return output;
}

TEST(Metamorphic, MoreUnitsServeMoreOfAnOverload) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    std::int64_t before = 0;
    for (const char* groups : {"fleet.groups=0", "fleet.groups=1", "fleet.groups=3"}) {
      const FleetRun run = run_fleet(
          replayed_fleet(seed, {groups, "decode.max_requests_per_gpu=2", "duration=4 min"}));
      EXPECT_GT(completed_output(run), before) << groups << " seed " << seed;
      before = completed_output(run);
    }
  }
}

// One request of a trace, alone: what a person would get from an empty service.
RequestDone lone_request(const std::vector<std::string>& more) {
  const TraceFile trace("0,1,6000,4096,901\n60,0,0,0,0\n");
  std::vector<std::string> keys = {"workload.warm_up=0 s"};
  keys.insert(keys.end(), more.begin(), more.end());
  const FleetRun run = run_fleet(trace.scenario(1, keys));
  EXPECT_EQ(run.ledger.requests.size(), 1U);
  return run.ledger.requests.at(0);
}

TEST(Metamorphic, AFasterLinkNeverDelaysALoneRequest) {
  const RequestDone slow = lone_request({});
  for (const char* faster :
       {"hardware.rdma_bandwidth=80 GB/s", "hardware.storage_bandwidth=200 GB/s"}) {
    const RequestDone fast = lone_request({faster});
    EXPECT_EQ(fast.arrival, slow.arrival);
    EXPECT_LE(fast.prefill_start, slow.prefill_start) << faster;
    EXPECT_LE(fast.first_token, slow.first_token) << faster;
    EXPECT_LE(fast.kv_arrived, slow.kv_arrived) << faster;
    EXPECT_LT(fast.done, slow.done) << faster;
  }
}

// 6,000 tokens of KV of 71,424 bytes at 40 GB/s and 4,096 of them at 40 GiB/s; 900 tokens after the
// first in ceil(900 x 256 / 461) = 500 steps.
TEST(Metamorphic, ALoneRequestTakesWhatItsPartsTake) {
  const RequestDone alone = lone_request({});
  EXPECT_EQ(alone.outcome(), Outcome::Completed);
  EXPECT_EQ(alone.prefill_start - alone.arrival,
            base::duration_from_seconds(4'096.0 * 71'424 / (40.0 * (std::int64_t{1} << 30))));
  EXPECT_EQ(alone.kv_arrived - alone.first_token,
            base::duration_from_seconds(6'000.0 * 71'424 / 40e9));
  EXPECT_EQ(alone.decode_start, alone.kv_arrived);
  const FleetRun any = run_fleet(replayed_fleet(1, {"duration=1 s", "workload.warm_up=0 s"}));
  std::vector<std::int32_t> one(32);
  std::vector<base::TokenParts32> kv(32);
  one[0] = 1;
  base::Duration steps{};
  for (std::int32_t k = 0; k < 500; ++k) {
    kv[0] = base::TokenParts32::from_tokens(6'000) + base::TokenParts32(461) * k;
    steps += any.pricers->decode.price(one, kv).duration;
  }
  EXPECT_EQ(alone.done - alone.decode_start, steps);
}

TEST(Metamorphic, MoreStoreHitsMore) {
  std::int64_t before = -1;
  for (const char* capacity : {"1 GB", "50 GB", "20 PB"}) {
    const FleetRun run = run_fleet(small_fleet(2, {std::string("kv_cache.capacity=") + capacity}));
    std::int64_t cached = 0;
    for (const RequestDone& request : run.ledger.requests) {
      cached += request.cached_tokens;
    }
    EXPECT_GT(cached, before) << capacity;
    before = cached;
    for (const observe::FleetSample& sample : run.ledger.samples) {
      EXPECT_LE(sample.cache_stored_bytes, run.spec.kv_cache.capacity.count());
    }
  }
}

}  // namespace
}  // namespace epfleet::test
