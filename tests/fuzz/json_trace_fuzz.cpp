// Request traces: lines of JSON of Mooncake and Qwen-Bailian.
#include "trace_target.h"

EPFLEET_FUZZ(json_trace) { epfleet::fuzz::read_trace_twice(bytes, epfleet::fuzz::as_file(bytes)); }
