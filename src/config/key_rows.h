// Makes rows of the key table from the member they stand for: the member's type decides how text
// becomes a value and back, so that a row states only what the type cannot know.
#pragma once

#include <fmt/core.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "epfleet/base/names.h"
#include "epfleet/base/registry.h"
#include "epfleet/config/document.h"
#include "epfleet/config/key.h"
#include "stored_value.h"

// The member scenario.PATH of a constant or changeable scenario: what a row reads and prints.
#define EPFLEET_MEMBER(...) [](auto& scenario) -> auto& { return scenario.__VA_ARGS__; }
// The same behind the key's name, where that is the path.
#define EPFLEET_KEY(...) #__VA_ARGS__, EPFLEET_MEMBER(__VA_ARGS__)

namespace epfleet::config {

// --- ranges
// Both ends, always: no value may make a run endless or overflow.
inline Range above(double low, double high) { return {.low = low, .high = high, .low_open = true}; }
inline Range between(double low, double high) { return {.low = low, .high = high}; }
inline Range inside(double low, double high) {
  return {.low = low, .high = high, .low_open = true, .high_open = true};
}
inline constexpr double kDay = 86'400.0;
inline constexpr double kYear = 366.0 * kDay;  // longest stretch of time that a key takes
[[nodiscard]] std::string range_text(Dimension dimension, bool whole, const Range& range);
[[nodiscard]] std::optional<Fault> out_of_range(const Range& range, const std::string& range_text,
                                                double value, const std::string& text);

[[nodiscard]] Fault not_a_choice(const std::string& text, const std::vector<Choice>& choices);

// The text of a node that must hold one value.
[[nodiscard]] Parsed<std::string> scalar_text(const Node& node, const std::string& expected);

struct Docs {
  std::string help;
  std::string source;
  std::string example{};  // of a right value, in messages; empty: the default, if it is not nothing
};

template <class Value>
struct Word {
  std::string name;
  std::string meaning;  // may be empty
  Value value;
};

// The words of an enum that needs no explanation.
template <class Enum, std::size_t N>
std::vector<Word<Enum>> words_of(const base::Names<N>& names) {
  std::vector<Word<Enum>> words;
  for (std::size_t i = 0; i < N; ++i) {
    words.push_back({std::string(names[i]), "", static_cast<Enum>(i)});
  }
  return words;
}

// What a row's member holds.
template <class Member>
using Held = std::remove_cvref_t<std::invoke_result_t<Member, Scenario&>>;

// What a scenario has before any file is read.
[[nodiscard]] const Scenario& shipped_defaults();

class Rows {
 public:
  explicit Rows(std::vector<Key>& keys) : keys_(keys) {}

  // A number in the dimension of the member's type; std::optional members accept `absent` too.
  template <class Member>
  Rows& number(std::string name, Member member, Range range, Docs docs, std::string absent = "") {
    return number(std::move(name), member, Stored<Held<Member>>::kDimension, range, std::move(docs),
                  std::move(absent));
  }
  // The same for a dimension that the type does not tell: a share, tokens, a price.
  template <class Member>
  Rows& number(std::string name, Member member, Dimension dimension, Range range, Docs docs,
               std::string absent = "");
  // One of a list of words.
  template <class Member>
  Rows& choice(std::string name, Member member, std::vector<Word<Held<Member>>> words, Docs docs);
  // One of the rules of a registry; the member holds its name.
  template <class Member>
  Rows& rule(std::string name, Member member, const std::vector<base::Choice>& rules, Docs docs);
  template <class Member>
  Rows& flag(std::string name, Member member, Docs docs);
  template <class Member>
  Rows& text(std::string name, Member member, Docs docs);
  // The word stands for no file; it is kept as it is, "none" as an empty path.
  template <class Member>
  Rows& path(std::string name, Member member, std::string word, Docs docs) {
    return path_row(std::move(name), member, member, std::move(word), std::move(docs));
  }
  // `parse` makes Parsed<Held<Member>> of a text, `print` a text of that again.
  template <class Member, class Parse, class Print>
  Key& value(std::string name, std::string type, Member member, Parse parse, Print print,
             Docs docs);
  // A row whose reading and printing are written by hand.
  Key& custom(std::string name, std::string type, Docs docs);

  // The row just added is a guess: what else it may be.
  Rows& guess(std::string low, std::string high);

 private:
  Rows& path_row(std::string name, std::function<std::string&(Scenario&)> change,
                 std::function<const std::string&(const Scenario&)> look, std::string word,
                 Docs docs);

  std::vector<Key>& keys_;
};

// One function per file of rows, in the order of the table.
void add_scenario_rows(Rows& rows);
void add_fleet_rows(Rows& rows);
void add_scaling_rows(Rows& rows);
void add_admission_rows(Rows& rows);
void add_failure_rows(Rows& rows);
void add_workload_rows(Rows& rows);
void add_plain_rows(Rows& rows);
void add_trace_rows(Rows& rows);
void add_serving_rows(Rows& rows);
void add_expert_rows(Rows& rows);
void add_engine_rows(Rows& rows);
void add_cache_rows(Rows& rows);
void add_prices_rows(Rows& rows);
void add_energy_rows(Rows& rows);
void add_report_rows(Rows& rows);
void add_model_rows(Rows& rows);
void add_hardware_rows(Rows& rows);

}  // namespace epfleet::config

#include "key_rows_inline.h"
