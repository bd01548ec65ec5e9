#include "support/places.h"

namespace epfleet::test {

std::string source_dir() { return EPFLEET_SOURCE_DIR; }

std::string shared_dir() { return EPFLEET_SHARED_DIR; }

}  // namespace epfleet::test
