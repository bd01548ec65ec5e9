// Random draws as pure functions of (seed, stream name, entity, index): neither a new part, nor a
// policy, nor a thread moves another's numbers, and common random numbers hold across policies.
// Uniform bits come from pcg64 (O'Neill 2014); continuous draws go through the functions of
// base/real_math.h, because library distributions and libm differ between machines in the last bit.
#pragma once

#include <cstdint>
#include <pcg_random.hpp>
#include <string_view>

#include "epfleet/base/real_math.h"

namespace epfleet::base {

// splitmix64's finaliser: a bijection of 64-bit words that mixes all bits.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

// FNV-1a of a stream's name; evaluated at compile time for literals.
[[nodiscard]] constexpr std::uint64_t stream_name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

// A family of streams: the scenario's seed and a name, e.g. StreamFamily(seed, "workload.session").
class StreamFamily {
 public:
  constexpr StreamFamily(std::uint64_t seed, std::string_view name)
      : key_(mix64(seed ^ mix64(stream_name_hash(name)))) {}
  [[nodiscard]] constexpr std::uint64_t key() const { return key_; }

 private:
  std::uint64_t key_;
};

// The short stream of one entity (and, optionally, of one index within it).
class Stream {
 public:
  Stream(StreamFamily family, std::uint64_t entity, std::uint64_t index = 0)
      : bits_(mix64(family.key() + mix64(entity)), mix64(family.key() ^ (index * 2 + 1))) {}

  [[nodiscard]] std::uint64_t bits() { return bits_(); }

  // In (0, 1): never an end point, so that log and inverse CDFs are finite.
  [[nodiscard]] double uniform() { return (static_cast<double>(bits_() >> 12U) + 0.5) * 0x1p-52; }
  [[nodiscard]] double exponential() { return -real_log(uniform()); }
  [[nodiscard]] double normal() { return normal_quantile(uniform()); }
  // exp(log_median + sigma * z)
  [[nodiscard]] double lognormal(double log_median, double sigma) {
    return real_exp(log_median + sigma * normal());
  }

 private:
  pcg64 bits_;
};

}  // namespace epfleet::base
