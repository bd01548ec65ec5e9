// A sweep spelled out: every case in every replicate, in the order of the table.
// Modelled: replicate r takes the scenario's seed + r in every case, so that cases are compared
//   under common random numbers (the draws of the workload do not depend on policies, see
//   base/random.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/config/loader.h"
#include "epfleet/config/scenario.h"
#include "epfleet/experiment/sweep_file.h"

namespace epfleet::experiment {

struct SweepJob {
  std::size_t index = 0;  // in the sweep; shards count by it
  std::size_t case_index = 0;
  std::string case_id;    // the scenario's fingerprint: 16 hexadecimal digits
  std::string case_name;  // may be empty
  std::int64_t replicate = 0;
  std::uint64_t seed = 0;
  std::vector<std::string> key_values;               // of SweepJobs::keys
  std::vector<config::Override> overrides;           // without the seed
  std::shared_ptr<const config::Scenario> scenario;  // without the seed; none: refused
  std::string refusal;                               // why
  // Of all that decides the result: the complete scenario, its seed, the files it names, the
  // search.
  std::string identity;
};

struct SweepJobs {
  SweepFile sweep;
  std::vector<std::string> keys;     // that vary between cases
  std::vector<std::string> metrics;  // columns
  std::size_t cases = 0;
  std::vector<SweepJob> jobs;
};

// A case that no fleet can be built for becomes a refused job. Throws base::InputError for what is
// wrong with the sweep itself: an unknown metric, two cases that are the same scenario, not one
// case that can be run.
[[nodiscard]] SweepJobs spell_out(const SweepFile& sweep);

// What a search adds to the metrics: the highest value that met the objectives, and the lowest that
// did not.
[[nodiscard]] std::string found_metric(const SweepSearch& search);
[[nodiscard]] std::string failed_metric(const SweepSearch& search);

// What is tabulated and compared by default.
[[nodiscard]] std::vector<std::string> usual_metrics();

// Throws base::InputError, naming the nearest, unless summary.json has that number.
void require_metric(const std::string& path, const std::string& file, const std::string& key);

// All that is wrong, for a table.
[[nodiscard]] std::string one_line(const base::InputError& error);

// 16 hexadecimal digits of a text; changes whenever a byte does, for all practical purposes.
[[nodiscard]] std::string text_hash(std::string_view text);

}  // namespace epfleet::experiment
