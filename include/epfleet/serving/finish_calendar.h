// Which requests of a decode unit take their last step when: a calendar by step number.
// A request is written down when it joins and read when its last step has come, both in sequence
// with its neighbours: lists linked through the requests would cost two misses of the processor's
// cache each. Steps of the present span (128) have a list each; later spans have one list each,
// which is dealt out when the span begins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

class FinishCalendar {
 public:
  // No request stays longer than `longest_stay` steps.
  explicit FinishCalendar(std::int64_t longest_stay);

  // REQUIRES: `step` is not before the next one to be taken, nor longest_stay or more after it.
  void add(std::uint32_t step, Slot slot) {
    if (span_of(step) == span_) {
      steps_[step % kSpan].push_back(slot);
    } else {
      later_[span_of(step) % later_.size()].push_back({step, slot});
    }
  }
  void remove(std::uint32_t step, Slot slot);

  // Appends those whose last step is `step`, the latest added first.
  // REQUIRES: steps are taken one after the other, from 0.
  void take(std::uint32_t step, std::vector<Slot>& finished);

  // Those of the step that is taken next, to fetch them from memory in time. None is missing once
  // that step can end (adds for it come before it starts), except at the first step of a span.
  [[nodiscard]] std::span<const Slot> soon(std::uint32_t step) const {
    return span_of(step) == span_ ? std::span<const Slot>(steps_[step % kSpan])
                                  : std::span<const Slot>();
  }

  void clear();

 private:
  static constexpr std::uint32_t kSpan = 128;
  struct Entry {
    std::uint32_t step;
    Slot slot;
  };
  static std::uint32_t span_of(std::uint32_t step) { return step / kSpan; }

  std::uint32_t span_ = 0;
  std::array<std::vector<Slot>, kSpan> steps_;
  std::vector<std::vector<Entry>> later_;  // by span, in a ring
};

}  // namespace epfleet::serving
