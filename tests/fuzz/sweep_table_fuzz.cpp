// sweep.csv of a sweep's folder, compared variant by variant.
#include "epfleet/experiment/comparison.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(sweep_table) {
  fuzz::refuses(bytes, [&] {
    const auto variants = experiment::variants_of_csv(std::string(bytes), "folder");
    const auto comparison = experiment::compare(variants, experiment::groups_of(variants, {}));
    (void)experiment::comparison_text(comparison, 0);
    (void)experiment::comparison_csv(comparison);
  });
}
