// timeseries.csv as the page shows it.
#include "../../src/page/series_columns.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(series) { (void)page::series_columns_json(bytes); }
