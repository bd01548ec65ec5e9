// Results of single cases, one small file each, so that a sweep can be killed at any moment and go
// on, and so that shards on many machines can share a folder.
// A file is written aside and renamed, and ends with a hash of itself: what is there is whole. It
// is trusted only when the same program made it of the same scenario, seed and input files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "epfleet/experiment/sweep_jobs.h"
#include "epfleet/report/metric_values.h"

namespace epfleet::experiment {

enum class CaseStatus {
  Ok,
  Unstable,  // a queue grew over the whole window: its means depend on the window's length
  Below,     // search: even the lowest value misses the objectives
  Above,     // search: even the highest value meets them
  Failed,
};
[[nodiscard]] std::string_view name_of(CaseStatus status);
[[nodiscard]] std::optional<CaseStatus> status_of(std::string_view name);

struct CaseResult {
  CaseStatus status = CaseStatus::Ok;
  std::string message;  // why it failed or is unstable; one line
  report::MetricValues metrics;
};

class CaseStore {
 public:
  // Makes the folder, or opens one that a sweep has made. Throws InputError for any other folder,
  // MachineError when nothing can be written. `program`: what made the results, see program_hash().
  CaseStore(const std::filesystem::path& folder, std::string program);

  // Throws MachineError.
  void put(const SweepJob& job, const CaseResult& result) const;
  // None: not there, not whole, or made of something else.
  [[nodiscard]] std::optional<CaseResult> get(const SweepJob& job) const;

  // Replaces a file of the folder in one step. Throws MachineError.
  void write(std::string_view name, std::string_view content) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::string program_;
};

// The text of a case file, and back.
[[nodiscard]] std::string case_text(const SweepJob& job, const std::string& program,
                                    const CaseResult& result);
[[nodiscard]] std::optional<CaseResult> case_from(const std::string& text, const SweepJob& job,
                                                  const std::string& program);

// Hash of this program's file: results of another build are not taken for its own.
[[nodiscard]] std::string program_hash();

}  // namespace epfleet::experiment
