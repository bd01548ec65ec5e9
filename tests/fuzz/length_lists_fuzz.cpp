// Lengths of ragged batches.
#include "epfleet/report/length_lists.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(length_lists) {
  fuzz::refuses(bytes, [&] {
    for (const auto& [name, lengths] : report::load_length_lists(fuzz::as_disk_file(bytes))) {
      for (const std::int64_t length : lengths) {
        fuzz::must(length > 0, "a length below 1");
      }
    }
  });
}
