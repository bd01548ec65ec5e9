// What a reader of a trace's numbers must know.
#include <fmt/format.h>

#include <algorithm>

#include "epfleet/text/nearest_word.h"
#include "epfleet/text/parse.h"
#include "epfleet/traces/request_trace.h"
#include "trace_fields.h"
#include "trace_formats.h"

namespace epfleet::traces {
namespace {

using Notes = std::vector<std::string>;

// The one size of blocks that all requests would fit; 0: none, or several.
template <class Sizes, class Fits>
std::int64_t fitting_size(const Sizes& sizes, const Fits& fits, std::int64_t requests) {
  if (std::ranges::count(fits, requests) != 1) {
    return 0;
  }
  return sizes[std::ranges::find(fits, requests) - fits.begin()];
}

// Read in a unit that is too small, a trace is over in a moment; in one too large, it takes months.
void look_at_times(const TraceInfo& info, base::Duration first, base::Duration span,
                   std::int64_t requests, Notes& notes) {
  constexpr std::int64_t kDateFrom = 1'000'000'000, kDateTo = 4'000'000'000;  // 2001 to 2096
  if (const auto number = first / std::chrono::milliseconds(1);
      info.time_unit == "ms" && number >= kDateFrom && number < kDateTo) {
    notes.push_back(fmt::format(
        "times are read in ms, but the first, {}, would be a date in s: --time-unit s", number));
    return;
  }
  constexpr double kShort = 120.0, kLong = 30.0 * 86'400.0;            // seconds
  constexpr double kBusy = 50.0, kBusier = 990.0, kIdle = 1.0 / 60.0;  // requests/s
  if (requests < 2 || info.time_unit.empty()) {
    return;
  }
  const double span_s = std::max(base::to_seconds(span), 1e-9);
  const double rate = static_cast<double>(requests) / span_s;
  if (rate > kBusier || (rate > kBusy && span_s < kShort)) {
    notes.push_back(fmt::format(
        "times are read in {}: {} requests in {:.3g} s, {:.3g} a second; if that looks wrong, say "
        "their unit with --time-unit (workload.trace.time_unit)",
        info.time_unit, requests, base::to_seconds(span), rate));
  } else if (span_s > kLong && rate < kIdle) {
    notes.push_back(fmt::format(
        "times are read in {}: {} requests in {:.0f} days; if that looks wrong, say their unit "
        "with --time-unit (workload.trace.time_unit)",
        info.time_unit, requests, span_s / 86'400.0));
  }
}

}  // namespace

Notes RequestTrace::notes() const {
  Notes notes;
  for (const SkippedLines& skipped : skipped()) {
    notes.push_back(clients_ ? fmt::format("{} requests {}", skipped.count, skipped.reason)
                             : fmt::format("{} lines of the trace skipped: {} (first: line {})",
                                           skipped.count, skipped.reason, skipped.first_line));
  }
  if (clients_) {
    std::ranges::copy(clients_->notes(), std::back_inserter(notes));
    return notes;
  }
  if (lines_->cut_last_line()) {
    notes.emplace_back(
        "the trace's last line has no line end: if the file was cut, it may be wrong");
  }
  std::vector<std::string> unread = info_.unread;
  std::ranges::copy(format_->unread(), std::back_inserter(unread));
  if (!unread.empty()) {
    notes.push_back(fmt::format(
        "columns of the trace that are not known and were not read: {} (--column OURS=THEIRS reads "
        "one under another name)",
        fmt::join(unread, ", ")));
  }
  if (info_.has(Field::Session) && info_.block_tokens == 0 && !info_.by_sessions()) {
    notes.emplace_back(
        "requests name their session, but not how many tokens of a prompt its earlier turns had "
        "(session_tokens): nothing of them is found again");
  }
  if (odd_block_lists_ > 0) {
    const std::int64_t size = fitting_size(kBlockSizes, fits_, requests_);
    notes.push_back(fmt::format(
        "{} requests have more or fewer block ids than their input needs at {} tokens a block; {}",
        odd_block_lists_, info_.block_tokens,
        size > 0 ? fmt::format("blocks of {} tokens would fit all: --block {}", size, size)
                 : "--block N says another size"));
  }
  const base::Duration first = first_.value_or(base::Duration{});
  look_at_times(info_, first, latest_.value_or(first) - first, requests_, notes);
  return notes;
}

std::string_view TraceOptions::our_name(std::string_view theirs) const {
  const auto named = std::ranges::find(columns, theirs, [](const auto& c) { return c.second; });
  return named == columns.end() ? theirs : std::string_view(named->first);
}

std::vector<std::pair<std::string, std::string>> parse_columns(const std::string& text) {
  static const std::vector<std::string> kOurs = [] {
    std::vector<std::string> names{"timestamp",     "input_length",   "output_length", "hash_ids",
                                   "arrival_s",     "input_tokens",   "output_tokens", "TIMESTAMP",
                                   "ContextTokens", "GeneratedTokens"};
    for (const TraceField& field : trace_fields()) {
      names.emplace_back(field.name);
    }
    return names;
  }();
  std::vector<std::pair<std::string, std::string>> columns;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    const std::string_view pair = text::trimmed(std::string_view(text).substr(from, end - from));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string ours(text::trimmed(pair.substr(0, equals)));
    const std::string theirs(text::trimmed(pair.substr(std::min(equals + 1, pair.size()))));
    if (theirs.empty() ||
        (std::ranges::find(kOurs, ours) == kOurs.end() && !ours.starts_with("block_ids_"))) {
      const std::string nearest = text::nearest_word(ours, kOurs);
      throw base::InputError(
          {.key = "workload.trace.columns",
           .what = fmt::format("'{}' is not OURS=THEIRS with a name of ours", pair),
           .remedy = (nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest)) +
                     fmt::format("Ours are {}, block_ids_512", fmt::join(kOurs, ", "))});
    }
    columns.emplace_back(ours, theirs);
    from = end + 1;
  }
  return columns;
}

}  // namespace epfleet::traces
