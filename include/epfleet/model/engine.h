// The software that runs a model's steps: what a step costs beyond its kernels and transfers.
//
// Modelled: host time between steps; time per kernel of the compute stream in decode (kernels that
//   other engines fuse, launch gaps); batches padded to captured CUDA graphs; a host that launches
//   every kernel itself and may be slower than the GPU; the imbalance of the experts that the
//   engine's makers saw.
// Left out: scheduling between steps that grows with the batch; sampling on the host.
// Source: configs/parts/engines/*.yaml, each with its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "epfleet/base/time.h"

namespace epfleet::model {

struct Engine {
  // Per decode step, not overlapped; a residual of DeepSeek's profile (a guess, 2-8 ms).
  base::Duration host_time = std::chrono::milliseconds(5);
  base::Duration kernel_overhead{};  // per kernel of the compute stream, in decode
  base::Duration launch_time{};      // of the host per kernel; 0: graphs, or a host that is ahead
  // Requests of a GPU for which a graph was captured, rising: dense kernels of a decode step run at
  // the next size up, at their own size where none is as large. Empty: at their own size.
  std::vector<std::int64_t> graph_batches{};
  // Tokens of the fullest GPU's experts over the mean, as the engine's makers published it; none:
  // as experts.skew makes it.
  std::optional<double> prefill_max_over_mean{}, decode_max_over_mean{};

  // Requests that the dense kernels of that many are priced for, where each micro-batch of a
  // captured size has its part.
  [[nodiscard]] double padded(double requests, std::int64_t micro_batches) const {
    for (const std::int64_t captured : graph_batches) {
      const std::int64_t part = (captured + micro_batches - 1) / micro_batches;
      if (requests <= static_cast<double>(part)) {
        return requests <= 0.0 ? 0.0 : static_cast<double>(part);
      }
    }
    return requests;
  }
};

}  // namespace epfleet::model
