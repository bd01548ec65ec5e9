// A GPU and its node as numbers. Another GPU is another profile, never another code path.
// Defaults: NVIDIA H800 SXM5 with the kernels of February 2025.
//
// Modelled: memory, links, collectives, and per kernel class a fixed time and rates: time = fixed +
//   max(work / rate, bytes / bandwidth). Where the library's own division of work is known, a law
//   follows it (tiles of a GEMM, parts of decode attention) with the same rates and a few constants
//   more. Rates are for a cool chip and all SMs; timing scales them by the SMs it has and by the
//   sustained factor of the clock that a busy service settles at.
// Left out: temperature, L2 hits, faults of links.
// Sources, by letter, in the comments below:
//   [P] DeepSeek's profile-data of February 2025: decode kernels and per-layer breakdowns (H800)
//   [G] DeepGEMM README of 2025-02-25 (H800)   [E] DeepEP README and issue 71   [F] FlashMLA README
//   [H] epfleet's own H100 measurements (same die, clocks and memory as H800)
//   [I] "Insights into DeepSeek-V3", ISCA 2025, arXiv 2505.09343   [3] 3FS README
//   [N] epfleet's H100 measurements of newer models and kernels (2026): FlashMLA 9241ae3, DeepGEMM
//       54e2261, SGLang's top-k 06c48ca; epfleet timing fit
#pragma once

#include <cstdint>

#include "epfleet/base/quantity.h"
#include "epfleet/base/time.h"

