#include "epfleet/timing/task_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::timing {
namespace {

constexpr std::int32_t kFewLayers = 6;

// Whole nanoseconds up to half a millisecond, sometimes none: sums of whole numbers are exact.
double whole(base::Stream& stream) {
  const double draw = stream.uniform();
  return draw < 0.05 ? 0.0 : std::floor(draw * 500'000.0);
}

DecodeHalves random_whole_decode(base::Stream& stream) {
  DecodeHalves halves;
  for (DecodeStages& stages : halves.stages) {
    stages = {whole(stream), whole(stream), whole(stream),
              whole(stream), whole(stream), whole(stream)};
  }
  for (std::size_t i = 0; i < 2; ++i) {
    // The slowest sum is at most the sum of the slowest, at least the larger of them.
    const double shared = halves.stages[i].shared_s, attn0 = halves.stages[1 - i].attn0_s;
    halves.beside_dispatch_s[i] =
        std::max(shared, attn0) + std::floor(stream.uniform() * std::min(shared, attn0));
    halves.beside_combine_s[i] = halves.stages[1 - i].attn1_s;
  }
  return halves;
}

PrefillHalf random_whole_prefill(base::Stream& stream) {
  PrefillHalf half;
  half.stages = {whole(stream), whole(stream), whole(stream), whole(stream), whole(stream)};
  half.attn_shared_s = half.stages.attn_s + std::floor(stream.uniform() * half.stages.shared_s);
  return half;
}

double total(const TaskGraph& graph, bool phase_barriers) {
  return end_of(schedule(graph, phase_barriers));
}

// A needs nothing and takes 3; B, on the network, needs A and takes 5; C, behind A on the compute
// stream, takes 1; D needs B and takes 2: A 0-3, B 3-8, C 3-4, D 8-10. With a barrier before C and
// D, which are phase 1: C 8-9, D 9-11.
TEST(TaskGraph, WorkedByHand) {
  TaskGraph graph(4);
  graph[0].duration_s = 3;
  graph[1] = {.stream = Stream::Network, .duration_s = 5, .needs = {0}};
  graph[2] = {.phase = 1, .duration_s = 1, .needs = {}};
  graph[3] = {.phase = 1, .duration_s = 2, .needs = {1}};
  const auto free = schedule(graph, false);
  EXPECT_EQ(free[1].start_s, 3.0);
  EXPECT_EQ(free[2].start_s, 3.0);
  EXPECT_EQ(free[3].start_s, 8.0);
  EXPECT_EQ(end_of(free), 10.0);
  const auto barriers = schedule(graph, true);
  EXPECT_EQ(barriers[2].start_s, 8.0);
  EXPECT_EQ(barriers[3].start_s, 9.0);
  EXPECT_EQ(end_of(barriers), 11.0);
  EXPECT_EQ(end_of(graph, barriers, Stream::Network), 8.0);
}

TEST(TaskGraph, NeedsOfLaterTasksAreABug) {
  TaskGraph graph(1);
  graph[0].needs = {0};
  EXPECT_THROW((void)schedule(graph, false), base::InvariantBroken);
}

// layers x [sum over i of max(SHARED(i) + ATTN0(1-i), DISPATCH(i)) + MLP(i) + max(ATTN1(1-i),
// COMBINE(i))], exactly.
TEST(TaskGraph, DecodeWithBarriersIsTheClosedForm) {
  base::Stream stream(base::StreamFamily(1, "test.task_graph"), 0);
  for (int trial = 0; trial < 5'000; ++trial) {
    const DecodeHalves halves = random_whole_decode(stream);
    ASSERT_EQ(total(decode_graph(halves, kFewLayers), true),
              kFewLayers * decode_layer_with_barriers(halves));
  }
}

// layers x [max(ATTN + SHARED, COMBINE) + max(ATTN, DISPATCH) + max(MLP, DISPATCH) + max(MLP +
// SHARED, COMBINE)], exactly.
TEST(TaskGraph, PrefillWithBarriersIsTheClosedForm) {
  base::Stream stream(base::StreamFamily(2, "test.task_graph"), 0);
  for (int trial = 0; trial < 5'000; ++trial) {
    const PrefillHalf half = random_whole_prefill(stream);
    ASSERT_EQ(total(prefill_graph(half, kFewLayers), true),
              kFewLayers * prefill_layer_with_barriers(half));
  }
}

// The repeating layer: what one layer more adds to the end of the compute stream, exactly.
TEST(TaskGraph, DecodeWithoutBarriersIsTheFastPathsPeriod) {
  base::Stream stream(base::StreamFamily(3, "test.task_graph"), 0);
  for (int trial = 0; trial < 5'000; ++trial) {
    const DecodeHalves halves = random_whole_decode(stream);
    const auto end = [&](std::int32_t layers) {
      const TaskGraph graph = decode_graph(halves, layers);
      return end_of(graph, schedule(graph, false), Stream::Compute);
    };
    ASSERT_EQ(end(kFewLayers) - end(kFewLayers - 1), decode_layer_without_barriers(halves));
  }
}

TEST(TaskGraph, PrefillWithoutBarriersIsTheFastPathsMeanLayer) {
  base::Stream stream(base::StreamFamily(4, "test.task_graph"), 0);
  for (int trial = 0; trial < 5'000; ++trial) {
    const PrefillHalf half = random_whole_prefill(stream);
    ASSERT_EQ(total(prefill_graph(half, kFewLayers), false) / kFewLayers,
              prefill_layer_without_barriers(half, kFewLayers));
  }
}

// A schedule with fewer constraints ends no later, task by task.
TEST(TaskGraph, WithoutBarriersNoTaskEndsLater) {
  base::Stream stream(base::StreamFamily(5, "test.task_graph"), 0);
  for (int trial = 0; trial < 1'000; ++trial) {
    for (const TaskGraph& graph : {decode_graph(random_whole_decode(stream), kFewLayers),
                                   prefill_graph(random_whole_prefill(stream), kFewLayers)}) {
      const auto with = schedule(graph, true);
      const auto without = schedule(graph, false);
      for (std::size_t i = 0; i < graph.size(); ++i) {
        ASSERT_LE(without[i].end_s, with[i].end_s);
      }
    }
  }
}

// Tasks of a stream never overlap, tasks of a micro-batch's own chain follow each other, and with
// barriers phases do not overlap either.
TEST(TaskGraph, StreamsNeedsAndPhasesAreInOrder) {
  base::Stream stream(base::StreamFamily(6, "test.task_graph"), 0);
  for (int trial = 0; trial < 200; ++trial) {
    const TaskGraph graph = decode_graph(random_whole_decode(stream), kFewLayers);
    for (const bool barriers : {false, true}) {
      const auto spans = schedule(graph, barriers);
      for (std::size_t i = 0; i < graph.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          const bool ordered =
              graph[i].stream == graph[j].stream || (barriers && graph[j].phase < graph[i].phase);
          ASSERT_TRUE(!ordered || spans[j].end_s <= spans[i].start_s);
        }
        for (const std::size_t need : graph[i].needs) {
          ASSERT_LE(spans[need].end_s, spans[i].start_s);
        }
      }
    }
  }
}

// Stage after stage: ATTN 3, SHARED 1, DISPATCH 4, MLP 6, COMBINE 8 are 22 a layer.
TEST(TaskGraph, WithoutOverlapStagesAddUp) {
  const PrefillHalf half{{3, 1, 6, 4, 8}, 4};
  EXPECT_EQ(total(graph_without_overlap(one_after_another(half), 2), true),
            2 * prefill_layer_without_overlap(half));
  const DecodeStages stages{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(total(graph_without_overlap(one_after_another(stages), 2), false),
            2 * decode_layer_without_overlap(stages));
}

// 2^-40 s is 0.9 ps.
TEST(TaskGraph, TheTimeGridMovesAStageByLessThanAPicosecond) {
  base::Stream stream(base::StreamFamily(7, "test.task_graph"), 0);
  for (int trial = 0; trial < 1'000; ++trial) {
    const double seconds = stream.uniform() * 0.05;
    EXPECT_NEAR(on_time_grid(seconds), seconds, 0.5e-12);
    EXPECT_EQ(std::ldexp(on_time_grid(seconds), 40), std::round(std::ldexp(seconds, 40)));
  }
}

}  // namespace
}  // namespace epfleet::timing
