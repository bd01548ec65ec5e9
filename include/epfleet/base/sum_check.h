// Sums that are kept as things change, against the same sums made anew: what --check-sums and tests
// ask of every module. A module has one function, check_sums(SumCheck&), that makes each of its
// kept sums from scratch and gives both here; the first pair that differs is remembered, with its
// place.
// Compared exactly: what is kept is integers, or doubles of whole and half numbers below 2^53.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epfleet/base/token_parts.h"

namespace epfleet::base {

class SumCheck {
 public:
  // What is checked as long as this lives belongs there: "decode unit 3", "GPU 17".
  class Place {
   public:
    explicit Place(SumCheck& check) : check_(check) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { check_.places_.pop_back(); }

   private:
    SumCheck& check_;
  };
  // `what` must outlive the place.
  [[nodiscard]] Place at(const char* what, std::optional<std::uint64_t> index = std::nullopt) {
    places_.emplace_back(what, index);
    return Place(*this);
  }

  template <class Kept, class Anew>
  void equal(const char* sum, const Kept& kept, const Anew& anew) {
    if (!same(kept, anew)) [[unlikely]] {
      differ(sum, "is", printed(kept), "made anew it is", printed(anew));
    }
  }
  // A part of it can be made anew only.
  template <class Kept, class Part>
  void at_least(const char* sum, const Kept& kept, const Part& part) {
    if (less(kept, part)) [[unlikely]] {
      differ(sum, "is", printed(kept), "a part of it alone is", printed(part));
    }
  }
  // Of order and places: "the calendar is sorted".
  void holds(const char* law, bool does) {
    if (!does) [[unlikely]] {
      differ(law, "does not hold", "", "", "");
    }
  }

  // "decode unit 3, GPU 17: KV on it is 12 tokens, made anew it is 13 tokens"; none: all agree.
  [[nodiscard]] const std::optional<std::string>& difference() const { return difference_; }

 private:
  template <class A, class B>
  static bool same(const A& a, const B& b) {
    if constexpr (std::integral<A> && std::integral<B> && !std::same_as<A, bool>) {
      return std::cmp_equal(a, b);
    } else {
      return a == b;
    }
  }
  template <class A, class B>
  static bool less(const A& a, const B& b) {
    if constexpr (std::integral<A> && std::integral<B>) {
      return std::cmp_less(a, b);
    } else {
      return a < b;
    }
  }
  static std::string printed(TokenParts tokens);
  static std::string printed(double number);
  template <std::integral Number>
  static std::string printed(Number number) {
    return std::to_string(number);
  }

  void differ(const char* sum, const char* is, const std::string& kept, const char* but,
              const std::string& anew);

  std::vector<std::pair<const char*, std::optional<std::uint64_t>>> places_;
  std::optional<std::string> difference_;
};

}  // namespace epfleet::base
