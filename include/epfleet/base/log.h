// Messages to the person at the terminal, on stderr. Results never pass through here, so that a
// run's output does not depend on the log level. The only module that knows spdlog.
#pragma once

#include <string_view>

namespace epfleet::base {

void silence_log();
void log_info(std::string_view message);
void log_warning(std::string_view message);
// As it stands, silenced or not. As above, a stderr that cannot be written is no failure.
void tell(std::string_view text);

}  // namespace epfleet::base
