#include "epfleet/text/input_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <cerrno>
#include <utility>

namespace epfleet::text {

InputFile::InputFile(std::string path)
    : path_(std::move(path)), archive_(archive_read_new(), archive_read_free) {
  constexpr std::size_t kDiskBlock = 262'144;
  // Not all filters: some start other programs, and one takes plain text for uuencoded.
  archive_read_support_filter_gzip(archive_.get());
  archive_read_support_filter_zstd(archive_.get());
  archive_read_support_filter_xz(archive_.get());
  archive_read_support_filter_bzip2(archive_.get());
  archive_read_support_format_raw(archive_.get());
  archive_read_support_format_empty(archive_.get());
  if (archive_read_open_filename(archive_.get(), path_.c_str(), kDiskBlock) != ARCHIVE_OK) {
    // libarchive's own errors are -1 and EILSEQ; the system's (no such file) come as they are.
    const int why = archive_errno(archive_.get());
    const bool damaged = why < 0 || why == EILSEQ;
    throw problem("cannot be read",
                  damaged ? "the file is cut or damaged: fetch it again" : "check the path");
  }
  archive_entry* entry = nullptr;
  const int opened = archive_read_next_header(archive_.get(), &entry);
  if (opened != ARCHIVE_OK && opened != ARCHIVE_EOF) {
    throw problem("cannot be read", "give a plain, gzip, zstd, xz or bzip2 file");
  }
  over_ = opened == ARCHIVE_EOF;  // an empty file has no entry to read
}

std::size_t InputFile::read(char* to, std::size_t most) {
  const auto got = over_ ? 0 : archive_read_data(archive_.get(), to, most);
  over_ = got <= 0;
  if (got < 0) {
    throw problem("the file is cut or damaged", "fetch it again");
  }
  return static_cast<std::size_t>(got);
}

base::InputError InputFile::problem(const char* what, const char* remedy) const {
  const char* reason = archive_error_string(archive_.get());
  return base::InputError(
      {.file = path_,
       .what = fmt::format("{}: {}", what, reason != nullptr ? reason : "unknown error"),
       .remedy = remedy});
}

}  // namespace epfleet::text
