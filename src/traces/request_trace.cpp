#include "epfleet/traces/request_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "epfleet/text/csv_row.h"
#include "epfleet/text/parse.h"
#include "trace_formats.h"

namespace epfleet::traces {
namespace {

constexpr const char* kTooLong = "longer than 4 MiB";
constexpr const char* kNotUtf8 = "not UTF-8";
constexpr const char* kTimeBack = "a time that goes back";
constexpr const char* kContradiction = "parts larger than the whole";
constexpr base::Duration kLongest = std::chrono::seconds(4'000'000'000);
constexpr const char* kCutFile = "the rest of a file that is cut or damaged";

// The format whose first line this is.
std::unique_ptr<LineFormat> format_of(std::string_view line, const TraceOptions& options,
                                      TraceInfo& info) {
  for (const auto& row : trace_formats().rows()) {
    if (auto format = row.make.make != nullptr ? row.make.make(line, options, info) : nullptr) {
      info.format = row.name;
      return format;
    }
  }
  text::CsvRow names;
  names.split(line);
  const auto has = [&](std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) {
        return true;
      }
    }
    return false;
  };
  if (has("time_s") && has("requests")) {
    throw LineFault{"", "is a trace of token totals per time bin, not of requests",
                    "play it with epfleet replay"};
  }
  for (const char separator : {';', '\t'}) {
    if (names.size() == 1 && line.find(separator) != line.npos) {
      throw LineFault{"",
                      fmt::format("its columns are separated by {}, not by commas",
                                  separator == ';' ? "semicolons" : "tabs"),
                      "write it with commas"};
    }
  }
  if (line.find('\r') != line.npos) {
    throw LineFault{"", "its lines end in CR alone, as on an old Macintosh",
                    "write it with line feeds: tr '\\r' '\\n'"};
  }
  if (text::trimmed(line).starts_with('[')) {
    throw LineFault{"", "is one JSON list; a trace has one object a line",
                    "write it so: jq -c '.[]'"};
  }
  throw LineFault{"", "is neither a line of JSON nor the header of a known trace",
                  fmt::format("formats are {}; --column OURS=THEIRS (workload.trace.columns) reads "
                              "columns of other names, for example --column arrival_s=time",
                              known_formats())};
}

bool fits(std::int64_t blocks, std::int64_t input, std::int64_t block_tokens) {
  return blocks == input / block_tokens || blocks == (input + block_tokens - 1) / block_tokens;
}

}  // namespace

RequestTrace::RequestTrace(const std::string& path, const TraceOptions& options)
    : options_(options) {
  if (ClientMix::is_folder(path)) {
    clients_ = std::make_unique<ClientMix>(path, options.rate_scale, options.seed);
    info_.format = "servegen";
    info_.set(Field::Reasoning);
    info_.set(Field::Variant);
    return;
  }
  lines_ = std::make_unique<text::LineReader>(path);
  try {
    open();
  } catch (const LineFault& fault) {
    throw error_of(fault);  // a wrong beginning is no trace, to a lenient reader neither
  }
}

RequestTrace::~RequestTrace() = default;

void RequestTrace::open() {
  if (!next_line()) {
    throw LineFault{"", "the file is empty", "give a trace with one request a line", 0};
  }
  format_ = format_of(lines_->line(), options_, info_);
  holds_line_ = text::trimmed(lines_->line()).starts_with('{');  // a header is not a request
  if (!options_.time_unit.empty() && info_.time_unit.empty()) {
    throw LineFault{"", "its times are dates, which have no unit", "leave out --time-unit"};
  }
  if (options_.block_tokens > 0 && info_.block_tokens != 0) {
    info_.block_tokens = options_.block_tokens;
  } else if (info_.block_tokens == kBlockToBeSeen) {
    find_block_size();
  }
  // Who shares a start and names no session is one of its own.
  each_alone_ = info_.has(Field::SharedTokens) && !info_.has(Field::Session);
  if (each_alone_) {
    info_.set(Field::Session);
    info_.set(Field::LastTurn);
  }
}

// The size that the first request states, or else the smallest that fits it.
void RequestTrace::find_block_size() {
  info_.block_tokens = kBlockSizes[0];
  TraceRecord first;
  try {
    holds_line_ = next_line();
    if (holds_line_) {
      format_->parse(lines_->line(), first);
    }
  } catch (const LineFault&) {
    holds_line_ = true;  // for next() to tell
    return;
  }
  const auto blocks = static_cast<std::int64_t>(first.blocks.size());
  const auto* const size = std::ranges::find_if(
      kBlockSizes, [&](std::int64_t tokens) { return fits(blocks, first.input, tokens); });
  info_.block_tokens = first.block_tokens > 0          ? first.block_tokens
                       : size != std::end(kBlockSizes) ? *size
                                                       : kBlockSizes[0];
}

