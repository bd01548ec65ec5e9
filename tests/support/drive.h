// Plays a service that takes exactly the expected times.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "epfleet/workload/source.h"

namespace epfleet::test {

// Takes every request before `until` and completes it after service.seconds(its output tokens).
template <class Service>
std::vector<workload::Request> drive(workload::Source& source, const Service& service,
                                     base::TimePoint until) {
  struct InService {
    base::TimePoint done;
    workload::Request request;
    bool operator>(const InService& other) const {
      return done != other.done ? done > other.done : request.id > other.request.id;
    }
  };
  std::priority_queue<InService, std::vector<InService>, std::greater<>> serving;
  std::vector<workload::Request> taken;
  while (true) {
    const auto next = source.next_arrival();
    const base::TimePoint arrival = next ? *next : until;
    if (!serving.empty() && serving.top().done <= arrival) {
      source.complete(serving.top().request, serving.top().done);
      serving.pop();
      continue;
    }
    if (arrival >= until) {
      return taken;
    }
    const workload::Request request = source.take();
    serving.push(
        {request.arrival + base::duration_from_seconds(service.seconds(request.output_tokens)),
         request});
    taken.push_back(request);
  }
}

}  // namespace epfleet::test
