// Request traces: the CSVs of Azure, BurstGPT, Vidur and epfleet.
#include "trace_target.h"

EPFLEET_FUZZ(csv_trace) { epfleet::fuzz::read_trace_twice(bytes, epfleet::fuzz::as_file(bytes)); }
