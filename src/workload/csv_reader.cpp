#include "epfleet/workload/csv_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fast_float/fast_float.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace epfleet::workload {
namespace {

constexpr std::size_t kBlock = 65536;
constexpr std::size_t kLongestLine = 65536;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return text.substr(0, 0);
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

struct CsvReader::Archive {
  struct archive* handle = archive_read_new();
  std::vector<char> block = std::vector<char>(kBlock);
  std::size_t at = 0;
  std::size_t size = 0;
  bool over = false;

  Archive() = default;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive() { archive_read_free(handle); }

  [[nodiscard]] std::string error() const {
    const char* text = archive_error_string(handle);
    return text != nullptr ? text : "unknown error";
  }
};

CsvReader::CsvReader(std::string path, std::vector<std::string> columns)
    : path_(std::move(path)), columns_(std::move(columns)), archive_(std::make_unique<Archive>()) {
  archive_read_support_filter_all(archive_->handle);
  archive_read_support_format_raw(archive_->handle);
  archive_read_support_format_empty(archive_->handle);
  struct archive_entry* entry = nullptr;
  if (archive_read_open_filename(archive_->handle, path_.c_str(), kBlock) != ARCHIVE_OK) {
    throw problem_at(0, fmt::format("cannot be read: {}", archive_->error()), "check the path");
  }
  const int opened = archive_read_next_header(archive_->handle, &entry);
  if (opened != ARCHIVE_OK && opened != ARCHIVE_EOF) {
    throw problem_at(0, fmt::format("cannot be read: {}", archive_->error()),
                     "give a plain, gzip, zstd or xz file");
  }
  archive_->over = opened == ARCHIVE_EOF;  // an empty file has no entry to read
  read_header();
}

CsvReader::~CsvReader() = default;

bool CsvReader::next_line() {
  line_.clear();
  ++line_number_;
  while (true) {
    if (archive_->at == archive_->size) {
      const auto got =
          archive_->over ? 0 : archive_read_data(archive_->handle, archive_->block.data(), kBlock);
      if (got < 0) {
        throw problem_at(0, fmt::format("the file is cut or damaged: {}", archive_->error()),
                         "fetch it again");
      }
      archive_->at = 0;
      archive_->size = static_cast<std::size_t>(got);
      if (got == 0) {
        if (!line_.empty()) {
          throw problem_at(static_cast<int>(line_.size()) + 1, "the last line has no line end",
                           "if the file is whole, end it with a newline");
        }
        return false;
      }
    }
    const char* begin = archive_->block.data() + archive_->at;
    const char* end = archive_->block.data() + archive_->size;
    const char* newline = std::find(begin, end, '\n');
    line_.append(begin, newline);
    archive_->at += static_cast<std::size_t>(newline - begin) + (newline != end ? 1 : 0);
    if (line_.size() > kLongestLine) {
      throw problem_at(1, "the line is longer than 65,536 characters", "is this a CSV file?");
    }
    if (newline != end) {
      if (!line_.empty() && line_.back() == '\r') {
        line_.pop_back();
      }
      return true;
    }
  }
}

void CsvReader::split_line() {
  fields_.clear();
  const std::string_view line = line_;
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = std::min(line.find(',', from), line.size());
    fields_.push_back(trimmed(line.substr(from, comma - from)));
    if (comma == line.size()) {
      return;
    }
    from = comma + 1;
  }
}

bool CsvReader::next_row() {
  do {
    if (!next_line()) {
      return false;
    }
  } while (trimmed(line_).empty() || line_.front() == '#');
  split_line();
  if (width_ != 0 && fields_.size() != width_) {
    throw problem_at(static_cast<int>(line_.size()) + 1,
                     fmt::format("{} fields where the header has {}", fields_.size(), width_),
                     "give every column a value");
  }
  return true;
}

void CsvReader::read_header() {
  if (!next_row()) {
    throw problem_at(0, "the file is empty",
                     fmt::format("it needs a header with the column {}", columns_.front()));
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (fields_.front().starts_with(kByteOrderMark)) {
    fields_.front().remove_prefix(kByteOrderMark.size());
  }
  width_ = fields_.size();
  for (const std::string& column : columns_) {
    const auto found = std::find(fields_.begin(), fields_.end(), column);
    if (found == fields_.end()) {
      throw problem_at(1, fmt::format("the column {} is missing", column),
                       "the first line names the columns");
    }
    if (std::find(found + 1, fields_.end(), column) != fields_.end()) {
      throw problem_at(1, fmt::format("the column {} is there twice", column),
                       "rename one of them");
    }
    position_.push_back(static_cast<std::size_t>(found - fields_.begin()));
  }
}

std::string_view CsvReader::text_of(std::size_t field) const { return fields_[position_[field]]; }

std::int64_t CsvReader::whole_number(std::size_t field) const {
  const std::string_view text = text_of(field);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    throw problem(field, fmt::format("'{}' is too large", text), "give a number below 2^63");
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    throw problem(field, fmt::format("'{}' is not a whole number", text), "give digits only");
  }
  if (value < 0) {
    throw problem(field, fmt::format("'{}' is negative", text), "give 0 or more");
  }
  return value;
}

double CsvReader::number(std::size_t field) const {
  const std::string_view text = text_of(field);
  double value = 0.0;
  const auto [end, error] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw problem(field, fmt::format("'{}' is not a number", text), "give a decimal number");
  }
  if (!std::isfinite(value)) {
    throw problem(field, fmt::format("'{}' is not finite", text), "give a finite number");
  }
  return value;
}

base::InputError CsvReader::problem(std::size_t field, std::string what, std::string remedy) const {
  const auto column = static_cast<int>(text_of(field).data() - line_.data()) + 1;
  return problem_at(column, fmt::format("{}: {}", columns_[field], what), std::move(remedy));
}

base::InputError CsvReader::problem(std::string what, std::string remedy) const {
  return problem_at(1, std::move(what), std::move(remedy));
}

base::InputError CsvReader::problem_at(int column, std::string what, std::string remedy) const {
  base::Problem problem;
  problem.file = path_;
  problem.line = column > 0 ? line_number_ : 0;
  problem.column = column;
  problem.what = std::move(what);
  problem.remedy = std::move(remedy);
  return base::InputError(std::move(problem));
}

}  // namespace epfleet::workload
