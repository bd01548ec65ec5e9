#include "epfleet/report/chrome_trace.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "epfleet/base/error.h"

namespace epfleet::report {
namespace {

// Names are ours, but for what a scenario calls itself.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

void ChromeTrace::event(std::string_view fields) {
  events_ += events_.empty() ? "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n" : ",\n";
  fmt::format_to(std::back_inserter(events_), "{{{}}}", fields);
}

void ChromeTrace::name_process(std::int64_t process, std::string_view name) {
  event(fmt::format(R"("ph": "M", "pid": {}, "name": "process_name", "args": {{"name": {}}})",
                    process, quoted(name)));
}

void ChromeTrace::name_thread(std::int64_t process, std::int64_t thread, std::string_view name) {
  event(fmt::format(
      R"("ph": "M", "pid": {}, "tid": {}, "name": "thread_name", "args": {{"name": {}}})", process,
      thread, quoted(name)));
  event(fmt::format(
      R"("ph": "M", "pid": {}, "tid": {}, "name": "thread_sort_index", "args": {{"sort_index": {}}})",
      process, thread, thread));
}

// The format's time is in microseconds; three decimals are nanoseconds. The end is rounded, not the
// length, so that slices that touch still do.
void ChromeTrace::slice(std::int64_t process, std::int64_t thread, std::string_view name,
                        std::string_view category, double start_s, double end_s) {
  EPFLEET_CHECK(end_s >= start_s, "a slice ends after it began");
  const auto start = static_cast<std::int64_t>(start_s * 1e9 + 0.5);
  const auto length = static_cast<std::int64_t>(end_s * 1e9 + 0.5) - start;
  event(fmt::format(
      R"("ph": "X", "pid": {}, "tid": {}, "ts": {}.{:03}, "dur": {}.{:03}, "name": {}, "cat": {})",
      process, thread, start / 1000, start % 1000, length / 1000, length % 1000, quoted(name),
      quoted(category)));
}

std::string ChromeTrace::take() {
  if (events_.empty()) {
    return "{\"traceEvents\": []}\n";
  }
  return std::exchange(events_, {}) + "\n]}\n";
}

}  // namespace epfleet::report
