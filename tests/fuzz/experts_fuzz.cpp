// Loads of experts.
#include "epfleet/experts/expert_loads_csv.h"
#include "epfleet/experts/expert_popularity.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(experts) {
  fuzz::refuses(bytes, [&] {
    experts::PopularitySpec spec;
    spec.skew = experts::ExpertSkew::Observed;
    spec.loads = experts::read_expert_loads(fuzz::as_file(bytes));
    const auto width = static_cast<std::int64_t>(spec.loads.front().size());
    const double ages[] = {0.5, 2.0};
    for (const auto& at : experts::draw_popularity(spec, width, 0, ages)) {
      for (const double popularity : at) {
        fuzz::must(popularity > 0.0 && popularity < 1e300, "no popularity");
      }
    }
  });
}
