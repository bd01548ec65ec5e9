// A source that plays a trace and has something to say about how it fitted.
#pragma once

#include <string>
#include <vector>

#include "epfleet/workload/source.h"

namespace epfleet::workload {

class NotedSource : public Source {
 public:
  // What of the trace did not fit or was played otherwise, so far: one sentence each.
  [[nodiscard]] virtual std::vector<std::string> notes() const = 0;
};

}  // namespace epfleet::workload
