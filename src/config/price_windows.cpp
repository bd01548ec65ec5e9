#include "price_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace epfleet::config {
namespace {

using cost::HolidayRule;
using cost::PriceWindow;

constexpr std::size_t kMostWindows = 100;
constexpr const char* kExampleWindow =
    "write for example {days: mon-fri, hours: [\"01:00-04:00\", \"06:00-10:00\"], holidays: "
    "excluded, factor: 2} or {hours: \"16:30-00:30\", model: r1, channel: api, prices: {hit: 0.035 "
    "USD/M, miss: 0.135 USD/M, output: 0.55 USD/M}}";

// A list, or one for it.
std::vector<const Node*> items_of(const Node& node) {
  std::vector<const Node*> items;
  for (const Node& item : node.items) {
    items.push_back(&item);
  }
  return node.kind == Node::Kind::List ? items : std::vector{&node};
}

// One of the names; "all": none.
template <class Enum, std::size_t N>
Parsed<std::optional<Enum>> one_or_all(const base::Names<N>& names, const std::string& text) {
  const auto value = base::value_in<Enum>(names, text);
  if (!value && text != "all") {
    return tl::unexpected(Fault{fmt::format("'{}' is none of the choices", text),
                                fmt::format("choose from {}, all", fmt::join(names, ", "))});
  }
  return value;
}

Parsed<double> parse_price(Dimension dimension, const std::string& text) {
  const Range range = between(0.0, 1e6);
  return parse_real(dimension, text).and_then([&](double price) -> Parsed<double> {
    const auto fault = out_of_range(range, range_text(dimension, false, range), price, text);
    return fault ? Parsed<double>(tl::unexpected(*fault)) : price;
  });
}

Parsed<double> parse_factor(const std::string& text) {
  constexpr double kMost = 1000.0;
  return parse_real(Dimension::Share, text).and_then([&](double factor) -> Parsed<double> {
    if (factor < 0.0 || factor > kMost) {
      return tl::unexpected(Fault{fmt::format("'{}' is out of range", text),
                                  "must be >= 0 and <= 1000; a discount of 75 % is factor: 25 %"});
    }
    return factor;
  });
}

// Reads windows and gathers what is wrong with them.
class WindowReader {
 public:
  void read(const Node& item) {
    title_ = fmt::format("window {}: ", ++count_);
    const std::size_t before = faults_.size();
    PriceWindow window;
    if (item.kind != Node::Kind::Map) {
      return add(item.place,
                 {"is not {days, hours, ..., prices, factor or gpu_hour}", kExampleWindow});
    }
    for (const Entry& entry : item.entries) {
      read_entry(entry, window);
    }
    if (faults_.size() == before) {
      check(item, window);
    }
    if (faults_.size() == before) {
      windows_.emplace_back(count_, std::move(window));
    }
  }

  [[nodiscard]] std::optional<Fault> fault() const {
    if (faults_.empty()) {
      return std::nullopt;
    }
    Fault all = faults_.front();
    all.others.assign(faults_.begin() + 1, faults_.end());
    return all;
  }
  [[nodiscard]] std::vector<PriceWindow> windows() const {
    std::vector<PriceWindow> all;
    for (const auto& [number, window] : windows_) {
      all.push_back(window);
    }
    return all;
  }

 private:
  void add(const Place& place, Fault fault) {
    fault.what.insert(0, title_);
    fault.line = place.line;
    fault.column = place.column;
    faults_.push_back(std::move(fault));
  }

  template <class Parse, class Into>
  void one(const Node& node, const char* expected, const Parse& parse, Into& into) {
    const auto value = scalar_text(node, expected).and_then(parse);
    if (value) {
      into = *value;
    } else {
      add(node.place, value.error());
    }
  }

  void read_entry(const Entry& entry, PriceWindow& window) {
    const Node& node = entry.value;
    const std::string& name = entry.key;
    const auto price = [](Dimension dimension) {
      return [dimension](const std::string& text) { return parse_price(dimension, text); };
    };
    if (name == "days" || name == "hours") {
      read_list(entry, window);
    } else if (name == "from" || name == "to") {
      one(node, "date", parse_day, name == "from" ? window.first : window.last);
    } else if (name == "holidays") {
      one(
          node, "any, excluded or only",
          [](const std::string& text) -> Parsed<HolidayRule> {
            const auto rule = base::value_in<HolidayRule>(cost::kHolidayRuleNames, text);
            return rule ? Parsed<HolidayRule>(*rule)
                        : tl::unexpected(Fault{
                              fmt::format("'{}' is none of the choices", text),
                              "choose from any, excluded, only; their dates are prices.holidays"});
          },
          window.holidays);
    } else if (name == "model") {
      one(
          node, "model",
          [](const std::string& text) {
            return one_or_all<workload::Variant>(workload::kVariantNames, text);
          },
          window.model);
    } else if (name == "channel") {
      one(
          node, "channel",
          [](const std::string& text) {
            return one_or_all<workload::Channel>(workload::kChannelNames, text);
          },
          window.channel);
    } else if (name == "prices") {
      read_prices(node, window.prices);
    } else if (name == "factor") {
      one(node, "share", parse_factor, window.factor);
    } else if (name == "gpu_hour") {
      double usd = 0.0;
      one(node, "price of GPU time", price(Dimension::GpuPrice), usd);
      window.gpu_hour = base::UsdPerHour(usd);
    } else {
      add(entry.place, {fmt::format("has no '{}'", name),
                        "its parts are days, hours, from, to, holidays, model, channel, and one of "
                        "prices, factor, gpu_hour"});
    }
  }