base::InputError RequestTrace::error_of(const LineFault& fault) const {
  return base::InputError(
      {.file = lines_->path(),
       .line = static_cast<int>(std::min<std::int64_t>(lines_->number(), 2'147'483'647)),
       .column = fault.column,
       .what = fault.what,
       .remedy = fault.remedy});
}

void RequestTrace::skip(const LineFault& fault) {
  if (!options_.lenient) {
    throw error_of(fault);
  }
  const auto known = std::ranges::find(skipped_, fault.reason, &SkippedLines::reason);
  if (known == skipped_.end()) {
    skipped_.push_back({fault.reason, 1, lines_->number()});
  } else {
    ++known->count;
  }
}

// Also of a lenient reader: a pipe may hold nothing else.
void RequestTrace::refuse_endless() const {
  if (lines_->number() - request_line_ > text::kMostIdleLines ||
      lines_->bytes() - request_bytes_ > text::kMostIdleBytes) {
    throw error_of({"", "no request could be read from the last million lines, or 1 GiB",
                    skipped_.empty() ? "is this a trace?"
                                     : "without --lenient the first wrong line is shown"});
  }
}

// The next line with something on it; comments are for CSV files only, where no JSON begins with #.
bool RequestTrace::next_line() {
  if (std::exchange(holds_line_, false)) {
    return true;
  }
  while (true) {
    refuse_endless();
    text::LineReader::Got got = text::LineReader::Got::End;
    try {
      got = lines_->next();
    } catch (const base::InputError& error) {
      const base::Problem& problem = error.problems().front();
      throw LineFault{kCutFile, problem.what, problem.remedy, 0};
    }
    if (got == text::LineReader::Got::End) {
      return false;
    }
    if (got == text::LineReader::Got::TooLong) {
      throw LineFault{kTooLong, "the line is longer than 4 MiB", "is this a trace?"};
    }
    if (!lines_->line_is_utf8()) {
      throw LineFault{kNotUtf8, "the line is not UTF-8", "is the file damaged?"};
    }
    if (!text::is_blank(lines_->line()) && lines_->line().front() != '#') {
      return true;
    }
  }
}

bool RequestTrace::next(TraceRecord& record) {
  if (clients_) {
    const bool is_there = clients_->next(record);
    requests_ += is_there ? 1 : 0;
    return is_there;
  }
  while (true) {
    try {
      if (!next_line()) {
        return false;
      }
      format_->parse(lines_->line(), record);
      if (each_alone_) {
        record.session = static_cast<std::uint64_t>(requests_);
        record.last_turn = true;
      }
      check(record);
      ++requests_;
      request_line_ = lines_->number();
      request_bytes_ = lines_->bytes();
      return true;
    } catch (const LineFault& fault) {
      skip(fault);
    }
  }
}

// What must hold between the values of a line, and with the lines before.
void RequestTrace::check(const TraceRecord& record) {
  if (latest_ && record.time < *latest_) {
    throw LineFault{kTimeBack, "the time is before that of the request before",
                    "sort the trace by time"};
  }
  if (record.time - first_.value_or(record.time) > kLongest) {
    throw LineFault{kTooLarge, "the time is more than 126 years after the first request",
                    "is its unit another (--time-unit)?"};
  }
  const std::int64_t known = std::max(record.session_tokens, record.shared_tokens);
  if (known > record.input || record.cached.value_or(0) > record.input ||
      record.reasoning > record.output) {
    throw LineFault{
        kContradiction,
        "reasoning, cached, session or shared tokens are more than the answer or the prompt",
        "check the columns"};
  }
  if (record.block_tokens > 0 && record.block_tokens != info_.block_tokens &&
      options_.block_tokens == 0) {
    throw LineFault{kBadValue,
                    fmt::format("blocks of {} tokens, where those before have {}",
                                record.block_tokens, info_.block_tokens),
                    "a trace has blocks of one size"};
  }
  first_ = first_.value_or(record.time);
  latest_ = record.time;
  if (info_.block_tokens > 0) {
    const auto blocks = static_cast<std::int64_t>(record.blocks.size());
    odd_block_lists_ += fits(blocks, record.input, info_.block_tokens) ? 0 : 1;
    for (std::size_t i = 0; i < fits_.size(); ++i) {
      fits_[i] += fits(blocks, record.input, kBlockSizes[i]) ? 1 : 0;
    }
  }
}

std::int64_t RequestTrace::rows() const {
  std::int64_t rows = requests_;
  for (const SkippedLines& lines : skipped()) {
    rows += lines.count;
  }
  return rows;
}

std::span<const SkippedLines> RequestTrace::skipped() const {
  return clients_ ? clients_->left_out() : skipped_;
}

}  // namespace epfleet::traces
