#include "epfleet/sessions/lognormal_law.h"

#include "epfleet/base/real_math.h"

namespace epfleet::sessions {

LognormalLaw::LognormalLaw(const workload::Lognormal& config)
    : law_(config), table_([this](double u) { return exact(u); }) {}

double LognormalLaw::mean() const {
  return law_.median * base::real_exp(0.5 * law_.sigma * law_.sigma);
}

LognormalLaw LognormalLaw::length_biased() const {
  return LognormalLaw({law_.median * base::real_exp(law_.sigma * law_.sigma), law_.sigma});
}

double LognormalLaw::exact(double u) const {
  return law_.sigma == 0.0 ? law_.median
                           : law_.median * base::real_exp(law_.sigma * base::normal_quantile(u));
}

}  // namespace epfleet::sessions
