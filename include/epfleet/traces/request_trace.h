// Traces of single requests behind one reader: streaming, in constant memory, the format chosen by
// content.
// Modelled: Mooncake JSONL (block ids of 512 tokens), Qwen-Bailian JSONL (16 tokens), the CSVs of
//   Azure's LLM traces, BurstGPT and Vidur, and epfleet's own CSV (docs/guide.md); a folder of
//   ServeGen clients, drawn (client_mix.h).
// A line that is wrong is an error with file, line and column, or, when lenient, skipped and
// counted by its reason; nothing is corrected silently.
// Source: kvcache-ai/Mooncake, FAST25-release; Azure/AzurePublicDataset; HPMLL/BurstGPT;
//   microsoft/vidur; alibaba-edu/qwen-bailian-usagetraces-anon (from its description; no file of it
//   was at hand).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/traces/client_mix.h"
#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

// Longer prompts or answers are taken for damage: a wrong column or unit.
inline constexpr std::int64_t kMostTraceTokens = std::int64_t{1} << 24U;

struct TraceOptions {
  bool lenient = false;
  std::int64_t block_tokens = 0;  // tokens of a block id; 0: as the format has it
  // Of a mix of clients, which is drawn:
  double rate_scale = 1.0;
  std::uint64_t seed = 1;
};

// Lines left out by a lenient reader.
struct SkippedLines {
  std::string reason;
  std::int64_t count = 0;
  std::int64_t first_line = 0;
};

class LineFormat;  // how one line is read (src/traces/line_format.h)
struct LineFault;

class RequestTrace {
 public:
  // Opens the file and finds its format out. Throws InputError.
  explicit RequestTrace(const std::string& path, const TraceOptions& options = {});
  ~RequestTrace();

  // Reads the next request over `record`, whose buffers are used again; false at the end. Times
  // never go back. Throws InputError.
  [[nodiscard]] bool next(TraceRecord& record);

  [[nodiscard]] const TraceInfo& info() const { return info_; }
  [[nodiscard]] std::span<const SkippedLines> skipped() const { return skipped_; }
  // The file's last line has no line end: perhaps a cut file. Meaningful after the last request.
  [[nodiscard]] bool cut_last_line() const { return lines_ && lines_->cut_last_line(); }
  [[nodiscard]] std::int64_t bytes() const { return lines_ ? lines_->bytes() : 0; }
  // Requests whose block ids are not those that their input needs (input / block, rounded up).
  [[nodiscard]] std::int64_t odd_block_lists() const { return odd_block_lists_; }

 private:
  [[nodiscard]] bool next_line();
  void check(const TraceRecord& record);
  void skip(const LineFault& fault);  // counts it, or throws
  [[nodiscard]] base::InputError error_of(const LineFault& fault) const;

  std::unique_ptr<text::LineReader> lines_;  // of a file
  std::unique_ptr<ClientMix> clients_;       // of a folder
  TraceOptions options_;
  TraceInfo info_;
  std::unique_ptr<LineFormat> format_;
  std::vector<SkippedLines> skipped_;
  std::optional<base::Duration> latest_;
  std::int64_t odd_block_lists_ = 0;
  bool holds_line_ = false;  // the first line was read and not yet parsed
};

}  // namespace epfleet::traces
