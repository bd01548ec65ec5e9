// Which requests of a decode unit take their last step when: a calendar by step number, and with it
// the list of all that decode there.
// A request is written down when it joins and read when its last step has come, both in sequence
// with its neighbours: lists linked through the requests would cost two misses of the processor's
// cache each. Steps of the present span (128) have a list each; later spans have one list each,
// which is sorted into them when the span begins.
#pragma once

#include <algorithm>
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

  // A request and the GPU that it decodes on: a GPU's requests are found without reading them all.
  struct Finisher {
    RequestSlot slot;
    std::uint16_t gpu;
  };

  // REQUIRES: `step` is not before the next one to be taken, nor longest_stay or more after it.
  void add(std::uint32_t step, Finisher finisher) {
    if (span_of(step) == span_) {
      steps_[step % kSpan].push_back(finisher);
    } else {
      later_[span_of(step) % later_.size()].push_back({step, finisher});
    }
  }
  void remove(std::uint32_t step, RequestSlot slot);

  // Appends those whose last step is `step`, the latest added first.
  // REQUIRES: steps are taken one after the other, from 0.
  void take(std::uint32_t step, std::vector<RequestSlot>& finished);

  // Those of the step that is taken next, to fetch them from memory in time. None is missing once
  // that step can end (adds for it come before it starts), except at the first step of a span.
  [[nodiscard]] std::span<const Finisher> soon(std::uint32_t step) const {
    return span_of(step) == span_ ? std::span<const Finisher>(steps_[step % kSpan])
                                  : std::span<const Finisher>();
  }

  // Calls visit(slot) for every request that decodes on `gpu`, in no order that means anything.
  template <class Visit>
  void for_each_on(std::uint32_t gpu, const Visit& visit) const {
    const auto visit_on_gpu = [gpu, &visit](const Finisher& finisher) {
      if (finisher.gpu == gpu) {
        visit(finisher.slot);
      }
    };
    for (const std::vector<Finisher>& step : steps_) {
      std::for_each(step.begin(), step.end(), visit_on_gpu);
    }
    for (const std::vector<Entry>& span : later_) {
      for (const Entry& entry : span) {
        visit_on_gpu(entry.finisher);
      }
    }
  }

  void clear();

 private:
  static constexpr std::uint32_t kSpan = 128;
  struct Entry {
    std::uint32_t step;
    Finisher finisher;
  };
  static std::uint32_t span_of(std::uint32_t step) { return step / kSpan; }

  std::uint32_t span_ = 0;
  std::array<std::vector<Finisher>, kSpan> steps_;
  std::vector<std::vector<Entry>> later_;  // by span, in a ring
};

}  // namespace epfleet::serving
