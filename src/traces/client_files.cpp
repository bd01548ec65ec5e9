#include "client_files.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/text/csv_reader.h"
#include "epfleet/text/parse.h"

namespace epfleet::traces {
namespace {

namespace json = simdjson::ondemand;

constexpr const char* kFetch = "fetch the files again";

base::InputError refusal(const std::string& file, const char* what) {
  return base::InputError({.file = file, .what = what, .remedy = kFetch});
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
  enum { Start, Rate, Variation, Law, Shape, Scale, Columns };
  text::CsvReader rows(path, {}, {}, {.header = false});
  std::vector<RateWindow> windows;
  while (rows.next_row()) {
    const auto wrong = [&](std::string what) { return rows.problem(std::move(what), kFetch); };
    RateWindow window;
    double ignored = 0.0;  // the measured variation; its law has the shape
    if (rows.fields() < Columns || !read_number(rows.text(Start), window.from_s) ||
        !read_number(rows.text(Rate), window.rate) || !read_number(rows.text(Variation), ignored) ||
        !read_number(rows.text(Shape), window.shape) || !read_number(rows.text(Scale), ignored)) {
      throw wrong("is not: start, rate, variation, law, shape, scale");
    }
    const std::string_view law = rows.text(Law);
    if (law == "Gamma" || law == "Weibull") {
      window.law = law == "Gamma" ? GapLaw::Gamma : GapLaw::Weibull;
    } else if (!law.empty()) {
      throw wrong(fmt::format("'{}' is neither Gamma nor Weibull", law));
    }
    const double least = window.law == GapLaw::Gamma ? 1e-4 : 0.1;  // variations of 100 and 430
    if (window.law == GapLaw::Exponential) {
      window.shape = 1.0;
    } else if (window.rate > 0.0 && window.shape < least) {
      throw wrong(fmt::format("the shape is not above {}", least));
    }
    if (!windows.empty() && window.from_s <= windows.back().from_s) {
      throw wrong("the window does not begin after the one before");
    }
    if (window.from_s > static_cast<double>(text::kMostSeconds) / 2.0) {
      throw wrong("the window begins more than 142 years after 0");
    }
    windows.push_back(window);
  }
  if (windows.size() < 2) {
    throw refusal(path, "has fewer than two windows");
  }
  return windows;
}

// Throws simdjson_error for what has another form.
LengthWindow read_window(std::string_view start, json::object of, ClientFiles& client) {
  LengthWindow window;
  MeasuredValues text_tokens;  // of mixes with images: the text among the input
  bool good = read_number(start, window.from_s);
  for (auto field : of) {
    const std::string key(std::string_view(field.unescaped_key()));
    if (key != "input_tokens" && key != "text_tokens" && key != "output_tokens" &&
        key != "reason_ratio") {
      client.unread.insert(key);
      continue;
    }
    const std::string_view text = field.value().get_string();
    if (key == "input_tokens") {
      good = window.input.parse(text) && good;
    } else if (key == "text_tokens") {
      good = text_tokens.parse(text) && good;
    } else if (key == "output_tokens") {
      good = window.output.parse(text) && good;
    } else if (key == "reason_ratio") {
      good = window.reasoning_share.parse(text) && good;
    }
  }
  if (window.input.empty() && !text_tokens.empty()) {
    window.input = text_tokens;
    client.input_is_text = true;
  }
  return good ? window : throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
}

void read_lengths(const std::string& path, ClientFiles& client) {
  simdjson::padded_string text;
  if (simdjson::padded_string::load(path).get(text) != simdjson::SUCCESS) {
    throw refusal(path, "cannot be read");
  }
  json::parser parser;
  json::document document;
  json::object windows;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(windows) != simdjson::SUCCESS) {
    throw refusal(path, "is not a JSON object of windows");
  }
  std::vector<LengthWindow>& all = client.lengths;
  try {
    for (auto field : windows) {
      const std::string_view start = field.unescaped_key();
      all.push_back(read_window(start, field.value().get_object(), client));
    }
  } catch (const simdjson::simdjson_error&) {
    throw refusal(path, "a window is not: start, then input_tokens, output_tokens, reason_ratio");
  }
  std::erase_if(all, [](const LengthWindow& w) { return w.input.empty() || w.output.empty(); });
  std::ranges::sort(all, {}, &LengthWindow::from_s);
}

}  // namespace

bool MeasuredValues::parse(std::string_view text) {
  text = text::trimmed(text);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return false;
  }
  text = text::trimmed(text.substr(1, text.size() - 2));
  double sum = 0.0;
  while (!text.empty()) {
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
  ClientFiles client;
  client.rates = read_rates(rates_csv);
  read_lengths(lengths_json, client);
  return client;
}

}  // namespace epfleet::traces
