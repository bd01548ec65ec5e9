#include "client_files.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>

#include "epfleet/base/error.h"
#include "epfleet/text/csv_row.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/text/parse.h"

namespace epfleet::traces {
namespace {

[[noreturn]] void refuse(const std::string& file, std::int64_t line, std::string what) {
  base::Problem problem;
  problem.file = file;
  problem.line = static_cast<int>(line);
  problem.what = std::move(what);
  problem.remedy = "fetch the files again";
  throw base::InputError(std::move(problem));
}

// A finite number >= 0 and nothing else.
bool read_number(std::string_view text, double& value) {
  const auto number = text::parse_number(text::trimmed(text));
  value = number.value_or(0.0);
  return number >= 0.0 && number < 1e300;
}

// The text before `separator`, which is taken off `text`.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

std::vector<RateWindow> read_rates(const std::string& path) {
  text::LineReader lines(path);
  std::vector<RateWindow> windows;
  text::CsvRow row;
  while (lines.next() == text::LineReader::Got::Line) {
    if (text::is_blank(lines.line())) {
      continue;
    }
    row.split(lines.line());
    RateWindow window;
    double ignored = 0.0;  // the measured variation; its law has the shape
    if (row.size() < 6 || !read_number(row[0], window.from_s) ||
        !read_number(row[1], window.rate) || !read_number(row[2], ignored) ||
        !read_number(row[4], window.shape) || !read_number(row[5], ignored)) {
      refuse(path, lines.number(), "is not: start, rate, variation, law, shape, scale");
    }
    const std::string_view law = row[3];
    if (law == "Gamma" || law == "Weibull") {
      window.law = law == "Gamma" ? GapLaw::Gamma : GapLaw::Weibull;
    } else if (!law.empty()) {
      refuse(path, lines.number(), fmt::format("'{}' is neither Gamma nor Weibull", law));
    }
    constexpr double kLeastShape = 1e-4;  // a variation of 100
    if (window.law == GapLaw::Exponential) {
      window.shape = 1.0;
    } else if (window.rate > 0.0 && window.shape < kLeastShape) {
      refuse(path, lines.number(), "the shape is not above 0.0001");
    }
    if (!windows.empty() && window.from_s <= windows.back().from_s) {
      refuse(path, lines.number(), "the window does not begin after the one before");
    }
    windows.push_back(window);
  }
  if (windows.size() < 2) {
    refuse(path, 0, "has fewer than two windows");
  }
  return windows;
}

bool read_window(simdjson::ondemand::object of, LengthWindow& window) {
  for (auto field : of) {
    std::string_view key, text;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get_string().get(text) != simdjson::SUCCESS) {
      return false;
    }
    MeasuredValues* values = key == "input_tokens"    ? &window.input
                             : key == "output_tokens" ? &window.output
                             : key == "reason_ratio"  ? &window.reasoning_share
                                                      : nullptr;
    if (values != nullptr && !values->parse(text)) {
      return false;
    }
  }
  return true;
}

std::vector<LengthWindow> read_lengths(const std::string& path) {
  simdjson::padded_string text;
  if (simdjson::padded_string::load(path).get(text) != simdjson::SUCCESS) {
    refuse(path, 0, "cannot be read");
  }
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object windows;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(windows) != simdjson::SUCCESS) {
    refuse(path, 0, "is not a JSON object of windows");
  }
  std::vector<LengthWindow> all;
  for (auto field : windows) {
    std::string_view key;
    simdjson::ondemand::object of;
    LengthWindow window;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || !read_number(key, window.from_s) ||
        field.value().get_object().get(of) != simdjson::SUCCESS || !read_window(of, window)) {
      refuse(path, 0, "a window is not: start, then input_tokens, output_tokens, reason_ratio");
    }
    if (!window.input.empty() && !window.output.empty()) {
      all.push_back(std::move(window));
    }
  }
  std::ranges::sort(all, {}, &LengthWindow::from_s);
  return all;
}

}  // namespace

bool MeasuredValues::parse(std::string_view text) {
  text = text::trimmed(text);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return false;
  }
  text = text.substr(1, text.size() - 2);
  double sum = 0.0;
  while (!text::trimmed(text).empty()) {
    std::string_view pair = take_until(text, ',');
    double value = 0.0, probability = 0.0;
    if (!read_number(take_until(pair, ':'), value) || !read_number(pair, probability)) {
      return false;
    }
    if (probability > 0.0) {
      values_.push_back(value);
      until_.push_back(sum += probability);
    }
  }
  for (double& until : until_) {
    until /= sum;
  }
  return true;
}

double MeasuredValues::draw(base::Stream& stream) const {
  const auto at = std::upper_bound(until_.begin(), until_.end() - 1, stream.uniform());
  return values_[static_cast<std::size_t>(at - until_.begin())];
}

double MeasuredValues::mean() const {
  double mean = 0.0;
  double before = 0.0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    mean += values_[i] * (until_[i] - before);
    before = until_[i];
  }
  return mean;
}

ClientFiles read_client(const std::string& rates_csv, const std::string& lengths_json) {
  return {read_rates(rates_csv), read_lengths(lengths_json)};
}

}  // namespace epfleet::traces
