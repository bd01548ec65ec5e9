#include "epfleet/traces/trace_writer.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <ranges>

#include "epfleet/base/error.h"
#include "epfleet/text/files.h"
#include "epfleet/text/output_file.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

// Written aside, compressed on the way, renamed at the end.
struct TraceWriter::File {
  explicit File(const std::string& path)
      : aside(path), output(aside.path(), text::compression_of(path)) {}

  text::Aside aside;
  text::OutputFile output;
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
  file_->output.add(line_ + "\n");
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::write(const TraceRecord& record) {
  const base::Duration time = record.time - first_.value_or(record.time);
  first_ = record.time - time;
  line_.clear();
  json_ ? add_json(record, time) : add_csv(record, time);
  file_->output.add(line_);
}

void TraceWriter::add_csv(const TraceRecord& record, base::Duration time) {
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
                   workload::name_of(record.variant.value_or(workload::Variant::V3)),
                   workload::name_of(record.channel.value_or(workload::Channel::Api)));
  }
  if (info_.block_tokens > 0) {
    fmt::format_to(out, ",{:x}", fmt::join(record.blocks, " "));
  }
  line_ += '\n';
}

void TraceWriter::add_json(const TraceRecord& record, base::Duration time) {
  auto out = std::back_inserter(line_);
  fmt::format_to(out,
                 R"({{"timestamp": {}, "input_length": {}, "output_length": {}, "hash_ids": [)",
                 time.count() / kNsPerMs, record.input, record.output);
  if (info_.block_tokens > 0) {
    fmt::format_to(out, "{}", fmt::join(record.blocks, ", "));
  } else {
    const auto blocks = static_cast<std::uint64_t>((record.input + kJsonBlock - 1) / kJsonBlock);
    const auto ids = std::views::iota(next_unique_, next_unique_ + blocks);
    fmt::format_to(out, "{}", fmt::join(ids, ", "));
    next_unique_ += blocks;
  }
  line_ += "]}\n";
}

void TraceWriter::finish() {
  file_->output.finish();
  file_->aside.commit();
}

}  // namespace epfleet::traces
