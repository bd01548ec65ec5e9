// A sweep file, and the cases that it comes to.
#include "epfleet/experiment/sweep_file.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(sweep) {
  fuzz::refuses(bytes, [&] {
    experiment::SweepFile sweep = experiment::load_sweep(fuzz::as_disk_file(bytes));
    sweep.guesses = false;  // of the scenario that it names
    (void)experiment::cases_of(sweep);
  });
}
