// Traces of single requests behind one reader: streaming, in constant memory, the format chosen by
// content.
// Modelled: Mooncake JSONL (block ids of 512 tokens, or none), Qwen-Bailian JSONL (16 tokens), the
//   CSVs of Azure's LLM traces, BurstGPT and Vidur, and epfleet's own CSV (docs/guide.md), their
//   columns perhaps under other names; a folder of ServeGen clients, drawn (client_mix.h).
// A line that is wrong is an error with file, line and column, or, when lenient, skipped and
// counted by its reason; nothing is corrected silently.
// Source: kvcache-ai/Mooncake, FAST25-release; Azure/AzurePublicDataset; HPMLL/BurstGPT;
//   microsoft/vidur; alibaba-edu/qwen-bailian-usagetraces-anon (from its description; no file of it
//   was at hand).
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
  std::string time_unit{};        // of numbers: s, ms, us, ns; empty: as the format has it
  // Names of columns or keys: ours, and the file's.
  std::vector<std::pair<std::string, std::string>> columns{};
  // Of a mix of clients, which is drawn:
  double rate_scale = 1.0;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string_view our_name(std::string_view theirs) const;
};

// "input_length=prompt,output_length=answer" as TraceOptions::columns. Throws InputError.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_columns(
    const std::string& text);

class LineFormat;  // how one line is read (src/traces/trace_formats.h)
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
  // Lines of a file; of a folder of clients requests of those without lengths.
  [[nodiscard]] std::span<const SkippedLines> skipped() const;
  [[nodiscard]] std::int64_t rows() const;  // read so far: requests, and lines that were skipped
  [[nodiscard]] std::int64_t bytes() const { return lines_ ? lines_->bytes() : 0; }
  // Requests whose block ids are not those that their input needs (input / block, rounded up, or
  // down where only full blocks have one).
  [[nodiscard]] std::int64_t odd_block_lists() const { return odd_block_lists_; }

  // What a reader of the numbers must know, a sentence each: skipped lines, columns that were not
  // read, ids or times that look wrong. Complete after the last request.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  static constexpr std::int64_t kBlockSizes[] = {16, 32, 64, 128, 256, 512, 1024, 2048};

  void open();
  void find_block_size();
  [[nodiscard]] bool next_line();
  void check(const TraceRecord& record);
  void skip(const LineFault& fault);  // counts it, or throws
  void refuse_endless() const;
  [[nodiscard]] base::InputError error_of(const LineFault& fault) const;

  std::unique_ptr<text::LineReader> lines_;  // of a file
  std::unique_ptr<ClientMix> clients_;       // of a folder
  TraceOptions options_;
  TraceInfo info_;
  std::unique_ptr<LineFormat> format_;
  std::vector<SkippedLines> skipped_;
  std::optional<base::Duration> first_, latest_;
  std::int64_t requests_ = 0;
  std::int64_t request_line_ = 0, request_bytes_ = 0;  // read up to the last request
  std::int64_t odd_block_lists_ = 0;
  std::array<std::int64_t, std::size(kBlockSizes)> fits_{};  // requests that each size would fit
  bool each_alone_ = false;  // requests share starts and name no session
  bool holds_line_ = false;  // the first line was read and not yet parsed
};

}  // namespace epfleet::traces
