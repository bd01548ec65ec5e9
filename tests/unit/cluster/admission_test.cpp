#include "epfleet/cluster/admission.h"

#include <gtest/gtest.h>

#include "small_state.h"

namespace epfleet::cluster {
namespace {

using observe::Ending;
using workload::SessionClass;

constexpr auto index(SessionClass of) { return static_cast<std::size_t>(of); }

TEST(Ceilings, AreOneWithoutPriorities) {
  for (const double ceiling : ceilings({}, 0.2)) {
    EXPECT_EQ(ceiling, 1.0);
  }
}

// Ranks 10 > 0 > -7: ceilings 1, 0.7, 0.4, whatever the numbers between.
TEST(Ceilings, FallInEqualStepsByRank) {
  workload::WorkloadConfig workload;
  workload.classes[index(SessionClass::ChatR1)].priority = 10;
  workload.classes[index(SessionClass::Agent)].priority = -7;
  const auto all = ceilings(workload, 0.4);
  EXPECT_DOUBLE_EQ(all[index(SessionClass::ChatR1)], 1.0);
  EXPECT_DOUBLE_EQ(all[index(SessionClass::Api)], 0.7);
  EXPECT_DOUBLE_EQ(all[index(SessionClass::ChatV3)], 0.7);
  EXPECT_DOUBLE_EQ(all[index(SessionClass::Agent)], 0.4);
}

struct Arrivals {
  explicit Arrivals(std::vector<std::string> keys) : state(std::move(keys)) {}

  // Ones that come while `before` are in service and `queued` wait.
  std::optional<Ending> refusal(SessionClass of, std::int64_t before, std::int64_t queued = 0) {
    workload::Request request;
    request.session = base::SessionId(static_cast<std::uint64_t>(of));
    state.fleet.totals.arrived = before + 1;
    state.fleet.requests.count_queued(queued - state.fleet.requests.queued());
    return Admission(state.fleet).refusal(request);
  }
  SmallState state;
};

TEST(Admission, NothingIsRefusedUnlessAsked) {
  Arrivals arrivals({"workload.classes.agent.priority=-1"});
  EXPECT_EQ(arrivals.refusal(SessionClass::Agent, 1'000'000, 1'000'000), std::nullopt);
}

TEST(Admission, TheLastPlacesAreKeptForHigherPriorities) {
  Arrivals arrivals({"workload.classes.agent.priority=-1",
                     "admission={max_concurrency: 100, max_queue: 10, min_ceiling: 0.5}"});
  EXPECT_EQ(arrivals.refusal(SessionClass::Agent, 49), std::nullopt);
  EXPECT_EQ(arrivals.refusal(SessionClass::Agent, 50), Ending::Shed);
  EXPECT_EQ(arrivals.refusal(SessionClass::Agent, 100), Ending::ConcurrencyLimit);
  EXPECT_EQ(arrivals.refusal(SessionClass::Api, 99), std::nullopt);
  EXPECT_EQ(arrivals.refusal(SessionClass::Api, 100), Ending::ConcurrencyLimit);
  EXPECT_EQ(arrivals.refusal(SessionClass::Agent, 20, 5), Ending::Shed);
  EXPECT_EQ(arrivals.refusal(SessionClass::Api, 20, 9), std::nullopt);
  EXPECT_EQ(arrivals.refusal(SessionClass::Api, 20, 10), Ending::QueueLimit);
}

}  // namespace
}  // namespace epfleet::cluster
