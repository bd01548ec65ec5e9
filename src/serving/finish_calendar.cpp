#include "epfleet/serving/finish_calendar.h"

#include <algorithm>

#include "epfleet/base/error.h"

namespace epfleet::serving {

FinishCalendar::FinishCalendar(std::int64_t longest_stay)
    : spans_(static_cast<std::size_t>(longest_stay) / kSpan + 2), later_(spans_) {}

std::vector<FinishCalendar::Finisher>& FinishCalendar::take(std::uint32_t step) {
  if (span_of(step) != span_) {
    std::vector<Finisher>& begun = list_of(span_of(step));
    at_ = static_cast<std::size_t>(&begun - later_.data());
    span_ = span_of(step);
    for (const Finisher& finisher : begun) {
      steps_[finisher.step].push_back(finisher);
    }
    // Its memory goes, too: it would come round again after half an hour, cold. (`= {}` keeps it.)
    begun = std::vector<Finisher>();
  }
  return steps_[step % kSpan];
}

void FinishCalendar::remove(std::uint32_t step, RequestSlot slot) {
  std::vector<Finisher>& list =
      span_of(step) == span_ ? steps_[step % kSpan] : list_of(span_of(step));
  const std::size_t removed =
      std::erase_if(list, [slot](const Finisher& finisher) { return finisher.slot == slot; });
  EPFLEET_CHECK(removed == 1, "a decoding request is listed at its last step");
}

std::size_t FinishCalendar::room() const {
  std::size_t room = 0;
  for (const std::vector<Finisher>& step : steps_) {
    room += step.capacity();
  }
  for (const std::vector<Finisher>& span : later_) {
    room += span.capacity();
  }
  return room;
}

void FinishCalendar::clear() {
  for (std::vector<Finisher>& step : steps_) {
    step.clear();
  }
  for (std::vector<Finisher>& span : later_) {
    span.clear();
  }
}

}  // namespace epfleet::serving
