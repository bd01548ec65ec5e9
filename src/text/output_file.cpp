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

Compression compression_of(const std::filesystem::path& path) {
  const std::filesystem::path ending = path.extension();
  return ending == ".gz"    ? Compression::Gzip
         : ending == ".zst" ? Compression::Zstd
         : ending == ".xz"  ? Compression::Xz
                            : Compression::None;
}

OutputFile::OutputFile(const std::filesystem::path& path, Compression compression)
    : path_(path.string()), archive_(archive_write_new(), archive_write_free) {
  // The raw format is a bare compressed stream; it wants one entry, whose name is not stored.
  check(archive_write_set_format_raw(archive_.get()) == ARCHIVE_OK);
  check(add_filter(archive_.get(), compression) == ARCHIVE_OK);
  check(archive_write_open_filename(archive_.get(), path.c_str()) == ARCHIVE_OK);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  check(archive_write_header(archive_.get(), entry.get()) == ARCHIVE_OK);
}

void OutputFile::check(bool good) const {
  if (!good) {
    const char* reason = archive_error_string(archive_.get());
    throw base::MachineError(
        fmt::format("cannot write {}: {}", path_, reason != nullptr ? reason : "unknown reason"));
  }
}

void OutputFile::add(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBuffered) {
    flush();
  }
}

void OutputFile::flush() {
  check(archive_write_data(archive_.get(), buffer_.data(), buffer_.size()) ==
        static_cast<la_ssize_t>(buffer_.size()));
  buffer_.clear();
}

void OutputFile::finish() {
  flush();
  check(archive_write_close(archive_.get()) == ARCHIVE_OK);
}

}  // namespace epfleet::text
