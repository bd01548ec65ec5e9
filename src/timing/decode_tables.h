// The load of a decode unit, reduced to what the formula of a step needs: sums over its GPUs and
// the times of the slowest of them. Tables by requests are made once; a step makes one pass over
// the GPUs.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/timing/decode_layer.h"
#include "epfleet/timing/decode_pricer.h"
#include "gpu_maxima.h"

namespace epfleet::timing {

// What the layer's formula needs to know of one micro-batch. Seconds are those of the slowest GPU.
struct DecodeMicroBatch {
  double unit_requests = 0.0;
  double fullest_requests = 0.0;
  double shared_s = 0.0;
  double shared_attn0_s = 0.0;  // SHARED of this micro-batch, ATTN0 of the other
  double attn1_s = 0.0;
};

// What the step's formula needs to know of the unit's load.
struct DecodeStep {
  std::array<DecodeMicroBatch, 2> batches{};
  double dense_s = 0.0;
  double head_s = 0.0;
  std::int64_t requests = 0;
  base::TokenParts kv;
};

// Split anew, micro-batch 0 of a GPU with n requests has ceil(n / 2), micro-batch 1 floor(n / 2);
// without overlap micro-batch 0 has all. Functions of n are monotone (but with tiles,
// decode_layer.h), so their maximum is that of the fullest GPU; only where KV comes in too, or
// halves differ, must every GPU be looked at.
class DecodeTables {
 public:
  // REQUIRES: the layer outlives the tables.
  explicit DecodeTables(const DecodeLayer& layer);

  [[nodiscard]] bool dual_batch() const { return dual_; }
  [[nodiscard]] DecodeStep split_anew(std::span<const std::int32_t> requests,
                                      std::span<const base::TokenParts32> kv) const;
  // REQUIRES: dual_batch().
  [[nodiscard]] DecodeStep given(const UnitHalves& halves) const;

 private:
  struct WithoutKv {  // of one micro-batch of one GPU
    double shared = 0.0;
    double shared_attn0 = 0.0;  // SHARED of this micro-batch, ATTN0 of the other
  };
  struct HalfTerms {  // of one micro-batch of one GPU with that many requests in it
    double shared = 0.0;
    double attn0 = 0.0;
    float attn1_fixed = 0.0F;
  };

  [[nodiscard]] double half(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] double batch_fixed(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] WithoutKv without_kv(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] WithoutKv of_slowest(std::span<const std::int32_t> requests, std::int64_t fullest,
                                     std::size_t batch) const;
  [[nodiscard]] WithoutKv of_fullest(std::int64_t n, std::size_t batch) const;
  [[nodiscard]] GpuTerms row(std::int64_t n) const;
  [[nodiscard]] GpuTerms slowest(std::span<const std::int32_t> requests,
                                 std::span<const base::TokenParts32> kv,
                                 std::int64_t fullest) const;
  [[nodiscard]] double unit_requests(std::size_t batch, const UnitTotals& totals) const;
  [[nodiscard]] double head_of_fullest(std::int64_t n) const;
  [[nodiscard]] HalfTerms half_terms(std::int64_t requests) const;
  [[nodiscard]] HalfTerms of_half(std::int32_t requests) const;
  [[nodiscard]] float dense_fixed(std::int32_t n) const;

  const DecodeLayer& layer_;
  bool dual_;
  std::int64_t table_end_;  // requests of a GPU
  GpuTerms slopes_;
  std::vector<GpuTerms> rows_;  // by requests of a GPU
  std::array<std::vector<WithoutKv>, 2> by_requests_;
  std::vector<double> head_;
  std::vector<HalfTerms> by_half_;  // by requests of a GPU in one micro-batch
};

}  // namespace epfleet::timing
