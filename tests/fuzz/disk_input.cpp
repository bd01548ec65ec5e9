#include "fuzz.h"

namespace epfleet::fuzz {

std::string as_file(std::string_view bytes) { return as_disk_file(bytes); }

}  // namespace epfleet::fuzz
