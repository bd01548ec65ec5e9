// Loads of experts out of a file: what is refused.
#include "epfleet/experts/expert_loads_csv.h"

#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "support/temporary_file.h"

namespace epfleet::experts {
namespace {

TEST(ExpertLoadsCsv, ReadsLayersBehindAHeader) {
  const test::TemporaryFile file("a,b\n1,0\n# the second layer\n1e-30,1e30\n");
  EXPECT_EQ(read_expert_loads(file.path()), (ExpertLoads{{1.0, 0.0}, {1e-30, 1e30}}));
}

// Half the smallest load stands for a load of 0, and half of 5e-324 is 0: popularities were no
// numbers. Far smaller ones than the others drifted beyond what a number can be.
TEST(ExpertLoadsCsv, LoadsTooSmallForTheirLogarithmsAreRefused) {
  for (const char* load : {"5e-324", "1e-300", "9e-31", "1e31", "-1", "nan"}) {
    const test::TemporaryFile file(std::string("1,0,") + load + "\n");
    EXPECT_THROW((void)read_expert_loads(file.path()), base::InputError) << load;
  }
}

}  // namespace
}  // namespace epfleet::experts
