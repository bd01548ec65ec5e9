// Work that is done once per session class, shared with the worker if there is one: the same
// results either way.
#pragma once

#include <array>
#include <atomic>
#include <type_traits>

#include "epfleet/base/worker.h"
#include "epfleet/workload/config.h"

namespace epfleet::sessions {

// `work(class)` of every class; calls for different classes must not share what they write.
template <class Work>
auto per_class(base::Worker* worker, const Work& work) {
  using Class = workload::SessionClass;
  std::array<std::invoke_result_t<Work, Class>, workload::kSessionClasses> results;
  std::atomic<int> left = workload::kSessionClasses;  // backwards: agents take the longest
  const auto take_part = [&] {
    for (int c = --left; c >= 0; c = --left) {
      results[static_cast<std::size_t>(c)] = work(static_cast<Class>(c));
    }
  };
  base::Worker::both(worker, take_part, take_part);
  return results;
}

}  // namespace epfleet::sessions
