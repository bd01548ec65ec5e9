#include "epfleet/text/output_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "epfleet/base/error.h"

namespace epfleet::text {
namespace {

constexpr std::size_t kBuffered = std::size_t{1} << 20U;  // bytes

int add_filter(archive* sink, Compression compression) {
  switch (compression) {
    case Compression::Gzip:
      return archive_write_add_filter_gzip(sink);
    case Compression::Zstd:
      return archive_write_add_filter_zstd(sink);
    case Compression::Xz:
      return archive_write_add_filter_xz(sink);
    case Compression::None:
      break;
  }
  return archive_write_add_filter_none(sink);
}

}  // namespace

// libarchive's raw format is a bare compressed stream; it wants one entry, whose name is not
// stored.
struct OutputFile::Archive {
  explicit Archive(std::string where) : path(std::move(where)) {}
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive() { archive_write_free(sink); }

  void check(bool good) const {
    if (!good) {
      const char* reason = archive_error_string(sink);
      throw base::MachineError(
          fmt::format("cannot write {}: {}", path, reason != nullptr ? reason : "unknown reason"));
    }
  }

  std::string path;
  archive* sink = archive_write_new();
};

Compression compression_of(const std::filesystem::path& path) {
  const std::filesystem::path ending = path.extension();
  return ending == ".gz"    ? Compression::Gzip
         : ending == ".zst" ? Compression::Zstd
         : ending == ".xz"  ? Compression::Xz
                            : Compression::None;
}

OutputFile::OutputFile(const std::filesystem::path& path, Compression compression)
    : archive_(std::make_unique<Archive>(path.string())) {
  archive* sink = archive_->sink;
  archive_->check(archive_write_set_format_raw(sink) == ARCHIVE_OK);
  archive_->check(add_filter(sink, compression) == ARCHIVE_OK);
  archive_->check(archive_write_open_filename(sink, path.c_str()) == ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  const int begun = archive_write_header(sink, entry);
  archive_entry_free(entry);
  archive_->check(begun == ARCHIVE_OK);
}

OutputFile::~OutputFile() = default;

void OutputFile::add(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBuffered) {
    flush();
  }
}

void OutputFile::flush() {
  archive_->check(archive_write_data(archive_->sink, buffer_.data(), buffer_.size()) ==
                  static_cast<la_ssize_t>(buffer_.size()));
  buffer_.clear();
}

void OutputFile::finish() {
  flush();
  archive_->check(archive_write_close(archive_->sink) == ARCHIVE_OK);
}

}  // namespace epfleet::text
