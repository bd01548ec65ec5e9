#include "epfleet/experiment/case_store.h"

#include <fmt/format.h>

#include <iterator>
#include <sstream>

#include "epfleet/base/error.h"
#include "epfleet/base/names.h"
#include "epfleet/report/result_folder.h"
#include "epfleet/text/files.h"
#include "epfleet/version.h"

namespace epfleet::experiment {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "epfleet_sweep";  // a folder that has it is ours
constexpr const char* kHead = "epfleet case 1";

constexpr base::Names<5> kStatusNames = {"ok", "unstable", "below", "above", "failed"};

fs::path file_of(const SweepJob& job) {
  return fs::path("cases") / fmt::format("{}-{}.case", job.case_id, job.replicate);
}

// The marker is written first, aside and renamed: a shard that starts beside this one may be at it.
// So a folder with anything more has a marker by now, or is not ours.
bool is_ours(const fs::path& folder) {
  std::error_code none;  // there is no such folder yet
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name != kMarker && !name.starts_with(fmt::format(".{}.", kMarker))) {
      return report::holds_file(folder, kMarker);
    }
  }
  return fs::is_directory(folder, none);
}

std::string without_breaks(std::string text) {
  for (char& c : text) {
    c = c == '\n' || c == '\r' ? ' ' : c;
  }
  return text;
}

}  // namespace

std::string_view name_of(CaseStatus status) { return base::name_in(kStatusNames, status); }

std::optional<CaseStatus> status_of(std::string_view name) {
  return base::value_in<CaseStatus>(kStatusNames, name);
}

std::string case_text(const SweepJob& job, const std::string& program, const CaseResult& result) {
  std::string text =
      fmt::format("{}\nprogram {}\nidentity {}\nstatus {}\nmessage {}\n", kHead, program,
                  job.identity, name_of(result.status), without_breaks(result.message));
  for (const auto& [path, value] : result.metrics) {
    text += fmt::format("metric {} {}\n", path, value);
  }
  return text + fmt::format("end {}\n", text_hash(text));
}

std::optional<CaseResult> case_from(const std::string& text, const SweepJob& job,
                                    const std::string& program) {
  const std::size_t end = text.rfind("end ");
  if (end == std::string::npos ||
      text.substr(end) != fmt::format("end {}\n", text_hash(text.substr(0, end)))) {
    return std::nullopt;
  }
  CaseResult result;
  std::istringstream lines(text.substr(0, end));
  std::string line;
  for (const std::string& expected :
       {std::string(kHead), "program " + program, "identity " + job.identity}) {
    if (!std::getline(lines, line) || line != expected) {
      return std::nullopt;
    }
  }
  while (std::getline(lines, line)) {
    const std::size_t blank = line.find(' ');
    const std::string word = line.substr(0, blank);
    const std::string rest = line.substr(blank + 1);
    if (word == "status") {
      result.status = status_of(rest).value_or(CaseStatus::Failed);
    } else if (word == "message") {
      result.message = rest;
    } else if (word == "metric") {
      const std::size_t gap = rest.find(' ');
      result.metrics[rest.substr(0, gap)] = rest.substr(gap + 1);
    }
  }
  return result;
}

CaseStore::CaseStore(const fs::path& folder, std::string program)
    : folder_(fs::absolute(folder).lexically_normal()), program_(std::move(program)) {
  report::refuse_foreign_folder(folder_, is_ours(folder_), "a sweep");
  report::require_writable_folder(folder_);
  if (!report::holds_file(folder_, kMarker)) {
    write(kMarker, "results of epfleet sweep\n");  // first: without it the folder is not ours
  }
  report::require_writable_folder(folder_ / "cases");
}

void CaseStore::put(const SweepJob& job, const CaseResult& result) const {
  text::replace_file(folder_ / file_of(job), case_text(job, program_, result));
}

std::optional<CaseResult> CaseStore::get(const SweepJob& job) const {
  return case_from(text::read_if_any(folder_ / file_of(job)).value_or(""), job, program_);
}

void CaseStore::write(std::string_view name, std::string_view content) const {
  text::replace_file(folder_ / name, content);
}

std::string program_hash() {
  const std::string program = text::read_if_any("/proc/self/exe").value_or("");
  return program.empty() ? std::string(kVersion) : text_hash(program);
}

}  // namespace epfleet::experiment
