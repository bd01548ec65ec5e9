// A case that a sweep has finished and --resume finds: what is taken says the same again.
#include "epfleet/experiment/case_store.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(case_file) {
  experiment::SweepJob job;
  job.identity = "0123";
  // Its hash is written anew: else no input would come further.
  std::string text(bytes);
  if (text.ends_with("end\n")) {
    text.resize(text.size() - 4);
    text += "end " + experiment::text_hash(text) + "\n";
  }
  const auto result = experiment::case_from(text, job, "fuzz");
  if (!result) {
    return;
  }
  const auto again =
      experiment::case_from(experiment::case_text(job, "fuzz", *result), job, "fuzz");
  fuzz::must(again && again->metrics == result->metrics && again->status == result->status,
             "a case that reads as another one");
}
