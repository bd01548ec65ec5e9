// Numbers with units, dates and times: what is taken prints as text that reads as the same bits.
#include "epfleet/config/value.h"
#include "epfleet/text/parse.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function
using config::Dimension;

EPFLEET_FUZZ(value) {
  for (int i = 0; i <= static_cast<int>(Dimension::Rate); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (const auto real = config::parse_real(dimension, bytes)) {
      const std::string printed = config::print_real(dimension, *real);
      const auto again = config::parse_real(dimension, printed);
      fuzz::must(again && *again == *real, "reads as another number: " + printed);
    }
  }
  for (const auto dimension :
       {Dimension::Number, Dimension::Tokens, Dimension::Duration, Dimension::Bytes}) {
    if (const auto whole = config::parse_whole(dimension, bytes)) {
      const std::string printed = config::print_whole(dimension, *whole);
      const auto again = config::parse_whole(dimension, printed);
      fuzz::must(again && *again == *whole, "reads as another whole number: " + printed);
    }
  }
  if (const auto minutes = config::parse_time_of_day(bytes)) {
    fuzz::must(*config::parse_time_of_day(config::print_time_of_day(*minutes)) == *minutes,
               "reads as another time of day");
  }
  (void)config::parse_calendar_time(bytes);
  (void)text::parse_date(bytes);
  if (const auto seconds = text::parse_seconds(bytes)) {
    fuzz::must(*seconds >= 0 && *seconds / 1'000'000'000 <= text::kMostSeconds,
               "seconds out of range");
  }
  if (const auto day = text::parse_day(bytes)) {
    fuzz::must(text::print_day(*day) == bytes, "another day");
  }
}
