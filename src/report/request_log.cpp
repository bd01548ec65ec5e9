#include "epfleet/report/request_log.h"

#include <fmt/format.h>

#include <string>

#include "epfleet/base/error.h"
#include "epfleet/base/random.h"

namespace epfleet::report {
namespace {

constexpr std::string_view kHeader =
    "request,session,turn,model,channel,outcome,prompt_tokens,cached_tokens,output_tokens,"
    "reasoning_tokens,prefill_unit,prefill_gpu,decode_unit,decode_gpu,preemptions,arrival_ns,"
    "prefill_start_ns,first_token_ns,kv_arrived_ns,decode_start_ns,done_ns\n";

void append_optional(fmt::memory_buffer& out, bool present, std::int64_t value) {
  if (present) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
  out.push_back(',');
}

std::int64_t ns(base::TimePoint time) { return time.time_since_epoch().count(); }

void append_row(fmt::memory_buffer& out, const observe::RequestDone& r) {
  fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},", r.id.value(),
                 r.session.value(), r.turn, workload::name_of(r.variant),
                 workload::name_of(r.channel), name_of(r.outcome), r.prompt_tokens, r.cached_tokens,
                 r.output_tokens, r.reasoning_tokens);
  append_optional(out, r.entered_prefill, r.prefill_unit.value());
  append_optional(out, r.entered_prefill, r.prefill_gpu);
  append_optional(out, r.entered_decode, r.decode_unit.value());
  append_optional(out, r.entered_decode, r.decode_gpu);
  fmt::format_to(std::back_inserter(out), "{},{},", r.preemptions, ns(r.arrival));
  append_optional(out, r.entered_prefill, ns(r.prefill_start));
  append_optional(out, r.has_first_token, ns(r.first_token));
  append_optional(out, r.entered_decode, ns(r.kv_arrived));
  append_optional(out, r.entered_decode, ns(r.decode_start));
  if (r.outcome != observe::Outcome::InFlight) {
    fmt::format_to(std::back_inserter(out), "{}", ns(r.done));
  }
  out.push_back('\n');
}

}  // namespace

struct RequestLogWriter::File {
  File(const std::filesystem::path& path, double share_of_all, std::uint64_t seed_of_run,
       text::Compression compression)
      : output(path, compression), share(share_of_all), seed(seed_of_run) {
    output.add(kHeader);
  }

  text::OutputFile output;
  double share;
  std::uint64_t seed;
  fmt::memory_buffer row;
  std::int64_t rows = 0;
  bool finished = false;
};

bool in_sample(std::uint64_t seed, base::RequestId id, double share) {
  const base::StreamFamily family(seed, "report.request_sample");
  const std::uint64_t hash = base::mix64(family.key() ^ base::mix64(id.value()));
  return static_cast<double>(hash >> 11U) * 0x1p-53 < share;
}

RequestLogWriter::RequestLogWriter(const std::filesystem::path& path, observe::RequestLog which,
                                   double sample, std::uint64_t seed, text::Compression compression)
    : file_(std::make_unique<File>(path, which == observe::RequestLog::All ? 1.0 : sample, seed,
                                   compression)) {
  EPFLEET_CHECK(which != observe::RequestLog::None, "a request log needs requests to log");
}

RequestLogWriter::~RequestLogWriter() = default;

void RequestLogWriter::on_requests_done(std::span<const observe::RequestDone> requests) {
  for (const observe::RequestDone& request : requests) {
    if (!in_sample(file_->seed, request.id, file_->share)) {
      continue;
    }
    file_->row.clear();
    append_row(file_->row, request);
    file_->output.add({file_->row.data(), file_->row.size()});
    ++file_->rows;
  }
}

void RequestLogWriter::finish() {
  EPFLEET_CHECK(!file_->finished, "a request log is finished once");
  file_->output.finish();
  file_->finished = true;
}

std::int64_t RequestLogWriter::rows() const { return file_->rows; }

}  // namespace epfleet::report
