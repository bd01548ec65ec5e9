// A whole scenario file: YAML, what it extends, parts, every key, what must hold between keys.
#include "epfleet/config/loader.h"
#include "epfleet/config/resolved.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(scenario) {
  fuzz::refuses(bytes, [&] {
    const config::Scenario scenario = config::load_scenario(fuzz::as_disk_file(bytes));
    (void)config::scenario_fingerprint(scenario);
  });
}
