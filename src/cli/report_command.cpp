// `epfleet report`: the page of a folder that is there already.
#include <filesystem>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/page/page.h"
#include "epfleet/text/files.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

struct ReportRequest {
  std::string folder;
  std::string out;    // empty: report.html of the folder
  std::string sweep;  // empty: none
};

void report_command(const ReportRequest& request) {
  const std::string page = page::page_of(request.folder, request.sweep);
  const fs::path out =
      request.out.empty() ? fs::path(request.folder) / page::kPageFile : fs::path(request.out);
  text::replace_file(out, page);
  base::log_info("the page is " + out.string());
}

}  // namespace

void add_report(Command app, Chosen& chosen) {
  auto request = std::make_shared<ReportRequest>();
  const Command command =
      app.add_subcommand("report", "Make the page of a result, a sweep, a plan or a comparison");
  command.add_option("DIR", request->folder, "Folder that epfleet has written").required();
  command.add_option("--out", request->out, "File to write (default: report.html in the folder)");
  command.add_option("--sweep", request->sweep,
                     "Folder of a sweep: its tornado goes on the page of a run");
  when_chosen(command, chosen, request, report_command);
}

}  // namespace epfleet::cli
