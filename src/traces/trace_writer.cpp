#include "epfleet/traces/trace_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iterator>

#include "epfleet/base/error.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::size_t kBuffered = 1U << 18U;

bool ends_with(const std::string& text, const char* ending) { return text.ends_with(ending); }

}  // namespace

// Written aside, compressed on the way, renamed at the end.
class TraceWriter::File {
 public:
  explicit File(const std::string& path)
      : path_(path), aside_(fmt::format("{}.partial-{}", path, ::getpid())) {
    archive_write_set_format_raw(handle_);
    if (ends_with(path, ".zst")) {
      archive_write_add_filter_zstd(handle_);
    } else if (ends_with(path, ".gz")) {
      archive_write_add_filter_gzip(handle_);
    } else if (ends_with(path, ".xz")) {
      archive_write_add_filter_xz(handle_);
    }
    check(archive_write_open_filename(handle_, aside_.c_str()));
    archive_entry* entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    const int status = archive_write_header(handle_, entry);
    archive_entry_free(entry);
    check(status);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    archive_write_free(handle_);
    std::error_code ignored;  // after finish() it is no longer there
    std::filesystem::remove(aside_, ignored);
  }

  void add(const std::string& text) {
    buffer_ += text;
    if (buffer_.size() >= kBuffered) {
      flush();
    }
  }
  void finish() {
    flush();
    check(archive_write_close(handle_));
    if (std::rename(aside_.c_str(), path_.c_str()) != 0) {
      throw base::MachineError(fmt::format("cannot rename {} to {}", aside_, path_));
    }
  }

 private:
  void check(int status) const {
    if (status != ARCHIVE_OK) {
      const char* text = archive_error_string(handle_);
      throw base::MachineError(
          fmt::format("cannot write {}: {}", path_, text != nullptr ? text : "unknown error"));
    }
  }
  void flush() {
    if (archive_write_data(handle_, buffer_.data(), buffer_.size()) !=
        static_cast<la_ssize_t>(buffer_.size())) {
      check(ARCHIVE_FATAL);
    }
    buffer_.clear();
  }

  std::string path_, aside_;
  archive* handle_ = archive_write_new();
  std::string buffer_;
};

bool TraceWriter::is_json(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.find(".jsonl") != std::string::npos;
}

TraceWriter::TraceWriter(const std::string& path, const TraceInfo& info)
    : info_(info), json_(is_json(path)), file_(std::make_unique<File>(path)) {
  if (json_) {
    return;
  }
  line_ = "arrival_s,input_tokens,output_tokens";
  line_ += info_.states_hits ? ",cached_tokens" : "";
  if (info_.sessions) {
    line_ +=
        ",reasoning_tokens,session,turn,session_tokens,shared_prefix,shared_tokens,last_turn,"
        "variant,channel";
  }
  if (info_.block_tokens > 0) {
    line_ += fmt::format(",block_ids_{}", info_.block_tokens);
  }
  file_->add(line_ + "\n");
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::write(const TraceRecord& record) {
  if (!started_) {
    started_ = true;
    first_ = record.time;
  }
  line_.clear();
  json_ ? write_json(record, record.time - first_) : write_csv(record, record.time - first_);
  file_->add(line_);
}

void TraceWriter::write_csv(const TraceRecord& record, base::Duration time) {
  auto out = std::back_inserter(line_);
  fmt::format_to(out, "{}.{:09},{},{}", time.count() / kBillion, time.count() % kBillion,
                 record.input, record.output);
  if (info_.states_hits) {
    fmt::format_to(out, ",{}", record.cached.value_or(0));
  }
  if (info_.sessions) {
    fmt::format_to(out, ",{},{},{},{},{},{},{},{},{}", record.reasoning, record.session,
                   record.turn, record.session_tokens, record.shared_prefix, record.shared_tokens,
                   record.last_turn ? 1 : 0,
                   name_of(record.variant.value_or(workload::Variant::V3)),
                   name_of(record.channel.value_or(workload::Channel::Api)));
  }
  if (info_.block_tokens > 0) {
    const char* between = ",";
    for (const workload::BlockId id : record.blocks) {
      fmt::format_to(out, "{}{:x}", between, id);
      between = " ";
    }
    line_ += record.blocks.empty() ? "," : "";
  }
  line_ += '\n';
}

void TraceWriter::write_json(const TraceRecord& record, base::Duration time) {
  auto out = std::back_inserter(line_);
  fmt::format_to(out,
                 R"({{"timestamp": {}, "input_length": {}, "output_length": {}, "hash_ids": [)",
                 time.count() / kNsPerMs, record.input, record.output);
  const char* between = "";
  if (info_.block_tokens > 0) {
    for (const workload::BlockId id : record.blocks) {
      fmt::format_to(out, "{}{}", between, id);
      between = ", ";
    }
  } else {
    for (std::int64_t at = 0; at < record.input; at += kJsonBlock) {
      fmt::format_to(out, "{}{}", between, next_unique_++);
      between = ", ";
    }
  }
  line_ += "]}\n";
}

void TraceWriter::finish() { file_->finish(); }

}  // namespace epfleet::traces
