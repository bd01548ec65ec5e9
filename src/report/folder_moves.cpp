#include "folder_moves.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"

namespace epfleet::report {
namespace {

namespace fs = std::filesystem;

// All that epfleet ever writes into a result folder; what else is there is the user's.
constexpr std::string_view kOwnFiles[] = {
    "summary.json", "run_info.json",      "resolved.yaml",    "timeseries.csv",
    "hourly.csv",   "bench_serving.json", "requests.csv.zst", "requests.csv.gz",
    "requests.csv", "timeline.json",      "report.html",      "decisions.csv",
    "steps.json",   "distributions.csv"};

// Swaps two folders in one step, where the system and the file system can.
bool exchanged(const fs::path& a, const fs::path& b) {
#ifdef RENAME_EXCHANGE
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
#else
  (void)a, (void)b;
  return false;
#endif
}

// Elsewhere there is a moment without a result; a failure in it puts the old one back.
void replace_in_two_steps(const fs::path& from, const fs::path& to, const fs::path& aside) {
  text::rename_or_fail(to, aside);
  try {
    text::rename_or_fail(from, to);
  } catch (const base::MachineError&) {
    std::error_code ignored;  // the first failure is the one to tell of
    fs::rename(aside, to, ignored);
    throw;
  }
}

// File by file: what a shell is in, or a mount point, cannot be replaced as a whole. Without its
// summary, which comes last, no folder looks like a result.
void fill(const fs::path& target, const fs::path& staging) {
  const fs::path within = staging_within(target);
  if (staging != within) {
    move_folder(staging, within);
  }
  std::error_code ignored;
  for (const std::string_view name : kOwnFiles) {
    fs::remove(target / name, ignored);
  }
  for (auto name = std::rbegin(kOwnFiles); name != std::rend(kOwnFiles); ++name) {
    if (fs::exists(within / *name, ignored)) {
      text::rename_or_fail(within / *name, target / *name);
    }
  }
  fs::remove(within, ignored);
}

}  // namespace

std::vector<fs::path> users_files(const fs::path& folder) {
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path name = entry.path().filename();
    if (std::ranges::find(kOwnFiles, name.string()) == std::end(kOwnFiles)) {
      names.push_back(name);
    }
  }
  return names;
}

void remove_own_files(const fs::path& folder) {
  std::error_code ignored;
  for (const std::string_view name : kOwnFiles) {
    fs::remove(folder / name, ignored);
  }
  fs::remove(folder, ignored);
}

fs::path staging_within(const fs::path& target) {
  return text::sibling(target / "result", "partial");
}

void move_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) {
    return;
  }
  if (!fs::create_directory(to, error)) {
    throw base::MachineError(
        fmt::format("cannot create {}: {}", to.string(), error ? error.message() : "it is there"));
  }
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path copy = to / entry.path().filename();
    if (!fs::copy_file(entry.path(), copy, error)) {
      remove_own_files(to);
      throw base::MachineError(fmt::format("cannot write {}: {}", copy.string(), error.message()));
    }
    text::flush_to_disk(copy);
  }
  remove_own_files(from);
}

void put_in_place(const fs::path& staging, const fs::path& target) {
  std::error_code error;
  if (!fs::exists(target, error)) {
    return move_folder(staging, target);
  }
  if (staging == staging_within(target) || fs::equivalent(target, fs::current_path(error), error)) {
    return fill(target, staging);
  }
  const std::vector<fs::path> kept = users_files(target);
  const fs::path old = text::sibling(target, "old");
  try {
    for (const fs::path& name : kept) {
      text::rename_or_fail(target / name, staging / name);
    }
    if (!exchanged(staging, target)) {
      replace_in_two_steps(staging, target, old);
    }
  } catch (const base::MachineError&) {
    for (const fs::path& name : kept) {
      fs::rename(staging / name, target / name, error);
    }
    return fill(target, staging);
  }
  remove_own_files(old);  // what may stay of it is a hidden folder, not a wrong result
}

}  // namespace epfleet::report
