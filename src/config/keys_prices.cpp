// Keys of prices and of who pays.
#include "key_rows.h"

namespace epfleet::config {
namespace {

constexpr const char* kPriceSource = "DeepSeek API price page of February 2025";
constexpr std::int64_t kMinuteNs = 60'000'000'000;

template <class Book>
void add_book(Rows& rows, const std::string& group, Book book, const std::string& when) {
  const auto price = [&](const std::string& name, auto member, const std::string& what) {
    rows.number(group + "." + name, Dimension::TokenPrice, member, at_least(0.0),
                {fmt::format("Price of a million {}{}.", what, when), kPriceSource});
  };
  using workload::Variant;
  for (const auto& [label, variant] :
       {std::pair("R1", Variant::R1), std::pair("V3", Variant::V3)}) {
    const std::string_view name = name_of(variant);
    const auto v = static_cast<std::size_t>(variant);
    price(
        fmt::format("{}.hit", name), [book, v](auto& s) -> auto& { return book(s)[v].hit; },
        fmt::format("input tokens of {} that hit the cache", label));
    price(
        fmt::format("{}.miss", name), [book, v](auto& s) -> auto& { return book(s)[v].miss; },
        fmt::format("input tokens of {} that miss the cache", label));
    price(
        fmt::format("{}.output", name), [book, v](auto& s) -> auto& { return book(s)[v].output; },
        fmt::format("output tokens of {}", label));
  }
}

std::optional<Fault> read_off_peak(Scenario& scenario, const Node& node) {
  const auto text = scalar_text(node, "HH:MM-HH:MM (UTC) or none");
  if (!text) {
    return text.error();
  }
  cost::PricesConfig& prices = scenario.prices;
  if (*text == "none") {
    prices.off_peak = false;
    prices.off_peak_from = prices.off_peak_to = base::Duration{};
    return std::nullopt;
  }
  const auto from = parse_time_of_day(text->substr(0, 5));
  const auto to = parse_time_of_day(text->size() == 11 ? text->substr(6) : "");
  if (!from || !to || text->at(5) != '-' || *from == *to) {
    return Fault{fmt::format("'{}' is not a span of the day", *text),
                 "write HH:MM-HH:MM in UTC, for example \"16:30-00:30\", or none"};
  }
  prices.off_peak = true;
  prices.off_peak_from = base::Duration(*from * kMinuteNs);
  prices.off_peak_to = base::Duration(*to * kMinuteNs);
  return std::nullopt;
}

Key off_peak_row() {
  Key key;
  key.name = "prices.off_peak";
  key.type = "HH:MM-HH:MM (UTC) or none";
  key.help = "Daily span in which requests over the API pay prices.off_peak_book.";
  key.source = "DeepSeek, 2025-02-26: 16:30-00:30 UTC";
  key.read = read_off_peak;
  key.print = [](const Scenario& scenario) {
    const cost::PricesConfig& prices = scenario.prices;
    const auto clock = [](base::Duration at) {
      return print_time_of_day(static_cast<int>(at.count() / kMinuteNs));
    };
    return prices.off_peak
               ? yaml_text(clock(prices.off_peak_from) + "-" + clock(prices.off_peak_to))
               : std::string("none");
  };
  return key;
}

}  // namespace

void add_prices_rows(Rows& rows) {
  rows.number(
      "prices.gpu_hour", Dimension::GpuPrice, EPFLEET_MEMBER(prices.gpu_hour), at_least(0.0),
      {"Price of an hour of one GPU.", "open-infra-index, day 6: 2 USD, as for leasing an H800"});
  add_book(rows, "prices.book", EPFLEET_MEMBER(prices.book), "");
  rows.custom(off_peak_row());
  add_book(rows, "prices.off_peak_book", EPFLEET_MEMBER(prices.off_peak_book), ", off peak");
  using workload::Channel;
  const auto paid = [&](Channel channel) -> Rows& {
    const auto c = static_cast<std::size_t>(channel);
    const std::string name(name_of(channel));
    return rows.number("prices.paid_share." + name, Dimension::Share,
                       [c](auto& s) -> auto& { return s.prices.paid_share[c]; }, between(0.0, 1.0),
                       {fmt::format("Share of the {} tokens that are paid for.", name),
                        "not published; web and app were free of charge"});
  };
  paid(Channel::Web).guess("0", "0.05");
  paid(Channel::App).guess("0", "0.05");
  paid(Channel::Api).guess("0.8", "1");
}

}  // namespace epfleet::config
