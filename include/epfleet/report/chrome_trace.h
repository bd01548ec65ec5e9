// Slices on named threads of named processes, as Chrome trace events: a timeline that Perfetto
// (ui.perfetto.dev) and chrome://tracing open.
//
// Left out: counters, flows, instants.
// Source: the "Trace Event Format" document of the Chromium project (phases X and M).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace epfleet::report {

class ChromeTrace {
 public:
  void name_process(std::int64_t process, std::string_view name);
  // Threads are shown in the order of their numbers.
  void name_thread(std::int64_t process, std::int64_t thread, std::string_view name);

  // REQUIRES: end_s >= start_s. `category` decides nothing; viewers can filter by it.
  void slice(std::int64_t process, std::int64_t thread, std::string_view name,
             std::string_view category, double start_s, double end_s);

  // The whole document; the trace is empty afterwards.
  [[nodiscard]] std::string take();

 private:
  void event(std::string_view fields);

  std::string events_;
};

}  // namespace epfleet::report
