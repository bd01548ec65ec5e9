// `epfleet compare`: which of several runs, or cases of sweeps, is better, and is that more than
// chance.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "epfleet/config/key.h"
#include "epfleet/experiment/comparison.h"
#include "epfleet/page/page.h"
#include "epfleet/report/result_folder.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

struct CompareRequest {
  std::vector<std::string> folders;
  std::string baseline;              // empty: the first
  std::vector<std::string> metrics;  // empty: the sweep's, or the usual ones
  std::string out;                   // empty: nothing is written
  bool no_page = false;
};

// The folders to read: the baseline may be one more.
std::vector<std::string> folders_of(const CompareRequest& request) {
  std::vector<std::string> folders = request.folders;
  std::error_code none;  // a name too long for a file, say
  const bool is_folder = fs::is_directory(request.baseline, none);
  if (is_folder && std::ranges::count(folders, request.baseline) == 0) {
    folders.insert(folders.begin(), request.baseline);
  }
  return folders;
}

// KEY=VALUE, or a name.
experiment::SweepCase baseline_of(const std::string& text) {
  experiment::SweepCase wanted;
  const std::size_t equals = text.find('=');
  const std::string key = text.substr(0, equals);
  if (equals != std::string::npos && text.find(',') == std::string::npos &&
      config::is_key_or_group(key)) {
    wanted.settings.push_back({key, text.substr(equals + 1)});
  } else {
    wanted.name = text;
  }
  return wanted;
}

void compare_command(const CompareRequest& request) {
  if (!request.out.empty()) {
    report::refuse_foreign_folder(request.out, report::holds_file(request.out, "comparison.csv"),
                                  "a comparison");
  }
  const experiment::Variants variants =
      experiment::read_variants(folders_of(request), request.metrics);
  if (variants.variants.size() < 2) {
    throw wrong_option("", "there is one variant only; nothing to compare",
                       "name another folder, or a sweep of several cases");
  }
  const experiment::Comparison comparison =
      experiment::compare(variants, experiment::groups_of(variants, baseline_of(request.baseline)));
  if (!request.out.empty()) {
    report::write_into_folder(request.out, "comparison.csv",
                              experiment::comparison_csv(comparison));
    if (!request.no_page) {
      report::write_into_folder(request.out, page::kPageFile, page::page_of(request.out));
    }
  }
  show(experiment::comparison_text(comparison, 0));
}

}  // namespace

void add_compare(Command app, Chosen& chosen) {
  auto request = std::make_shared<CompareRequest>();
  const Command command =
      app.add_subcommand("compare", "Compare runs or the cases of sweeps with a baseline");
  command.add_option("DIR", request->folders, "Folders of results or sweeps").required();
  command.add_option("--baseline", request->baseline,
                     "Folder, case, or KEY=VALUE to compare with (default: the first)");
  command.add_option("--metric", request->metrics, "Path in summary.json; may be repeated")
      .one_each();
  command.add_option("--out", request->out, "Folder for comparison.csv and report.html");
  command.add_flag("--no-report", request->no_page, "Leave report.html out");
  when_chosen(command, chosen, request, compare_command);
}

}  // namespace epfleet::cli
