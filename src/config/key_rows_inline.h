// Bodies of the templates of key_rows.h, which includes this file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "key_rows.h"

namespace epfleet::config {

template <class T>
Key& Rows::value_of(std::string_view name, std::string_view type, MemberOf<T> member,
                    std::function<Parsed<T>(const std::string&)> parse,
                    std::function<std::string(const T&)> print, const Docs& docs) {
  Key& key = custom(name, type, docs);
  key.read = [change = std::move(member.change), parse = std::move(parse), type = key.type](
                 Scenario& scenario, const Node& node) -> std::optional<Fault> {
    Parsed<T> value = scalar_text(node, type).and_then(parse);
    if (!value) {
      return value.error();
    }
    change(scenario) = *std::move(value);
    return std::nullopt;
  };
  key.print = [look = std::move(member.look), print = std::move(print)](const Scenario& scenario) {
    return print(look(scenario));
  };
  return key;
}

template <class T>
Rows& Rows::choice_of(std::string_view name, MemberOf<T> member, const std::vector<Word<T>>& words,
                      const Docs& docs) {
  std::vector<Choice> choices;
  std::vector<T> values;
  for (const Word<T>& word : words) {
    choices.push_back({std::string(word.name), std::string(word.meaning)});
    values.push_back(word.value);
  }
  const auto change = [change = std::move(member.change), values](Scenario& scenario,
                                                                  std::size_t word) {
    change(scenario) = values[word];
  };
  const auto look = [look = std::move(member.look), values](const Scenario& scenario) {
    const auto found = std::ranges::find(values, look(scenario));
    return static_cast<std::size_t>(found - values.begin());
  };
  return choice_row(name, std::move(choices), change, look, docs);
}

}  // namespace epfleet::config
