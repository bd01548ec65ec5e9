// The loads that balancers look at, by unit or by GPU, and which of these take requests. Each keeps
// the view that rules get, so that a decision costs no making of one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "epfleet/base/sum_check.h"
#include "epfleet/policy/balancer.h"

namespace epfleet::policy {

// The candidates that take requests, ascending.
class OpenCandidates {
 public:
  void open(std::uint32_t candidate) {
    const auto place = std::lower_bound(list_.begin(), list_.end(), candidate);
    if (place == list_.end() || *place != candidate) {
      list_.insert(place, candidate);
    }
  }
  void close(std::uint32_t candidate) {
    const auto place = std::lower_bound(list_.begin(), list_.end(), candidate);
    if (place != list_.end() && *place == candidate) {
      list_.erase(place);
    }
  }
  void open_first(std::size_t count) {
    list_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      list_[i] = static_cast<std::uint32_t>(i);
    }
  }
  [[nodiscard]] const std::vector<std::uint32_t>& list() const { return list_; }
  [[nodiscard]] bool is_open(std::uint32_t candidate) const {
    return std::binary_search(list_.begin(), list_.end(), candidate);
  }

 private:
  std::vector<std::uint32_t> list_;
};

// The next multiple of the lanes.
template <std::size_t kLanes>
[[nodiscard]] constexpr std::size_t padded(std::size_t candidates) {
  return (candidates + kLanes - 1) / kLanes * kLanes;
}

// With their sums kept as they change. Tokens and pairs are whole numbers (or halves) far below
// 2^53, so the sums in double stay exact. All are closed at first.
class PrefillLoads {
 public:
  explicit PrefillLoads(std::size_t candidates)
      : exact_(candidates),
        closed_(candidates, kInfinity),
        tokens_(padded<PrefillView::kLanes>(candidates), kInfinity),
        pairs_(tokens_),
        view_{.open = {}, .tokens = tokens_, .attention_pairs = pairs_} {}
  PrefillLoads(PrefillLoads&&) noexcept = default;  // the view looks at what moves along
  PrefillLoads& operator=(PrefillLoads&&) noexcept = default;

  void open(std::uint32_t candidate) {
    open_.open(candidate);
    show(candidate, 0.0F);
  }
  void close(std::uint32_t candidate) {
    open_.close(candidate);
    show(candidate, kInfinity);
  }
  // No loads, all are open.
  void restart() {
    std::fill(exact_.begin(), exact_.end(), Load{});
    std::fill(closed_.begin(), closed_.end(), 0.0F);
    const auto candidates = static_cast<std::ptrdiff_t>(exact_.size());
    std::fill(tokens_.begin(), tokens_.begin() + candidates, 0.0F);
    std::fill(pairs_.begin(), pairs_.begin() + candidates, 0.0F);
    total_ = {};
    open_.open_first(exact_.size());
    view_.open = open_.list();
  }

  void set(std::size_t candidate, double tokens, double pairs) {
    add(candidate, tokens - exact_[candidate].tokens, pairs - exact_[candidate].pairs);
  }
  void add(std::size_t candidate, double tokens, double pairs) {
    Load& load = exact_[candidate];
    total_.tokens += tokens;
    total_.pairs += pairs;
    load.tokens += tokens;
    load.pairs += pairs;
    tokens_[candidate] = static_cast<float>(load.tokens) + closed_[candidate];
    pairs_[candidate] = static_cast<float>(load.pairs) + closed_[candidate];
  }
  [[nodiscard]] bool any_open() const { return !open_.list().empty(); }
  [[nodiscard]] bool is_open(std::uint32_t candidate) const { return open_.is_open(candidate); }
  [[nodiscard]] double tokens(std::size_t candidate) const { return exact_[candidate].tokens; }
  [[nodiscard]] double pairs(std::size_t candidate) const { return exact_[candidate].pairs; }
  // What is shown and the sums are as the loads are.
  void check_sums(base::SumCheck& check) const;
  [[nodiscard]] const PrefillView& view() {
    view_.tokens_total = static_cast<float>(total_.tokens);
    view_.attention_pairs_total = static_cast<float>(total_.pairs);
    return view_;
  }

 private:
  struct Load {
    double tokens = 0.0, pairs = 0.0;
  };
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
  void show(std::uint32_t candidate, float closed) {
    closed_[candidate] = closed;
    add(candidate, 0.0, 0.0);
    view_.open = open_.list();
  }

  std::vector<Load> exact_;
  std::vector<float> closed_;  // added to what is shown
  std::vector<float> tokens_, pairs_;
  Load total_;
  OpenCandidates open_;
  PrefillView view_;
};

// With their sums over those that are open. All are closed at first.
class DecodeLoads {
 public:
  explicit DecodeLoads(std::size_t units)
      : exact_(units),
        requests_(padded<DecodeUnitView::kLanes>(units), DecodeUnitView::kClosed),
        kv_(requests_),
        view_{.open = {}, .requests = requests_, .kv = kv_} {}
  DecodeLoads(DecodeLoads&&) noexcept = default;  // the view looks at what moves along
  DecodeLoads& operator=(DecodeLoads&&) noexcept = default;

  void open(std::uint32_t unit) { show(unit, true); }
  void close(std::uint32_t unit) { show(unit, false); }
  void set(std::size_t unit, std::int64_t requests, base::TokenParts kv) {
    add(unit, requests - exact_[unit].requests, kv - exact_[unit].kv);
  }
  void add(std::size_t unit, std::int64_t requests, base::TokenParts kv) {
    Load& load = exact_[unit];
    load.requests += requests;
    load.kv += kv;
    if (load.open) {
      count(requests, kv);
      requests_[unit] = static_cast<double>(load.requests);
      kv_[unit] = static_cast<double>(load.kv.count());
    }
  }
  [[nodiscard]] bool any_open() const { return !open_.list().empty(); }
  [[nodiscard]] bool is_open(std::uint32_t unit) const { return open_.is_open(unit); }
  [[nodiscard]] std::int64_t requests(std::size_t unit) const { return exact_[unit].requests; }
  [[nodiscard]] base::TokenParts kv(std::size_t unit) const { return exact_[unit].kv; }
  void check_sums(base::SumCheck& check) const;  // as that of PrefillLoads
  [[nodiscard]] const DecodeUnitView& view() const { return view_; }

 private:
  struct Load {
    std::int64_t requests = 0;
    base::TokenParts kv;
    bool open = false;
  };
  void count(std::int64_t requests, base::TokenParts kv) {
    view_.requests_total += static_cast<double>(requests);
    view_.kv_total += static_cast<double>(kv.count());
  }
  void show(std::uint32_t unit, bool open) {
    Load& load = exact_[unit];
    if (load.open == open) {
      return;
    }
    load.open = open;
    const std::int64_t sign = open ? 1 : -1;
    count(sign * load.requests, load.kv * sign);
    requests_[unit] = open ? static_cast<double>(load.requests) : DecodeUnitView::kClosed;
    kv_[unit] = open ? static_cast<double>(load.kv.count()) : DecodeUnitView::kClosed;
    open ? open_.open(unit) : open_.close(unit);
    view_.open = open_.list();
  }

  std::vector<Load> exact_;
  std::vector<double> requests_, kv_;  // as they are shown
  OpenCandidates open_;
  DecodeUnitView view_;
};

}  // namespace epfleet::policy
