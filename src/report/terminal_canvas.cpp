#include "terminal_canvas.h"

#include <fmt/format.h>

#include <algorithm>

#include "epfleet/base/names.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/prose.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kMargin = 24;     // of names
constexpr std::size_t kMostValues = 6;  // of values, at most
constexpr std::size_t kLeastWidth = 9;  // width of a column, at least
constexpr std::size_t kCurveEnds = 32;  // "  1.08 million to 3.13 million"
constexpr std::size_t kCurve = 16;      // columns of a curve, at least

// By Ink.
constexpr base::Names<6> kCodes = {"", "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[36m"};

std::string margin_of(std::string_view name) {
  return padded_right(fmt::format("  {}", name), kMargin);
}

// The mean of each of at most `points` equal stretches; stretches without a value stay absent.
std::vector<metrics::Measure> thinned(const std::vector<metrics::Measure>& values,
                                      std::size_t points) {
  const std::size_t count = std::min(values.size(), points);
  std::vector<metrics::Measure> means;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0.0;
    double present = 0.0;
    for (std::size_t j = i * values.size() / count; j < (i + 1) * values.size() / count; ++j) {
      sum += values[j].value_or(0.0);
      present += values[j] ? 1.0 : 0.0;
    }
    means.push_back(metrics::ratio(sum, present));
  }
  return means;
}

}  // namespace

// Six values side by side, or in two rows.
Canvas::Canvas(const TerminalStyle& style)
    : Canvas(style,
             {kMargin, (style.width - kMargin) / (style.width < kMargin + kMostValues * kLeastWidth
                                                      ? kMostValues / 2
                                                      : kMostValues)}) {}

std::string Canvas::painted(std::string_view text, Ink ink) const {
  if (!style_.color || ink == Ink::Plain) {
    return std::string(text);
  }
  return fmt::format("{}{}\033[0m", base::name_in(kCodes, ink), text);
}

void Canvas::raw(std::string_view line) {
  text_ += line;
  text_ += '\n';
}

void Canvas::title(std::string_view left, std::string_view right) {
  const std::size_t used = display_width(left) + display_width(right) + 2;
  raw("");
  if (used <= width()) {
    raw(" " + painted(left, Ink::Bold) +
        padded_left(painted(right, Ink::Dim), width() - display_width(left) - 1));
  } else {
    wrapped(" ", left, Ink::Bold);
    wrapped(" ", right, Ink::Dim);
  }
  raw(painted(fmt::format("{:─<{}}", "", width()), Ink::Dim));
}

void Canvas::section(std::string_view name, std::initializer_list<std::string_view> column_names) {
  std::vector<std::string> names;
  for (const std::string_view column : column_names) {
    names.push_back(painted(padded_left(column, table_.value), Ink::Dim));
  }
  row(" " + painted(name, Ink::Accent), names);
}

void Canvas::row(std::string line, const std::vector<std::string>& values) {
  const std::size_t fit = std::max<std::size_t>(1, (width() - table_.name) / table_.value);
  const std::size_t needed = values.size() * table_.value;
  if (values.size() > fit && needed < width()) {  // all in one row below the name
    raw(line);
    return row(std::string(width() - needed, ' '), values, values.size());
  }
  row(values.empty() ? line : padded_right(line, table_.name), values, fit);
}

void Canvas::row(std::string line, const std::vector<std::string>& values, std::size_t fit) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && i % fit == 0) {
      raw(line);
      line = std::string(table_.name, ' ');
    }
    line += values[i];
  }
  raw(line);
}

void Canvas::line(std::string_view name, std::string_view text) {
  wrapped(margin_of(name), text, Ink::Plain);
}

void Canvas::columns(std::string_view name, std::initializer_list<std::string> values) {
  std::vector<std::string> padded;
  for (const std::string& value : values) {
    padded.push_back(padded_left(value, table_.value));
  }
  row(fmt::format("  {}", name), padded);
}

void Canvas::curve(std::string_view name, const std::vector<metrics::Measure>& values) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::size_t kLevels = std::size(kBlocks);
  const bool ends_below = width() < kMargin + kCurve + kCurveEnds;
  const std::vector<metrics::Measure> points =
      thinned(values, width() - kMargin - (ends_below ? 0 : kCurveEnds));
  metrics::Measure least, most;
  for (const metrics::Measure& point : points) {
    if (point) {
      least = std::min(*point, least.value_or(*point));
      most = std::max(*point, most.value_or(*point));
    }
  }
  if (!most) {
    return;  // nothing was measured
  }
  std::string blocks;
  for (const metrics::Measure& point : points) {
    // From zero, so that heights compare as the values do.
    const double share = point && *most > 0.0 ? std::max(0.0, *point / *most) : 0.0;
    const auto level = static_cast<std::size_t>(share * static_cast<double>(kLevels - 1) + 0.5);
    blocks += point ? kBlocks[std::min(level, kLevels - 1)] : " ";
  }
  const std::string ends = fmt::format("{} to {}", human_number(*least), human_number(*most));
  raw(margin_of(name) + painted(blocks, Ink::Accent) + (ends_below ? "" : "  " + ends));
  if (ends_below) {
    line("", ends);
  }
}

void Canvas::warning(std::string_view text) { wrapped("  ! ", text, Ink::Bad); }

void Canvas::note(std::string_view text) { wrapped("  * ", text, Ink::Dim); }

void Canvas::remark(std::string_view text) { wrapped("       ", text, Ink::Dim); }

void Canvas::wrapped(std::string_view first_margin, std::string_view text, Ink ink) {
  const std::size_t indent = display_width(first_margin);
  std::string margin(first_margin);
  for (const std::string& line : text::wrapped(text, width() - std::min(width(), indent))) {
    raw(margin + painted(line, ink));
    margin.assign(indent, ' ');
  }
}

}  // namespace epfleet::report
