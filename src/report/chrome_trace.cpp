#include "epfleet/report/chrome_trace.h"

#include <fmt/format.h>

#include <iterator>

#include "epfleet/base/error.h"
#include "epfleet/text/quote.h"

namespace epfleet::report {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 16;  // bytes

// The format's time is in microseconds; three decimals are nanoseconds.
std::string microseconds(base::Duration time) {
  const std::int64_t ns = time.count();
  EPFLEET_CHECK(ns >= 0, "a timeline begins at 0");
  return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
}

// What viewers show of an event that is chosen; nothing: nothing.
template <class Values, class Print>
std::string args_of(const Values& values, const Print& print) {
  std::string args;
  for (const auto& [key, value] : values) {
    args += fmt::format("{}{}: {}", args.empty() ? R"(, "args": {)" : ", ", text::json_string(key),
                        print(value));
  }
  return args.empty() ? args : args + "}";
}

}  // namespace

void ChromeTrace::event(std::string_view fields) {
  buffer_ += begun_ ? ",\n" : "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  begun_ = true;
  fmt::format_to(std::back_inserter(buffer_), "{{{}}}", fields);
  if (buffer_.size() >= kPiece) {
    sink_(buffer_);
    buffer_.clear();
  }
}

void ChromeTrace::name_process(std::int64_t process, std::string_view name) {
  event(fmt::format(R"("ph": "M", "pid": {}, "name": "process_name", "args": {{"name": {}}})",
                    process, text::json_string(name)));
}

void ChromeTrace::name_thread(std::int64_t process, std::int64_t thread, std::string_view name) {
  event(fmt::format(
      R"("ph": "M", "pid": {}, "tid": {}, "name": "thread_name", "args": {{"name": {}}})", process,
      thread, text::json_string(name)));
  event(fmt::format(
      R"("ph": "M", "pid": {}, "tid": {}, "name": "thread_sort_index", "args": {{"sort_index": {}}})",
      process, thread, thread));
}

void ChromeTrace::slice(std::int64_t process, std::int64_t thread, std::string_view name,
                        std::string_view category, base::TimePoint start, base::TimePoint end,
                        Values values) {
  const auto print = [](double value) { return fmt::format("{:.6g}", value); };
  event(fmt::format(
      R"("ph": "X", "pid": {}, "tid": {}, "ts": {}, "dur": {}, "name": {}, "cat": {}{})", process,
      thread, microseconds(start.time_since_epoch()), microseconds(end - start),
      text::json_string(name), text::json_string(category), args_of(values, print)));
}

void ChromeTrace::counter(std::int64_t process, std::string_view name, base::TimePoint at,
                          double value) {
  event(fmt::format(R"("ph": "C", "pid": {}, "ts": {}, "name": {}, "args": {{"value": {:.6g}}})",
                    process, microseconds(at.time_since_epoch()), text::json_string(name), value));
}

void ChromeTrace::instant(std::int64_t process, std::string_view name, base::TimePoint at,
                          Texts texts) {
  event(fmt::format(R"("ph": "i", "s": "p", "pid": {}, "tid": 0, "ts": {}, "name": {}{})", process,
                    microseconds(at.time_since_epoch()), text::json_string(name),
                    args_of(texts, text::json_string)));
}

void ChromeTrace::flow(Arrow arrow, std::uint64_t id, std::int64_t process, std::int64_t thread,
                       base::TimePoint at) {
  event(fmt::format(
      R"("ph": "{}", "id": {}, "pid": {}, "tid": {}, "ts": {}, "name": "request", "cat": "flow"{})",
      static_cast<char>(arrow), id, process, thread, microseconds(at.time_since_epoch()),
      arrow == Arrow::End ? R"(, "bp": "e")" : ""));
}

void ChromeTrace::finish() {
  buffer_ += begun_ ? "\n]}\n" : "{\"traceEvents\": []}\n";
  sink_(buffer_);
  buffer_.clear();
}

}  // namespace epfleet::report
