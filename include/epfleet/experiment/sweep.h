// Runs the cases of a sweep: several at a time, each on one thread of this process.
// Threads rather than processes: whatever a case can do wrong is an exception, its result is stored
// the moment it is there, and should the whole process die, --resume goes on from what is stored.
// A shard is every N-th job; shards on other machines share the folder, or their `cases` are copied
// together, and a merge makes the table.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/experiment/case_store.h"
#include "epfleet/experiment/sweep_jobs.h"

namespace epfleet::experiment {

struct SweepProgress {
  std::size_t jobs = 0;  // of this call
  std::size_t kept = 0;  // of them stored before it
  std::size_t done = 0;  // kept ones included
  std::size_t workers = 1;
  // Wall time that workers have spent on the cases that are done, one after another.
  std::chrono::duration<double> busy{};
  std::size_t failed = 0;  // of those done
};

struct SweepOptions {
  unsigned workers = 1;
  bool resume = false;  // keep stored results; failed cases are tried again
  std::size_t shard = 0, shards = 1;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(const SweepProgress&)> progress;  // called from one thread at a time
};

// By job; none where nothing is known yet.
using SweepResults = std::vector<std::optional<CaseResult>>;

// Runs what is not stored and stores it. Throws MachineError when a result cannot be stored.
SweepProgress run_sweep(const SweepJobs& sweep, const CaseStore& store,
                        const SweepOptions& options);

[[nodiscard]] SweepResults stored_results(const SweepJobs& sweep, const CaseStore& store);

// sweep.csv: a row for each job, in order; rows of unknown results are left out.
[[nodiscard]] std::string sweep_csv(const SweepJobs& sweep, const SweepResults& results);

}  // namespace epfleet::experiment
