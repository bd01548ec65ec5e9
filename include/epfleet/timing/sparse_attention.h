// The times of sparse attention's kernels (DeepSeek-V3.2), in seconds: the indexer's scores, the
// choice of the best keys, attention over these.
//
// Modelled: decode attention by FlashMLA's parts: every request is as many blocks as keys are
//   chosen, read in FP8, so that context does not matter; padding saves little. Prefill attention
//   by waves of 64 query rows; slower where its BF16 KV does not fit L2. The indexer's scores in
//   prefill by blocks of 128 query rows dealt to the SMs in turn, in decode by what it reads and
//   writes. The choice by waves of rows, an SM each, that scan their scores and, beyond L2, memory.
//   Beside the shapes that tables know stand expectations for sums: linear in pairs, KV, tokens.
// Left out: which keys are chosen (consecutive ones: 2-3 % faster); rows of one wave that differ in
//   length, whose longest the others wait for; the schedule kernels, once a step.
// Source: FlashMLA 9241ae3, DeepGEMM 54e2261, SGLang's top-k 06c48ca in words of our own;
//   constants: hardware/profile.h.
#pragma once

#include <cstdint>
#include <functional>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/model.h"

namespace epfleet::timing {

using hardware::Clock;

class SparseAttention {
 public:
  // REQUIRES: 0 < sms <= hardware.sms.
  SparseAttention(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock);

  // --- attention over the chosen keys
  // Requests with s_q query tokens each and a context that only counts below the top-k: steps in
  // the number of requests; between whole numbers a line.
  [[nodiscard]] double decode(const model::Model& model, double requests, double context,
                              double s_q) const;
  // `tokens` queries of one prompt that end at key kv_len. `padded`: a query with fewer keys than
  // the top-k computes all the same.
  [[nodiscard]] double prefill(const model::Model& model, std::int64_t tokens, std::int64_t kv_len,
                               bool padded) const;
  // The same for many tokens, padded: linear in them. `kv_len`: of the prompts.
  [[nodiscard]] double prefill_linear(const model::Model& model, double tokens,
                                      double kv_len) const;
  [[nodiscard]] double prefill_per_token(const model::Model& model, double kv_len) const;

  // --- the indexer's scores
  [[nodiscard]] double indexer_prefill(const model::Model& model, std::int64_t tokens,
                                       std::int64_t prefix) const;
  // `pairs` of query and key; linear in both.
  [[nodiscard]] double indexer_prefill_linear(const model::Model& model, double tokens,
                                              double pairs) const;
  [[nodiscard]] double indexer_prefill_per_pair(const model::Model& model) const;
  // Linear in both; nothing for no KV.
  [[nodiscard]] double indexer_decode(const model::Model& model, double requests, double kv_tokens,
                                      double s_q) const;
  [[nodiscard]] double indexer_decode_per_kv_token(const model::Model& model, double s_q) const;

  // Small kernels of the indexer: Hadamard rotation and quantisation of the queries of all heads,
  // and the store of quantised KV.
  [[nodiscard]] double rotate_queries(const model::Model& model, double tokens) const;
  [[nodiscard]] double quantise_queries(double tokens) const;
  [[nodiscard]] double store_kv(const model::Model& model, double tokens) const;

  // --- the choice of keys
  // Row i of `rows` has length(i) scores. Random scores around zero: where half of them are chosen,
  // few share the bin of the threshold, and a row is quicker.
  [[nodiscard]] double topk_rows(const model::Model& model, std::int64_t rows,
                                 const std::function<double(std::int64_t)>& length) const;
  [[nodiscard]] double topk_rows(const model::Model& model, std::int64_t rows, double length) const;
  // Requests with kv_tokens in all, s_q rows each, all of the mean length: linear in kv_tokens
  // where that is above the top-k.
  [[nodiscard]] double topk_decode(const model::Model& model, double requests, double kv_tokens,
                                   double s_q) const;
  [[nodiscard]] double topk_decode_per_kv_token(double requests, double s_q) const;
  // A row per token, `pairs` scores in all; linear in both.
  [[nodiscard]] double topk_prefill_linear(double tokens, double pairs) const;
  [[nodiscard]] double topk_prefill_per_pair() const;

 private:
  [[nodiscard]] double decode_whole(const model::Model& model, std::int64_t requests,
                                    double context, std::int64_t s_q) const;
  [[nodiscard]] double prefill_tile_s(const model::Model& model, double share, double kv_len) const;
  [[nodiscard]] double indexer_block_s(const model::Model& model) const;
  [[nodiscard]] double index_score_s() const;

  hardware::HardwareProfile of_;
  std::int64_t sms_;
  double decode_clock_, prefill_clock_;  // what is left of the cool one
};

}  // namespace epfleet::timing
