// Keys of prices and of who pays.
#include <algorithm>

#include "epfleet/text/parse.h"
#include "key_files.h"
#include "key_rows.h"
#include "price_windows.h"

namespace epfleet::config {
namespace {

constexpr const char* kPriceSource = "DeepSeek API price page of February 2025";
constexpr const char* kSpan = "HH:MM-HH:MM (UTC) or none";

template <class Book>
void add_book(Rows& rows, const std::string& group, Book book, const std::string& when) {
  const auto price = [&](const std::string& name, auto member, const std::string& what) {
    rows.number(group + "." + name, member, Dimension::TokenPrice, between(0.0, 1e6),
                {fmt::format("Price of a million {}{}.", what, when), kPriceSource});
  };
  using workload::Variant;
  for (const auto& [label, variant] :
       {std::pair("R1", Variant::R1), std::pair("V3", Variant::V3)}) {
    const auto of_variant = [book, v = static_cast<std::size_t>(variant)](auto& s) -> auto& {
      return book(s)[v];
    };
    const std::string name(name_of(variant));
    price(
        name + ".hit", [of_variant](auto& s) -> auto& { return of_variant(s).hit; },
        fmt::format("input tokens of {} that hit the cache", label));
    price(
        name + ".miss", [of_variant](auto& s) -> auto& { return of_variant(s).miss; },
        fmt::format("input tokens of {} that miss the cache", label));
    price(
        name + ".output", [of_variant](auto& s) -> auto& { return of_variant(s).output; },
        fmt::format("output tokens of {}", label));
  }
}

std::optional<Fault> read_off_peak(Scenario& scenario, const Node& node) {
  const auto text = scalar_text(node, kSpan);
  if (!text) {
    return text.error();
  }
  cost::PricesConfig& prices = scenario.prices;
  if (*text == "none") {
    prices.off_peak = false;
    prices.off_peak_from = prices.off_peak_to = base::Duration{};
    return std::nullopt;
  }
  const auto span = parse_span(*text);
  if (!span) {
    return Fault{span.error().what, span.error().remedy + ", or none"};
  }
  prices.off_peak = true;
  prices.off_peak_from = span->from;
  prices.off_peak_to = span->to;
  return std::nullopt;
}

std::string print_off_peak(const Scenario& scenario) {
  const cost::PricesConfig& prices = scenario.prices;
  return prices.off_peak ? yaml_text(print_span({prices.off_peak_from, prices.off_peak_to}))
                         : "none";
}

// What stands before or behind amounts that a person reads.
Parsed<std::string> parse_currency(const std::string& text) {
  constexpr std::size_t kLongest = 12;  // bytes
  const bool clean = std::ranges::none_of(text, [](char c) {
    return (c >= 0 && c <= ' ') || c == '\x7f' || c == '<' || c == '>' || c == '&';
  });
  if (text.empty() || text.size() > kLongest || !clean || !text::is_utf8(text)) {
    return tl::unexpected(Fault{fmt::format("'{}' is not the name of a currency", text),
                                "write a word of at most 12 bytes, for example CNY"});
  }
  return text;
}

}  // namespace

void add_prices_rows(Rows& rows) {
  rows.number(
      EPFLEET_KEY(prices.gpu_hour), Dimension::GpuPrice, between(0.0, 1e6),
      {"Price of an hour of one GPU.", "open-infra-index, day 6: 2 USD, as for leasing an H800"});
  const auto of_phase = [&](const std::string& name, auto member, const char* phase) {
    rows.number(name, member, Dimension::GpuPrice, between(0.0, 1e6),
                {fmt::format("Price of an hour of one GPU of the {} nodes, where it differs; none: "
                             "prices.gpu_hour.",
                             phase),
                 "free choice", "1.5 USD/h"},
                "none");
  };
  of_phase(EPFLEET_KEY(prices.prefill_gpu_hour), "prefill");
  of_phase(EPFLEET_KEY(prices.decode_gpu_hour), "decode");
  rows.value(
      "prices.currency", "text", EPFLEET_MEMBER(prices.currency), parse_currency, yaml_text,
      {"What amounts are called in the summary, the plan and the page. A label only: nothing "
       "is converted, prices are written with USD/h and USD/M all the same, and keys of "
       "result files keep their _usd.",
       "free choice"});
  add_book(rows, EPFLEET_KEY(prices.book), "");
  Key& calendar = rows.custom(
      "prices.calendar", kWindowType,
      {"When tokens or GPU hours have other prices. The first window that holds counts, for tokens "
       "and for GPU hours each; without one, prices.book and prices.gpu_hour hold. What is left "
       "out means all: days, hours, dates, models, channels. All times are UTC, from `start` on; "
       "hours may pass "
       "midnight, and belong to the day on which they begin; from and to are the first and the "
       "last day. prices: those not stated are the book's. factor: on the book's prices, and on "
       "those of a class of its own, which prices leave alone. The name of a part stands for its "
       "calendar and its holidays.",
       "free choice; the books prices_2025-02 to prices_2026-09 have DeepSeek's"});
  calendar.json = JsonType::List;
  calendar.read = read_calendar;
  calendar.print = print_calendar;
  Key& holidays =
      rows.custom("prices.holidays", "list of dates (YYYY-MM-DD), or the name of a part",
                  {"Days that windows of prices.calendar with holidays: excluded or only look at.",
                   "free choice"});
  holidays.json = JsonType::List;
  holidays.read = read_holidays;
  holidays.print = print_holidays;
  Key& off_peak =
      rows.custom("prices.off_peak", kSpan,
                  {"Daily span in which requests over the API pay prices.off_peak_book: short for "
                   "a window of each model at the end of prices.calendar, which takes its place.",
                   "DeepSeek, 2025-02-26: 16:30-00:30 UTC"});
  off_peak.read = read_off_peak;
  off_peak.print = print_off_peak;
  add_book(rows, EPFLEET_KEY(prices.off_peak_book), ", off peak");
  using workload::Channel;
  const auto paid = [&](Channel channel) -> Rows& {
    const auto c = static_cast<std::size_t>(channel);
    const std::string name(name_of(channel));
    return rows.number("prices.paid_share." + name,
                       [c](auto& s) -> auto& { return s.prices.paid_share[c]; }, Dimension::Share,
                       between(0.0, 1.0),
                       {fmt::format("Share of the {} tokens that are paid for.", name),
                        "not published; web and app were free of charge"});
  };
  paid(Channel::Web).guess("0", "0.05");
  paid(Channel::App).guess("0", "0.05");
  paid(Channel::Api).guess("0.8", "1");
}

}  // namespace epfleet::config
