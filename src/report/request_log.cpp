#include "epfleet/report/request_log.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <string>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::report {
namespace {

constexpr std::string_view kHeader =
    "request,session,turn,model,channel,outcome,prompt_tokens,cached_tokens,output_tokens,"
    "reasoning_tokens,prefill_unit,prefill_gpu,decode_unit,decode_gpu,preemptions,arrival_ns,"
    "prefill_start_ns,first_token_ns,kv_arrived_ns,decode_start_ns,done_ns\n";

constexpr std::size_t kBufferBytes = 1U << 20U;

void append_optional(fmt::memory_buffer& out, bool present, std::int64_t value) {
  if (present) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
  out.push_back(',');
}

std::int64_t ns(base::TimePoint time) { return time.time_since_epoch().count(); }

void append_row(fmt::memory_buffer& out, const observe::RequestDone& r) {
  fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},", r.id.value(),
                 r.session.value(), r.turn, name_of(r.variant), name_of(r.channel),
                 name_of(r.outcome), r.prompt_tokens, r.cached_tokens, r.output_tokens,
                 r.reasoning_tokens);
  append_optional(out, r.entered_prefill, r.prefill_unit.value());
  append_optional(out, r.entered_prefill, r.prefill_gpu);
  append_optional(out, r.entered_decode, r.decode_unit.value());
  append_optional(out, r.entered_decode, r.decode_gpu);
  fmt::format_to(std::back_inserter(out), "{},{},", r.preemptions, ns(r.arrival));
  append_optional(out, r.entered_prefill, ns(r.prefill_start));
  append_optional(out, r.has_first_token, ns(r.first_token));
  append_optional(out, r.entered_decode, ns(r.kv_arrived));
  append_optional(out, r.entered_decode, ns(r.decode_start));
  if (r.outcome != observe::Outcome::InFlight) {
    fmt::format_to(std::back_inserter(out), "{}", ns(r.done));
  }
  out.push_back('\n');
}

struct FreeArchive {
  void operator()(archive* sink) const { archive_write_free(sink); }
};

}  // namespace

// libarchive's raw format is a bare compressed stream; it wants one entry, whose name is not
// stored.
struct RequestLogWriter::File {
  File(const std::filesystem::path& where, double share_of_all, std::uint64_t seed_of_run,
       Compression compression)
      : path(where.string()), share(share_of_all), seed(seed_of_run), sink(archive_write_new()) {
    require(sink != nullptr, "no memory");
    require(archive_write_set_format_raw(sink.get()) == ARCHIVE_OK, "raw format");
    const int filter = compression == Compression::Zstd ? archive_write_add_filter_zstd(sink.get())
                                                        : archive_write_add_filter_none(sink.get());
    require(filter == ARCHIVE_OK, "compression");
    require(archive_write_open_filename(sink.get(), path.c_str()) == ARCHIVE_OK, "open");
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, "requests.csv");
    archive_entry_set_filetype(entry, AE_IFREG);
    const int begun = archive_write_header(sink.get(), entry);
    archive_entry_free(entry);
    require(begun == ARCHIVE_OK, "begin");
    buffer.append(kHeader);
  }

  void require(bool ok, std::string_view doing) const {
    if (!ok) {
      const char* reason = sink == nullptr ? nullptr : archive_error_string(sink.get());
      throw base::MachineError(fmt::format("cannot write {} ({}): {}", path, doing,
                                           reason == nullptr ? "unknown reason" : reason));
    }
  }

  void flush() {
    const auto size = static_cast<la_ssize_t>(buffer.size());
    require(archive_write_data(sink.get(), buffer.data(), buffer.size()) == size, "data");
    buffer.clear();
  }

  std::string path;
  double share;
  std::uint64_t seed;
  std::unique_ptr<archive, FreeArchive> sink;
  fmt::memory_buffer buffer;
  std::int64_t rows = 0;
  bool finished = false;
};

bool in_sample(std::uint64_t seed, base::RequestId id, double share) {
  const base::StreamFamily family(seed, "report.request_sample");
  const std::uint64_t hash = base::mix64(family.key() ^ base::mix64(id.value()));
  return static_cast<double>(hash >> 11U) * 0x1p-53 < share;
}

RequestLogWriter::RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which,
                                   double sample, std::uint64_t seed, Compression compression)
    : file_(std::make_unique<File>(path, which == observe::RequestLog::All ? 1.0 : sample, seed,
                                   compression)) {
  EPFLEET_CHECK(which != observe::RequestLog::None, "a request log needs requests to log");
}

RequestLogWriter::~RequestLogWriter() = default;

void RequestLogWriter::on_requests_done(std::span<const observe::RequestDone> requests) {
  for (const observe::RequestDone& request : requests) {
    if (!in_sample(file_->seed, request.id, file_->share)) {
      continue;
    }
    append_row(file_->buffer, request);
    ++file_->rows;
    if (file_->buffer.size() >= kBufferBytes) {
      file_->flush();
    }
  }
}

void RequestLogWriter::finish() {
  EPFLEET_CHECK(!file_->finished, "a request log is finished once");
  file_->flush();
  file_->require(archive_write_close(file_->sink.get()) == ARCHIVE_OK, "close");
  file_->finished = true;
}

std::int64_t RequestLogWriter::rows() const { return file_->rows; }

}  // namespace epfleet::report
