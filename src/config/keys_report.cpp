// Keys of the service-level objectives and of what is written.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

template <class Limit>
void add_slo(Rows& rows, const std::string& name, Limit limit, const std::string& what,
             const std::string& example) {
  rows.number(
      name + ".limit", [limit](auto& s) -> auto& { return limit(s).limit; }, above(0.0, kYear),
      {fmt::format("Longest {} that meets the objective; none: no objective.", what),
       "a choice; DeepSeek publishes none", example},
      "none");
  rows.number(
      name + ".quantile", [limit](auto& s) -> auto& { return limit(s).quantile; }, Dimension::Share,
      inside(0.0, 1.0),
      {fmt::format("Share of the requests of a window that must meet the {} limit; none: each "
                   "request counts on its own.",
                   what),
       "a choice"},
      "none");
}

}  // namespace

void add_report_rows(Rows& rows) {
  add_slo(rows, EPFLEET_KEY(slo.ttft), "time to first token", "5 s");
  add_slo(rows, EPFLEET_KEY(slo.tpot), "time per output token", "50 ms");
  rows.number(EPFLEET_KEY(slo.window), between(1.0, kYear),
              {"Window over which quantiles are judged.", "a choice"});
  rows.number(EPFLEET_KEY(report.interval), between(1.0, 3600.0),
              {"Interval of timeseries.csv; an hour must be a whole multiple of it.", "a choice"});
  rows.number(
      EPFLEET_KEY(report.cool_down), between(0.0, 86400.0),
      {"The load goes on after the window, uncounted, until the requests that arrived in it "
       "are done, but no longer than this; 0 s: they are cut off at the window's end.",
       "a choice"});
  rows.choice(EPFLEET_KEY(report.requests),
              {{"none", "", observe::RequestLog::None},
               {"sample", "a share of them, chosen by hash", observe::RequestLog::Sample},
               {"all", "", observe::RequestLog::All}},
              {"Which requests are written to requests.csv.zst, a row each.", "a choice"});
  rows.number(EPFLEET_KEY(report.request_sample), Dimension::Share, between(0.0, 1.0),
              {"Share of the requests that `sample` writes.", "a choice"});
  rows.choice(EPFLEET_KEY(report.request_format),
              {{"zst", "requests.csv.zst: the smallest", observe::RequestFormat::Zst},
               {"gz", "requests.csv.gz: all that reads CSV reads it", observe::RequestFormat::Gz},
               {"csv", "requests.csv, not compressed", observe::RequestFormat::Csv}},
              {"How the requests are written.", "a choice"});
  rows.number(
      EPFLEET_KEY(report.timeline.from), between(0.0, kYear),
      {"Start of timeline.json, from the start of the counted window; none: that start, or no "
       "timeline if report.timeline.to is none too.",
       "a choice", "10 min"},
      "none");
  rows.number(
      EPFLEET_KEY(report.timeline.to), above(0.0, kYear),
      {"End of timeline.json, every step of every unit for ui.perfetto.dev: 200 bytes a step; "
       "none: the end of the window.",
       "a choice", "11 min"},
      "none");
  rows.path(EPFLEET_KEY(report.published), "none",
            {"CSV of published values that the result is compared with.", "see the file"});
  rows.path(EPFLEET_KEY(report.published_hourly), "none",
            {"CSV of the published hourly chart, for the hourly comparison.", "see the file"});
  rows.path(
      EPFLEET_KEY(report.bands), "none",
      {"Bands of the predicted values over the plausible ranges of the guesses, as the band script "
       "writes them.",
       "see the file"});
}

}  // namespace epfleet::config
