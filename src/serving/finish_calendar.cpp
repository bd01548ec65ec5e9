#include "epfleet/serving/finish_calendar.h"

#include <algorithm>
#include <bit>

#include "epfleet/base/error.h"

namespace epfleet::serving {

FinishCalendar::FinishCalendar(std::int64_t longest_stay, std::pmr::memory_resource* memory)
    : last_place_(std::bit_ceil(static_cast<std::uint32_t>(longest_stay) / kSpan + 2) - 1),
      steps_(kSpan, memory),
      later_(std::size_t{last_place_} + 1, memory) {}

FinishCalendar::List& FinishCalendar::take(std::uint32_t step) {
  if (span_of(step) != span_) {
    List& begun = list_of(span_of(step));
    span_ = span_of(step);
    for (const Finisher& finisher : begun) {
      steps_[finisher.step].push_back(finisher);
    }
    // Its memory goes, too: it would come round again after half an hour, cold. (`= {}` keeps it.)
    begun = List(begun.get_allocator());
  }
  return steps_[step % kSpan];
}

void FinishCalendar::remove(std::uint32_t step, RequestSlot slot) {
  List& list = span_of(step) == span_ ? steps_[step % kSpan] : list_of(span_of(step));
  const std::size_t removed =
      std::erase_if(list, [slot](const Finisher& finisher) { return finisher.slot == slot; });
  EPFLEET_CHECK(removed == 1, "a decoding request is listed at its last step");
}

std::size_t FinishCalendar::room() const {
  std::size_t room = 0;
  for (const List& step : steps_) {
    room += step.capacity();
  }
  for (const List& span : later_) {
    room += span.capacity();
  }
  return room;
}

void FinishCalendar::clear() {
  for (List& step : steps_) {
    step.clear();
  }
  for (List& span : later_) {
    span.clear();
  }
}

}  // namespace epfleet::serving
