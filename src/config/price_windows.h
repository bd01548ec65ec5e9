// The windows and holidays of a price calendar as scenario files write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "epfleet/cost/price_window.h"
#include "key_rows.h"

namespace epfleet::config {

inline constexpr const char* kWindowType =
    "list of {days: mon-fri or a list, hours: HH:MM-HH:MM (UTC) or a list, from: YYYY-MM-DD, to: "
    "YYYY-MM-DD, holidays: any, excluded or only, model: v3 or r1, channel: web, app or api, and "
    "one of prices: {hit, miss, output}, factor: share, gpu_hour: price of GPU time}, or the name "
    "of a part";

// "2026-10-01"
[[nodiscard]] Parsed<cost::Day> parse_day(const std::string& text);
[[nodiscard]] std::string print_day(cost::Day day);
// "mon" or "mon-fri", also over Sunday, as bits.
[[nodiscard]] Parsed<std::uint8_t> parse_days(const std::string& text);
// "16:30-00:30"
[[nodiscard]] Parsed<cost::PriceWindow::Span> parse_span(const std::string& text);
[[nodiscard]] std::string print_span(const cost::PriceWindow::Span& span);

[[nodiscard]] std::string print_window(const cost::PriceWindow& window);

// Every fault of the list is in the answer.
[[nodiscard]] std::optional<Fault> read_calendar(Scenario& scenario, const Node& node);
[[nodiscard]] std::string print_calendar(const Scenario& scenario);

[[nodiscard]] std::optional<Fault> read_holidays(Scenario& scenario, const Node& node);
[[nodiscard]] std::string print_holidays(const Scenario& scenario);

}  // namespace epfleet::config
