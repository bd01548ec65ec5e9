// Published beside simulated, by role (declared in terminal_canvas.h).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "epfleet/report/checks.h"
#include "epfleet/report/human_numbers.h"
#include "terminal_canvas.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kPublished = 14;
constexpr std::size_t kSimulated = 15;
constexpr std::size_t kError = 10;
constexpr std::size_t kVerdict = 9;     // "  OUTSIDE"
constexpr std::size_t kLeastName = 30;  // where there is less room it has a line of its own

std::size_t name_width(const Canvas& canvas) {
  return canvas.width() - kPublished - kSimulated - kError - kVerdict;
}

// The name in the left margin, or above.
std::string beside(Canvas& canvas, const std::string& name) {
  const std::size_t width = name_width(canvas);
  if (width >= kLeastName) {
    return padded_right(name, width);
  }
  canvas.raw(name);
  return std::string(width, ' ');
}

constexpr base::Names<kRoles> kHeadings = {"Inputs: as given", "Identities: arithmetic on inputs",
                                           "Calibrated: something was solved for these",
                                           "Validation: predicted, never fitted"};

// Five digits, one more than elsewhere: here figures are compared.
std::string figure(double value) {
  return std::fabs(value) < 1e3 ? fmt::format("{:.5g}", value) : human_number(value);
}

std::string published_text(const CheckRow& row) {
  return row.published_low && row.published_high
             ? fmt::format("{:g}-{:g}", *row.published_low, *row.published_high)
             : figure(row.published);
}

std::string verdict(const Canvas& canvas, const CheckRow& row) {
  if (!row.within) {
    return "";
  }
  return *row.within ? canvas.painted("within", Ink::Good) : canvas.painted("OUTSIDE", Ink::Bad);
}

// Notes that several rows have, as that of another window: said once, above them.
std::set<std::string> shared_notes(const std::vector<CheckRow>& rows) {
  std::set<std::string> seen, shared;
  for (const CheckRow& row : rows) {
    if (!row.note.empty() && !seen.insert(row.note).second) {
      shared.insert(row.note);
    }
  }
  return shared;
}

// What the guesses leave open, and why there may be no verdict.
std::string remark(const CheckRow& row, const std::set<std::string>& said) {
  std::string text = said.contains(row.note) ? "" : row.note;
  if (row.band.low || row.band.high) {
    text += text.empty() ? "" : "; ";
    text += fmt::format("guesses allow {} to {}{}", row.band.low ? figure(*row.band.low) : "-",
                        row.band.high ? figure(*row.band.high) : "-",
                        row.band_stale ? " (STALE: made for another scenario)" : "");
  }
  return text;
}

void show_row(Canvas& canvas, const CheckRow& row, const std::set<std::string>& said_above) {
  const std::string error =
      row.error_ratio ? fmt::format("{:+.2f} %", *row.error_ratio * 100.0) : "";
  const std::size_t width = name_width(canvas);
  const std::string simulated = row.simulated ? figure(*row.simulated) : "-";
  const std::string line =
      beside(canvas, "   " + row.name.substr(0, std::max(width, kLeastName) - 3)) +
      padded_left(published_text(row), kPublished) + padded_left(simulated, kSimulated) +
      padded_left(error, kError);
  const std::string mark = verdict(canvas, row);
  canvas.raw(mark.empty() ? line : line + "  " + mark);
  const std::string said = remark(row, said_above);
  if (!said.empty()) {
    canvas.remark(said);
  }
}

}  // namespace

void show_checks(Canvas& canvas, const RunReport& report) {
  const std::vector<CheckRow> rows = make_checks(report);
  if (rows.empty()) {
    return;
  }
  const std::string names = padded_left("published", kPublished) +
                            padded_left("simulated", kSimulated) + padded_left("error", kError);
  canvas.raw(beside(canvas, " " + canvas.painted("Published beside simulated", Ink::Accent)) +
             canvas.painted(names, Ink::Dim));
  const std::set<std::string> shared = shared_notes(rows);
  for (const std::string& note : shared) {
    canvas.remark(note);
  }
  std::optional<Role> shown;
  for (const CheckRow& row : rows) {
    if (shown != row.role) {
      canvas.raw("  " + canvas.painted(base::name_in(kHeadings, row.role), Ink::Bold));
    }
    shown = row.role;
    show_row(canvas, row, shared);
  }
}

}  // namespace epfleet::report
