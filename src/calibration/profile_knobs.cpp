#include "profile_knobs.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/time.h"

namespace epfleet::calibration {
namespace {

using hardware::HardwareProfile;

// Durations are whole nanoseconds in a profile, so a fit moves them in nanoseconds.
Knob knob(std::string key, base::Duration HardwareProfile::* member) {
  return {std::move(key),
          0.0,
          1e9,
          [member](const HardwareProfile& p) { return static_cast<double>((p.*member).count()); },
          [member](HardwareProfile& p, double ns) {
            p.*member = base::Duration(static_cast<std::int64_t>(std::llround(ns)));
          },
          1'000.0};
}

template <class Tag>
Knob knob(std::string key, base::Quantity<Tag, double> HardwareProfile::* member) {
  return {std::move(key), 1.0, 1e18,
          [member](const HardwareProfile& p) { return (p.*member).count(); },
          [member](HardwareProfile& p, double value) {
            p.*member = base::Quantity<Tag, double>(value);
          }};
}

Knob knob(std::string key, base::Bytes HardwareProfile::* member) {
  return {std::move(key),
          0.0,
          1e15,
          [member](const HardwareProfile& p) { return static_cast<double>((p.*member).count()); },
          [member](HardwareProfile& p, double value) {
            p.*member = base::Bytes(static_cast<std::int64_t>(std::llround(value)));
          },
          1e7};
}

Knob knob(std::string key, double HardwareProfile::* member, double low, double high) {
  return {std::move(key), low, high, [member](const HardwareProfile& p) { return p.*member; },
          [member](HardwareProfile& p, double value) { p.*member = value; }};
}

#define EPFLEET_KNOB(name) knob(#name, &HardwareProfile::name)
#define EPFLEET_FACTOR(name, low, high) knob(#name, &HardwareProfile::name, low, high)

// What the profile's law does not use is left out.
std::vector<Knob> knobs_of_law(bool used, std::vector<Knob> knobs) {
  return used ? std::move(knobs) : std::vector<Knob>{};
}

std::vector<Knob> operator+(std::vector<Knob> knobs, const std::vector<Knob>& more) {
  knobs.insert(knobs.end(), more.begin(), more.end());
  return knobs;
}

}  // namespace

std::vector<Family> families(const HardwareProfile& profile) {
  const bool tiles = profile.gemm_law == hardware::GemmLaw::Tiles;
  return {
      {kFp8Family,
       std::vector<Knob>{EPFLEET_KNOB(dense_gemm_fixed), EPFLEET_KNOB(dense_gemm_bandwidth),
                         EPFLEET_KNOB(fp8_gemm_rate), EPFLEET_KNOB(gemm_epilogue_bandwidth)} +
           knobs_of_law(tiles,
                        {EPFLEET_KNOB(gemm_step_fixed), EPFLEET_KNOB(gemm_step_per_64_rows),
                         EPFLEET_KNOB(gemm_step_least), EPFLEET_FACTOR(gemm_odd_width, 0.0, 10.0),
                         EPFLEET_KNOB(gemm_load_latency), EPFLEET_KNOB(gemm_ragged_64_rows),
                         EPFLEET_FACTOR(gemm_sm_contention, 0.0, 1.0),
                         EPFLEET_FACTOR(gemm_overlap_power, 1.0, 100.0)}) +
           knobs_of_law(!tiles,
                        {EPFLEET_KNOB(masked_gemm_fixed), EPFLEET_KNOB(masked_gemm_bandwidth),
                         EPFLEET_KNOB(masked_gemm_rate), EPFLEET_KNOB(contiguous_gemm_fixed),
                         EPFLEET_KNOB(contiguous_gemm_bandwidth)})},
      {kBf16Family,
       {EPFLEET_KNOB(bf16_gemm_fixed), EPFLEET_KNOB(bf16_gemm_bandwidth),
        EPFLEET_KNOB(bf16_gemm_rate), EPFLEET_KNOB(bf16_l2_memory)}},
      {kGateFamily, {EPFLEET_KNOB(gate_gemm_fixed)}},
      {kFp32Family, {EPFLEET_KNOB(fp32_gemm_fixed), EPFLEET_KNOB(fp32_gemm_rate)}},
      {kMlaFamily,
       std::vector<Knob>{EPFLEET_KNOB(mla_decode_fixed), EPFLEET_KNOB(mla_decode_bandwidth),
                         EPFLEET_KNOB(mla_decode_rate)} +
           knobs_of_law(profile.mla_decode_law == hardware::MlaLaw::Schedule,
                        {EPFLEET_KNOB(mla_partial_bandwidth), EPFLEET_KNOB(mla_split_fixed)})},
      {kFewHeadsFamily,
       {EPFLEET_KNOB(mla_one_tile_fixed), EPFLEET_KNOB(mla_one_tile_request_fixed),
        EPFLEET_KNOB(mla_one_tile_rate), EPFLEET_KNOB(mla_one_tile_bandwidth),
        EPFLEET_KNOB(mla_few_heads_split_fixed)}},
      {kSparseDecodeFamily,
       {EPFLEET_KNOB(sparse_decode_fixed), EPFLEET_KNOB(sparse_decode_block),
        EPFLEET_KNOB(sparse_decode_lone_block), EPFLEET_FACTOR(sparse_decode_padding, 0.0, 1.0),
        EPFLEET_FACTOR(sparse_decode_lone_padding, 0.0, 1.0), EPFLEET_KNOB(sparse_split_fixed)}},
      {kSparsePrefillFamily,
       {EPFLEET_KNOB(sparse_prefill_fixed), EPFLEET_KNOB(sparse_prefill_tile),
        EPFLEET_KNOB(sparse_prefill_rate), EPFLEET_FACTOR(sparse_prefill_l2_miss, 0.0, 10.0),
        EPFLEET_FACTOR(sparse_prefill_lone_l2_miss, 0.0, 10.0), EPFLEET_KNOB(l2_memory)}},
      {kIndexerPrefillFamily,
       {EPFLEET_KNOB(indexer_fixed), EPFLEET_KNOB(indexer_row), EPFLEET_KNOB(indexer_rate),
        EPFLEET_KNOB(indexer_score)}},
      {kIndexerDecodeFamily,
       {EPFLEET_KNOB(indexer_decode_fixed), EPFLEET_KNOB(indexer_decode_bandwidth),
        EPFLEET_KNOB(indexer_decode_query)}},
      {kIndexTopkFamily,
       {EPFLEET_KNOB(index_topk_fixed), EPFLEET_KNOB(index_topk_row),
        EPFLEET_KNOB(index_topk_1000_scores), EPFLEET_KNOB(index_topk_short_row),
        EPFLEET_KNOB(index_topk_full_wave)}},
      {kRotateFamily, {EPFLEET_KNOB(index_rotate_fixed), EPFLEET_KNOB(l2_bandwidth)}},
      {kIndexQuantFamily, {EPFLEET_KNOB(index_quantise_per_token)}},
      {kPrefillAttentionFamily,
       {EPFLEET_KNOB(prefill_attention_fixed), EPFLEET_KNOB(prefill_attention_rate),
        EPFLEET_KNOB(prefill_attention_tile), EPFLEET_FACTOR(prefill_attention_tail, 0.0, 2.0),
        EPFLEET_KNOB(prefill_attention_bandwidth),
        EPFLEET_FACTOR(prefill_attention_overlap_power, 1.0, 100.0)}},
      {kElementwiseFamily, {EPFLEET_KNOB(elementwise_fixed), EPFLEET_KNOB(elementwise_bandwidth)}},
      {kNormFamily, {EPFLEET_KNOB(norm_fixed), EPFLEET_KNOB(norm_l2_memory)}},
      {kTopkFamily, {EPFLEET_KNOB(topk_fixed), EPFLEET_KNOB(row_select_bandwidth)}},
      {kSamplingFamily, {EPFLEET_KNOB(sampling_fixed)}},
      {kHostFamily, {EPFLEET_KNOB(pcie_bandwidth)}},
      {kChainFamily, {EPFLEET_KNOB(kernel_gap)}},
      {kHotGemmFamily, {EPFLEET_FACTOR(sustained_gemm_factor, 0.01, 1.0)}},
      {kHotMlaFamily, {EPFLEET_FACTOR(sustained_decode_attention_factor, 0.01, 1.0)}},
      {kHotSparseFamily, {EPFLEET_FACTOR(sustained_sparse_decode_factor, 0.01, 1.0)}},
      {kHotPrefillFamily, {EPFLEET_FACTOR(sustained_prefill_attention_factor, 0.01, 1.0)}},
  };
}

#undef EPFLEET_KNOB
#undef EPFLEET_FACTOR

}  // namespace epfleet::calibration
