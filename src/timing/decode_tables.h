// What pricing a decode step needs, by numbers of requests, made once per layout; a step makes one
// pass over the unit's GPUs for sums and the times of the slowest of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/decode_pricer.h"
#include "gpu_maxima.h"

namespace epfleet::timing {

// What the layer's formula needs of one micro-batch. Seconds are those of the slowest GPU.
struct DecodeMicroBatch {
  std::int64_t unit_requests = 0;
  std::int64_t fullest = 0;  // requests of the fullest GPU
  double shared_s = 0.0;
  double beside_dispatch_s = 0.0;  // SHARED and DISPATCH's SM time of this one, ATTN0 of the other
  // ATTN1 of this micro-batch with the SM time of the other's COMBINE; without overlap with SHARED
  // and ATTN-0.
  double attn1_s = 0.0;
};

// What the step's formula needs of the unit's load: halved and, for the price without overlap,
// undivided.
struct DecodeStep {
  std::array<DecodeMicroBatch, 2> batches{};
  DecodeMicroBatch whole;
  double dense_s = 0.0;
  double head_s = 0.0;
  std::int64_t requests = 0;
  base::TokenParts kv;
};

// A function of a number of requests: a table up to `end`, beyond it made at every call.
template <class Row>
class ByRequests {
 public:
  ByRequests(std::int64_t end, std::function<Row(std::int64_t)> row) : row_(std::move(row)) {
    for (std::int64_t n = 0; n <= end; ++n) {
      rows_.push_back(row_(n));
    }
  }
  [[nodiscard]] Row operator[](std::int64_t n) const {
    const auto index = static_cast<std::size_t>(n);
    return index < rows_.size() ? rows_[index] : row_(n);
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

 private:
  std::function<Row(std::int64_t)> row_;
  std::vector<Row> rows_;
};

// Split anew, micro-batch 0 of a GPU with n requests has ceil(n / 2), micro-batch 1 floor(n / 2).
// Both ways to overlap come from the same pass over the GPUs, so that choosing the faster costs
// next to nothing. Functions of n are monotone (but with tiles,
// decode_layer.h), so their maximum is that of the fullest GPU; only where KV comes in too, or
// halves differ, must every GPU be looked at.
class DecodeTables {
 public:
  explicit DecodeTables(const DecodeLayer& layer);
  DecodeTables(const DecodeTables&) = delete;  // the tables refer to `layer_`
  DecodeTables& operator=(const DecodeTables&) = delete;

  [[nodiscard]] const model::DecodeLayout& layout() const { return layout_; }
  [[nodiscard]] DecodeStep split_anew(std::span<const std::int32_t> requests,
                                      std::span<const base::TokenParts32> kv) const;
  // REQUIRES: two micro-batches.
  [[nodiscard]] DecodeStep given(const UnitHalves& halves) const;
  [[nodiscard]] DecodeHalves halves(const DecodeStep& step) const;
  // SHARED and ATTN-0 are inside ATTN-1.
  [[nodiscard]] DecodeStages whole(const DecodeStep& step) const;
  [[nodiscard]] StepPrice price(const DecodeStep& step) const;

 private:
  struct HalfTerms {  // one micro-batch of one GPU
    double shared = 0.0, attn0 = 0.0, dispatch_on_sms = 0.0;
    float attn1_fixed = 0.0F, attn1_slope = 0.0F;  // slope: per part of a token of its KV
    float combine_on_sms = 0.0F;
  };
  struct Received {  // by the most loaded GPU's experts
    double requests = 0.0, mlp_s = 0.0;
  };

  [[nodiscard]] GpuLine gpu_line(std::int64_t n) const;
  [[nodiscard]] GpuTerms slowest(std::span<const std::int32_t> requests,
                                 std::span<const base::TokenParts32> kv,
                                 std::int64_t fullest) const;
  void add_whole(DecodeStep& step, std::int64_t fullest, const GpuTerms& slowest) const;
  [[nodiscard]] DecodeStages stages(const DecodeLayer& layer, const DecodeMicroBatch& batch) const;

  model::DecodeLayout layout_;
  DecodeLayer layer_, alone_;                    // two micro-batches; one
  double halved_launches_s_, whole_launches_s_;  // of the host, the least that a step takes
  ByRequests<HalfTerms> by_half_;                // of a GPU in one micro-batch
  ByRequests<GpuLine> by_gpu_;                   // of a GPU
  ByRequests<double> head_;                      // of a GPU
  ByRequests<Received> received_;                // of the unit in one micro-batch, or in the batch
};

}  // namespace epfleet::timing
