#include "epfleet/workload/scaled_source.h"

#include <algorithm>

namespace epfleet::workload {
namespace {

std::int32_t times(double factor, std::int32_t tokens) {
  return static_cast<std::int32_t>(factor * static_cast<double>(tokens) + 0.5);
}

}  // namespace

ScaledSource::ScaledSource(std::unique_ptr<Source> from, const ScaleConfig& scale)
    : from_(std::move(from)), scale_(scale) {
  const auto extents = from_->warm_extents();
  extents_.assign(extents.begin(), extents.end());
  for (WarmExtent& extent : extents_) {
    extent.tokens = times(scale_.input, extent.tokens);
    reusable_.resize(std::max<std::size_t>(reusable_.size(), extent.session_slot + 1));
    reusable_[extent.session_slot] = extent.tokens;
  }
  from_->forget_warm_extents();
  const auto totals = from_->warm_totals();
  totals_.assign(totals.begin(), totals.end());
  for (WarmTotal& total : totals_) {
    total.tokens = static_cast<std::int64_t>(scale_.input * static_cast<double>(total.tokens));
  }
}

Request ScaledSource::scaled(Request request) {
  PrefixIdentity& prefix = request.prefix;
  request.prompt_tokens = std::max(1, times(scale_.input, request.prompt_tokens));
  request.output_tokens = std::max(1, times(scale_.output, request.output_tokens));
  request.reasoning_tokens =
      std::min(times(scale_.output, request.reasoning_tokens), request.output_tokens);
  prefix.shared_tokens = std::min(times(scale_.input, prefix.shared_tokens), request.prompt_tokens);
  if (request.stated_cached_tokens >= 0) {
    request.stated_cached_tokens =
        std::min(times(scale_.input, request.stated_cached_tokens), request.prompt_tokens - 1);
  }
  reusable_.resize(std::max<std::size_t>(reusable_.size(), prefix.session_slot + 1));
  std::int32_t& reusable = reusable_[prefix.session_slot];
  prefix.session_tokens = std::min({times(scale_.input, prefix.session_tokens),
                                    request.prompt_tokens, prefix.first_turn ? 0 : reusable});
  reusable =
      request.prompt_tokens + (answer_is_reusable(request.variant) ? request.output_tokens : 0);
  return request;
}

}  // namespace epfleet::workload
