// A row of several lines ends where cutting it anew at every line would see it end.
#include "epfleet/text/csv_row.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(csv_row) {
  const std::string row = "\"\n" + std::string(bytes);
  text::CsvRow fields;
  fields.split(row);
  fuzz::must(fields.is_open() == text::CsvRow::stays_open(bytes), "open, or not open?");
}
