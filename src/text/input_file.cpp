#include "input_file.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "epfleet/text/files.h"

namespace epfleet::text {

InputFile::InputFile(std::string path)
    : path_(std::move(path)),
      file_{(refuse_device(path_, ""), ::open(path_.c_str(), O_RDONLY | O_CLOEXEC))},
      archive_(archive_read_new(), archive_read_free) {
  constexpr std::size_t kDiskBlock = 262'144;
  if (file_.fd < 0) {
    throw problem("cannot be read", std::strerror(errno), "check the path");
  }
  if (std::filesystem::is_directory(path_)) {
    throw problem("cannot be read", "it is a folder", "name a file in it");
  }
  // Not all filters: some start other programs, and one takes plain text for uuencoded.
  archive_read_support_filter_zstd(archive_.get());
  archive_read_support_filter_xz(archive_.get());
  archive_read_support_filter_bzip2(archive_.get());
  archive_read_support_format_raw(archive_.get());
  archive_read_support_format_empty(archive_.get());
  if (archive_read_open_fd(archive_.get(), file_.fd, kDiskBlock) != ARCHIVE_OK) {
    // libarchive's own errors are -1 and EILSEQ; the system's (no such file) come as they are.
    const int why = archive_errno(archive_.get());
    const bool damaged = why < 0 || why == EILSEQ;
    const char* reason = archive_error_string(archive_.get());
    throw damaged
        ? problem("is cut or damaged in its first block, so that nothing of it can be read", reason,
                  "fetch it again")
        : problem("cannot be read", reason, "check the path");
  }
  archive_entry* entry = nullptr;
  const int opened = archive_read_next_header(archive_.get(), &entry);
  if (opened != ARCHIVE_OK && opened != ARCHIVE_EOF) {
    throw problem("cannot be read", archive_error_string(archive_.get()),
                  "give a plain, gzip, zstd, xz or bzip2 file");
  }
  over_ = opened == ARCHIVE_EOF;  // an empty file has no entry to read
}

std::span<const char> InputFile::read_packed() {
  packed_.resize(kChunk);
  const auto got = over_ ? 0 : archive_read_data(archive_.get(), packed_.data(), packed_.size());
  over_ = got <= 0;
  if (got < 0) {
    throw problem("the file is cut or damaged", archive_error_string(archive_.get()),
                  "fetch it again");
  }
  return {packed_.data(), static_cast<std::size_t>(got)};
}

std::size_t InputFile::read(char* to) {
  if (!std::exchange(begun_, true)) {
    const std::span<const char> beginning = read_packed();
    if (Gunzip::begins(beginning)) {
      gunzip_.emplace([this, beginning, first = true]() mutable {
        return std::exchange(first, false) ? beginning : read_packed();
      });
    } else {
      std::ranges::copy(beginning, to);
      return beginning.size();
    }
  }
  if (!gunzip_) {
    return static_cast<std::size_t>(std::ranges::copy(read_packed(), to).out - to);
  }
  const std::size_t got = gunzip_->read(to, kChunk);
  if (got == 0 && gunzip_->fault()) {
    const std::string fault = *gunzip_->fault();
    gunzip_.reset();
    over_ = true;
    throw problem("the file is cut or damaged", fault.c_str(), "fetch it again");
  }
  return got;
}

base::InputError InputFile::problem(const char* what, const char* reason,
                                    const char* remedy) const {
  return base::InputError(
      {.file = path_,
       .what = fmt::format("{}: {}", what, reason != nullptr ? reason : "unknown error"),
       .remedy = remedy});
}

}  // namespace epfleet::text
