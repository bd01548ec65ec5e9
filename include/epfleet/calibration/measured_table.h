// A CSV file of measurements, kept as it is so that columns can be appended.
//
// Modelled: as text/csv_reader.h reads it, compressed or not.
// What is wrong throws InputError with file, line and column: an empty file, a row of another
// width, a column that is asked for and missing, a field that is no number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epfleet/base/error.h"

namespace epfleet::calibration {

// Far above any shape; products of two stay far below overflow.
inline constexpr std::int64_t kMostOfShape = 1'000'000'000;
// Of requests or groups, which are listed one by one.
inline constexpr std::int64_t kMostListed = 1'000'000;

class MeasuredTable {
 public:
  // Throws InputError.
  static MeasuredTable load(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string stem() const;  // the file's name without folder and ending
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] bool has(const std::string& column) const;
  [[nodiscard]] const std::string& header_line() const { return header_line_; }
  [[nodiscard]] const std::string& line(std::size_t row) const { return rows_[row].text; }

  // Of a row; the column must be there.
  [[nodiscard]] const std::string& text(std::size_t row, const std::string& column) const;
  [[nodiscard]] double positive(std::size_t row, const std::string& column) const;  // > 0
  [[nodiscard]] std::int64_t whole(std::size_t row, const std::string& column, std::int64_t least,
                                   std::int64_t most = kMostOfShape) const;
  // Whole numbers with blanks between, each >= 0; empty for an empty field.
  [[nodiscard]] std::vector<std::int64_t> whole_list(std::size_t row,
                                                     const std::string& column) const;
  [[nodiscard]] base::InputError problem(std::size_t row, const std::string& column,
                                         std::string what, std::string remedy) const;
  [[nodiscard]] base::InputError problem(std::string what, std::string remedy) const;

 private:
  struct Row {
    int line = 0;
    std::string text;
    std::vector<std::string> fields;
    std::vector<int> columns;  // 1-based position of each field in the line
  };

  [[nodiscard]] std::size_t index(const std::string& column) const;
  [[nodiscard]] base::InputError problem_at(int line, int column, std::string what,
                                            std::string remedy) const;

  std::string path_;
  std::string header_line_;
  std::vector<std::string> header_;
  std::vector<Row> rows_;
};

}  // namespace epfleet::calibration
