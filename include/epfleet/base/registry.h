// The rules of a role by name: what a scenario may say, what `epfleet explain` prints, and how one
// is made. A role has one table of rows; to add a rule is to add a row.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::base {

// A name that may be chosen, and one sentence about what it does.
struct Choice {
  std::string_view name;
  std::string_view sentence;
};

// `Maker` is what a row holds: mostly a pointer to the function that makes the rule.
template <class Maker>
class Registry {
 public:
  struct Row {
    std::string_view name;
    std::string_view sentence;
    Maker make;
  };

  // `key`: the scenario key, or what else chooses among the rows; for messages. `rows` are static.
  constexpr Registry(std::string_view key, std::span<const Row> rows) : key_(key), rows_(rows) {}

  [[nodiscard]] constexpr std::span<const Row> rows() const { return rows_; }

  [[nodiscard]] std::vector<Choice> choices() const {
    std::vector<Choice> all;
    for (const Row& row : rows_) {
      all.push_back({row.name, row.sentence});
    }
    return all;
  }

  // Throws InputError that lists the names when there is no such rule.
  [[nodiscard]] const Maker& operator[](std::string_view name) const {
    std::string names;
    for (const Row& row : rows_) {
      if (row.name == name) {
        return row.make;
      }
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
    throw InputError({.key = std::string(key_),
                      .what = "no rule named '" + std::string(name) + "'",
                      .remedy = "choose one of " + names});
  }

 private:
  std::string_view key_;
  std::span<const Row> rows_;
};

}  // namespace epfleet::base
