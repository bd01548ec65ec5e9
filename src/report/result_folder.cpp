#include "epfleet/report/result_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"
#include "folder_moves.h"

namespace epfleet::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view doing, const fs::path& path, int error) {
  throw base::MachineError(fmt::format("{} {}: {}", doing, path.string(), std::strerror(error)));
}

// An absolute path without a trailing slash; a link to a result folder means the folder it points
// to.
fs::path settled(const fs::path& target) {
  std::error_code error;
  // Made absolute first: a relative path of which nothing exists would stay relative.
  fs::path path = fs::weakly_canonical(text::behind_links(fs::absolute(target)), error);
  if (error) {
    path = fs::absolute(target).lexically_normal();
  }
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

std::optional<StoredResult> stored_result(const fs::path& folder) {
  const auto text = text::read_if_any(folder / "summary.json");
  const auto summary = nlohmann::json::parse(text.value_or(""), nullptr, false);
  try {
    const auto& schema = summary.at("schema");  // a number of 70 digits would not fit
    if (!schema.is_number_integer() || schema.get<std::int64_t>() < 1 ||
        schema.get<std::int64_t>() > kSummarySchema) {
      return std::nullopt;
    }
    return StoredResult{summary.at("scenario").at("fingerprint").get<std::string>(),
                        summary.value("partial", false)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;  // another program's, or cut
  }
}

bool is_result_folder(const fs::path& folder) { return stored_result(folder).has_value(); }

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

void require_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    fail("cannot create", folder, error.value());
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    fail("cannot write into", folder, errno);
  }
}

void write_into_folder(const fs::path& folder, std::string_view name, std::string_view content) {
  std::error_code error;
  fs::create_directories(folder, error);  // what went wrong shows when the file is written
  text::replace_file(folder / name, content);
}

ResultFolder::ResultFolder(const fs::path& target, ResultOwner owner)
    : owner_(std::move(owner)),
      target_(settled(target)),
      staging_(text::sibling(target_, "partial")) {
  std::ranges::for_each(text::dead_siblings(target_, "partial"), remove_own_files);
  std::ranges::for_each(text::dead_siblings(target_ / "result", "partial"), remove_own_files);
  check_target();
  std::error_code error;
  for (fs::path parent = target_.parent_path();
       parent.has_relative_path() && !fs::exists(parent, error); parent = parent.parent_path()) {
    made_.push_back(parent);
  }
  fs::create_directories(target_.parent_path(), error);
  if (error) {
    fail("cannot create", target_.parent_path(), error.value());
  }
  remove_own_files(staging_);  // of a process that died and had this number
  if (!fs::create_directory(staging_, error)) {
    const fs::path within = staging_within(target_);
    std::error_code ignored;  // the first failure is told
    if (!fs::create_directory(within, ignored)) {
      fail("cannot create", staging_, error.value());
    }
    staging_ = within;
  }
}

ResultFolder::~ResultFolder() {
  if (!committed_) {
    std::error_code ignored;  // a failing machine is already being reported
    remove_own_files(staging_);
    for (const fs::path& parent : made_) {
      fs::remove(parent, ignored);  // only what is empty goes
    }
  }
}

fs::path ResultFolder::path_of(std::string_view name) const { return staging_ / name; }

void ResultFolder::write(std::string_view name, std::string_view content) {
  text::write_file(path_of(name), content);
}

void ResultFolder::check_target() const {
  std::error_code error;
  if (fs::is_symlink(target_, error)) {
    throw base::InputError({.file = target_.string(),
                            .key = "--out",
                            .what = "is a link that leads back to itself",
                            .remedy = "name another folder"});
  }
  const std::optional<StoredResult> old = stored_result(target_);
  const bool holds_staging = staging_.parent_path() == target_ && users_files(target_).size() == 1;
  refuse_foreign_folder(target_, old.has_value() || holds_staging, "an epfleet result");
  if (old && !owner_.force && !owner_.fingerprint.empty() &&
      old->fingerprint != owner_.fingerprint) {
    throw base::InputError(
        {.file = target_.string(),
         .key = "--out",
         .what = "the folder holds the result of another scenario; it is left alone",
         .remedy = "name another folder with --out, or replace this result with --force"});
  }
}

bool ResultFolder::commit(bool partial) {
  EPFLEET_CHECK(!committed_, "a result folder is committed once");
  try {
    check_target();  // something may have appeared there while the run took its time
  } catch (const base::InputError& refusal) {
    keep_aside(refusal);
  }
  const std::optional<StoredResult> old = stored_result(target_);
  const bool beside = partial && old && !old->partial;
  if (beside) {
    target_ += ".partial";
    refuse_foreign_folder(target_, is_result_folder(target_), "an epfleet result");
  }
  for (const auto& entry : fs::directory_iterator(staging_)) {
    text::flush_to_disk(entry.path());
  }
  text::flush_to_disk(staging_);
  put_in_place(staging_, target_);
  committed_ = true;
  text::flush_to_disk(target_.parent_path());
  remove_own_files(staging_);  // if it holds the old result now
  return beside;
}

void ResultFolder::keep_aside(const base::InputError& refusal) {
  base::Problem problem = refusal.problems().front();
  fs::path kept = target_;
  kept += fmt::format(".kept-{}", ::getpid());
  move_folder(staging_, kept);
  committed_ = true;
  problem.remedy = fmt::format("the finished result is kept in {}", kept.string());
  throw base::InputError(problem);
}

}  // namespace epfleet::report
