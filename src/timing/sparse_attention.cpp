#include "epfleet/timing/sparse_attention.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/error.h"
#include "epfleet/base/time.h"
#include "part_schedule.h"

namespace epfleet::timing {
namespace {

using base::ceil_div;
using base::real;
using base::to_seconds;

constexpr std::int64_t kTileRows = 64;      // query rows of attention: tokens x heads
constexpr std::int64_t kIndexerRows = 128;  // the same of the indexer's scores ...
constexpr std::int64_t kIndexerKeys = 256;  // ... and its keys
constexpr double kManyTiles = 2000.0;       // from which on waves of prefill run into each other
constexpr double kLastWave = 0.5;           // of a wave: what its end leaves idle
constexpr double kScoreBytes = 4.0;
constexpr double kTokensAtOnce = 12.0;  // whose heads are quantised within a launch's time
// Of random scores: what a row saves where exactly half of its scores are chosen, within which
// distance of that length it saves anything, and how much less of it where a wave waits for the
// slowest of many rows (measured, h100/2026).
constexpr double kMedianSaving = 0.5, kMedianReach = 0.34;
constexpr double kMedianSpread = 0.19, kManyRows = 32.0;

std::int64_t whole(double value) { return static_cast<std::int64_t>(value); }

double tiles_per_token(const model::Model& model) {
  return std::max(1.0, real(model.heads) / real(kTileRows));
}

// Whether two CTAs share the keys of a query.
bool is_paired(const model::Model& model) { return model.heads > kTileRows; }

// Query tokens in one block of the indexer.
std::int64_t indexer_tokens(const model::Model& model) {
  return std::max<std::int64_t>(1, kIndexerRows / model.index_heads);
}

}  // namespace

SparseAttention::SparseAttention(const hardware::HardwareProfile& hardware, std::int64_t sms,
                                 Clock clock)
    : of_(hardware),
      sms_(sms),
      decode_clock_(clock == Clock::Sustained ? hardware.sustained_sparse_decode_factor : 1.0),
      prefill_clock_(clock == Clock::Sustained ? hardware.sustained_prefill_attention_factor
                                               : 1.0) {
  EPFLEET_CHECK(sms > 0 && sms <= hardware.sms, "kernels run on some of the chip's SMs");
  const double share = real(sms) / real(hardware.sms);
  of_.elementwise_bandwidth = of_.elementwise_bandwidth * share;
  of_.l2_bandwidth = of_.l2_bandwidth * share;
}

double SparseAttention::decode_whole(const model::Model& model, std::int64_t requests,
                                     double context, std::int64_t s_q) const {
  if (requests <= 0) {
    return 0.0;
  }
  const bool paired = is_paired(model);
  const std::int64_t ctas = std::max<std::int64_t>(1, model.heads / kTileRows);
  const std::int64_t parts = std::max<std::int64_t>(1, sms_ / s_q / ctas);
  const double padded = 1.0 - std::min(1.0, context / real(model.index_topk));
  const double saved = paired ? of_.sparse_decode_padding : of_.sparse_decode_lone_padding;
  const double block_s =
      to_seconds(paired ? of_.sparse_decode_block : of_.sparse_decode_lone_block) *
      (1.0 - saved * padded) / decode_clock_;
  const std::int64_t blocks = ceil_div(model.index_topk, kBlock);
  const Schedule schedule =
      schedule_of(requests, [blocks](std::int64_t) { return blocks; }, parts, block_s, 0.0);
  const double partial_bytes = schedule.partials * real(s_q * model.heads * model.kv_lora) * 4.0;
  return to_seconds(of_.sparse_decode_fixed) + schedule.slowest +
         partial_bytes / of_.mla_partial_bandwidth.count() +
         schedule.most_split * to_seconds(of_.sparse_split_fixed);
}

double SparseAttention::decode(const model::Model& model, double requests, double context,
                               double s_q) const {
  if (requests <= 0.0 || context <= 0.0) {
    return 0.0;
  }
  const double below = std::floor(requests);
  const auto queries = std::max<std::int64_t>(1, whole(std::ceil(s_q)));
  const double part = requests - below;
  // less than one request costs no less than one
  const double least =
      decode_whole(model, std::max<std::int64_t>(1, whole(below)), context, queries);
  return part <= 0.0
             ? least
             : least + part * (decode_whole(model, whole(below) + 1, context, queries) - least);
}

// Of one tile of 64 query rows, when `share` of the top-k is computed.
double SparseAttention::prefill_tile_s(const model::Model& model, double share,
                                       double kv_len) const {
  const double flops =
      2.0 * real(kTileRows * model.index_topk) * real(2 * model.kv_lora + model.rope);
  const double keys_s = flops / (of_.sparse_prefill_rate.count() / real(of_.sms) * prefill_clock_);
  const double bytes = kv_len * real(model.latent_bytes_per_token_layer());
  const double missed = std::max(0.0, 1.0 - static_cast<double>(of_.l2_memory.count()) / bytes);
  const double slower =
      is_paired(model) ? of_.sparse_prefill_l2_miss : of_.sparse_prefill_lone_l2_miss;
  return to_seconds(of_.sparse_prefill_tile) / prefill_clock_ +
         keys_s * share * (1.0 + slower * missed);
}

double SparseAttention::prefill(const model::Model& model, std::int64_t tokens, std::int64_t kv_len,
                                bool padded) const {
  if (tokens <= 0 || kv_len <= 0) {
    return 0.0;
  }
  const std::int64_t most = ceil_div(model.index_topk, kBlock);
  double share = 1.0;
  if (!padded) {
    std::int64_t blocks = 0;
    for (std::int64_t keys = kv_len - tokens + 1; keys <= kv_len; ++keys) {
      blocks += std::min(most, ceil_div(std::max<std::int64_t>(keys, 1), kBlock));
    }
    share = real(blocks) / real(tokens * most);
  }
  const double tiles = std::ceil(real(tokens) * tiles_per_token(model));
  const double waves =
      tiles <= kManyTiles ? std::ceil(tiles / real(sms_)) : tiles / real(sms_) + kLastWave;
  return to_seconds(of_.sparse_prefill_fixed) + waves * prefill_tile_s(model, share, real(kv_len));
}

double SparseAttention::prefill_per_token(const model::Model& model, double kv_len) const {
  return tiles_per_token(model) / real(sms_) * prefill_tile_s(model, 1.0, std::max(kv_len, 1.0));
}

double SparseAttention::prefill_linear(const model::Model& model, double tokens,
                                       double kv_len) const {
  return tokens <= 0.0 ? 0.0
                       : to_seconds(of_.sparse_prefill_fixed) +
                             kLastWave * prefill_tile_s(model, 1.0, std::max(kv_len, 1.0)) +
                             tokens * prefill_per_token(model, kv_len);
}

// 128 query rows by 256 keys on one SM; the sum over heads goes by query token.
double SparseAttention::indexer_block_s(const model::Model& model) const {
  const double flops = 2.0 * real(kIndexerRows * kIndexerKeys * model.index_dim);
  return (flops / (of_.indexer_rate.count() / real(of_.sms)) +
          to_seconds(of_.indexer_score) * real(indexer_tokens(model))) /
         prefill_clock_;
}

// Blocks of query rows are dealt to the SMs in turn; the first SM has the most of them.
double SparseAttention::indexer_prefill(const model::Model& model, std::int64_t tokens,
                                        std::int64_t prefix) const {
  if (tokens <= 0) {
    return 0.0;
  }
  const std::int64_t per_row = indexer_tokens(model);
  const std::int64_t rows = ceil_div(tokens, per_row);
  const double row_s = to_seconds(of_.indexer_row) / prefill_clock_;
  const double block_s = indexer_block_s(model);
  double slowest = 0.0;
  for (std::int64_t sm = 0; sm < std::min(sms_, rows); ++sm) {
    double seconds = 0.0;
    for (std::int64_t row = sm; row < rows; row += sms_) {
      const std::int64_t keys = prefix + std::min(tokens, (row + 1) * per_row);
      seconds += row_s + real(ceil_div(keys, kIndexerKeys)) * block_s;
    }
    slowest = std::max(slowest, seconds);
  }
  return to_seconds(of_.indexer_fixed) + slowest;
}

double SparseAttention::indexer_prefill_per_pair(const model::Model& model) const {
  return indexer_block_s(model) / real(kIndexerKeys * indexer_tokens(model) * sms_);
}

// Half a block of keys is computed in vain, and the last wave is half full.
double SparseAttention::indexer_prefill_linear(const model::Model& model, double tokens,
                                               double pairs) const {
  if (tokens <= 0.0) {
    return 0.0;
  }
  const double row_s = to_seconds(of_.indexer_row) / prefill_clock_;
  const double rows = tokens / real(indexer_tokens(model) * sms_);
  return to_seconds(of_.indexer_fixed) + kLastWave * row_s +
         rows * (row_s + indexer_block_s(model) / 2.0) + pairs * indexer_prefill_per_pair(model);
}

double SparseAttention::indexer_decode_per_kv_token(const model::Model& model, double s_q) const {
  return (real(model.index_key_bytes()) + kScoreBytes * s_q) / of_.indexer_decode_bandwidth.count();
}

double SparseAttention::indexer_decode(const model::Model& model, double requests, double kv_tokens,
                                       double s_q) const {
  if (kv_tokens <= 0.0) {
    return 0.0;
  }
  const double query_bytes = requests * s_q * real(model.index_heads * model.index_key_bytes());
  return to_seconds(of_.indexer_decode_fixed) + (s_q - 1.0) * to_seconds(of_.indexer_decode_query) +
         query_bytes / of_.indexer_decode_bandwidth.count() +
         kv_tokens * indexer_decode_per_kv_token(model, s_q);
}

// Read and written in BF16; what L2 does not hold goes to memory and back.
double SparseAttention::rotate_queries(const model::Model& model, double tokens) const {
  const double bytes = 4.0 * tokens * real(model.index_heads * model.index_dim);
  const double beyond = std::max(0.0, bytes - static_cast<double>(of_.l2_memory.count()));
  return tokens <= 0.0
             ? 0.0
             : to_seconds(of_.index_rotate_fixed) + (bytes + beyond) / of_.l2_bandwidth.count();
}

double SparseAttention::quantise_queries(double tokens) const {
  return tokens <= 0.0
             ? 0.0
             : to_seconds(of_.elementwise_fixed) +
                   std::max(0.0, tokens - kTokensAtOnce) * to_seconds(of_.index_quantise_per_token);
}

double SparseAttention::store_kv(const model::Model& model, double tokens) const {
  const double bytes =
      tokens * real(model.latent_bytes_per_token_layer() + model.sparse_kv_bytes());
  return tokens <= 0.0
             ? 0.0
             : to_seconds(of_.elementwise_fixed) + bytes / of_.elementwise_bandwidth.count();
}

double SparseAttention::index_score_s() const {
  return to_seconds(of_.index_topk_1000_scores) / 1'000.0;
}

double SparseAttention::topk_rows(const model::Model& model, std::int64_t rows,
                                  const std::function<double(std::int64_t)>& length) const {
  if (rows <= 0) {
    return 0.0;
  }
  const double chosen = real(model.index_topk);
  double seconds = to_seconds(of_.index_topk_fixed);
  for (std::int64_t first = 0; first < rows; first += sms_) {
    double scores = 0.0;  // of rows that are not chosen as a whole
    double long_rows = 0.0;
    const std::int64_t last = std::min(rows, first + sms_);
    for (std::int64_t row = first; row < last; ++row) {
      if (const double of_row = length(row); of_row > chosen) {
        scores += of_row;
        long_rows += 1.0;
      }
    }
    const double share = real(last - first) / real(sms_);
    const double full = first > 0 ? 0.0 : to_seconds(of_.index_topk_full_wave) * share;
    if (long_rows <= 0.0) {
      seconds += first > 0 ? to_seconds(of_.index_topk_short_row) * share : full;
      continue;
    }
    const double mean = scores / long_rows;
    const double from_median = std::abs(mean / (2.0 * chosen) - 1.0) / kMedianReach;
    // waves run into each other: one waits
    const double waits = first > 0 ? 0.0 : kMedianSpread * std::min(1.0, long_rows / kManyRows);
    const double saved = (kMedianSaving - waits) * std::max(0.0, 1.0 - from_median);
    const double bytes = scores * kScoreBytes;
    const double again = std::max(0.0, bytes - static_cast<double>(of_.l2_memory.count()));
    seconds += full + to_seconds(of_.index_topk_row) * (1.0 - saved) + mean * index_score_s() +
               (bytes + again) / of_.elementwise_bandwidth.count();
  }
  return seconds;
}

double SparseAttention::topk_rows(const model::Model& model, std::int64_t rows,
                                  double length) const {
  return topk_rows(model, rows, [length](std::int64_t) { return length; });
}

double SparseAttention::topk_decode_per_kv_token(double requests, double s_q) const {
  const double waves = std::ceil(requests * s_q / real(sms_));
  return waves * index_score_s() / std::max(requests, 1.0) +
         s_q * kScoreBytes / of_.elementwise_bandwidth.count();
}

double SparseAttention::topk_decode(const model::Model& model, double requests, double kv_tokens,
                                    double s_q) const {
  if (requests <= 0.0 || kv_tokens <= 0.0) {
    return 0.0;
  }
  const double rows = requests * s_q;
  const double waves = std::ceil(rows / real(sms_));
  const double full = to_seconds(of_.index_topk_full_wave) * std::min(1.0, rows / real(sms_));
  const double fixed = to_seconds(of_.index_topk_fixed);
  return kv_tokens / requests <= real(model.index_topk)
             ? fixed + full +
                   std::max(0.0, rows / real(sms_) - 1.0) * to_seconds(of_.index_topk_short_row)
             : fixed + full + waves * to_seconds(of_.index_topk_row) +
                   kv_tokens * topk_decode_per_kv_token(requests, s_q);
}

double SparseAttention::topk_prefill_per_pair() const {
  return index_score_s() / real(sms_) + kScoreBytes / of_.elementwise_bandwidth.count();
}

double SparseAttention::topk_prefill_linear(double tokens, double pairs) const {
  return tokens <= 0.0 ? 0.0
                       : to_seconds(of_.index_topk_fixed + of_.index_topk_full_wave) +
                             tokens / real(sms_) * to_seconds(of_.index_topk_row) +
                             pairs * topk_prefill_per_pair();
}

}  // namespace epfleet::timing
