// Work that is done once per session class, half of the classes on the worker if there is one:
// the same results either way.
#pragma once

#include "epfleet/base/worker.h"
#include "epfleet/workload/config.h"

namespace epfleet::sessions {

// Calls `work(class)` for every class; calls for different classes must not share what they write.
template <class Work>
void for_each_class(base::Worker* worker, const Work& work) {
  // About equal work: agents have the longest paths, API sessions the shortest.
  base::Worker::both(
      worker,
      [&] {
        work(workload::SessionClass::Agent);
        work(workload::SessionClass::Api);
      },
      [&] {
        work(workload::SessionClass::ChatR1);
        work(workload::SessionClass::ChatV3);
      });
}

}  // namespace epfleet::sessions
