// The time of the attention core of decode (MLA with absorbed projections), in seconds.
//
// Modelled: by the profile's law. `line`: fixed + KV tokens x the larger of memory's and
//   arithmetic's need. `schedule`: FlashMLA divides the batch's 64-token blocks evenly over as many
//   parts as fit the chip, splits requests where a part ends, and combines the partial results; a
//   part takes its blocks and a fixed time per request that it touches. Of lengths that are given
//   the schedule is made; of sums, its expectation for mixed lengths, which is linear in both.
//   Up to 64 query rows (heads x query tokens) a part is one CTA instead of two or more that share
//   KV: it has constants of its own and, whatever the profile's law, the schedule.
// Left out: pages, the order of requests, FP8 caches.
// Source: FlashMLA of April 2025 (commit 9edee0c), its division of work in words of our own;
//   constants: hardware/profile.h.
#pragma once

#include <cstdint>
#include <span>

#include "epfleet/hardware/profile.h"
#include "epfleet/model/model.h"

namespace epfleet::timing {

using hardware::Clock;

class MlaDecode {
 public:
  MlaDecode(const hardware::HardwareProfile& hardware, std::int64_t sms, Clock clock);

  // `requests` of mixed lengths with `kv_tokens` in all, s_q query tokens each: linear in kv_tokens
  // with this slope. Nothing for no KV.
  [[nodiscard]] double mixed(const model::Model& model, double requests, double kv_tokens,
                             double s_q) const;
  [[nodiscard]] double mixed_per_kv_token(const model::Model& model, double s_q) const;
  // Requests of these lengths, all > 0.
  [[nodiscard]] double lengths(const model::Model& model, std::span<const std::int64_t> kv_tokens,
                               std::int64_t s_q) const;
  // The same without combining the partial results of split requests.
  [[nodiscard]] double split_part(const model::Model& model,
                                  std::span<const std::int64_t> kv_tokens, std::int64_t s_q) const;

 private:
  struct Parts {
    double split_s = 0.0, combine_s = 0.0;
  };
  [[nodiscard]] Parts parts_of(const model::Model& model, std::span<const std::int64_t> kv_tokens,
                               std::int64_t s_q) const;
  struct Tiles {  // constants in seconds and per second, on these SMs, at this clock
    double fixed = 0.0, request = 0.0, rate = 0.0, bandwidth = 0.0;
  };
  [[nodiscard]] static double tiles(const model::Model& model, double s_q);
  [[nodiscard]] const Tiles& of(const model::Model& model, double s_q) const;
  [[nodiscard]] bool is_line(const model::Model& model, double s_q) const;
  [[nodiscard]] double parts(const model::Model& model, double s_q) const;
  [[nodiscard]] double combine(const model::Model& model, double partials, double most_split,
                               double s_q) const;
  // One part's block of 64 tokens.
  [[nodiscard]] double block_s(const model::Model& model, double s_q) const;

  hardware::HardwareProfile of_;
  Tiles many_, one_;
  double sms_;
};

}  // namespace epfleet::timing
