// A source with longer or shorter prompts and answers: the same requests at the same times, as far
// as the source alone decides (in a closed loop longer answers put off the next turn).
// Modelled: every part of a prompt is scaled: templates, history and message. What of it was in the
//   session's earlier turns can hit only as far as it was there: where prompts grow more than
//   answers, the part of the history that stands for a reusable answer is partly new text, and the
//   hit ratio falls a little. Stated hits and reasoning keep their shares.
#pragma once

#include <memory>
#include <vector>

#include "epfleet/workload/config.h"
#include "epfleet/workload/source.h"

namespace epfleet::workload {

class ScaledSource final : public Source {
 public:
  ScaledSource(std::unique_ptr<Source> from, const ScaleConfig& scale);

  std::optional<base::TimePoint> next_arrival() override { return from_->next_arrival(); }
  Request take() override { return scaled(from_->take()); }
  void complete(const Request& request, base::TimePoint done) override {
    from_->complete(request, done);
  }
  base::Duration shortest_return() const override { return from_->shortest_return(); }
  bool sessions_overlap() const override { return from_->sessions_overlap(); }
  std::span<const WarmExtent> warm_extents() const override { return extents_; }
  void forget_warm_extents() override { extents_ = std::vector<WarmExtent>(); }
  std::span<const WarmTotal> warm_totals() const override { return totals_; }
  std::span<const SolvedTotal> solved_totals() const override { return from_->solved_totals(); }
  std::size_t shared_prefixes() const override { return from_->shared_prefixes(); }
  std::optional<RowAccount> rows(base::TimePoint end) const override { return from_->rows(end); }
  std::vector<std::string> notes() const override { return from_->notes(); }
  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    from_->check_sums(check, in_service);
  }

  // Requests of a session in their order.
  [[nodiscard]] Request scaled(Request request);

 private:
  std::unique_ptr<Source> from_;
  ScaleConfig scale_;
  std::vector<WarmExtent> extents_;
  std::vector<WarmTotal> totals_;
  std::vector<std::int32_t> reusable_;  // [session_slot]: of its latest request
};

}  // namespace epfleet::workload
