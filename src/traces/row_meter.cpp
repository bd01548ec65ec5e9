#include "row_meter.h"

#include <algorithm>

namespace epfleet::traces {
namespace {

// A run that is interrupted has taken requests of at most two slices (arrival_feed.h) that did not
// arrive any more.
constexpr base::Duration kDrawnAhead = std::chrono::seconds(4);

}  // namespace

RowMeter::RowMeter(const ScannedTrace& trace, base::TimePoint end) : trace_(trace), end_(end) {
  rows_.in_window.resize(static_cast<std::size_t>(trace.requests()));
  rows_.in_warm_up.resize(rows_.in_window.size());
}

void RowMeter::Rows::add(base::TimePoint time, base::TimePoint end, std::size_t row) {
  if (time < base::kWindowStart) {
    in_warm_up[row] = true;
  } else if (time < end) {
    in_window[row] = true;
  }
}

void RowMeter::arrived(base::TimePoint time, std::size_t row) {
  recent_.emplace_back(time, row);
  while (recent_.front().first + kDrawnAhead < time) {
    rows_.add(recent_.front().first, end_, recent_.front().second);
    recent_.pop_front();
  }
}

workload::RowAccount RowMeter::account(base::TimePoint end, std::int64_t left_out) const {
  Rows rows = rows_;
  for (const auto& [time, row] : recent_) {
    rows.add(time, std::min(end, end_), row);
  }
  workload::RowAccount account;
  for (std::size_t row = 0; row < rows.in_window.size(); ++row) {
    account.played += rows.in_window[row] ? 1 : 0;
    account.before_window += rows.in_warm_up[row] && !rows.in_window[row] ? 1 : 0;
  }
  account.after_window = trace_.requests() - account.played - account.before_window - left_out +
                         trace_.requests_after();
  account.before_window += trace_.requests_before();
  for (const SkippedLines& lines : trace_.skipped()) {
    account.skipped_by.push_back({lines.reason, lines.count});
  }
  if (left_out > 0) {
    workload::SkippedRows& by_scale = account.skipped_by.emplace_back();
    by_scale.reason = "left out by workload.rate_scale";
    by_scale.rows = left_out;
  }
  account.read = trace_.rows();
  return account;
}

}  // namespace epfleet::traces
