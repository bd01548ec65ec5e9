// Lines of a fixed width for a terminal: titles, named lines, columns, curves, in colour or not.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/metrics/metric.h"
#include "epfleet/report/terminal_summary.h"

namespace epfleet::report {

enum class Ink { Plain, Bold, Dim, Good, Bad, Accent };

class Canvas {
 public:
  struct Table {
    std::size_t name, value;  // widths of the columns
  };

  explicit Canvas(const TerminalStyle& style);  // a table of six values
  Canvas(const TerminalStyle& style, Table table) : style_(style), table_(table) {}

  void title(std::string_view left, std::string_view right);
  void section(std::string_view name, std::initializer_list<std::string_view> column_names);

  // A name in the left margin and a text, broken between words if it is too long.
  void line(std::string_view name, std::string_view text);

  // A name and values under the section's column names.
  void columns(std::string_view name, std::initializer_list<std::string> values);

  // A name, a row of blocks from the least to the greatest value, and these two.
  void curve(std::string_view name, const std::vector<metrics::Measure>& values);

  void warning(std::string_view text);
  void note(std::string_view text);
  void remark(std::string_view text);  // on the line above
  void raw(std::string_view line);

  [[nodiscard]] std::string painted(std::string_view text, Ink ink) const;
  [[nodiscard]] std::size_t width() const { return style_.width; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  // Values of the table's width; over several lines where they do not fit.
  void row(std::string line, const std::vector<std::string>& values);
  void row(std::string line, const std::vector<std::string>& values, std::size_t fit);
  void wrapped(std::string_view first_margin, std::string_view text, Ink ink);

  TerminalStyle style_;
  Table table_;
  std::string text_;
};

// The last part of the terminal summary: published beside simulated, by role.
void show_checks(Canvas& canvas, const RunReport& report);

}  // namespace epfleet::report
