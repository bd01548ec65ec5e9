// What a fleet's run prices steps with, against the task graph: on the stages of unevenly loaded
// units of random layouts the closed forms equal it to the last bit, and without barriers nothing
// is slower.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "epfleet/timing/decode_pricer.h"
#include "epfleet/timing/prefill_pricer.h"
#include "epfleet/timing/task_graph.h"
#include "random_layouts.h"
#include "timing_parts.h"

namespace epfleet::timing {
namespace {

struct DecodeLoad {
  std::vector<std::int32_t> requests;
  std::vector<base::TokenParts32> kv;
};

DecodeLoad uneven_decode_load(const model::DecodeLayout& layout, base::Stream& stream) {
  DecodeLoad load;
  for (std::int64_t g = 0; g < layout.gpus; ++g) {
    const std::int64_t n = between(stream, 0, layout.max_requests_per_gpu);
    load.requests.push_back(static_cast<std::int32_t>(n));
    load.kv.push_back(
        base::TokenParts32::from_tokens(static_cast<std::int32_t>(n * between(stream, 1, 16'384))));
  }
  load.requests[0] = std::max(load.requests[0], 1);
  return load;
}

std::vector<PrefillLoad> uneven_prefill_load(const model::PrefillLayout& layout,
                                             base::Stream& stream) {
  std::vector<PrefillLoad> loads;
  for (std::int64_t g = 0; g < layout.gpus; ++g) {
    const auto tokens = static_cast<std::int32_t>(between(stream, 0, 16'384));
    const auto prefix = static_cast<std::int32_t>(between(stream, 0, 8'192));
    loads.push_back({tokens, prefix, static_cast<std::int32_t>(between(stream, 0, 8)),
                     static_cast<double>(tokens) * static_cast<double>(between(stream, 1, 9'000))});
  }
  loads[0].tokens += 1;
  return loads;
}

TEST(FastPath, DecodeEqualsTheTaskGraphOnRandomShapes) {
  base::Stream stream(base::StreamFamily(1, "test.fast_path"), 0);
  for (int trial = 0; trial < 60; ++trial) {
    const model::DecodeLayout layout = random_decode_layout(stream);
    const DecodePricer pricer({{}, {}, layout, {}});
    for (int step = 0; step < 10; ++step) {
      const DecodeLoad load = uneven_decode_load(layout, stream);
      const DecodeHalves raw = pricer.stages(load.requests, load.kv);
      const DecodeHalves halves = on_time_grid(raw);
      const double closed = decode_layer_with_barriers(halves);
      EXPECT_NEAR(closed, decode_layer_with_barriers(raw), 1e-11);
      const TaskGraph graph = decode_graph(halves, kExpertLayers);
      ASSERT_EQ(end_of(schedule(graph, true)), kExpertLayers * closed);
      const TaskGraph shorter = decode_graph(halves, kExpertLayers - 1);
      const double period = end_of(graph, schedule(graph, false), Stream::Compute) -
                            end_of(shorter, schedule(shorter, false), Stream::Compute);
      ASSERT_EQ(period, decode_layer_without_barriers(halves));
      ASSERT_LE(period, closed);
    }
  }
}

TEST(FastPath, PrefillEqualsTheTaskGraphOnRandomShapes) {
  base::Stream stream(base::StreamFamily(2, "test.fast_path"), 0);
  for (int trial = 0; trial < 60; ++trial) {
    const model::PrefillLayout layout = random_prefill_layout(stream);
    const PrefillPricer pricer({{}, {}, layout, {}});
    for (int step = 0; step < 10; ++step) {
      const PrefillHalf raw = pricer.stages(uneven_prefill_load(layout, stream));
      const PrefillHalf half = on_time_grid(raw);
      const double closed = prefill_layer_with_barriers(half);
      EXPECT_NEAR(closed, prefill_layer_with_barriers(raw), 1e-11);
      const TaskGraph graph = prefill_graph(half, kExpertLayers);
      ASSERT_EQ(end_of(schedule(graph, true)), kExpertLayers * closed);
      const double free = end_of(schedule(graph, false)) / kExpertLayers;
      ASSERT_EQ(free, prefill_layer_without_barriers(half, kExpertLayers));
      ASSERT_LE(free, closed);
    }
  }
}

}  // namespace
}  // namespace epfleet::timing
