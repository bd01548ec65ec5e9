// Tables of measured kernels and what a profile predicts for them. A first line "#mla_decode" says
// which kernel the rows are of.
#include <cmath>

#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/hardware/profile.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(measured_table) {
  static const hardware::HardwareProfile kHardware;
  std::string_view rest = bytes;
  const std::string kernel(fuzz::take_comment(rest));
  fuzz::refuses(bytes, [&] {
    const auto table = calibration::MeasuredTable::load(fuzz::as_file(bytes));
    const auto kernels = calibration::measured_kernels(table, kernel, timing::Clock::Cool);
    const auto summary = calibration::summarise(kernels, {kHardware, timing::Clock::Cool});
    fuzz::must(!std::isnan(summary.mean), "an error that is no number");
  });
}
