#include "epfleet/timing/mla_decode.h"

#include <algorithm>
#include <cmath>

#include "epfleet/base/arithmetic.h"
#include "epfleet/base/time.h"
#include "part_schedule.h"
#include "soft_maximum.h"

namespace epfleet::timing {
namespace {

using base::ceil_div;
using base::real;
using base::to_seconds;

constexpr double kFirstPieces = 0.75;
constexpr std::int64_t kFewHeads = 64;

}  // namespace

MlaDecode::MlaDecode(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock)
    : of_(hardware), sms_(real(sms)) {
  const double share = sms_ / real(hardware.sms);
  const double left = clock == Clock::Sustained ? hardware.sustained_decode_attention_factor : 1.0;
  const auto constants = [&](base::Duration fixed, base::Duration request,
                             base::FlopsPerSecond rate, base::BytesPerSecond bandwidth) {
    return Tiles{to_seconds(fixed), to_seconds(request) / left, (rate * (share * left)).count(),
                 bandwidth.count()};
  };
  many_ = constants(hardware.mla_decode_fixed, hardware.mla_request_fixed, hardware.mla_decode_rate,
                    hardware.mla_decode_bandwidth);
  one_ = constants(hardware.mla_one_tile_fixed, hardware.mla_one_tile_request_fixed,
                   hardware.mla_one_tile_rate, hardware.mla_one_tile_bandwidth);
}

// CTAs of a part.
double MlaDecode::tiles(const model::Model& model, double s_q) {
  return std::ceil(real(model.heads) * s_q / real(kBlock));
}

const MlaDecode::Tiles& MlaDecode::of(const model::Model& model, double s_q) const {
  return tiles(model, s_q) > 1.0 ? many_ : one_;
}

// What the profile knows as a line is a model of many heads.
bool MlaDecode::is_line(const model::Model& model, double s_q) const {
  return of_.mla_decode_law == hardware::MlaLaw::Line && tiles(model, s_q) > 1.0;
}

// One CTA's work: 64 query rows, whether or not there are as many.
double MlaDecode::block_s(const model::Model& model, double s_q) const {
  const double flops = real(kBlock * kBlock) * model.decode_pair_flops() / real(model.heads);
  return flops / (of(model, s_q).rate / sms_);
}

// As many as the chip runs side by side, when every part needs a CTA per 64 query rows.
double MlaDecode::parts(const model::Model& model, double s_q) const {
  return std::max(1.0, std::floor(sms_ / tiles(model, s_q)));
}

// Partial results are written and read as FP32 rows of the latent.
double MlaDecode::combine(const model::Model& model, double partials, double most_split,
                          double s_q) const {
  const double bytes = partials * s_q * real(model.heads * model.kv_lora) * 4.0;
  const base::Duration split =
      model.heads > kFewHeads ? of_.mla_split_fixed : of_.mla_few_heads_split_fixed;
  return most_split <= 0.0
             ? 0.0
             : bytes / of_.mla_partial_bandwidth.count() + most_split * to_seconds(split);
}

double MlaDecode::mixed_per_kv_token(const model::Model& model, double s_q) const {
  const Tiles& tile = of(model, s_q);
  const double memory = real(model.latent_bytes_per_token_layer()) / tile.bandwidth;
  if (is_line(model, s_q)) {
    return std::max(memory, s_q * model.decode_pair_flops() / tile.rate);
  }
  return soft_maximum(memory, block_s(model, s_q) / real(kBlock) / parts(model, s_q),
                      of_.mla_overlap_power);
}

// Beside the slope: half a block is lost per request, and every part touches one request more than
// its share. Every part ends inside a request, which the next part or parts go on with: as many
// pieces as parts and, where requests are many, most of as many again (0.55-0.98 of twice the parts
// in the measured ragged batches).
double MlaDecode::mixed(const model::Model& model, double requests, double kv_tokens,
                        double s_q) const {
  if (kv_tokens <= 0.0) {
    return 0.0;
  }
  const Tiles& tile = of(model, s_q);
  const double kv = kv_tokens * mixed_per_kv_token(model, s_q);
  if (is_line(model, s_q)) {
    return tile.fixed + kv;
  }
  const double count = parts(model, s_q);
  const double per_request = (block_s(model, s_q) / 2.0 + tile.request) / count;
  return tile.fixed + kv + requests * per_request + tile.request +
         combine(model, count + kFirstPieces * std::min(requests, count), 2.0, s_q);
}

double MlaDecode::lengths(const model::Model& model, std::span<const std::int64_t> kv_tokens,
                          std::int64_t s_q) const {
  const Parts parts = parts_of(model, kv_tokens, s_q);
  return parts.split_s + parts.combine_s;
}

double MlaDecode::split_part(const model::Model& model, std::span<const std::int64_t> kv_tokens,
                             std::int64_t s_q) const {
  return parts_of(model, kv_tokens, s_q).split_s;
}

MlaDecode::Parts MlaDecode::parts_of(const model::Model& model,
                                     std::span<const std::int64_t> kv_tokens,
                                     std::int64_t s_q) const {
  double total = 0.0;
  for (const std::int64_t tokens : kv_tokens) {
    total += real(tokens);
  }
  const auto requests = static_cast<std::int64_t>(kv_tokens.size());
  if (is_line(model, real(s_q)) || total <= 0.0) {
    return {mixed(model, real(requests), total, real(s_q)), 0.0};
  }
  const Tiles& tile = of(model, real(s_q));
  const auto count = static_cast<std::int64_t>(parts(model, real(s_q)));
  const auto blocks_of = [&](std::int64_t i) {
    return ceil_div(kv_tokens[static_cast<std::size_t>(i)], kBlock);
  };
  const Schedule schedule =
      schedule_of(requests, blocks_of, count, block_s(model, real(s_q)), tile.request);
  double blocks = 0.0;
  for (std::int64_t i = 0; i < requests; ++i) {
    blocks += real(blocks_of(i));
  }
  const double rows = real(requests * s_q * model.heads);
  const double bytes = blocks * real(kBlock * model.latent_bytes_per_token_layer()) +
                       rows * 2.0 * real(2 * model.kv_lora + model.rope);
  return {
      tile.fixed + soft_maximum(schedule.slowest, bytes / tile.bandwidth, of_.mla_overlap_power),
      combine(model, schedule.partials, schedule.most_split, real(s_q))};
}

}  // namespace epfleet::timing
