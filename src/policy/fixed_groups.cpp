// The same number of groups all the time.
#include <memory>

#include "epfleet/policy/scaling.h"

namespace epfleet::policy {
namespace {

class FixedGroups : public ScalingRule {
 public:
  explicit FixedGroups(UnitCounts units) : units_(units) {}

  Target decide(const FleetView& /*view*/, base::TimePoint /*now*/) override {
    return {units_, units_};
  }
  [[nodiscard]] UnitCounts most_units() const override { return units_; }

 private:
  UnitCounts units_;
};

}  // namespace

std::unique_ptr<ScalingRule> make_fixed_groups(const ScalingSetup& setup) {
  return std::make_unique<FixedGroups>(setup.units(setup.groups));
}

}  // namespace epfleet::policy
