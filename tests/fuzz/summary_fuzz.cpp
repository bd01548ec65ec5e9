// summary.json of a result folder, as compare, report, plan and --out read it.
#include "epfleet/report/metric_values.h"
#include "epfleet/report/result_folder.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(summary) {
  (void)fuzz::as_disk_file(bytes, "summary.json");
  fuzz::refuses(bytes, [] { (void)report::read_result(fuzz::disk_folder()); });
}
