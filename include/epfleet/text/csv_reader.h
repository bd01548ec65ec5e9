// Rows of a CSV file: plain, gzip, zstd, xz or bzip2, recognised by content, read as a stream.
// Modelled: fields as in csv_row.h; empty lines, lines that begin with '#' and columns that are
//   not wanted are ignored; LF and CRLF line ends.
// Everything that is wrong with a file throws InputError with its line and column: a missing
// column, a row that is too short or too long, a field that is not a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/text/csv_row.h"
#include "epfleet/text/line_reader.h"

namespace epfleet::text {

struct CsvForm {
  bool header = true;           // the first row names the columns
  bool ends_with_line = false;  // a last line without its end is a cut file, and refused
  std::string key{};            // of the scenario, for messages
};

class CsvReader {
 public:
  // Opens `path` and reads the header. Fields are then addressed by their index in `needed` and,
  // behind those, in `optional`; if neither names any, by their place in the file.
  explicit CsvReader(std::string path, std::vector<std::string> needed = {},
                     std::vector<std::string> optional = {}, CsvForm form = {});

  [[nodiscard]] bool next_row();

  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  // Of the header, those that were neither needed nor optional.
  [[nodiscard]] const std::vector<std::string>& unread() const { return unread_; }
  [[nodiscard]] const std::string& path() const { return lines_.path(); }
  [[nodiscard]] std::string_view line() const { return line_; }     // of the row, whole
  [[nodiscard]] int line_number() const { return line_number_; }    // of its first line
  [[nodiscard]] std::size_t fields() const { return row_.size(); }  // of the row

  // REQUIRES for all: next_row() was true; field < the number of columns.
  // An optional column that the file lacks is an empty field.
  [[nodiscard]] std::string_view text(std::size_t field) const;
  [[nodiscard]] int column(std::size_t field) const;                           // from 1
  [[nodiscard]] std::int64_t whole_number(std::size_t field) const;            // >= 0
  [[nodiscard]] double number(std::size_t field) const;                        // finite
  [[nodiscard]] std::optional<double> number_if_any(std::size_t field) const;  // none: empty

  // A problem of one field of this row, or of the row.
  [[nodiscard]] base::InputError problem(std::size_t field, std::string what,
                                         std::string remedy) const;
  [[nodiscard]] base::InputError problem(std::string what, std::string remedy) const;

 private:
  [[nodiscard]] bool next_line();
  void read_header(const std::vector<std::string>& optional);
  [[nodiscard]] std::optional<std::size_t> place_of(const std::string& column) const;
  [[nodiscard]] base::InputError problem_at(int column, std::string what, std::string remedy) const;

  CsvForm form_;
  std::vector<std::string> columns_;
  std::vector<std::optional<std::size_t>> place_;  // of each column in the file; none: not there
  std::vector<std::string> unread_;
  std::size_t width_ = 0;  // columns in the file; 0: not known
  LineReader lines_;
  std::string_view line_;
  std::string joined_;  // a row of several lines
  int line_number_ = 0;
  CsvRow row_;
};

}  // namespace epfleet::text