namespace epfleet::hardware {

using base::Bytes;
using base::BytesPerSecond;
using base::Duration;
using base::FlopsPerSecond;

// How FP8 products take their time. Roofline: max(bytes / bandwidth, flops / rate + epilogue).
// Tiles: DeepGEMM's own tiles, wave by wave (timing/gemm_tiling.h): a saw-tooth in m.
enum class GemmLaw { Roofline, Tiles };
// Which tiles DeepGEMM chooses (timing/gemm_tiling.h). Waves: fewest and fullest waves (to January
// 2026). Cycles: least traffic through the caches by how full the waves are (June 2026).
enum class GemmTiles { Waves, Cycles };
// The attention core of decode. Line: fixed + KV tokens x max(bytes / bandwidth, flops / rate).
// Schedule: FlashMLA's parts of 64-token blocks (timing/mla_decode.h).
enum class MlaLaw { Line, Schedule };

// The clock that a chip runs at: cool, as in a short measurement, or the one that a busy service
// settles at under the power cap.
enum class Clock { Cool, Sustained };

// Durations are in nanoseconds.
struct HardwareProfile {
  // --- the node and the chip
  std::int64_t gpus_per_node = 8;
  Bytes memory{84'943'110'144};  // totalGlobalMem in the traces of [P]
  std::int64_t sms = 132;
  // Of the data sheet, dense; no step is priced by them: they are what MFU and MBU are shares of.
  FlopsPerSecond peak_fp8_rate{1'979e12};
  BytesPerSecond peak_memory_bandwidth{3'350e9};
  std::int64_t prefill_comm_sms = 24;  // given to the all-to-all in prefill; 108 compute [E] [P]
  Duration kernel_gap{1'500};          // of a chain, beyond each kernel alone: 33-35 us / 23 [H]

  // --- what is left of a compute-bound kernel's cool rate at the clock under the power cap
  double sustained_gemm_factor = 0.93;               // dense FP8 +7 %, grouped +9 % [H]
  double sustained_decode_attention_factor = 0.91;   // MLA core +10 % [H]
  double sustained_prefill_attention_factor = 0.89;  // +13 % [H]

  GemmLaw gemm_law = GemmLaw::Roofline;  // what few published points of February 2025 support
  // --- FP8 GEMM, dense: fixed + max(bytes / bandwidth, flops / rate + output bytes / epilogue)
  Duration dense_gemm_fixed{3'600};              // [H]
  BytesPerSecond dense_gemm_bandwidth{2'904e9};  // [H]; [G] at m = 64, 128 within 15 %
  FlopsPerSecond fp8_gemm_rate{1'400e12};  // [G]: solved from m = 4096 rows, dense and grouped
  BytesPerSecond gemm_epilogue_bandwidth{2'200e9};  // [G]: 2000-2500; writes were not hidden then
  // --- FP8 grouped GEMM, masked (decode): fixed + max(active bytes / bandwidth, flops / rate)
  Duration masked_gemm_fixed{2'800};              // [H]
  BytesPerSecond masked_gemm_bandwidth{2'799e9};  // [H] active weight bytes
  FlopsPerSecond masked_gemm_rate{870e12};        // [P]: gate_up 81 us and down 39 us together
  // --- contiguous layout (prefill): as dense, with
  Duration contiguous_gemm_fixed{20'000};             // [H]
  BytesPerSecond contiguous_gemm_bandwidth{3'542e9};  // [H]
  // --- law `tiles`, dense and grouped alike; from 1,114 products, epfleet timing fit [H].
  //     A step is 128 of k in one tile; waves combine memory and arithmetic:
  //     (bytes^p + steps^p)^(1/p).
  GemmTiles gemm_tiles = GemmTiles::Waves;
  Duration gemm_step_fixed{64};        // of a step, beside the multiply-adds
  Duration gemm_step_per_64_rows{11};  // of the tile's height
  Duration gemm_step_least{132};       // even of the smallest tile
  double gemm_odd_width = 0.19;        // more multiply-add time where 128 / width is no whole
  Duration gemm_load_latency{1'050};   // a step takes at least this / stages of the pipeline
  Duration gemm_ragged_64_rows{105};   // a step more per 64 rows missing in the last tiles
  double gemm_sm_contention = 0.4;     // steps take (SMs in use / SMs) to this power
  double gemm_overlap_power = 4.5;     // p
  // --- BF16 GEMM: head, gate, absorbed products
  Duration bf16_gemm_fixed{2'000};              // [H] absorb at m = 1: 8.0 us for 16.8 MB
  BytesPerSecond bf16_gemm_bandwidth{2'830e9};  // [H] lm_head 655 us
  FlopsPerSecond bf16_gemm_rate{660e12};        // [H] lm_head at m = 256: 723 us
  Bytes bf16_l2_memory{0};                      // of inputs and outputs: no way to memory
  Duration gate_gemm_fixed{5'500};              // 7168 x 256 with split-K: 6 + 2 us [P], 6.4 [H]

  Duration fp32_gemm_fixed{16'000};      // router in FP32 [H]
  FlopsPerSecond fp32_gemm_rate{51e12};  // 1,182 us at m = 16,384 [H]

  // --- attention cores
  MlaLaw mla_decode_law = MlaLaw::Line;
  Duration mla_decode_fixed{10'700};             // [H]
  BytesPerSecond mla_decode_bandwidth{2'844e9};  // [H]; [F]: up to 3000
  // [P]: 255 us at 64 x 4096, s_q = 2, sustained (573 TFLOPS as a whole; [F] says 580).
  FlopsPerSecond mla_decode_rate{657e12};
  //     law `schedule`; from 223 batches, epfleet timing fit [H]
  Duration mla_request_fixed{7'100};              // per request that a part touches
  double mla_overlap_power = 2.7;                 // p; chosen: rows do not tell it from bandwidth
  BytesPerSecond mla_partial_bandwidth{1'680e9};  // combining partial results of split requests
  Duration mla_split_fixed{370};                  // the same, per part of the most split request
  Duration prefill_attention_fixed{7'100};        // [H] FlashAttention-3, 192/128
  FlopsPerSecond prefill_attention_rate{810e12};  // [H] 1.708 us per SM and 128 x 128 block
  Duration prefill_attention_tile{4'400};         // [H] per SM, 128 queries and head
  double prefill_attention_tail = 0.34;           // of the longest tile: SMs idle at the end [H]
  BytesPerSecond prefill_attention_bandwidth{3'400e9};  // keys and values, once per head and batch
  double prefill_attention_overlap_power = 2.45;        // p of memory and arithmetic [H]

  // --- decode attention of models with 64 heads or fewer; always by the law `schedule`. [N]
  //     Up to 64 query rows (heads x query tokens) a part needs one CTA, not two that share KV.
  Duration mla_one_tile_fixed{1'400};
  Duration mla_one_tile_request_fixed{5'600};
  FlopsPerSecond mla_one_tile_rate{677e12};
  BytesPerSecond mla_one_tile_bandwidth{3'070e9};
  Duration mla_few_heads_split_fixed{190};  // combining is quicker since 2026

  // --- sparse attention (timing/sparse_attention.h) [N]
  double sustained_sparse_decode_factor = 0.938;  // +6 %; prefill as attention in prefill
  Duration sparse_decode_fixed{3'470};
  Duration sparse_decode_block{2'810};       // 64 keys of two CTAs that share them: 128 heads
  Duration sparse_decode_lone_block{3'570};  // the same of one CTA: 64 heads
  double sparse_decode_padding = 0.18;       // what padding saves of a block's time
  double sparse_decode_lone_padding = 0.33;
  Duration sparse_split_fixed{240};  // combining, per part of the most split request
  Duration sparse_prefill_fixed{4'700};
  Duration sparse_prefill_tile{6'600};         // of 64 query rows, beside their keys
  FlopsPerSecond sparse_prefill_rate{755e12};  // inside a tile
  double sparse_prefill_l2_miss = 0.27;        // slower where no KV is in L2: 128 heads
  double sparse_prefill_lone_l2_miss = 0.72;   // 64 heads
  Bytes l2_memory{38'500'000};                 // of KV or scores that stay in L2
  Duration indexer_fixed{2'260};
  Duration indexer_row{328};              // of 128 query rows (tokens x heads) on an SM
  FlopsPerSecond indexer_rate{1'370e12};  // inside a tile
  Duration indexer_score{58};             // of a query token and 256 keys, to reduce heads
  Duration indexer_decode_fixed{3'310};
  BytesPerSecond indexer_decode_bandwidth{2'790e9};
  Duration indexer_decode_query{500};  // more per query token after the first
  // small kernels of the indexer: Hadamard rotation within L2, scales of its queries
  Duration index_rotate_fixed{2'200};
  BytesPerSecond l2_bandwidth{4'450e9};
  Duration index_quantise_per_token{39};  // a block per head; a fused kernel has less
  Duration index_topk_fixed{1'300};
  Duration index_topk_row{4'250};        // of a row with more than top-k scores
  Duration index_topk_1000_scores{434};  // more per 1,000 scores of the row
  Duration index_topk_short_row{610};    // of a row with top-k scores or fewer
  Duration index_topk_full_wave{500};    // more where every SM has a row

  // --- element-wise kernels: fixed + bytes / bandwidth
  Duration norm_fixed{2'500};                     // add + RMSNorm [H]
  Bytes norm_l2_memory{0};                        // of its bytes, those at half the price: in L2
  Duration elementwise_fixed{1'400};              // quantise, SiLU, RoPE and cache write [H]
  BytesPerSecond elementwise_bandwidth{2'960e9};  // [H] 2900-3025
  Duration topk_fixed{6'500};                     // sigmoid, groups, top-k: 8 us with its gap [P]
  Duration sampling_fixed{65'000};                // four kernels [H]
  BytesPerSecond row_select_bandwidth{360e9};     // top-k and sampling, per byte of FP32 scores [H]

  // --- low-latency all-to-all (decode), pure RDMA, of February 2025:
  //     time = fixed + tokens per rank * per_token * (1 + growth * log2(GPUs / reference))
  Duration low_latency_fixed{27'000};              // [E] intercept of the EP16-64 fits
  Duration low_latency_dispatch_per_token{1'290};  // [E] 192 us at 128 tokens, EP128
  Duration low_latency_combine_per_token{2'670};   // [E] 369 us at 128 tokens, EP128
  std::int64_t low_latency_reference_gpus = 128;
  double low_latency_dispatch_growth = 0.038;  // per doubling; least squares of EP8..EP256 [E]
  double low_latency_combine_growth = 0.028;   // the same
  bool low_latency_nvlink = false;             // within a node over NVLink: from June 2025 on [E]
  double low_latency_combine_in_situ = 1.068;  // beside the attention core 394 us, alone 369 [P]
  //     what sending and receiving hold the SMs for beside compute: 31 and 39 us at 128 tokens in
  //     SGLang's chart of the unit test; how that divides into fixed and per token is a guess
  Duration low_latency_dispatch_sm_fixed{8'000};
  Duration low_latency_dispatch_sm_per_token{180};
  Duration low_latency_combine_sm_fixed{8'000};
  Duration low_latency_combine_sm_per_token{240};

  // --- normal all-to-all (prefill) of February 2025: bytes to distinct nodes per token / bandwidth
  BytesPerSecond normal_dispatch_bandwidth{44e9};  // [E] EP32; 43 at EP16, 46 at EP64
  BytesPerSecond normal_combine_bandwidth{47e9};   // [E] EP32; 43 at EP16, 45 at EP64
  bool normal_counts_local_node = true;    // these bandwidths count the sender's own node [E]
  BytesPerSecond nvlink_bandwidth{155e9};  // [E] EP8, 153 / 158; per distinct GPU
  BytesPerSecond normal_forward_bandwidth{155e9};  // NVLink behind a NIC; not seen to bind then
  Duration normal_dispatch_fixed{0};               // in the barrier of [P]
  Duration normal_combine_fixed{0};
  double beside_transfer_factor = 1.0;          // slowdown of compute; already in [P]
  double normal_in_situ_factor = 1.18;          // beside compute: 4.74 and 8.63 ms [P] / alone
  Duration normal_dispatch_barrier{1'045'000};  // 2.091 ms per layer, two micro-batches [P]
  Duration normal_combine_barrier{1'013'000};   // 2.026 ms [P]
  // Of the fullest rank's micro-batch, from which on a barrier takes that long; below, less in
  // proportion. A guess: the one profile has 8,192.
  std::int64_t normal_barrier_tokens = 4'096;

  // --- links outside the all-to-all
  BytesPerSecond rdma_bandwidth{40e9};               // per NIC, one NIC a GPU; effective [I]
  BytesPerSecond storage_bandwidth{42.949672960e9};  // per node: 40 GiB/s at best over 400 Gb/s [3]
  BytesPerSecond pcie_bandwidth{55e9};               // per GPU, one direction, pinned memory [H]
};

}  // namespace epfleet::hardware
