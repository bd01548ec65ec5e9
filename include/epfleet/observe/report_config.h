// What is written of a run, how finely, and which published values stand beside the simulated ones.
// Down here because config reads it and report obeys it, and they stand on one floor.
#pragma once

#include <optional>
#include <string>

#include "epfleet/base/time.h"

namespace epfleet::observe {

enum class RequestLog { None, Sample, All };
enum class RequestFormat { Zst, Gz, Csv };  // requests.csv.zst, .gz, or as it is

// timeline.json shows the steps between these moments, counted from the start of the counted
// window.
struct TimelineWindow {
  std::optional<base::Duration> from;  // none: the start
  std::optional<base::Duration> to;    // none: the end; both none: no timeline
  [[nodiscard]] bool wanted() const { return from || to; }
};

struct ReportConfig {
  base::Duration interval = std::chrono::seconds(60);  // of timeseries.csv
  // After the window, until its arrivals are done, but no longer than this.
  base::Duration cool_down = std::chrono::hours(1);
  RequestLog requests = RequestLog::None;
  RequestFormat request_format = RequestFormat::Zst;
  double request_sample = 0.001;  // share of requests, for Sample
  std::string published;  // CSV of published values (columns: traces/README.md); empty: no checks
  std::string published_hourly;  // CSV of the published hourly chart; empty: no hourly checks
  TimelineWindow timeline;
  std::string bands;  // file written by the band script; empty: no bands
};

}  // namespace epfleet::observe
