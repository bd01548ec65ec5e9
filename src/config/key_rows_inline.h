// Bodies of the templates of key_rows.h, which includes this file.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "key_rows.h"

namespace epfleet::config {

template <class Member>
Rows& Rows::number(std::string name, Dimension dimension, Member member, Range range, Docs docs,
                   std::string absent) {
  using Held = std::remove_cvref_t<decltype(member(std::declval<Scenario&>()))>;
  using Value = typename Optional<Held>::Value;
  constexpr bool kWhole = !std::same_as<Value, double> && !requires(Value v) {
    { v.count() } -> std::same_as<double>;
  };
  Key& key = add(std::move(name),
                 kWhole && dimension == Dimension::Number ? "whole number" : describe(dimension),
                 std::move(docs));
  key.dimension = dimension;
  key.range = range;
  key.range_text = range_text(dimension, kWhole, range);
  key.absent = std::move(absent);
  key.json = needs_unit(dimension)            ? JsonType::Text
             : dimension != Dimension::Number ? JsonType::NumberOrText
             : kWhole                         ? JsonType::Integer
                                              : JsonType::Number;
  const Key row = key;  // what reading needs of the row, without the functions
  key.read = [member, row](Scenario& scenario, const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, row.type);
    if (!text) {
      return text.error();
    }
    if constexpr (Optional<Held>::value) {
      if (*text == row.absent) {
        member(scenario) = std::nullopt;
        return std::nullopt;
      }
    }
    Parsed<Value> value = Stored<Value>::read(row.dimension, *text);
    if (!value) {
      return value.error();
    }
    if (auto fault = out_of_range(row, Stored<Value>::base(*value), *text)) {
      return fault;
    }
    member(scenario) = *value;
    return std::nullopt;
  };
  key.print = [member, dimension, word = key.absent](const Scenario& scenario) -> std::string {
    if constexpr (Optional<Held>::value) {
      return member(scenario) ? Stored<Value>::print(dimension, *member(scenario)) : word;
    } else {
      return Stored<Value>::print(dimension, member(scenario));
    }
  };
  return *this;
}

template <class Member, class Value>
Rows& Rows::choice(std::string name, Member member, std::vector<std::pair<Choice, Value>> values,
                   Docs docs) {
  Key& key = add(std::move(name), "choice", std::move(docs));
  for (const auto& [choice, value] : values) {
    key.choices.push_back(choice);
  }
  key.read = [member, values, choices = key.choices](Scenario& scenario,
                                                     const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, "choice");
    if (!text) {
      return text.error();
    }
    for (const auto& [choice, value] : values) {
      if (choice.name == *text) {
        member(scenario) = value;
        return std::nullopt;
      }
    }
    return not_a_choice(*text, choices);
  };
  key.print = [member, values](const Scenario& scenario) {
    for (const auto& [choice, value] : values) {
      if (member(scenario) == value) {
        return choice.name;
      }
    }
    return std::string("?");
  };
  return *this;
}

template <class Member>
Rows& Rows::rule(std::string name, Member member, const std::vector<base::Choice>& rules,
                 Docs docs) {
  std::vector<std::pair<Choice, std::string>> names;
  for (const base::Choice& rule : rules) {
    names.push_back({{std::string(rule.name), std::string(rule.sentence)}, std::string(rule.name)});
  }
  return choice(std::move(name), member, std::move(names), std::move(docs));
}

template <class Member>
Rows& Rows::flag(std::string name, Member member, Docs docs) {
  choice(std::move(name), member,
         std::vector<std::pair<Choice, bool>>{{{"true", ""}, true}, {{"false", ""}, false}},
         std::move(docs));
  keys_.back().type = "true or false";
  keys_.back().json = JsonType::Boolean;
  return *this;
}

template <class Member>
Rows& Rows::text(std::string name, Member member, Docs docs) {
  Key& key = add(std::move(name), "text", std::move(docs));
  key.read = [member](Scenario& scenario, const Node& node) -> std::optional<Fault> {
    const Parsed<std::string> text = scalar_text(node, "text");
    if (!text) {
      return text.error();
    }
    member(scenario) = *text;
    return std::nullopt;
  };
  key.print = [member](const Scenario& scenario) { return yaml_text(member(scenario)); };
  return *this;
}

}  // namespace epfleet::config
