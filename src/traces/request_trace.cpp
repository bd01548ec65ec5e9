#include "epfleet/traces/request_trace.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "epfleet/text/parse.h"
#include "epfleet/traces/trace_formats.h"
#include "line_format.h"

namespace epfleet::traces {
namespace {

constexpr std::string_view kClients = "servegen";
constexpr const char* kTooLong = "longer than 4 MiB";
constexpr const char* kNotUtf8 = "not UTF-8";
constexpr const char* kTimeBack = "a time that goes back";
constexpr const char* kContradiction = "parts larger than the whole";
constexpr const char* kCutFile = "the rest of a file that is cut or damaged";

}  // namespace

RequestTrace::RequestTrace(const std::string& path, const TraceOptions& options)
    : options_(options) {
  if (ClientMix::is_folder(path)) {
    clients_ = std::make_unique<ClientMix>(path, options.rate_scale, options.seed);
    info_.format = kClients;
    return;
  }
  lines_ = std::make_unique<text::LineReader>(path);
  find_format();
}

RequestTrace::~RequestTrace() = default;

// Counts what is wrong with the present line, or throws.
void RequestTrace::wrong_line(const char* reason, int column, std::string what,
                              std::string remedy) {
  if (!options_.lenient) {
    base::Problem problem;
    problem.file = lines_->path();
    problem.line = static_cast<int>(std::min<std::int64_t>(lines_->number(), 2'147'483'647));
    problem.column = column;
    problem.what = std::move(what);
    problem.remedy = std::move(remedy);
    throw base::InputError(std::move(problem));
  }
  const auto known = std::ranges::find(skipped_, reason, &SkippedLines::reason);
  if (known == skipped_.end()) {
    skipped_.push_back({reason, 1, lines_->number()});
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
      wrong_line(kCutFile, 0, error.problems().front().what, error.problems().front().remedy);
      return false;
    }
    if (got == text::LineReader::Got::End) {
      return false;
    }
    if (got == text::LineReader::Got::TooLong) {
      wrong_line(kTooLong, 1, "the line is longer than 4 MiB", "is this a trace?");
    } else if (!lines_->line_is_utf8()) {
      wrong_line(kNotUtf8, 1, "the line is not UTF-8", "is the file damaged?");
    } else if (!text::is_blank(lines_->line()) && lines_->line().front() != '#') {
      return true;
    }
  }
}

void RequestTrace::find_format() {
  const bool lenient = std::exchange(options_.lenient, false);  // a wrong beginning is no trace
  if (!next_line()) {
    wrong_line("", 0, "the file is empty", "give a trace with one request a line");
  }
  const std::string_view line = lines_->line();
  std::optional<LineFault> fault;
  std::string known;
  for (const auto& row : trace_formats().rows()) {
    format_ = row.make.make != nullptr ? row.make.make(line, info_, fault) : nullptr;
    if (format_) {
      info_.format = row.name;
      break;
    }
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", row.name, row.make.known_by);
  }
  if (fault) {
    wrong_line(fault->reason, fault->column, fault->what, fault->remedy);
  }
  if (!format_) {
    wrong_line("", 1, "is neither a line of JSON nor the header of a known trace",
               "formats are " + known);
  }
  holds_line_ = line[line.find_first_not_of(" \t")] == '{';  // a header is not a request
  if (options_.block_tokens > 0 && info_.block_tokens > 0) {
    info_.block_tokens = options_.block_tokens;
  }
  options_.lenient = lenient;
}

bool RequestTrace::next(TraceRecord& record) {
  if (clients_) {
    return clients_->next(record);
  }
  while (next_line()) {
    if (const auto fault = format_->parse(lines_->line(), record)) {
      wrong_line(fault->reason, fault->column, fault->what, fault->remedy);
    } else if (accept(record)) {
      return true;
    }
  }
  return false;
}

// What must hold between the values of a line, and with the lines before.
bool RequestTrace::accept(TraceRecord& record) {
  if (latest_ && record.time < *latest_) {
    wrong_line(kTimeBack, 1, "the time is before that of the request before",
               "sort the trace by time");
    return false;
  }
  const std::int64_t known = std::max(record.session_tokens, record.shared_tokens);
  if (known > record.input || record.cached.value_or(0) > record.input ||
      record.reasoning > record.output) {
    wrong_line(kContradiction, 1,
               "reasoning, cached, session or shared tokens are more than the answer or the prompt",
               "check the columns");
    return false;
  }
  latest_ = record.time;
  if (info_.block_tokens > 0) {
    const std::int64_t needed = (record.input + info_.block_tokens - 1) / info_.block_tokens;
    odd_block_lists_ += static_cast<std::int64_t>(record.blocks.size()) != needed ? 1 : 0;
  }
  return true;
}

}  // namespace epfleet::traces
