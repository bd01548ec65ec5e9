// Which requests of a decode unit take their last step when: a calendar by step number, and with it
// the list of all that decode there.
// A request is written down when it joins and read when its last step has come, both in sequence
// with its neighbours: lists linked through the requests would cost two misses of the processor's
// cache each. Steps of the present span (128) have a list each; later spans have one list each,
// which is sorted into them when the span begins.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "epfleet/serving/live_request.h"

namespace epfleet::serving {

class FinishCalendar {
 public:
  // A request, the GPU that it decodes on, and what it takes off that GPU's sums when it leaves
  // after its last step: so it need not be read for that, nor to find the requests of a GPU.
  struct Finisher {
    RequestSlot slot;
    base::TokenParts32 kv{};  // held then
    std::uint16_t gpu;
    std::uint16_t rate = 0;       // parts of a token, a step
    std::uint16_t overshoot = 0;  // of the last step, beyond the answer's end: less than the rate
    std::uint8_t payer = 0;       // whose tokens they are, as the unit counts them
    std::uint8_t step = 0;        // within its span: the calendar's own
  };
  static_assert(sizeof(Finisher) == 16);
  using List = std::pmr::vector<Finisher>;

  // No request stays longer than `longest_stay` steps. `memory`: of the lists.
  explicit FinishCalendar(std::int64_t longest_stay,
                          std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  // REQUIRES: `step` is not before the next one to be taken, nor longest_stay or more after it.
  void add(std::uint32_t step, Finisher finisher) {
    finisher.step = step % kSpan;
    (span_of(step) == span_ ? steps_[finisher.step] : list_of(span_of(step))).push_back(finisher);
  }
  // Fetches from memory where add() will write. Changes nothing.
  [[gnu::always_inline]] inline void prefetch(std::uint32_t step) const {
    const List& list = later_[place_of(span_of(step))];  // the present span's are warm
    __builtin_prefetch(list.data() + list.size(), 1);
  }
  void remove(std::uint32_t step, RequestSlot slot);

  // Those whose last step is `step`, in the order in which they were added; valid until they are
  // cleared, which the caller does. REQUIRES: steps are taken one after the other, from 0.
  [[nodiscard]] List& take(std::uint32_t step);

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
    for (const List& step : steps_) {
      std::for_each(step.begin(), step.end(), visit_on_gpu);
    }
    for (const List& span : later_) {
      std::for_each(span.begin(), span.end(), visit_on_gpu);
    }
  }

  // Calls visit(first, list) for every list: its finishers end at step first + their own, and are
  // in the order in which they were added.
  template <class Visit>
  void for_each_list(const Visit& visit) const {
    for (const List& step : steps_) {
      visit(span_ * kSpan, std::span<const Finisher>(step));
    }
    for (std::uint32_t place = 0; place < later_.size(); ++place) {
      const auto ahead = static_cast<std::uint32_t>(place_of(place - span_));
      visit((span_ + ahead) * kSpan, std::span<const Finisher>(later_[place]));
    }
  }
  // Finishers that there is memory for now.
  [[nodiscard]] std::size_t room() const;
  // Each is in the list of its step, and none has been passed. `next`: the step to be taken next.
  void check_sums(base::SumCheck& check, std::uint32_t next) const;

  void clear();

 private:
  static constexpr std::uint32_t kSpan = 128;
  static std::uint32_t span_of(std::uint32_t step) { return step / kSpan; }

  [[nodiscard]] std::size_t place_of(std::uint32_t span) const { return span & last_place_; }
  [[nodiscard]] List& list_of(std::uint32_t span) { return later_[place_of(span)]; }

  std::uint32_t span_ = 0;
  std::uint32_t last_place_;      // of the ring, whose length is a power of two
  std::pmr::vector<List> steps_;  // of span_
  std::pmr::vector<List> later_;  // by span, in a ring
};

}  // namespace epfleet::serving
