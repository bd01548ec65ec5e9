// Rows of a CSV file with a header line: plain, gzip, zstd or xz, told apart by content, read as a
// stream.
// Modelled: comma-separated fields without quotes; blanks around fields, empty lines, lines that
//   begin with '#' and columns that were not asked for are ignored; LF and CRLF line ends.
// Everything that is wrong with a file throws InputError with its line and column: a missing
// column, a row that is too short or too long, a field that is not a number, a last line without
// its end (a cut file).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/text/line_reader.h"

namespace epfleet::text {

class CsvReader {
 public:
  // Opens `path` and reads the header; fields are then addressed by their index in `columns`.
  CsvReader(std::string path, std::vector<std::string> columns);

  [[nodiscard]] bool next_row();

  // REQUIRES: next_row() was true; field < columns.size().
  [[nodiscard]] std::int64_t whole_number(std::size_t field) const;  // >= 0
  [[nodiscard]] double number(std::size_t field) const;              // finite

  // A problem of one field of this row, or of the row.
  [[nodiscard]] base::InputError problem(std::size_t field, std::string what,
                                         std::string remedy) const;
  [[nodiscard]] base::InputError problem(std::string what, std::string remedy) const;

 private:
  [[nodiscard]] bool next_line();
  void split_line();
  void read_header();
  [[nodiscard]] std::string_view text_of(std::size_t field) const;
  [[nodiscard]] base::InputError problem_at(int column, std::string what, std::string remedy) const;

  std::vector<std::string> columns_;
  std::vector<std::size_t> position_;  // of each asked column in the file
  std::size_t width_ = 0;              // columns in the file
  LineReader lines_;
  std::vector<std::string_view> fields_;  // of the line
};

}  // namespace epfleet::text
