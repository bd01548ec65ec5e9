#include "epfleet/text/output_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"

namespace epfleet::text {
namespace {

constexpr std::size_t kBuffered = std::size_t{1} << 20U;  // bytes

}  // namespace

Compression compression_of(const std::filesystem::path& path) {
  const std::filesystem::path ending = path.extension();
  return ending == ".gz"    ? Compression::Gzip
         : ending == ".zst" ? Compression::Zstd
         : ending == ".xz"  ? Compression::Xz
                            : Compression::None;
}

// An open file, and what compresses on the way to it.
class OutputFile::Sink {
 public:
  Sink(const std::filesystem::path& path, Compression compression)
      : path_(path.string()),
        fd_(path == kStandardOutput
                ? ::dup(STDOUT_FILENO)
                : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (fd_ < 0) {
      fail(std::strerror(errno));
    }
    try {
      if (compression == Compression::Zstd) {
        open_zstd();
      } else if (compression != Compression::None) {
        open_archive(compression);
      }
    } catch (...) {
      ::close(fd_);
      throw;
    }
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() {
    if (fd_ >= 0) {
      archive_.reset();  // writes what it still has
      ::close(fd_);
    }
  }

  void write(std::string_view text) {
    if (zstd_) {
      write_zstd(text, ZSTD_e_continue);
    } else if (archive_) {
      check(archive_write_data(archive_.get(), text.data(), text.size()) ==
            static_cast<la_ssize_t>(text.size()));
    } else {
      write_plain(text);
    }
  }

  // A delayed write error (NFS, quota) shows first at close.
  void finish() {
    if (zstd_) {
      write_zstd({}, ZSTD_e_end);
    } else if (archive_) {
      check(archive_write_close(archive_.get()) == ARCHIVE_OK);
      archive_.reset();
    }
    if (::close(std::exchange(fd_, -1)) != 0) {
      fail(std::strerror(errno));
    }
  }

 private:
  [[noreturn]] void fail(const char* reason) const {
    throw base::MachineError(
        fmt::format("cannot write {}: {}", path_, reason != nullptr ? reason : "unknown reason"));
  }
  void check(bool good) const {
    if (!good) {
      fail(archive_error_string(archive_.get()));
    }
  }

  // libarchive would write frames without a checksum, and a flipped bit would read as other data.
  void open_zstd() {
    zstd_.reset(ZSTD_createCCtx());
    packed_.resize(ZSTD_CStreamOutSize());
    if (!zstd_ || ZSTD_isError(ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_checksumFlag, 1)) != 0) {
      fail("zstd cannot be set up");
    }
  }

  void write_zstd(std::string_view text, ZSTD_EndDirective end) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer out{packed_.data(), packed_.size(), 0};
      left = ZSTD_compressStream2(zstd_.get(), &out, &in, end);
      if (ZSTD_isError(left) != 0) {
        fail(ZSTD_getErrorName(left));
      }
      write_plain({packed_.data(), out.pos});
    } while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
  }

  // The raw format is a bare compressed stream; it wants one entry, whose name is not stored.
  void open_archive(Compression compression) {
    archive_.reset(archive_write_new());
    check(archive_write_set_format_raw(archive_.get()) == ARCHIVE_OK);
    check((compression == Compression::Gzip
               ? archive_write_add_filter_gzip
               : archive_write_add_filter_xz)(archive_.get()) == ARCHIVE_OK);
    // A pipe would get a last block full of zeros.
    check(archive_write_set_bytes_in_last_block(archive_.get(), 1) == ARCHIVE_OK);
    check(archive_write_open_fd(archive_.get(), fd_) == ARCHIVE_OK);
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    check(archive_write_header(archive_.get(), entry.get()) == ARCHIVE_OK);
  }

  void write_plain(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) {
        fail(std::strerror(errno));
      }
      bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
  }

  std::string path_;
  int fd_;
  std::unique_ptr<archive, int (*)(archive*)> archive_{nullptr, archive_write_free};
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> zstd_{nullptr, ZSTD_freeCCtx};
  std::vector<char> packed_;  // of zstd
};

OutputFile::OutputFile(const std::filesystem::path& path, Compression compression)
    : sink_(std::make_unique<Sink>(path, compression)) {}

OutputFile::~OutputFile() = default;

void OutputFile::add(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBuffered) {
    sink_->write(buffer_);
    buffer_.clear();
  }
}

void OutputFile::finish() {
  sink_->write(buffer_);
  buffer_.clear();
  sink_->finish();
}

}  // namespace epfleet::text