  void read_list(const Entry& entry, PriceWindow& window) {
    const bool hours = entry.key == "hours";
    window.weekdays = hours ? window.weekdays : std::uint8_t{0};
    for (const Node* item : items_of(entry.value)) {
      if (hours) {
        one(*item, "HH:MM-HH:MM", parse_span, window.hours.emplace_back());
      } else {
        std::uint8_t days = 0;
        one(*item, "day of the week", parse_days, days);
        window.weekdays = static_cast<std::uint8_t>(window.weekdays | days);
      }
    }
    if (items_of(entry.value).empty()) {
      add(entry.value.place, {fmt::format("{} is empty, so it never holds", entry.key),
                              fmt::format("leave {} out for all of them", entry.key)});
    }
  }

  void read_prices(const Node& node, cost::OwnPrices& prices) {
    const std::pair<const char*, std::optional<double>*> members[] = {
        {"hit", &prices.hit}, {"miss", &prices.miss}, {"output", &prices.output}};
    if (node.kind != Node::Kind::Map || node.entries.empty()) {
      return add(node.place, {"prices is not {hit, miss, output}", kExampleWindow});
    }
    for (const Entry& entry : node.entries) {
      const auto* member =
          std::ranges::find_if(members, [&](const auto& one) { return entry.key == one.first; });
      if (member == std::end(members)) {
        add(entry.place,
            {fmt::format("prices has no '{}'", entry.key), "its parts are hit, miss and output"});
      } else {
        one(
            entry.value, "price of a million tokens",
            [](const std::string& text) { return parse_price(Dimension::TokenPrice, text); },
            *member->second);
      }
    }
  }

  void check(const Node& item, const PriceWindow& window) {
    const int said =
        (window.prices.any() ? 1 : 0) + (window.factor ? 1 : 0) + (window.gpu_hour ? 1 : 0);
    if (said != 1) {
      add(item.place,
          {said == 0 ? "says when, but no price" : "has more than one of prices, factor, gpu_hour",
           said == 0 ? "add prices: {hit, miss, output}, factor or gpu_hour"
                     : "keep one of them; write a window for each"});
    }
    if (window.gpu_hour && (window.model || window.channel)) {
      add(item.place, {"has a gpu_hour for one model or channel, and nodes serve all of them",
                       "leave model and channel out"});
    }
    if (window.first && window.last && *window.last < *window.first) {
      return add(item.place, {fmt::format("ends on {}, before it begins on {}",
                                          print_day(*window.last), print_day(*window.first)),
                              "exchange from and to"});
    }
    PriceWindow on_any = window;  // holidays are another key: check_prices
    on_any.holidays = HolidayRule::Any;
    if (!on_any.ever_opens({})) {
      return add(item.place, {fmt::format("never holds: none of its days is between {} and {}",
                                          print_day(*window.first), print_day(*window.last)),
                              "choose other days or dates"});
    }
    const auto shadow = std::ranges::find_if(
        windows_, [&](const auto& before) { return before.second.covers(window); });
    if (shadow != windows_.end()) {
      add(item.place,
          {fmt::format("never counts: window {} holds whenever it does, and the first counts",
                       shadow->first),
           fmt::format("put it before window {}, or leave one of them out", shadow->first)});
    }
  }

  std::string title_;
  std::size_t count_ = 0;
  std::vector<std::pair<std::size_t, PriceWindow>> windows_;  // with their numbers
  std::vector<Fault> faults_;
};

}  // namespace

std::optional<Fault> read_calendar(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list of windows", kExampleWindow};
  }
  if (node.items.size() > kMostWindows) {
    return Fault{fmt::format("has {} windows", node.items.size()),
                 fmt::format("state at most {}", kMostWindows)};
  }
  WindowReader reader;
  for (const Node& item : node.items) {
    reader.read(item);
  }
  scenario.prices.calendar = reader.windows();
  return reader.fault();
}

std::string print_calendar(const Scenario& scenario) {
  std::string text;
  for (const PriceWindow& window : scenario.prices.calendar) {
    text += "\n- " + print_window(window);
  }
  return text.empty() ? "[]" : text;
}

}  // namespace epfleet::config
