// One line of a CSV file, cut at its commas.
// Modelled: blanks around fields are dropped; a field in double quotes may have commas, line ends
//   and doubled quotes.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace epfleet::text {

class CsvRow {
 public:
  // Fields are views into `line`, which must stay as it is.
  void split(std::string_view line);

  // The line ended inside quotes: the row goes on in the next one.
  [[nodiscard]] bool is_open() const { return open_; }
  // Whether a row that is open still is behind this line of it.
  [[nodiscard]] static bool stays_open(std::string_view line);

  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t field) const { return fields_[field].text; }
  [[nodiscard]] int column(std::size_t field) const { return fields_[field].column; }  // from 1

 private:
  struct Field {
    std::string_view text;
    int column = 1;
  };

  [[nodiscard]] std::size_t add_quoted(std::string_view line, std::size_t quote);

  std::vector<Field> fields_;
  std::list<std::string> unquoted_;  // what the fields in quotes say
  bool open_ = false;
};

}  // namespace epfleet::text
