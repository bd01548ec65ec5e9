// Predicted values beside published ones.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace epfleet::timing {

// error = predicted / published - 1
inline void expect_within(const std::string& what, double predicted, double published,
                          double tolerance) {
  EXPECT_NEAR(predicted / published, 1.0, tolerance)
      << what << ": " << predicted << " against " << published;
  testing::Test::RecordProperty(what, std::to_string(predicted));
}

}  // namespace epfleet::timing
