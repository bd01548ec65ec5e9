#include "epfleet/experiment/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "epfleet/experiment/run_case.h"
#include "epfleet/text/quote.h"

namespace epfleet::experiment {
namespace {

// The jobs that are left, handed out in order, one to each worker that asks.
class Workers {
 public:
  Workers(const SweepJobs& sweep, const CaseStore& store, const SweepOptions& options)
      : sweep_(sweep), store_(store), options_(options) {
    for (const SweepJob& job : sweep.jobs) {
      if (job.index % options.shards == options.shard) {
        take_or_keep(job);
      }
    }
  }

  SweepProgress run() {
    tell();
    {
      std::vector<std::jthread> threads;
      const std::size_t workers = std::min<std::size_t>(options_.workers, left_.size());
      progress_.workers = std::max<std::size_t>(workers, 1);
      for (std::size_t i = 1; i < workers; ++i) {
        threads.emplace_back([this] { work(); });
      }
      work();
    }
    if (trouble_) {
      std::rethrow_exception(trouble_);
    }
    return progress_;
  }

 private:
  void take_or_keep(const SweepJob& job) {
    ++progress_.jobs;
    const std::optional<CaseResult> stored = options_.resume ? store_.get(job) : std::nullopt;
    if (stored && stored->status != CaseStatus::Failed) {
      ++progress_.kept;
      ++progress_.done;
    } else {
      left_.push_back(&job);
    }
  }

  void work() {
    try {
      while (const SweepJob* job = next()) {
        const auto begun = std::chrono::steady_clock::now();
        const std::optional<CaseResult> result = run_case(*job, sweep_.sweep, options_.stop);
        if (!result) {
          return;
        }
        store_.put(*job, *result);
        count(*result, std::chrono::steady_clock::now() - begun);
      }
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      trouble_ = trouble_ ? trouble_ : std::current_exception();
      next_ = left_.size();  // the others end with what they have begun
    }
  }

  const SweepJob* next() {
    const std::scoped_lock lock(mutex_);
    const bool stopped = options_.stop != nullptr && options_.stop->load();
    return stopped || next_ >= left_.size() ? nullptr : left_[next_++];
  }

  void count(const CaseResult& result, std::chrono::duration<double> took) {
    const std::scoped_lock lock(mutex_);
    progress_.busy += took;
    ++progress_.done;
    progress_.failed += result.status == CaseStatus::Failed ? 1 : 0;
    tell();
  }

  void tell() const {
    if (options_.progress) {
      options_.progress(progress_);
    }
  }

  const SweepJobs& sweep_;
  const CaseStore& store_;
  const SweepOptions& options_;
  std::vector<const SweepJob*> left_;
  std::mutex mutex_;  // of what follows
  std::size_t next_ = 0;
  SweepProgress progress_;
  std::exception_ptr trouble_;
};

}  // namespace

SweepProgress run_sweep(const SweepJobs& sweep, const CaseStore& store,
                        const SweepOptions& options) {
  return Workers(sweep, store, options).run();
}

SweepResults stored_results(const SweepJobs& sweep, const CaseStore& store) {
  SweepResults results;
  for (const SweepJob& job : sweep.jobs) {
    results.push_back(store.get(job));
  }
  return results;
}

std::string sweep_csv(const SweepJobs& sweep, const SweepResults& results) {
  std::vector<std::string> names = sweep.keys;
  names.insert(names.end(), sweep.metrics.begin(), sweep.metrics.end());
  std::string csv = fmt::format("case_id,replicate,seed,{},case,status\n", fmt::join(names, ","));
  for (const SweepJob& job : sweep.jobs) {
    const std::optional<CaseResult>& result = results[job.index];
    if (!result) {
      continue;
    }
    csv += fmt::format("{},{},{}", job.case_id, job.replicate, job.seed);
    for (const std::string& value : job.key_values) {
      csv += "," + text::csv_field(value);
    }
    for (const std::string& metric : sweep.metrics) {
      const auto value = result->metrics.find(metric);
      csv += "," + (value == result->metrics.end() ? "" : value->second);
    }
    csv += fmt::format(",{},{}\n", text::csv_field(job.case_name), name_of(result->status));
  }
  return csv;
}

}  // namespace epfleet::experiment
