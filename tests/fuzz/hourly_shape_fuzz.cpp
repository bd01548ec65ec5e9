// The hours of a day as weights.
#include "epfleet/workload/day_curve.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(hourly_shape) {
  fuzz::refuses(bytes, [&] {
    double sum = 0.0;
    for (const double weight : workload::read_hourly_shape(fuzz::as_file(bytes))) {
      fuzz::must(weight >= 0.0, "a weight below 0");
      sum += weight;
    }
    fuzz::must(sum > 23.99 && sum < 24.01, "weights that are not a day");
  });
}
