// Slices and counters on named threads of named processes, as Chrome trace events: a timeline that
// Perfetto (ui.perfetto.dev) and chrome://tracing open. Written in pieces, so that memory does not
// grow with the trace.
//
// Source: the "Trace Event Format" document of the Chromium project (phases X, C, i, M, s, t, f).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "epfleet/base/time.h"

namespace epfleet::report {

class ChromeTrace {
 public:
  // Takes the document piece by piece.
  using Sink = std::function<void(std::string_view)>;
  using Values = std::initializer_list<std::pair<std::string_view, double>>;
  using Texts = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit ChromeTrace(Sink sink) : sink_(std::move(sink)) {}

  void name_process(std::int64_t process, std::string_view name);
  // Threads are shown in the order of their numbers.
  void name_thread(std::int64_t process, std::int64_t thread, std::string_view name);

  // `category` decides nothing; viewers can filter by it. `values` are shown when the slice is
  // chosen. REQUIRES: end >= start.
  void slice(std::int64_t process, std::int64_t thread, std::string_view name,
             std::string_view category, base::TimePoint start, base::TimePoint end,
             Values values = {});

  // A mark across the whole process; `texts` are shown when it is chosen.
  void instant(std::int64_t process, std::string_view name, base::TimePoint at, Texts texts = {});
  // A curve of the process; one value each, from this moment on.
  void counter(std::int64_t process, std::string_view name, base::TimePoint at, double value);

  // An arrow through slices, one call for each of them in the order of time: the slice is that of
  // the thread around `at`.
  enum class Arrow : char { Start = 's', Step = 't', End = 'f' };
  void flow(Arrow arrow, std::uint64_t id, std::int64_t process, std::int64_t thread,
            base::TimePoint at);

  // The end of the document. REQUIRES: called once, last.
  void finish();

 private:
  void event(std::string_view fields);

  Sink sink_;
  std::string buffer_;
  bool begun_ = false;
};

}  // namespace epfleet::report
