// What a price calendar consists of as text: days, spans, whole windows, holidays.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "day_minutes.h"
#include "epfleet/text/parse.h"
#include "price_windows.h"

namespace epfleet::config {
namespace {

using cost::Day;
using cost::HolidayRule;
using cost::PriceWindow;

constexpr std::size_t kMostHolidays = 1000;
constexpr std::size_t kWeek = 7;
constexpr base::Names<kWeek> kDayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string print_days(std::uint8_t days) {
  std::vector<std::string_view> names;
  for (std::size_t day = 0; day < kWeek; ++day) {
    if ((days >> day & 1U) != 0) {
      names.push_back(kDayNames[day]);
    }
  }
  return fmt::format("[{}]", fmt::join(names, ", "));
}

}  // namespace

Parsed<Day> parse_day(const std::string& text) {
  const auto day = text::parse_day(text);
  return day ? Parsed<Day>(Day(std::chrono::days(*day)))
             : tl::unexpected(Fault{fmt::format("'{}' is not a date", text),
                                    "write YYYY-MM-DD, for example 2026-10-01"});
}

std::string print_day(Day day) { return text::print_day(day.time_since_epoch().count()); }

// "mon" or "mon-fri", also over Sunday, as bits.
Parsed<std::uint8_t> parse_days(const std::string& text) {
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view whole = lower;
  const std::size_t dash = std::min(whole.find('-'), whole.size());
  const auto from = base::value_in<std::size_t>(kDayNames, whole.substr(0, dash));
  const auto to =
      dash == whole.size() ? from : base::value_in<std::size_t>(kDayNames, whole.substr(dash + 1));
  if (!from || !to) {
    return tl::unexpected(
        Fault{fmt::format("'{}' is neither a day of the week nor a span of them", text),
              fmt::format("choose from {}, or write mon-fri", fmt::join(kDayNames, ", "))});
  }
  std::uint8_t days = 0;
  for (std::size_t day = *from;; day = (day + 1) % kWeek) {
    days = static_cast<std::uint8_t>(days | 1U << day);
    if (day == *to) {
      return days;
    }
  }
}

Parsed<PriceWindow::Span> parse_span(const std::string& text) {
  const auto dash = text.find('-');
  const auto from = text::parse_time_of_day(std::string_view(text).substr(0, dash));
  const auto to = text::parse_time_of_day(
      dash == std::string::npos ? "" : std::string_view(text).substr(dash + 1));
  if (!from || !to) {
    return tl::unexpected(Fault{fmt::format("'{}' is not a span of the day", text),
                                "write HH:MM-HH:MM in UTC from 00:00 to 23:59, for example "
                                "\"16:30-00:30\""});
  }
  if (*from == *to) {
    return tl::unexpected(
        Fault{fmt::format("'{}' is not a span of the day: it has no length", text),
              "write another end, for example \"16:30-00:30\""});
  }
  return PriceWindow::Span{base::Duration(*from * kMinuteNs), base::Duration(*to * kMinuteNs)};
}

std::string print_span(const PriceWindow::Span& span) {
  const auto clock = [](base::Duration at) {
    return print_time_of_day(static_cast<int>(at.count() / kMinuteNs));
  };
  return clock(span.from) + "-" + clock(span.to);
}

std::string print_window(const PriceWindow& window) {
  std::vector<std::string> parts;
  const auto add = [&](const char* name, const std::string& value) {
    parts.push_back(fmt::format("{}: {}", name, value));
  };
  const PriceWindow always;
  if (window.weekdays != always.weekdays) {
    add("days", print_days(window.weekdays));
  }
  if (!window.hours.empty()) {
    std::vector<std::string> spans;
    for (const PriceWindow::Span& span : window.hours) {
      spans.push_back(yaml_text(print_span(span)));
    }
    add("hours", fmt::format("[{}]", fmt::join(spans, ", ")));
  }
  if (window.first) {
    add("from", print_day(*window.first));
  }
  if (window.last) {
    add("to", print_day(*window.last));
  }
  if (window.holidays != HolidayRule::Any) {
    add("holidays", std::string(base::name_in(cost::kHolidayRuleNames, window.holidays)));
  }
  if (window.model) {
    add("model", std::string(workload::name_of(*window.model)));
  }
  if (window.channel) {
    add("channel", std::string(workload::name_of(*window.channel)));
  }
  std::vector<std::string> prices;
  for (const auto& [name, price] :
       {std::pair("hit", window.prices.hit), std::pair("miss", window.prices.miss),
        std::pair("output", window.prices.output)}) {
    if (price) {
      prices.push_back(fmt::format("{}: {}", name, print_real(Dimension::TokenPrice, *price)));
    }
  }
  if (!prices.empty()) {
    add("prices", fmt::format("{{{}}}", fmt::join(prices, ", ")));
  }
  if (window.factor) {
    add("factor", print_real(Dimension::Share, *window.factor));
  }
  if (window.gpu_hour) {
    add("gpu_hour", print_real(Dimension::GpuPrice, window.gpu_hour->count()));
  }
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::optional<Fault> read_holidays(Scenario& scenario, const Node& node) {
  const std::string remedy = "write a list of dates, for example [2026-10-01, 2026-10-02]";
  if (node.kind != Node::Kind::List || node.items.size() > kMostHolidays) {
    return Fault{"is not a list of at most 1000 dates", remedy};
  }
  std::vector<Day> days;
  std::optional<Fault> faults;
  for (const Node& item : node.items) {
    const auto day = scalar_text(item, "date").and_then(parse_day);
    if (day) {
      days.push_back(*day);
      continue;
    }
    Fault fault = day.error();
    fault.line = item.place.line;
    fault.column = item.place.column;
    if (faults) {
      faults->others.push_back(fault);
    } else {
      faults = fault;
    }
  }
  std::ranges::sort(days);
  const auto repeated = std::ranges::unique(days);
  days.erase(repeated.begin(), repeated.end());
  scenario.prices.holidays = std::move(days);
  return faults;
}

std::string print_holidays(const Scenario& scenario) {
  std::vector<std::string> days;
  for (const Day day : scenario.prices.holidays) {
    days.push_back(print_day(day));
  }
  return fmt::format("[{}]", fmt::join(days, ", "));
}

}  // namespace epfleet::config
