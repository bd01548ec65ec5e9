// Options with a small language of their own: --vary, --limit, --column, --set.
#include "epfleet/experiment/plan_question.h"
#include "epfleet/experiment/vary.h"
#include "epfleet/traces/request_trace.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(option) {
  const std::string text(bytes);
  fuzz::refuses(bytes, [&] {
    const experiment::Vary vary = experiment::parse_vary(text);
    fuzz::must(vary.grid().size() <= 10'000, "a grid without an end");
  });
  fuzz::refuses(bytes, [&] { (void)experiment::parse_limit(text).text(); });
  fuzz::refuses(bytes, [&] { (void)traces::parse_columns(text); });
}
