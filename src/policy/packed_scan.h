// The candidate with the least score, found without a branch on the loads, which are as good as
// random to the processor: bits of a positive float order like the float, so a score in the high
// bits and the candidate's index in the low ones are one integer, and the least is an integer
// minimum. No two are equal; scores that differ in the low bits alone count as equal, and the
// lowest index wins.
//
// `Scores` has one(i), the score of candidate i with its low bits clear, and for AVX2 a type Eights
// made of it, with its constants in vectors, whose at(i) are the scores of i to i + 7, with the
// same bits. By hand, because g++ 12 spends half as much again on the loop that it vectorises
// itself (bench/policy_bench.cpp). A rule is made for the machine it runs on: its whole decision is
// one function then, which has no calls and no choice of the way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define EPFLEET_AVX2 __attribute__((target("avx2"))) inline
#endif

namespace epfleet::policy {

inline constexpr std::int32_t kNoScore = std::numeric_limits<std::int32_t>::max();

template <class Scores>
std::int32_t least_packed_one_by_one(int size, const Scores& scores) {
  std::int32_t best = kNoScore;
  for (int i = 0; i < size; ++i) {
    best = std::min(best, scores.one(i) | i);
  }
  return best;
}

#ifdef EPFLEET_AVX2
// Loaded, not made of numbers, which takes three instructions each; const would not stop g++.
#define EPFLEET_EIGHT_TIMES(n) n, n, n, n, n, n, n, n
alignas(32) inline std::int32_t places_of_turn[] = {EPFLEET_EIGHT_TIMES(8), EPFLEET_EIGHT_TIMES(16),
                                                    EPFLEET_EIGHT_TIMES(kNoScore)};
#undef EPFLEET_EIGHT_TIMES

inline const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

// Two vectors a turn: the place within it is or-ed to the second's scores before the less of both
// gets its lane's. REQUIRES: size >= 8.
template <class Scores>
EPFLEET_AVX2 std::int32_t least_packed_by_eights(int size, const Scores& given) {
  const typename Scores::Eights scores(given);
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const auto* places_in_turn = reinterpret_cast<const __m256i*>(places_of_turn);
  const __m256i second = _mm256_load_si256(places_in_turn),
                turn = _mm256_load_si256(places_in_turn + 1);
  __m256i best = _mm256_load_si256(places_in_turn + 2);
  __m256i places = lanes;
  int i = 0;
  for (; i + 16 <= size; i += 16) {
    const __m256i less = _mm256_min_epi32(scores.at(i), _mm256_or_si256(scores.at(i + 8), second));
    best = _mm256_min_epi32(best, _mm256_or_si256(less, places));
    places = _mm256_add_epi32(places, turn);
  }
  while (i < size) {  // the last eight may have been looked at before
    i = std::min(i, size - 8);
    places = _mm256_add_epi32(lanes, _mm256_set1_epi32(i));
    best = _mm256_min_epi32(best, _mm256_or_si256(scores.at(i), places));
    i += 8;
  }
  __m128i least = _mm_min_epi32(_mm256_castsi256_si128(best), _mm256_extracti128_si256(best, 1));
  least = _mm_min_epi32(least, _mm_shuffle_epi32(least, 0x4e));
  least = _mm_min_epi32(least, _mm_shuffle_epi32(least, 0xb1));
  return _mm_cvtsi128_si32(least);
}
#endif

}  // namespace epfleet::policy
