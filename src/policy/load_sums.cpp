#include <algorithm>

#include "epfleet/policy/loads.h"

namespace epfleet::policy {
namespace {

void check_list(const OpenCandidates& open, std::span<const std::uint32_t> shown,
                base::SumCheck& check) {
  const std::vector<std::uint32_t>& list = open.list();
  check.holds("the list of those that are open is ascending, each once",
              std::ranges::adjacent_find(list, std::greater_equal<>()) == list.end());
  check.holds("the view shows the list of those that are open",
              shown.data() == list.data() && shown.size() == list.size());
}

}  // namespace

void PrefillLoads::check_sums(base::SumCheck& check) const {
  check_list(open_, view_.open, check);
  Load total;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto place = check.at("candidate", i);
    const bool open = open_.is_open(static_cast<std::uint32_t>(i));
    const Load load = i < exact_.size() ? exact_[i] : Load{};
    const float closed = open ? 0.0F : kInfinity;
    check.equal("tokens shown", tokens_[i], static_cast<float>(load.tokens) + closed);
    check.equal("attention pairs shown", pairs_[i], static_cast<float>(load.pairs) + closed);
    if (i < exact_.size()) {
      check.equal("what is added to hide it", closed_[i], closed);
    }
    total.tokens += load.tokens;
    total.pairs += load.pairs;
  }
  check.equal("tokens of all candidates", total_.tokens, total.tokens);
  check.equal("attention pairs of all candidates", total_.pairs, total.pairs);
}

void DecodeLoads::check_sums(base::SumCheck& check) const {
  check_list(open_, view_.open, check);
  double requests = 0.0, kv = 0.0;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const auto place = check.at("candidate", i);
    const bool open = open_.is_open(static_cast<std::uint32_t>(i));
    const Load load = i < exact_.size() ? exact_[i] : Load{};
    const auto its_requests = static_cast<double>(load.requests);
    const auto its_kv = static_cast<double>(load.kv.count());
    check.holds("it is marked as it is listed", load.open == open);
    check.equal("requests shown", requests_[i], open ? its_requests : DecodeUnitView::kClosed);
    check.equal("parts of KV tokens shown", kv_[i], open ? its_kv : DecodeUnitView::kClosed);
    requests += open ? its_requests : 0.0;
    kv += open ? its_kv : 0.0;
  }
  check.equal("requests of those that are open", view_.requests_total, requests);
  check.equal("parts of KV tokens of those that are open", view_.kv_total, kv);
}

}  // namespace epfleet::policy
