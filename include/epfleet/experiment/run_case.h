// One case of a sweep in one replicate: a single run, or a search over runs.
#pragma once

#include <atomic>
#include <optional>

#include "epfleet/experiment/case_store.h"
#include "epfleet/experiment/sweep_jobs.h"

namespace epfleet::experiment {

// On the calling thread alone, so that as many cases run at a time as there are cores. What goes
// wrong in the case is its result (Failed); none: `stop` became true.
[[nodiscard]] std::optional<CaseResult> run_case(const SweepJob& job, const SweepFile& sweep,
                                                 const std::atomic<bool>* stop);

// The numbers of one finished run, marked unstable if it did not keep up.
[[nodiscard]] CaseResult result_of(const report::RunReport& report);

// A value as --set takes it: at most six digits, whole where the key is.
[[nodiscard]] std::string plain_number(double value);

}  // namespace epfleet::experiment
