// What is compared: variants of a scenario, each with a value of every metric for every seed.
// They come from sweep.csv (a variant is a case) or from result folders of single runs (a variant
// is a scenario; folders of one scenario with different seeds are its replicates).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epfleet/experiment/case_store.h"

namespace epfleet::experiment {

struct Observation {
  CaseStatus status = CaseStatus::Ok;
  std::map<std::string, double> values;  // by metric; absent: not measured
};

struct Variant {
  std::string name;
  std::string folder;                       // where it comes from
  std::string case_id;                      // the scenario's fingerprint
  std::map<std::string, std::string> keys;  // what distinguishes it
  std::map<std::uint64_t, Observation> by_seed;
};

struct Variants {
  std::vector<Variant> variants;
  std::vector<std::string> metrics;  // in order
};

// REQUIRES: a table that sweep_csv() made. Throws InputError when it is not.
[[nodiscard]] Variants variants_of_csv(const std::string& csv, const std::string& folder);

// Throws InputError for a folder that is neither a whole sweep nor a result. Without `metrics`:
// those of the sweeps, else the usual ones.
[[nodiscard]] Variants read_variants(const std::vector<std::string>& folders,
                                     const std::vector<std::string>& metrics);

}  // namespace epfleet::experiment
