#include "epfleet/traces/trace_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "epfleet/base/error.h"
#include "trace_fields.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

Field field_of(const TraceField& field) {
  return static_cast<Field>(&field - trace_fields().data());
}

}  // namespace

bool TraceWriter::is_json(const std::string& path) {
  std::filesystem::path name = path;
  if (text::compression_of(name) != text::Compression::None) {
    name = name.stem();
  }
  constexpr std::string_view kOthers[] = {
      ".json", ".bz2", ".lz4",  ".lz",   ".br",      ".Z",     ".zip",     ".7z", ".tar",
      ".tgz",  ".xls", ".xlsx", ".avro", ".parquet", ".arrow", ".feather", ".ods"};
  if (std::ranges::find(kOthers, name.extension().string()) != std::end(kOthers)) {
    throw base::InputError(
        {.file = path,
         .what = fmt::format("{} files are not written", name.extension().string()),
         .remedy = "end the name in .csv or .jsonl, and in .zst, .gz or .xz to compress it"});
  }
  return name.extension() == ".jsonl";
}

TraceWriter::TraceWriter(const std::string& path, const TraceInfo& info)
    : info_(info),
      json_(is_json(path)),
      aside_(path),
      output_(aside_.path(), text::compression_of(path)) {
  if (json_) {
    return;
  }
  line_ = "arrival_s,input_tokens,output_tokens";
  for (const TraceField& field : trace_fields()) {
    line_ += info_.has(field_of(field)) ? fmt::format(",{}", field.name) : "";
  }
  if (info_.block_tokens > 0) {
    line_ += fmt::format(",block_ids_{}", info_.block_tokens);
  }
  output_.add(line_ + "\n");
}

void TraceWriter::write(const TraceRecord& record) {
  const base::Duration time = record.time - first_.value_or(record.time);
  first_ = record.time - time;
  line_.clear();
  json_ ? add_json(record, time) : add_csv(record, time);
  output_.add(line_);
  ++requests_;
}

void TraceWriter::add_csv(const TraceRecord& record, base::Duration time) {
  auto out = std::back_inserter(line_);
  fmt::format_to(out, "{}.{:09},{},{}", time.count() / kBillion, time.count() % kBillion,
                 record.input, record.output);
  for (const TraceField& field : trace_fields()) {
    if (info_.has(field_of(field))) {
      line_ += ',';
      field.write(record, line_);
    }
  }
  if (info_.block_tokens > 0) {
    fmt::format_to(out, ",{:x}", fmt::join(record.blocks, " "));
  }
  line_ += '\n';
}

void TraceWriter::add_json(const TraceRecord& record, base::Duration time) {
  auto out = std::back_inserter(line_);
  fmt::format_to(out, R"({{"timestamp": {})", time.count() / kNsPerMs);
  if (time.count() % kNsPerMs != 0) {
    fmt::format_to(out, ".{:06}", time.count() % kNsPerMs);
  }
  fmt::format_to(out, R"(, "input_length": {}, "output_length": {})", record.input, record.output);
  if (info_.block_tokens > 0) {
    fmt::format_to(out, R"(, "hash_ids": [{}])", fmt::join(record.blocks, ", "));
  }
  for (const TraceField& field : trace_fields()) {
    std::string value;
    if (info_.has(field_of(field))) {
      field.write(record, value);
    }
    if (!value.empty()) {
      fmt::format_to(out, R"(, "{0}": {1}{2}{1})", field.name, field.is_text ? "\"" : "", value);
    }
  }
  line_ += "}\n";
}

void TraceWriter::finish() {
  output_.finish();
  aside_.commit();
}

}  // namespace epfleet::traces
