// Whose record of a session a request works on: its own, which came with it, or one that it shares
// with other requests of the session.
#include "epfleet/cluster/prompt_store.h"

#include <gtest/gtest.h>

namespace epfleet::cluster {
namespace {

using base::TimePoint;
using serving::RequestSlot;
using workload::Request;

class OfSessions : public workload::Source {
 public:
  explicit OfSessions(bool overlap) : overlap_(overlap) {}
  std::optional<TimePoint> next_arrival() override { return std::nullopt; }
  Request take() override { return {}; }
  void complete(const Request& /*request*/, TimePoint /*done*/) override {}
  bool sessions_overlap() const override { return overlap_; }
  std::span<const workload::WarmExtent> warm_extents() const override { return warm_; }

 private:
  bool overlap_;
  std::vector<workload::WarmExtent> warm_{{.session_slot = 3, .tokens = 640, .last_use = {}}};
};

Request of_session(std::uint32_t session, std::int32_t known) {
  Request request;
  request.prompt_tokens = 1'280;
  request.prefix.session_slot = session;
  request.prefix.first_turn = known == 0;
  request.prefix.session_tokens = known;
  request.prefix.returns = true;
  return request;
}

struct Stored {
  explicit Stored(bool overlap) : source(overlap) { store.start(arrivals); }
  RequestSlot arrive(const Request& request, const cache::Extent& own = {}) {
    const RequestSlot slot = requests.add(request);
    store.arrive(slot, own);
    return slot;
  }

  OfSessions source;
  workload::ArrivalFeed arrivals{source, nullptr};
  std::unique_ptr<cache::PrefixCache> cache = cache::make_prefix_cache({}, 70'272, 0, 1);
  serving::RequestPool requests;
  PromptStore store{*cache, requests};
};

TEST(PromptStore, SessionsThatDoNotOverlapAreGivenToTheFeed) {
  Stored travels(false);
  std::vector<cache::Extent> asleep;
  travels.arrivals.add_extents(asleep);
  ASSERT_EQ(asleep.size(), 4U);
  EXPECT_EQ(asleep[3].end, 10);  // blocks of 64 tokens
  const RequestSlot slot = travels.arrive(of_session(3, 640), asleep[3]);
  EXPECT_EQ(travels.store.look_up(slot, {}).hit_tokens, 640);
  EXPECT_EQ(travels.store.found(slot).hit_tokens, 640);
  EXPECT_EQ(travels.store.store(slot, 1'280, {}, {}), 640);
  EXPECT_EQ(travels.store.own(slot).end, 20);
  std::vector<cache::Extent> with_requests;
  travels.store.add_extents(with_requests);
  ASSERT_EQ(with_requests.size(), 1U);
  EXPECT_EQ(with_requests[0].end, 20);
  travels.store.forget_session(slot);
  EXPECT_EQ(travels.store.own(slot).end, 0);
}

TEST(PromptStore, RequestsOfASessionThatOverlapShareWhatTheCacheKeeps) {
  Stored shared(true);
  std::vector<cache::Extent> elsewhere;
  shared.arrivals.add_extents(elsewhere);
  const RequestSlot one = shared.arrive(of_session(3, 640));
  const RequestSlot other = shared.arrive(of_session(3, 1'280));
  EXPECT_EQ(shared.store.look_up(one, {}).hit_tokens, 640);
  EXPECT_EQ(shared.store.store(one, 1'280, {}, {}), 640);
  EXPECT_EQ(shared.store.look_up(other, {}).hit_tokens, 1'280);
  EXPECT_EQ(&shared.store.own(one), &shared.store.own(other));
  shared.store.add_extents(elsewhere);
  EXPECT_TRUE(elsewhere.empty());
}

}  // namespace
}  // namespace epfleet::cluster
