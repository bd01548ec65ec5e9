// Work that is done once per session class, half of the classes on a second thread: the same
// results with and without it.
#pragma once

#include <thread>

#include "epfleet/workload/config.h"

namespace epfleet::sessions {

// Calls `work(class)` for every class; calls for different classes must not share what they write.
template <class Work>
void for_each_class(bool threads, const Work& work) {
  // About equal work: agents have the longest paths, API sessions the shortest.
  const auto half = [&] {
    work(workload::SessionClass::Agent);
    work(workload::SessionClass::Api);
  };
  std::jthread second;
  if (threads) {
    second = std::jthread(half);
  } else {
    half();
  }
  work(workload::SessionClass::ChatR1);
  work(workload::SessionClass::ChatV3);
}  // the second thread has ended here

}  // namespace epfleet::sessions
