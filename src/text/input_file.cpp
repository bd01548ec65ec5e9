#include "epfleet/text/input_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>

#include <cerrno>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::text {
namespace {

constexpr std::size_t kDiskBlock = 262'144;

[[noreturn]] void refuse(const std::string& path, std::string what, std::string remedy) {
  base::Problem problem;
  problem.file = path;
  problem.what = std::move(what);
  problem.remedy = std::move(remedy);
  throw base::InputError(std::move(problem));
}

}  // namespace

struct InputFile::Archive {
  struct archive* handle = archive_read_new();
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

InputFile::InputFile(std::string path)
    : path_(std::move(path)), archive_(std::make_unique<Archive>()) {
  // Not all filters: some start other programs, and one takes plain text for uuencoded.
  archive_read_support_filter_gzip(archive_->handle);
  archive_read_support_filter_zstd(archive_->handle);
  archive_read_support_filter_xz(archive_->handle);
  archive_read_support_filter_bzip2(archive_->handle);
  archive_read_support_format_raw(archive_->handle);
  archive_read_support_format_empty(archive_->handle);
  if (archive_read_open_filename(archive_->handle, path_.c_str(), kDiskBlock) != ARCHIVE_OK) {
    // libarchive's own errors are -1 and EILSEQ; the system's (no such file) come as they are.
    const int why = archive_errno(archive_->handle);
    const bool damaged = why < 0 || why == EILSEQ;
    refuse(path_, fmt::format("cannot be read: {}", archive_->error()),
           damaged ? "the file is cut or damaged: fetch it again" : "check the path");
  }
  struct archive_entry* entry = nullptr;
  const int opened = archive_read_next_header(archive_->handle, &entry);
  if (opened != ARCHIVE_OK && opened != ARCHIVE_EOF) {
    refuse(path_, fmt::format("cannot be read: {}", archive_->error()),
           "give a plain, gzip, zstd, xz or bzip2 file");
  }
  archive_->over = opened == ARCHIVE_EOF;  // an empty file has no entry to read
}

InputFile::~InputFile() = default;

std::size_t InputFile::read(char* to, std::size_t most) {
  if (archive_->over) {
    return 0;
  }
  const auto got = archive_read_data(archive_->handle, to, most);
  if (got < 0) {
    archive_->over = true;
    refuse(path_, fmt::format("the file is cut or damaged: {}", archive_->error()),
           "fetch it again");
  }
  archive_->over = got == 0;
  return static_cast<std::size_t>(got);
}

}  // namespace epfleet::text
