// The same number of groups all the time.
#include <memory>

#include "epfleet/policy/scaling.h"

namespace epfleet::policy {
namespace {

class FixedGroups : public ScalingRule {
 public:
  explicit FixedGroups(std::int64_t groups) : groups_(groups) {}

  Target decide(const FleetView& /*view*/, base::TimePoint /*now*/) override {
    return {groups_, groups_};
  }
  [[nodiscard]] std::int64_t most_groups() const override { return groups_; }

 private:
  std::int64_t groups_;
};

}  // namespace

std::unique_ptr<ScalingRule> make_fixed_groups(const ScalingSetup& setup) {
  return std::make_unique<FixedGroups>(setup.groups);
}

}  // namespace epfleet::policy
