#include "epfleet/report/request_log.h"

#include <fmt/format.h>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::report {
namespace {

constexpr std::string_view kHeader =
    "request,session,turn,model,channel,outcome,ending,attempt,prompt_tokens,cached_tokens,output_"
    "tokens,"
    "reasoning_tokens,prefill_unit,prefill_gpu,decode_unit,decode_gpu,preemptions,arrival_ns,"
    "prefill_start_ns,first_token_ns,kv_arrived_ns,decode_start_ns,done_ns,"
    "in_window,retries\n";

void append_optional(fmt::memory_buffer& out, bool present, std::int64_t value) {
  if (present) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
  out.push_back(',');
}

std::int64_t ns(base::TimePoint time) { return time.time_since_epoch().count(); }

void append_row(fmt::memory_buffer& out, const observe::RequestDone& r, base::Duration window) {
  fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},{},{},", r.id.value(),
                 r.session.value(), r.turn, workload::name_of(r.variant),
                 workload::name_of(r.channel), name_of(r.outcome()), row_of(r.ending).name,
                 r.attempt, r.prompt_tokens, r.cached_tokens, r.output_tokens, r.reasoning_tokens);
  append_optional(out, r.entered_prefill, r.prefill_unit.value());
  append_optional(out, r.entered_prefill, r.prefill_gpu);
  append_optional(out, r.entered_decode, r.decode_unit.value());
  append_optional(out, r.entered_decode, r.decode_gpu);
  fmt::format_to(std::back_inserter(out), "{},{},", r.preemptions, ns(r.arrival));
  append_optional(out, r.entered_prefill, ns(r.prefill_start));
  append_optional(out, r.has_first_token, ns(r.first_token));
  append_optional(out, r.entered_decode, ns(r.kv_arrived));
  append_optional(out, r.entered_decode, ns(r.decode_start));
  append_optional(out, r.outcome() != observe::Outcome::InFlight, ns(r.done));
  const base::Duration since = r.arrival - base::kWindowStart;
  fmt::format_to(std::back_inserter(out), "{},{}\n",
                 since >= base::Duration{} && since < window ? 1 : 0, r.retries);
}

}  // namespace

bool in_sample(std::uint64_t seed, base::RequestId id, double share) {
  const base::StreamFamily family(seed, "report.request_sample");
  const std::uint64_t hash = base::mix64(family.key() ^ base::mix64(id.value()));
  return static_cast<double>(hash >> 11U) * 0x1p-53 < share;
}

RequestLogWriter::RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which,
                                   double sample, std::uint64_t seed, base::Duration window,
                                   text::Compression compression)
    : output_(path, compression),
      share_(which == observe::RequestLog::All ? 1.0 : sample),
      seed_(seed),
      window_(window) {
  EPFLEET_CHECK(which != observe::RequestLog::None, "a request log needs requests to log");
  output_.add(kHeader);
}

void RequestLogWriter::on_requests_done(std::span<const observe::RequestDone> requests) {
  fmt::memory_buffer row;
  for (const observe::RequestDone& request : requests) {
    if (in_sample(seed_, request.id, share_)) {
      row.clear();
      append_row(row, request, window_);
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
