#include "epfleet/timing/mla_decode.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "arithmetic.h"
#include "epfleet/base/time.h"
#include "soft_maximum.h"

namespace epfleet::timing {
namespace {

using base::to_seconds;

constexpr std::int64_t kBlock = 64;         // KV tokens; also query rows (heads x s_q) of one CTA
constexpr std::int64_t kRequestBlocks = 5;  // what the library counts for starting a request
constexpr double kFirstPieces = 0.75;

// What the parts of a batch have to do.
struct Schedule {
  double slowest = 0.0;     // seconds of the longest part
  double partials = 0.0;    // pieces of requests that are split
  double most_split = 0.0;  // pieces of the most split request; 0: none is
};

// Parts are filled in order. A part takes whole requests while they fit, then as much of the next
// as fits; the rest of that one opens the next part.
Schedule schedule_of(std::span<const std::int64_t> kv_tokens, std::int64_t parts, double block_s,
                     double request_s) {
  std::int64_t total = 0;
  for (const std::int64_t tokens : kv_tokens) {
    total += ceil_div(tokens, kBlock) + kRequestBlocks;
  }
  const std::int64_t payload = ceil_div(total, parts) + kRequestBlocks;
  Schedule schedule;
  std::int64_t left = payload;
  double seconds = 0.0;
  const auto take = [&](std::int64_t blocks) {
    seconds += real(blocks) * block_s + request_s;
    left -= blocks + kRequestBlocks;
  };
  const auto next_part = [&] {
    schedule.slowest = std::max(schedule.slowest, std::exchange(seconds, 0.0));
    left = payload;
  };
  for (const std::int64_t tokens : kv_tokens) {
    std::int64_t blocks = ceil_div(tokens, kBlock);
    double pieces = 1.0;
    while (left < blocks + kRequestBlocks) {
      if (left > kRequestBlocks) {  // else nothing but the next part
        blocks -= left - kRequestBlocks;
        take(left - kRequestBlocks);
        pieces += 1.0;
      }
      next_part();
    }
    take(blocks);
    if (pieces > 1.0) {
      schedule.partials += pieces;
      schedule.most_split = std::max(schedule.most_split, pieces);
    }
  }
  next_part();
  return schedule;
}

}  // namespace

MlaDecode::MlaDecode(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock)
    : of_(hardware), sms_(real(sms)), fixed_(to_seconds(hardware.mla_decode_fixed)) {
  const double share = sms_ / real(hardware.sms);
  const double left = clock == Clock::Sustained ? hardware.sustained_decode_attention_factor : 1.0;
  of_.mla_decode_rate = of_.mla_decode_rate * (share * left);
  request_fixed_ = to_seconds(hardware.mla_request_fixed) / left;
}

// One CTA's work: 64 query rows.
double MlaDecode::block_s(const model::Model& model) const {
  const double flops = real(kBlock * kBlock) * model.decode_pair_flops() / real(model.heads);
  return flops / (of_.mla_decode_rate.count() / sms_);
}

// As many as the chip runs side by side, when every part needs a CTA per 64 query rows.
double MlaDecode::parts(const model::Model& model, double s_q) const {
  const double ctas = std::ceil(real(model.heads) * s_q / real(kBlock));
  return std::max(1.0, std::floor(sms_ / ctas));
}

// Partial results are written and read as FP32 rows of the latent.
double MlaDecode::combine(const model::Model& model, double partials, double most_split,
                          double s_q) const {
  const double bytes = partials * s_q * real(model.heads * model.kv_lora) * 4.0;
  return most_split <= 0.0 ? 0.0
                           : bytes / of_.mla_partial_bandwidth.count() +
                                 most_split * to_seconds(of_.mla_split_fixed);
}

double MlaDecode::mixed_per_kv_token(const model::Model& model, double s_q) const {
  const double memory =
      real(model.latent_bytes_per_token_layer()) / of_.mla_decode_bandwidth.count();
  if (of_.mla_decode_law == hardware::MlaLaw::Line) {
    return std::max(memory, s_q * model.decode_pair_flops() / of_.mla_decode_rate.count());
  }
  return soft_maximum(memory, block_s(model) / real(kBlock) / parts(model, s_q),
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
  const double kv = kv_tokens * mixed_per_kv_token(model, s_q);
  if (of_.mla_decode_law == hardware::MlaLaw::Line) {
    return fixed_ + kv;
  }
  const double count = parts(model, s_q);
  const double per_request = (block_s(model) / 2.0 + request_fixed_) / count;
  return fixed_ + kv + requests * per_request + request_fixed_ +
         combine(model, count + kFirstPieces * std::min(requests, count), 2.0, s_q);
}

double MlaDecode::lengths(const model::Model& model, std::span<const std::int64_t> kv_tokens,
                          std::int64_t s_q) const {
  double total = 0.0;
  for (const std::int64_t tokens : kv_tokens) {
    total += real(tokens);
  }
  if (of_.mla_decode_law == hardware::MlaLaw::Line || total <= 0.0) {
    return mixed(model, real(static_cast<std::int64_t>(kv_tokens.size())), total, real(s_q));
  }
  const auto count = static_cast<std::int64_t>(parts(model, real(s_q)));
  const Schedule schedule = schedule_of(kv_tokens, count, block_s(model), request_fixed_);
  double blocks = 0.0;
  for (const std::int64_t tokens : kv_tokens) {
    blocks += real(ceil_div(tokens, kBlock));
  }
  const double rows = real(static_cast<std::int64_t>(kv_tokens.size()) * s_q * model.heads);
  const double bytes = blocks * real(kBlock * model.latent_bytes_per_token_layer()) +
                       rows * 2.0 * real(2 * model.kv_lora + model.rope);
  return fixed_ +
         soft_maximum(schedule.slowest, bytes / of_.mla_decode_bandwidth.count(),
                      of_.mla_overlap_power) +
         combine(model, schedule.partials, schedule.most_split, real(s_q));
}

}  // namespace epfleet::timing
