// Compressed files: gzip, zstd, xz, bzip2, cut and damaged ones, and files that are no text.
#include "trace_target.h"

EPFLEET_FUZZ(packed) { epfleet::fuzz::read_trace_twice({}, epfleet::fuzz::as_disk_file(bytes)); }
