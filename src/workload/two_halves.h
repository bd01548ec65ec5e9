// Work that is done once per session class, half of the classes on a second thread: the same
// results with and without it.
#pragma once

#include <thread>

#include "epfleet/workload/config.h"

namespace epfleet::workload {

// Calls `work(class)` for every class; calls for different classes must not share what they write.
template <class Work>
void for_each_class(bool threads, const Work& work) {
  // About equal work: agents have the longest paths, API sessions the shortest.
  const auto half = [&] {
    work(SessionClass::Agent);
    work(SessionClass::Api);
  };
  std::jthread second;
  if (threads) {
    second = std::jthread(half);
  } else {
    half();
  }
  work(SessionClass::ChatR1);
  work(SessionClass::ChatV3);
}  // the second thread has ended here

}  // namespace epfleet::workload
