// Keys of prices and of who pays.
#include "key_rows.h"

namespace epfleet::config {
namespace {

constexpr const char* kPriceSource = "DeepSeek API price page of February 2025";
constexpr const char* kSpan = "HH:MM-HH:MM (UTC) or none";
constexpr std::int64_t kMinuteNs = 60'000'000'000;

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

std::string print_off_peak(const Scenario& scenario) {
  const cost::PricesConfig& prices = scenario.prices;
  const auto clock = [](base::Duration at) {
    return print_time_of_day(static_cast<int>(at.count() / kMinuteNs));
  };
  return prices.off_peak ? yaml_text(clock(prices.off_peak_from) + "-" + clock(prices.off_peak_to))
                         : "none";
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
  add_book(rows, EPFLEET_KEY(prices.book), "");
  Key& off_peak =
      rows.custom("prices.off_peak", kSpan,
                  {"Daily span in which requests over the API pay prices.off_peak_book.",
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
