#include "epfleet/report/request_log.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "epfleet/base/error.h"
#include "epfleet/base/names.h"
#include "epfleet/base/random.h"

namespace epfleet::report {
namespace {

struct LogRow {
  fmt::memory_buffer& out;
  const observe::RequestDone& request;
  base::Duration window;  // counted

  template <class Value>
  void write(const Value& value) const {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
  void write_if(bool reached, std::int64_t value) const {
    if (reached) {
      write(value);
    }
  }
  // Nanoseconds from the start of the counted window.
  void write_if(bool reached, base::TimePoint time) const {
    write_if(reached, time.time_since_epoch().count());
  }
};

struct WrittenColumn {
  RequestColumn told;
  void (*write)(const LogRow& row);
};

// clang-format off
constexpr WrittenColumn kColumns[] = {
    {{"request", "", "Number of the request; the same whatever the policies do."},
     [](const LogRow& r) { r.write(r.request.id.value()); }},
    {{"session", "", "Number of its conversation."},
     [](const LogRow& r) { r.write(r.request.session.value()); }},
    {{"turn", "", "Its place in the conversation, from 0."},
     [](const LogRow& r) { r.write(r.request.turn); }},
    {{"model", "", "v3 or r1."},
     [](const LogRow& r) { r.write(workload::name_of(r.request.variant)); }},
    {{"channel", "", "web, app or api."},
     [](const LogRow& r) { r.write(workload::name_of(r.request.channel)); }},
    {{"outcome", "", "completed, rejected, failed, or in_flight where the run ended first."},
     [](const LogRow& r) { r.write(name_of(r.request.outcome())); }},
    {{"ending", "", "Why it ended so: last_token, queue_limit, gave_up and others."},
     [](const LogRow& r) { r.write(row_of(r.request.ending).name); }},
    {{"attempt", "", "0, or how often its client had come before; every attempt is a row."},
     [](const LogRow& r) { r.write(r.request.attempt); }},
    {{"prompt_tokens", "tokens", "Length of the prompt."},
     [](const LogRow& r) { r.write(r.request.prompt_tokens); }},
    {{"cached_tokens", "tokens", "Of these, read from the KV cache."},
     [](const LogRow& r) { r.write(r.request.cached_tokens); }},
    {{"output_tokens", "tokens", "Length of the answer, reasoning included."},
     [](const LogRow& r) { r.write(r.request.output_tokens); }},
    {{"reasoning_tokens", "tokens", "Of these, reasoning."},
     [](const LogRow& r) { r.write(r.request.reasoning_tokens); }},
    {{"prefill_unit", "", "Unit that computed its prompt, from 0; empty if none began."},
     [](const LogRow& r) { r.write_if(r.request.entered_prefill(), r.request.prefill_unit.value()); }},
    {{"prefill_gpu", "", "GPU of that unit, from 0."},
     [](const LogRow& r) { r.write_if(r.request.entered_prefill(), r.request.prefill_gpu); }},
    {{"decode_unit", "", "Unit that decoded its answer, from 0; empty if none began."},
     [](const LogRow& r) { r.write_if(r.request.entered_decode, r.request.decode_unit.value()); }},
    {{"decode_gpu", "", "GPU of that unit, from 0."},
     [](const LogRow& r) { r.write_if(r.request.entered_decode, r.request.decode_gpu); }},
    {{"preemptions", "", "How often it lost its place in decode for want of KV memory."},
     [](const LogRow& r) { r.write(r.request.preemptions); }},
    {{"arrival_ns", "ns", "When it arrived; negative in the warm-up. All times count from the start of the counted window."},
     [](const LogRow& r) { r.write_if(true, r.request.arrival); }},
    {{"prefill_start_ns", "ns", "Start of the step that computes its first chunk."},
     [](const LogRow& r) { r.write_if(r.request.entered_prefill(), r.request.prefill_start); }},
    {{"first_token_ns", "ns", "End of the step with its last chunk: TTFT is this - arrival_ns."},
     [](const LogRow& r) { r.write_if(r.request.has_first_token, r.request.first_token); }},
    {{"kv_arrived_ns", "ns", "When its KV was on the decode GPU."},
     [](const LogRow& r) { r.write_if(r.request.entered_decode, r.request.kv_arrived); }},
    {{"decode_start_ns", "ns", "Start of the first decode step that it takes part in."},
     [](const LogRow& r) { r.write_if(r.request.entered_decode, r.request.decode_start); }},
    {{"done_ns", "ns", "Its last token, or when it was rejected or failed; empty in flight. TPOT is (this - first_token_ns) / (output_tokens - 1)."},
     [](const LogRow& r) { r.write_if(r.request.outcome() != observe::Outcome::InFlight, r.request.done); }},
    {{"in_window", "0 or 1", "1: it arrived in the counted window, and latencies, attainment and goodput of summary.json are of it; 0: in the warm-up or the cool-down."},
     [](const LogRow& r) {
       const base::Duration since = r.request.arrival - base::kWindowStart;
       r.write(since >= base::Duration{} && since < r.window ? 1 : 0);
     }},
    {{"retries", "", "How often it was begun again after a failure of its unit; 15: so many or more."},
     [](const LogRow& r) { r.write(r.request.retries); }},
};
// clang-format on

std::string header() {
  std::string line;
  for (const WrittenColumn& column : kColumns) {
    line += (line.empty() ? "" : ",") + std::string(column.told.name);
  }
  return line + "\n";
}

void append_row(const LogRow& row) {
  for (const WrittenColumn& column : kColumns) {
    column.write(row);
    row.out.push_back(&column == std::end(kColumns) - 1 ? '\n' : ',');
  }
}

}  // namespace

std::span<const RequestColumn> request_columns() {
  static const auto kTold = [] {
    std::vector<RequestColumn> columns;
    for (const WrittenColumn& column : kColumns) {
      columns.push_back(column.told);
    }
    return columns;
  }();
  return kTold;
}

std::string request_file(observe::RequestFormat format) {
  constexpr base::Names<3> kEndings = {".zst", ".gz", ""};
  return fmt::format("requests.csv{}", base::name_in(kEndings, format));
}

bool in_sample(std::uint64_t seed, base::RequestId id, double share) {
  const base::StreamFamily family(seed, "report.request_sample");
  const std::uint64_t hash = base::mix64(family.key() ^ base::mix64(id.value()));
  return static_cast<double>(hash >> 11U) * 0x1p-53 < share;
}

RequestLogWriter::RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which,
                                   double sample, std::uint64_t seed, base::Duration window)
    : output_(path, text::compression_of(path)),
      share_(which == observe::RequestLog::All ? 1.0 : sample),
      seed_(seed),
      window_(window) {
  EPFLEET_CHECK(which != observe::RequestLog::None, "a request log needs requests to log");
  output_.add(header());
}

void RequestLogWriter::on_requests_done(std::span<const observe::RequestDone> requests) {
  fmt::memory_buffer row;
  for (const observe::RequestDone& request : requests) {
    if (in_sample(seed_, request.id, share_)) {
      row.clear();
      append_row({row, request, window_});
      output_.add({row.data(), row.size()});
      ++rows_;
    }
  }
}

void RequestLogWriter::finish() {
  EPFLEET_CHECK(!finished_, "a request log is finished once");
  output_.finish();
  finished_ = true;
}

}  // namespace epfleet::report
