// What is written can be read back: fields, numbers, times, scenarios.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "epfleet/config/loader.h"
#include "epfleet/config/resolved.h"
#include "epfleet/config/value.h"
#include "epfleet/text/csv_reader.h"
#include "epfleet/text/csv_row.h"
#include "epfleet/text/parse.h"
#include "epfleet/text/quote.h"
#include "epfleet/traces/request_trace.h"
#include "epfleet/traces/trace_writer.h"
#include "property.h"
#include "random_traffic.h"
#include "support/temporary_file.h"

namespace epfleet::test {
namespace {

// Of the characters that matter to quoting, mostly.
rc::Gen<std::string> any_field(const std::string& also) {
  const std::string all = "ab\",;# '\\" + also;
  return rc::gen::container<std::string>(
      rc::gen::map(rc::gen::inRange<std::size_t>(0, all.size()),
                   [all](std::size_t place) { return all[place]; }));
}

std::string joined(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    line += line.empty() ? "" : ",";
    line += text::csv_field(field);
  }
  return line;
}

TEST(CsvField, IsReadBackAsItWas) {
  expect_property(500, [] {
    std::vector<std::string> fields = {"first"};
    const auto more = *rc::gen::container<std::vector<std::string>>(any_field("\n"));
    fields.insert(fields.end(), more.begin(), more.end());
    const std::string line = joined(fields);
    text::CsvRow row;
    row.split(line);
    RC_ASSERT(!row.is_open());
    RC_ASSERT(row.size() == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      RC_ASSERT(row[i] == fields[i]);
    }
  });
}

TEST(CsvFile, IsReadBackAsItWas) {
  expect_property(100, [] {
    const std::size_t width = *rc::gen::inRange<std::size_t>(1, 4);
    const auto rows = *rc::gen::container<std::vector<std::vector<std::string>>>(
        rc::gen::container<std::vector<std::string>>(width, any_field("\n")));
    std::string content = "x0,x1,x2,x3\n";
    for (const auto& row : rows) {
      // A line of blanks, or one that begins with #, is no row: the first field keeps it one.
      content += "first";
      for (std::size_t i = 0; i < 3; ++i) {
        content += ",";
        content += i < width ? text::csv_field(row[i]) : "";
      }
      content += "\n";
    }
    const TemporaryFile file(content, ".csv");
    text::CsvReader reader(file.path());
    for (const auto& row : rows) {
      RC_ASSERT(reader.next_row());
      for (std::size_t i = 0; i < width; ++i) {
        RC_ASSERT(reader.text(i + 1) == row[i]);
      }
    }
    RC_ASSERT(!reader.next_row());
  });
}

TEST(JsonString, IsReadBackAsItWas) {
  expect_property(300, [] {
    const std::string text = *any_field("\n\t\r\x01\x1f");
    RC_ASSERT(nlohmann::json::parse(text::json_string(text)) == text);
  });
}

// Any bits that are a finite number.
rc::Gen<double> any_number() {
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::suchThat(rc::gen::arbitrary<std::uint64_t>(),
                                     [](std::uint64_t bits) {
                                       return std::isfinite(std::bit_cast<double>(bits));
                                     }),
                   [](std::uint64_t bits) { return std::bit_cast<double>(bits); }),
      rc::gen::map(rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000),
                   [](std::int64_t n) { return static_cast<double>(n) / 1000.0; }));
}

TEST(Number, IsReadBackAsItWas) {
  expect_property(2000, [] {
    const double number = *any_number();
    const auto read = text::parse_number(fmt::format("{}", number));
    RC_ASSERT(read.has_value());
    RC_ASSERT(std::bit_cast<std::uint64_t>(*read) == std::bit_cast<std::uint64_t>(number));
  });
}

TEST(Time, IsReadBackAsItWas) {
  expect_property(1000, [] {
    const std::int64_t ns = *rc::gen::inRange<std::int64_t>(0, 9'000'000'000'000'000'000);
    const std::string text = fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
    RC_ASSERT(text::parse_seconds(text) == ns);
    const std::int64_t day = *rc::gen::inRange<std::int64_t>(-700'000, 2'900'000);
    RC_ASSERT(text::parse_day(text::print_day(day)) == day);
  });
}

// A unit changes how a value is written, not what it is.
TEST(Value, IsTheSameInEveryUnit) {
  using config::Dimension;
  expect_property(500, [] {
    const std::int64_t n = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
    const auto whole = [](Dimension dimension, const std::string& text) {
      const auto parsed = config::parse_whole(dimension, text);
      RC_ASSERT(parsed.has_value());
      return *parsed;
    };
    RC_ASSERT(whole(Dimension::Duration, fmt::format("{} ns", n)) == n);
    RC_ASSERT(whole(Dimension::Duration, fmt::format("{} s", n)) == n * 1'000'000'000);
    RC_ASSERT(whole(Dimension::Duration, fmt::format("{}.{:03} us", n / 1000, n % 1000)) == n);
    RC_ASSERT(whole(Dimension::Bytes, fmt::format("{} kB", n)) == n * 1000);
    RC_ASSERT(whole(Dimension::Bytes, fmt::format("{} MiB", n)) == n * 1024 * 1024);
    RC_ASSERT(whole(Dimension::Tokens, fmt::format("{} million", n)) == n * 1'000'000);
    const std::int64_t minutes = n % 10'000;
    RC_ASSERT(whole(Dimension::Duration, fmt::format("{} h {} min", minutes / 60, minutes % 60)) ==
              whole(Dimension::Duration, fmt::format("{} min", minutes)));
  });
}

// What is a default and what was stated is said in comments.
std::string without_comments(const std::string& yaml) {
  std::string text;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// resolved.yaml is a scenario file: loaded, it resolves to itself.
TEST(Scenario, IsReadBackAsItWas) {
  expect_property(40, [](const Settings& settings) {
    const auto scenario = settings.scenario(*rc::gen::inRange<std::uint64_t>(0, 1'000'000));
    RC_PRE(scenario.has_value());
    const std::string resolved = config::resolved_document(*scenario);
    const TemporaryFile file(resolved, ".yaml");
    const config::Scenario again = config::load_scenario(file.path(), {});
    RC_ASSERT(config::scenario_fingerprint(again) == config::scenario_fingerprint(*scenario));
    RC_ASSERT(again.seed == scenario->seed);
    RC_ASSERT(without_comments(config::resolved_document(again)) == without_comments(resolved));
  });
}

// A trace that is read and written is the trace.
TEST(Trace, IsReadBackAsItWas) {
  expect_property(60, [](const Traffic& traffic) {
    const TemporaryFile file(traffic.csv(), ".csv"), copy("", ".csv");
    {
      traces::RequestTrace trace(file.path(), {});
      traces::TraceWriter writer(copy.path(), trace.info());
      traces::TraceRecord record;
      while (trace.next(record)) {
        writer.write(record);
      }
      writer.finish();
    }
    traces::RequestTrace one(file.path(), {}), other(copy.path(), {});
    traces::TraceRecord a, b;
    std::optional<base::Duration> begin;  // of a written trace it is 0
    while (one.next(a)) {
      begin = begin.value_or(a.time);
      RC_ASSERT(other.next(b));
      RC_ASSERT(a.time - *begin == b.time && a.input == b.input && a.output == b.output);
      RC_ASSERT(a.session == b.session && a.session_tokens == b.session_tokens && a.turn == b.turn);
      RC_ASSERT(a.variant == b.variant && a.channel == b.channel && a.last_turn == b.last_turn);
    }
    RC_ASSERT(!other.next(b));
  });
}

}  // namespace
}  // namespace epfleet::test
