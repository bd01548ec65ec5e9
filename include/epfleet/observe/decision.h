// What was decided about the units, or happened to one: a line of decisions.csv.
#pragma once

#include <string>

#include "epfleet/base/time.h"

namespace epfleet::observe {

struct Decision {
  base::TimePoint time;
  std::string by;   // a scaling rule by its name, "start_up" or "failures"
  std::string saw;  // what it knew
  std::string decided;
  std::string why;
};

}  // namespace epfleet::observe
