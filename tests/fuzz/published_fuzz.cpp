// Published figures, those by the hour, and bands.
#include "epfleet/report/published.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(published) {
  observe::ReportConfig config;
  if (bytes.starts_with('{')) {
    config.bands = fuzz::as_disk_file(bytes);
  } else if (bytes.find("mean_nodes") != bytes.npos) {
    config.published_hourly = fuzz::as_file(bytes);
  } else {
    config.published = fuzz::as_file(bytes);
  }
  fuzz::refuses(bytes, [&] { (void)report::load_published(config); });
}
