#include "epfleet/serving/finish_calendar.h"

#include <algorithm>
#include <iterator>

#include "epfleet/base/error.h"

namespace epfleet::serving {

FinishCalendar::FinishCalendar(std::int64_t longest_stay)
    : later_(static_cast<std::size_t>(longest_stay) / kSpan + 2) {}

void FinishCalendar::take(std::uint32_t step, std::vector<RequestSlot>& finished) {
  if (span_of(step) != span_) {
    span_ = span_of(step);
    std::vector<Entry>& begun = later_[span_ % later_.size()];
    for (const Entry& entry : begun) {
      steps_[entry.step % kSpan].push_back(entry.finisher);
    }
    begun.clear();
  }
  std::vector<Finisher>& now = steps_[step % kSpan];
  std::transform(now.rbegin(), now.rend(), std::back_inserter(finished),
                 [](const Finisher& finisher) { return finisher.slot; });
  now.clear();
}

void FinishCalendar::remove(std::uint32_t step, RequestSlot slot) {
  if (span_of(step) == span_) {
    const std::size_t removed = std::erase_if(
        steps_[step % kSpan], [slot](const Finisher& finisher) { return finisher.slot == slot; });
    EPFLEET_CHECK(removed == 1, "a decoding request is listed at its last step");
    return;
  }
  const std::size_t removed =
      std::erase_if(later_[span_of(step) % later_.size()],
                    [slot](const Entry& entry) { return entry.finisher.slot == slot; });
  EPFLEET_CHECK(removed == 1, "a decoding request is listed at its last step");
}

void FinishCalendar::clear() {
  for (std::vector<Finisher>& step : steps_) {
    step.clear();
  }
  for (std::vector<Entry>& span : later_) {
    span.clear();
  }
}

}  // namespace epfleet::serving
