#include "epfleet/report/result_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"

namespace epfleet::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view doing, const fs::path& path, int error) {
  throw base::MachineError(fmt::format("{} {}: {}", doing, path.string(), std::strerror(error)));
}

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

// The hidden sibling of `target` for this process: ".NAME.KIND-PID".
fs::path sibling(const fs::path& target, std::string_view kind) {
  return target.parent_path() /
         fmt::format(".{}.{}-{}", target.filename().string(), kind, ::getpid());
}

// An absolute path without a trailing slash; a link to a result folder means the folder it points
// to.
fs::path settled(const fs::path& target) {
  std::error_code error;
  // Made absolute first: a relative path of which nothing exists would stay relative.
  fs::path path = fs::weakly_canonical(fs::absolute(target), error);
  if (error) {
    path = fs::absolute(target).lexically_normal();
  }
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

bool is_result_folder(const fs::path& folder) {
  std::ifstream file(folder / "summary.json", std::ios::binary);
  if (!file) {
    return false;
  }
  const auto summary = nlohmann::json::parse(file, nullptr, false);
  if (!summary.is_object() || !summary.contains("schema") || !summary.contains("scenario")) {
    return false;
  }
  const auto& schema = summary["schema"];
  const auto& scenario = summary["scenario"];
  return schema.is_number_integer() && schema.get<std::int64_t>() >= 1 &&
         schema.get<std::int64_t>() <= kSummarySchema && scenario.is_object() &&
         scenario.contains("fingerprint");
}

bool holds_file(const fs::path& folder, std::string_view name) {
  std::error_code error;
  return fs::exists(folder / name, error);
}

void refuse_foreign_folder(const fs::path& folder, bool ours, std::string_view what) {
  std::error_code error;
  if (ours || !fs::exists(folder, error)) {
    return;
  }
  const bool is_folder = fs::is_directory(folder, error);
  if (is_folder && fs::is_empty(folder, error)) {
    return;
  }
  throw base::InputError(
      {.file = folder.string(),
       .key = "--out",
       .what = is_folder
                   ? fmt::format("the folder holds something else than {}; it is left alone", what)
                   : "exists and is not a folder",
       .remedy = "name another folder, or remove this one yourself"});
}

void write_into_folder(const fs::path& folder, std::string_view name, std::string_view content) {
  std::error_code error;
  fs::create_directories(folder, error);  // what went wrong shows when the file is written
  text::replace_file(folder / name, content);
}

ResultFolder::ResultFolder(const fs::path& target)
    : target_(settled(target)), staging_(sibling(target_, "partial")) {
  refuse_foreign_folder(target_, is_result_folder(target_), "an epfleet result");
  std::error_code error;
  for (fs::path parent = target_.parent_path();
       parent.has_relative_path() && !fs::exists(parent, error); parent = parent.parent_path()) {
    made_.push_back(parent);
  }
  fs::create_directories(target_.parent_path(), error);
  if (error) {
    fail("cannot create", target_.parent_path(), error.value());
  }
  fs::remove_all(staging_, error);  // of a process that died and had this number
  if (!fs::create_directory(staging_, error)) {
    fail("cannot create", staging_, error.value());
  }
}

ResultFolder::~ResultFolder() {
  if (!committed_) {
    std::error_code ignored;  // a failing machine is already being reported
    fs::remove_all(staging_, ignored);
    for (const fs::path& parent : made_) {
      fs::remove(parent, ignored);  // only what is empty goes
    }
  }
}

fs::path ResultFolder::path_of(std::string_view name) const { return staging_ / name; }

void ResultFolder::write(std::string_view name, std::string_view content) {
  text::write_file(path_of(name), content);
}

void ResultFolder::commit() {
  EPFLEET_CHECK(!committed_, "a result folder is committed once");
  refuse_foreign_folder(target_, is_result_folder(target_),
                        "an epfleet result");  // it may have appeared while the run took its time
  for (const auto& entry : fs::directory_iterator(staging_)) {
    text::flush_to_disk(entry.path());
  }
  text::flush_to_disk(staging_);

  std::error_code error;
  if (!fs::exists(target_, error)) {
    text::rename_or_fail(staging_, target_);
  } else if (!exchanged(staging_, target_)) {
    replace_in_two_steps(staging_, target_, sibling(target_, "old"));
  }
  committed_ = true;
  text::flush_to_disk(target_.parent_path());
  // What may stay of the old result is a hidden folder, not a wrong result.
  fs::remove_all(staging_, error);
  fs::remove_all(sibling(target_, "old"), error);
}

}  // namespace epfleet::report
