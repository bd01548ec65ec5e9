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
  double shared_attn0_s = 0.0;  // SHARED of this micro-batch, ATTN0 of the other
  double attn1_s = 0.0;
};

// What the step's formula needs of the unit's load.
struct DecodeStep {
  std::array<DecodeMicroBatch, 2> batches{};
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

// Split anew, micro-batch 0 of a GPU with n requests has ceil(n / 2), micro-batch 1 floor(n / 2);
// without overlap micro-batch 0 has all. Functions of n are monotone (but with tiles,
// decode_layer.h), so their maximum is that of the fullest GPU; only where KV comes in too, or
// halves differ, must every GPU be looked at.
class DecodeTables {
 public:
  explicit DecodeTables(const DecodeLayer& layer);
  DecodeTables(const DecodeTables&) = delete;  // the tables refer to `layer_`
  DecodeTables& operator=(const DecodeTables&) = delete;

  [[nodiscard]] const model::DecodeLayout& layout() const { return layer_.layout(); }
  [[nodiscard]] DecodeStep split_anew(std::span<const std::int32_t> requests,
                                      std::span<const base::TokenParts32> kv) const;
  // REQUIRES: two micro-batches.
  [[nodiscard]] DecodeStep given(const UnitHalves& halves) const;
  // Without overlap SHARED and ATTN-0 are inside ATTN-1 of the first.
  [[nodiscard]] DecodeHalves halves(const DecodeStep& step) const;
  [[nodiscard]] StepPrice price(const DecodeStep& step) const;

 private:
  struct HalfTerms {  // one micro-batch of one GPU
    double shared = 0.0, attn0 = 0.0;
    float attn1_fixed = 0.0F;
  };
  struct Received {  // by the most loaded GPU's experts, in one micro-batch of the unit
    double requests = 0.0, mlp_s = 0.0;
  };

  [[nodiscard]] std::int64_t half(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] std::int64_t unit_half(const UnitTotals& totals, std::size_t batch) const;
  [[nodiscard]] GpuTerms gpu_terms(std::int64_t n) const;
  [[nodiscard]] GpuTerms slowest(std::span<const std::int32_t> requests,
                                 std::span<const base::TokenParts32> kv,
                                 std::int64_t fullest) const;
  [[nodiscard]] DecodeStages stages(const DecodeMicroBatch& batch) const;
  [[nodiscard]] bool out_of_range(const DecodeStep& step) const;

  DecodeLayer layer_;
  bool dual_;
  GpuTerms slopes_;
  ByRequests<HalfTerms> by_half_;  // of a GPU in one micro-batch
  ByRequests<GpuTerms> by_gpu_;    // of a GPU
  ByRequests<double> head_;        // of a GPU
  ByRequests<Received> received_;  // of the unit in one micro-batch
};

}  // namespace epfleet::timing
