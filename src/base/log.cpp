#include "epfleet/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "epfleet/base/color.h"

namespace epfleet::base {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = spdlog::stderr_color_mt(
        "epfleet", wants_color(stderr) ? spdlog::color_mode::always : spdlog::color_mode::never);
    made->set_pattern("%^%l%$: %v");
    return made;
  }();
  return *instance;
}

// What was printed before comes first, also where both go to one file.
void say(spdlog::level::level_enum level, std::string_view message) {
  if (logger().should_log(level)) {
    std::fflush(stdout);
    logger().log(level, "{}", message);
  }
}

}  // namespace

void silence_log() { logger().set_level(spdlog::level::err); }
void log_info(std::string_view message) { say(spdlog::level::info, message); }
void log_warning(std::string_view message) { say(spdlog::level::warn, message); }
void tell(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace epfleet::base
