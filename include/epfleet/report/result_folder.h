// The folder that a run leaves behind. It is filled aside, in a hidden sibling, and takes its place
// by rename when it is complete: a reader sees the old result or the new one, whole, never a
// mixture. (Where a folder cannot be renamed, a mount point or the folder that a shell is in, its
// files are, the summary last.) As databases write a checkpoint: write, flush to disk, rename,
// flush the parent.
// Nothing of the user's is lost: files that epfleet did not write move along into the new folder, a
// partial result never replaces a whole one, and one of another scenario stays unless that is asked
// for.
// Left out: locking. Two runs into one folder both finish, and the later one stays.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::report {

inline constexpr int kSummarySchema = 1;

// Whose result a folder is meant for.
struct ResultOwner {
  std::string fingerprint;  // of the scenario, as in summary.json; empty: whoever's
  bool force = false;       // replace a result of another scenario
};

class ResultFolder {
 public:
  // Refuses early, before a long run: throws InputError when `target` exists and is neither empty
  // nor a result of epfleet, or is one of another scenario; MachineError when nothing can be
  // written beside it. Creates missing parents.
  explicit ResultFolder(const std::filesystem::path& target, ResultOwner owner = {});
  ResultFolder(const ResultFolder&) = delete;
  ResultFolder& operator=(const ResultFolder&) = delete;

  // Without commit() nothing of it stays and an old result is as it was.
  ~ResultFolder();

  // Where a file is written before commit(), for writers that stream.
  [[nodiscard]] std::filesystem::path path_of(std::string_view name) const;

  // Throws MachineError on any failure, a full disk included.
  void write(std::string_view name, std::string_view content);

  // Puts the folder in its place, replacing an old result. A partial one does not replace a whole
  // one: it goes beside it, to NAME.partial; true if so. Throws MachineError, and InputError, which
  // says where the result is kept, when the place was taken meanwhile. REQUIRES: not committed yet.
  bool commit(bool partial = false);

 private:
  void check_target() const;
  [[noreturn]] void keep_aside(const base::InputError& refusal);

  ResultOwner owner_;
  std::filesystem::path target_;
  std::filesystem::path staging_;
  std::vector<std::filesystem::path> made_;  // parents that were missing, the deepest first
  bool committed_ = false;
};

struct StoredResult {
  std::string fingerprint;  // of its scenario
  bool partial = false;
};
// None: the folder has no summary.json that epfleet wrote (this schema or an earlier one).
[[nodiscard]] std::optional<StoredResult> stored_result(const std::filesystem::path& folder);
[[nodiscard]] bool is_result_folder(const std::filesystem::path& folder);

[[nodiscard]] bool holds_file(const std::filesystem::path& folder, std::string_view name);

// Throws InputError that names --out unless `folder` is not there, empty, or `ours`; `what` is what
// it should have been ("a sweep").
void refuse_foreign_folder(const std::filesystem::path& folder, bool ours, std::string_view what);

// Makes the folder if it is missing, before work whose result it is to hold. Throws MachineError.
void require_writable_folder(const std::filesystem::path& folder);

// One file in a folder that is made if it is missing, written aside and renamed: an old one stays
// whole until the new one is. Throws MachineError.
void write_into_folder(const std::filesystem::path& folder, std::string_view name,
                       std::string_view content);

}  // namespace epfleet::report
