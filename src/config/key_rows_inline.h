// Bodies of the templates of key_rows.h, which includes this file.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "key_rows.h"

namespace epfleet::config {

template <class Member, class Parse, class Print>
Key& Rows::value(std::string name, std::string type, Member member, Parse parse, Print print,
                 Docs docs) {
  Key& key = custom(std::move(name), std::move(type), std::move(docs));
  key.read = [member, parse, type = key.type](Scenario& scenario,
                                              const Node& node) -> std::optional<Fault> {
    Parsed<Held<Member>> value = scalar_text(node, type).and_then(parse);
    if (!value) {
      return value.error();
    }
    member(scenario) = *std::move(value);
    return std::nullopt;
  };
  key.print = [member, print](const Scenario& scenario) { return print(member(scenario)); };
  return key;
}

template <class Member>
Rows& Rows::number(std::string name, Member member, Dimension dimension, Range range, Docs docs,
                   std::string absent) {
  using Value = typename Optional<Held<Member>>::Value;
  constexpr bool kOptional = Optional<Held<Member>>::value;
  constexpr bool kWhole = !std::same_as<Value, double> && !requires(Value v) {
    { v.count() } -> std::same_as<double>;
  };
  const std::string words = range_text(dimension, kWhole, range);
  const Held<Member> usual = member(shipped_defaults());
  std::string example = docs.example;
  if (example.empty() && usual != Held<Member>{}) {
    if constexpr (kOptional) {
      example = Stored<Value>::print(dimension, *usual);
    } else {
      example = Stored<Value>::print(dimension, usual);
    }
  }
  const auto parse = [=](const std::string& text) -> Parsed<Held<Member>> {
    if constexpr (kOptional) {
      if (text == absent) {
        return Held<Member>{};
      }
    }
    const Parsed<Value> value = Stored<Value>::read(dimension, text, example);
    if (!value) {
      return tl::unexpected(value.error());
    }
    if (const auto fault = out_of_range(range, words, Stored<Value>::base(*value), text)) {
      return tl::unexpected(*fault);
    }
    return Held<Member>(*value);
  };
  const auto print = [=](const Held<Member>& held) -> std::string {
    if constexpr (kOptional) {
      return held ? Stored<Value>::print(dimension, *held) : absent;
    } else {
      return Stored<Value>::print(dimension, held);
    }
  };
  const bool plain = kWhole && dimension == Dimension::Number;
  Key& key = value(std::move(name), plain ? "whole number" : describe(dimension), member, parse,
                   print, std::move(docs));
  key.dimension = dimension;
  key.range = range;
  key.range_text = words;
  key.absent = absent;
  key.json = needs_unit(dimension)            ? JsonType::Text
             : dimension != Dimension::Number ? JsonType::NumberOrText
             : kWhole                         ? JsonType::Integer
                                              : JsonType::Number;
  return *this;
}

template <class Member>
Rows& Rows::choice(std::string name, Member member, std::vector<Word<Held<Member>>> words,
                   Docs docs) {
  std::vector<Choice> choices;
  for (const auto& word : words) {
    choices.push_back({word.name, word.meaning});
  }
  const auto parse = [=](const std::string& text) -> Parsed<Held<Member>> {
    for (const auto& word : words) {
      if (word.name == text) {
        return word.value;
      }
    }
    return tl::unexpected(not_a_choice(text, choices));
  };
  const auto print = [=](const Held<Member>& held) -> std::string {
    for (const auto& word : words) {
      if (word.value == held) {
        return word.name;
      }
    }
    return "?";
  };
  value(std::move(name), "choice", member, parse, print, std::move(docs)).choices = choices;
  return *this;
}

template <class Member>
Rows& Rows::rule(std::string name, Member member, const std::vector<base::Choice>& rules,
                 Docs docs) {
  std::vector<Word<std::string>> words;
  for (const base::Choice& rule : rules) {
    words.push_back({std::string(rule.name), std::string(rule.sentence), std::string(rule.name)});
  }
  return choice(std::move(name), member, std::move(words), std::move(docs));
}

template <class Member>
Rows& Rows::flag(std::string name, Member member, Docs docs) {
  choice(std::move(name), member, {{"true", "", true}, {"false", "", false}}, std::move(docs));
  keys_.back().type = "true or false";
  keys_.back().json = JsonType::Boolean;
  return *this;
}

template <class Member>
Rows& Rows::text(std::string name, Member member, Docs docs) {
  const auto same = [](const std::string& text) -> Parsed<std::string> { return text; };
  value(std::move(name), "text", member, same, yaml_text, std::move(docs));
  return *this;
}

}  // namespace epfleet::config
