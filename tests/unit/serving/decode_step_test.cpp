// What a decode unit says of a step, by hand: means and maxima are over the GPUs that it has.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {
namespace {

constexpr std::int32_t kGpus = 32;
constexpr std::int64_t kRoom = 10'000;  // tokens of KV on a GPU

model::DecodeLayout layout() {
  model::DecodeLayout layout;
  layout.gpus = kGpus;
  layout.redundant_experts = 0;
  return layout;
}

class DecodeStep : public testing::Test {
 protected:
  RequestSlot place(std::uint32_t gpu, std::int32_t prompt, std::int32_t output = 100) {
    workload::Request request = payer_;
    request.id = base::RequestId(next_++);
    request.prompt_tokens = prompt;
    request.output_tokens = output;
    const RequestSlot slot = pool_.add(request);
    pool_[slot].rate = base::TokenParts32::from_tokens(2);
    pool_[slot].first_token = first_token_;
    unit_.place(slot, gpu, TimePoint{});
    return slot;
  }
  observe::DecodeStepDone step() {
    now_ += *unit_.start_step(now_);
    unit_.finish_step(now_, finished_, preempted_);
    return unit_.last_step();
  }

  using TimePoint = base::TimePoint;
  timing::DecodePricer pricer_{{hardware::HardwareProfile{}, model::Model{}, layout(), {}}};
  RequestPool pool_;
  DecodeUnit unit_{base::UnitId(3),
                   {.gpus = kGpus,
                    .max_requests_per_gpu = 8,
                    .kv_capacity_tokens = kRoom,
                    .longest_stay_steps = 4'000},
                   pricer_,
                   pool_};
  TimePoint now_{};
  TimePoint first_token_{};  // of those placed next
  workload::Request payer_;  // their variant and channel
  std::uint64_t next_ = 0;
  std::vector<RequestSlot> finished_, preempted_;
};

// 4,000 on GPU 0, 2 x 1,000 on GPU 1, 500 on GPU 2: 6,500 tokens of four requests.
TEST_F(DecodeStep, MeansAreOverAllGpusAndMaximaAreOfTheFullest) {
  place(0, 4'000);
  place(1, 1'000);
  place(1, 1'000);
  place(2, 500);
  const observe::DecodeStepDone done = step();
  EXPECT_EQ(done.unit, base::UnitId(3));
  EXPECT_EQ(done.requests, 4);
  EXPECT_EQ(done.joined, 4);
  EXPECT_DOUBLE_EQ(done.kv_tokens, 6'500.0);
  EXPECT_DOUBLE_EQ(done.kv_ratio_max, 4'000.0 / kRoom);
  EXPECT_DOUBLE_EQ(done.kv_ratio_mean, 6'500.0 / (32.0 * kRoom));
  EXPECT_DOUBLE_EQ(done.kv_imbalance, 4'000.0 * 32.0 / 6'500.0);
  EXPECT_DOUBLE_EQ(done.request_imbalance, 2.0 * 32.0 / 4.0);
  EXPECT_EQ(done.emitted, base::TokenParts::from_tokens(8));
  EXPECT_EQ(step().joined, 0);
}

// Without GPUs 30 and 31 there are 30.
TEST_F(DecodeStep, LostGpusAreNotInTheMeans) {
  unit_.mask(30);
  unit_.mask(31);
  place(0, 4'000);
  place(1, 1'000);
  const observe::DecodeStepDone done = step();
  EXPECT_DOUBLE_EQ(done.kv_ratio_mean, 5'000.0 / (30.0 * kRoom));
  EXPECT_DOUBLE_EQ(done.kv_imbalance, 4'000.0 * 30.0 / 5'000.0);
  EXPECT_DOUBLE_EQ(done.request_imbalance, 30.0 / 2.0);
}

// Answers of 6 tokens, the first of them from prefill: steps emit 2, 2 and 1, not 2.
TEST_F(DecodeStep, AnAnswerEndsWithItsLastToken) {
  place(7, 100, 6);
  EXPECT_EQ(step().emitted, base::TokenParts::from_tokens(2));
  EXPECT_EQ(step().emitted, base::TokenParts::from_tokens(2));
  EXPECT_TRUE(finished_.empty());
  EXPECT_EQ(step().emitted, base::TokenParts::from_tokens(1));
  EXPECT_EQ(finished_.size(), 1U);
  EXPECT_EQ(unit_.active_requests(), 0);
  EXPECT_EQ(unit_.active_kv(), base::TokenParts{});
}

// Three seconds before the step began.
TEST_F(DecodeStep, TheFirstChunkIsCountedFromTheFirstToken) {
  first_token_ = TimePoint{} - std::chrono::seconds(3);
  place(7, 100);
  (void)step();
  ASSERT_EQ(unit_.first_chunks().size(), 1U);
  EXPECT_EQ(unit_.first_chunks().front(), now_ - first_token_);
  (void)step();
  EXPECT_TRUE(unit_.first_chunks().empty());
}

TEST_F(DecodeStep, TokensAreOfThoseWhoAskedForThem) {
  payer_.variant = workload::Variant::R1;
  payer_.channel = workload::Channel::Api;
  place(7, 100);
  payer_ = {};
  place(8, 100);
  place(9, 100);
  (void)step();
  const DecodeUnit::EmittedByPayer& emitted = unit_.emitted();
  const auto of = [&](workload::Variant variant, workload::Channel channel) {
    return emitted[DecodeUnit::payer_of(variant, channel)];
  };
  EXPECT_EQ(of(workload::Variant::R1, workload::Channel::Api), base::TokenParts::from_tokens(2));
  EXPECT_EQ(of(workload::Variant::V3, workload::Channel::Web), base::TokenParts::from_tokens(4));
  EXPECT_EQ(of(workload::Variant::V3, workload::Channel::Api), base::TokenParts{});
}

// What the balancer sees of a GPU grows with its answers.
TEST_F(DecodeStep, PlacedKvGrowsWithTheAnswers) {
  place(7, 100);
  (void)step();
  (void)step();
  EXPECT_EQ(unit_.view().kv[7], base::TokenParts32::from_tokens(104));
  EXPECT_EQ(unit_.view().kv_total, base::TokenParts::from_tokens(104));
}

// 1 + a + a^2 + a^3 of three draft tokens: a later one counts only if all before it are accepted.
TEST(TokensPerStep, ArePowersOfTheAcceptance) {
  MtpConfig mtp;
  mtp.draft_tokens = 3;
  EXPECT_DOUBLE_EQ(mtp.tokens_per_step(0.5), 1.875);
  EXPECT_DOUBLE_EQ(mtp.tokens_per_step(0.0), 1.0);
  EXPECT_DOUBLE_EQ(mtp.tokens_per_step(1.0), 4.0);
  mtp.draft_tokens = 1;
  EXPECT_DOUBLE_EQ(mtp.tokens_per_step(0.8), 1.8);
  mtp.enabled = false;
  EXPECT_DOUBLE_EQ(mtp.tokens_per_step(0.8), 1.0);
}

}  // namespace
}  // namespace epfleet::serving
