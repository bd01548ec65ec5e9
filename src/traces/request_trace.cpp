#include "epfleet/traces/request_trace.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "epfleet/text/parse.h"
#include "trace_formats.h"

namespace epfleet::traces {
namespace {

constexpr const char* kTooLong = "longer than 4 MiB";
constexpr const char* kNotUtf8 = "not UTF-8";
constexpr const char* kTimeBack = "a time that goes back";
constexpr const char* kContradiction = "parts larger than the whole";
constexpr const char* kCutFile = "the rest of a file that is cut or damaged";

// The format whose first line this is.
std::unique_ptr<LineFormat> format_of(std::string_view line, TraceInfo& info) {
  std::string known;
  for (const auto& row : trace_formats().rows()) {
    if (auto format = row.make.make != nullptr ? row.make.make(line, info) : nullptr) {
      info.format = row.name;
      return format;
    }
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", row.name, row.make.known_by);
  }
  throw LineFault{"", "is neither a line of JSON nor the header of a known trace",
                  "formats are " + known};
}

}  // namespace

RequestTrace::RequestTrace(const std::string& path, const TraceOptions& options)
    : options_(options) {
  if (ClientMix::is_folder(path)) {
    clients_ = std::make_unique<ClientMix>(path, options.rate_scale, options.seed);
    info_.format = "servegen";
    return;
  }
  lines_ = std::make_unique<text::LineReader>(path);
  try {
    if (!next_line()) {
      throw LineFault{"", "the file is empty", "give a trace with one request a line", 0};
    }
    format_ = format_of(lines_->line(), info_);
  } catch (const LineFault& fault) {
    throw error_of(fault);  // a wrong beginning is no trace, to a lenient reader neither
  }
  holds_line_ = text::trimmed(lines_->line()).starts_with('{');  // a header is not a request
  if (options_.block_tokens > 0 && info_.block_tokens > 0) {
    info_.block_tokens = options_.block_tokens;
  }
}

RequestTrace::~RequestTrace() = default;

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

// The next line with something on it; comments are for CSV files only, where no JSON begins with #.
bool RequestTrace::next_line() {
  if (std::exchange(holds_line_, false)) {
    return true;
  }
  while (true) {
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
    return clients_->next(record);
  }
  while (true) {
    try {
      if (!next_line()) {
        return false;
      }
      format_->parse(lines_->line(), record);
      check(record);
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
  const std::int64_t known = std::max(record.session_tokens, record.shared_tokens);
  if (known > record.input || record.cached.value_or(0) > record.input ||
      record.reasoning > record.output) {
    throw LineFault{
        kContradiction,
        "reasoning, cached, session or shared tokens are more than the answer or the prompt",
        "check the columns"};
  }
  latest_ = record.time;
  if (info_.block_tokens > 0) {
    const std::int64_t needed = (record.input + info_.block_tokens - 1) / info_.block_tokens;
    odd_block_lists_ += static_cast<std::int64_t>(record.blocks.size()) != needed ? 1 : 0;
  }
}

}  // namespace epfleet::traces
