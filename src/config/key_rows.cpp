#include "key_rows.h"

#include <fmt/format.h>

#include <cmath>

#include "epfleet/base/error.h"
#include "epfleet/config/paths.h"

namespace epfleet::config {
namespace {

std::string bound(Dimension dimension, double value) {
  return needs_unit(dimension) && value == 0.0 ? "0" : print_real(dimension, value);
}

}  // namespace

const Scenario& shipped_defaults() {
  static const Scenario kDefaults;
  return kDefaults;
}

std::string range_text(Dimension dimension, bool whole, const Range& range) {
  const bool low = std::isfinite(range.low);
  const bool high = std::isfinite(range.high);
  const std::string_view from = range.low_open ? ">" : ">=";
  const std::string_view to = range.high_open ? "<" : "<=";
  const auto shown = [&](double value) {
    return whole && !needs_unit(dimension) ? fmt::format("{}", static_cast<std::int64_t>(value))
                                           : bound(dimension, value);
  };
  if (low && high) {
    return fmt::format("{} {} and {} {}", from, shown(range.low), to, shown(range.high));
  }
  if (low) {
    return fmt::format("{} {}", from, shown(range.low));
  }
  return high ? fmt::format("{} {}", to, shown(range.high)) : "";
}

std::optional<Fault> out_of_range(const Range& range, const std::string& range_text, double value,
                                  const std::string& text) {
  const bool low = range.low_open ? value <= range.low : value < range.low;
  const bool high = range.high_open ? value >= range.high : value > range.high;
  if (!low && !high) {
    return std::nullopt;
  }
  return Fault{fmt::format("'{}' is out of range", text), fmt::format("must be {}", range_text)};
}

Parsed<std::string> scalar_text(const Node& node, const std::string& expected) {
  switch (node.kind) {
    case Node::Kind::Scalar:
      return node.text;
    case Node::Kind::Null:
      return tl::unexpected(Fault{"has no value", fmt::format("expected: {}", expected)});
    case Node::Kind::List:
      return tl::unexpected(Fault{"is a list", fmt::format("expected: {}", expected)});
    case Node::Kind::Map:
      return tl::unexpected(Fault{"is a group of keys", fmt::format("expected: {}", expected)});
  }
  return tl::unexpected(Fault{"cannot be read", ""});
}

Fault not_a_choice(const std::string& text, const std::vector<Choice>& choices) {
  std::string names;
  for (const Choice& choice : choices) {
    names += (names.empty() ? "" : ", ") + choice.name;
  }
  return {fmt::format("'{}' is none of the choices", text), fmt::format("choose from {}", names)};
}

Key& Rows::custom(std::string name, std::string type, Docs docs) {
  Key& key = keys_.emplace_back();
  key.name = std::move(name);
  key.type = std::move(type);
  key.help = std::move(docs.help);
  key.source = std::move(docs.source);
  return key;
}

Rows& Rows::guess(std::string low, std::string high) {
  Key& key = keys_.back();
  for (const std::string& text : {low, high}) {  // bounds must be values that the row accepts
    Scenario scratch;
    Node node;
    node.kind = Node::Kind::Scalar;
    node.text = text;
    EPFLEET_CHECK(!key.read(scratch, node), "plausible value of " + key.name + ": " + text);
  }
  key.plausible_low = std::move(low);
  key.plausible_high = std::move(high);
  return *this;
}

Rows& Rows::path_row(std::string name, std::function<std::string&(Scenario&)> change,
                     std::function<const std::string&(const Scenario&)> look, std::string word,
                     Docs docs) {
  Key& key = custom(std::move(name), fmt::format("path of a file, or {}", word), std::move(docs));
  key.is_path = true;
  key.absent = word;
  const std::string kept = word == "none" ? "" : word;
  key.read = [change, word, kept](Scenario& scenario, const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, "path of a file");
    if (!text) {
      return text.error();
    }
    if (text->empty()) {
      return Fault{"is empty", fmt::format("write a path, or {}", word)};
    }
    change(scenario) = *text == word ? kept : resolved_path(*text, node.place.folder);
    return std::nullopt;
  };
  key.print = [look, word, kept](const Scenario& scenario) {
    const std::string& path = look(scenario);
    return path.empty() || path == kept ? word : yaml_text(shown_path(path, scenario.file));
  };
  return *this;
}

}  // namespace epfleet::config
