// Makes rows of the key table from the member they stand for: the member's type decides how text
// becomes a value and back, so that a row states only what the type cannot know.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "epfleet/base/names.h"
#include "epfleet/base/registry.h"
#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "key_ranges.h"
#include "stored_value.h"

// The member scenario.PATH of a constant or changeable scenario: what a row reads and prints.
#define EPFLEET_MEMBER(...) [](auto& scenario) -> auto& { return scenario.__VA_ARGS__; }
// The same behind the key's name, where that is the path.
#define EPFLEET_KEY(...) #__VA_ARGS__, EPFLEET_MEMBER(__VA_ARGS__)

namespace epfleet::config {

[[nodiscard]] Fault not_a_choice(const std::string& text, const std::vector<Choice>& choices);

// The text of a node that must hold one value.
[[nodiscard]] Parsed<std::string> scalar_text(const Node& node, const std::string& expected);

// Views: rows are made in one expression, and copy what they keep.
struct Docs {
  std::string_view help;
  std::string_view source;
  std::string_view example{};  // a right value, for messages; empty: the default, unless nothing
};

template <class Value>
struct Word {
  std::string_view name;
  std::string_view meaning;  // may be empty
  Value value;
};

// The words of an enum that needs no explanation.
template <class Enum, std::size_t N>
std::vector<Word<Enum>> words_of(const base::Names<N>& names) {
  std::vector<Word<Enum>> words;
  for (std::size_t i = 0; i < N; ++i) {
    words.push_back({names[i], "", static_cast<Enum>(i)});
  }
  return words;
}

// What a scenario has before any file is read.
[[nodiscard]] const Scenario& shipped_defaults();

// What a row's member holds.
template <class Member>
using Held = std::remove_cvref_t<std::invoke_result_t<Member, Scenario&>>;

// A member whatever its row: what is made of it is compiled once for a type, not for every row.
template <class T>
struct MemberOf {
  std::function<T&(Scenario&)> change;
  std::function<const T&(const Scenario&)> look;
};

class Rows {
 public:
  explicit Rows(std::vector<Key>& keys) : keys_(keys) {}

  // A number in the dimension of the member's type; std::optional members accept `absent` too.
  template <class Member>
  Rows& number(std::string_view name, Member member, Range range, const Docs& docs,
               std::string_view absent = "") {
    return number(name, member, Stored<Held<Member>>::kDimension, range, docs, absent);
  }
  // The same for a dimension that the type does not tell: a share, tokens, a price.
  template <class Member>
  Rows& number(std::string_view name, Member member, Dimension dimension, Range range,
               const Docs& docs, std::string_view absent = "") {
    return number_of<Held<Member>>(name, {member, member}, dimension, range, docs, absent);
  }
  // One of a list of words.
  template <class Member>
  Rows& choice(std::string_view name, Member member, const std::vector<Word<Held<Member>>>& words,
               const Docs& docs) {
    return choice_of<Held<Member>>(name, {member, member}, words, docs);
  }
  // One of the rules of a registry; the member holds its name.
  template <class Member>
  Rows& rule(std::string_view name, Member member, const std::vector<base::Choice>& rules,
             const Docs& docs) {
    return rule_row(name, {member, member}, rules, docs);
  }
  template <class Member>
  Rows& flag(std::string_view name, Member member, const Docs& docs) {
    return flag_row(name, {member, member}, docs);
  }
  template <class Member>
  Rows& text(std::string_view name, Member member, const Docs& docs) {
    return text_row(name, {member, member}, docs);
  }
  // The word stands for no file; it is kept as it is, "none" as an empty path.
  template <class Member>
  Rows& path(std::string_view name, Member member, std::string_view word, const Docs& docs) {
    return path_row(name, {member, member}, word, docs);
  }
  // `parse` makes Parsed<Held<Member>> of a text, `print` a text of that again.
  template <class Member, class Parse, class Print>
  Key& value(std::string_view name, std::string_view type, Member member, Parse parse, Print print,
             const Docs& docs) {
    return value_of<Held<Member>>(name, type, {member, member}, parse, print, docs);
  }
  // A row whose reading and printing are written by hand.
  Key& custom(std::string_view name, std::string_view type, const Docs& docs);

  // The row just added is a guess: what else it may be.
  Rows& guess(std::string_view low, std::string_view high);

 private:
  template <class T>  // key_rows.cpp has it for every type that a number is kept in
  Rows& number_of(std::string_view name, MemberOf<T> member, Dimension dimension, Range range,
                  const Docs& docs, std::string_view absent);
  template <class T>
  Rows& choice_of(std::string_view name, MemberOf<T> member, const std::vector<Word<T>>& words,
                  const Docs& docs);
  template <class T>
  Key& value_of(std::string_view name, std::string_view type, MemberOf<T> member,
                std::function<Parsed<T>(const std::string&)> parse,
                std::function<std::string(const T&)> print, const Docs& docs);
  // Reads and tells a choice by its number.
  Rows& choice_row(std::string_view name, std::vector<Choice> choices,
                   std::function<void(Scenario&, std::size_t)> change,
                   std::function<std::size_t(const Scenario&)> look, const Docs& docs);
  Rows& rule_row(std::string_view name, MemberOf<std::string> member,
                 const std::vector<base::Choice>& rules, const Docs& docs);
  Rows& flag_row(std::string_view name, MemberOf<bool> member, const Docs& docs);
  Rows& text_row(std::string_view name, MemberOf<std::string> member, const Docs& docs);
  Rows& path_row(std::string_view name, MemberOf<std::string> member, std::string_view word,
                 const Docs& docs);

  std::vector<Key>& keys_;
};

}  // namespace epfleet::config

#include "key_rows_inline.h"
