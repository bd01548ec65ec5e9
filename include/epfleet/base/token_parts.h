// Tokens in whole 1/256: what decode counts in. A step emits a fraction of a token beside the whole
// one (accepted drafts), and sums of k steps x rate must stay exact, so that a day can be advanced
// by sums and compared to the last bit. Trivial: a vector of them is a vector of integers, and
// loops over it vectorise.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace epfleet::base {

template <class Rep>
class BasicTokenParts {
 public:
  constexpr BasicTokenParts() = default;
  constexpr explicit BasicTokenParts(Rep parts) : parts_(parts) {}
  // Widens.
  template <class Narrow>
    requires(sizeof(Narrow) < sizeof(Rep))
  constexpr BasicTokenParts(BasicTokenParts<Narrow> narrow) : parts_(narrow.count()) {}
  [[nodiscard]] static constexpr BasicTokenParts from_tokens(Rep tokens) {
    return BasicTokenParts(tokens * kPerToken);
  }
  // REQUIRES: 0 <= tokens, in the range.
  [[nodiscard]] static constexpr BasicTokenParts round_down(double tokens) {
    return BasicTokenParts(static_cast<Rep>(tokens * kPerToken));
  }
  [[nodiscard]] static constexpr BasicTokenParts nearest(double tokens) {
    return BasicTokenParts(static_cast<Rep>(tokens * kPerToken + 0.5));
  }
  [[nodiscard]] static constexpr BasicTokenParts max() {
    return BasicTokenParts(std::numeric_limits<Rep>::max());
  }

  [[nodiscard]] constexpr Rep count() const { return parts_; }
  [[nodiscard]] constexpr Rep whole_tokens() const { return parts_ >> kBits; }
  [[nodiscard]] constexpr double tokens() const {
    return static_cast<double>(parts_) / static_cast<double>(kPerToken);
  }
  explicit constexpr operator double() const { return tokens(); }

  constexpr BasicTokenParts& operator+=(BasicTokenParts other) {
    parts_ += other.parts_;
    return *this;
  }
  constexpr BasicTokenParts& operator-=(BasicTokenParts other) {
    parts_ -= other.parts_;
    return *this;
  }
  friend constexpr BasicTokenParts operator+(BasicTokenParts a, BasicTokenParts b) {
    return a += b;
  }
  friend constexpr BasicTokenParts operator-(BasicTokenParts a, BasicTokenParts b) {
    return a -= b;
  }
  friend constexpr BasicTokenParts operator*(BasicTokenParts a, Rep factor) {
    return BasicTokenParts(a.parts_ * factor);
  }
  // The ratio of two is a plain number.
  friend constexpr double operator/(BasicTokenParts a, BasicTokenParts b) {
    return static_cast<double>(a.parts_) / static_cast<double>(b.parts_);
  }
  friend constexpr auto operator<=>(BasicTokenParts, BasicTokenParts) = default;
  // Beside <=>, so that maxima of GCC 12 vectorise.
  friend constexpr bool operator<(BasicTokenParts a, BasicTokenParts b) {
    return a.parts_ < b.parts_;
  }

 private:
  static constexpr int kBits = 8;
  static constexpr Rep kPerToken = Rep{1} << kBits;

  Rep parts_{};
};

using TokenParts = BasicTokenParts<std::int64_t>;
using TokenParts32 = BasicTokenParts<std::int32_t>;  // up to 8.3 M tokens: what a GPU can hold

}  // namespace epfleet::base
