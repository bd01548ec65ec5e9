// A property in RapidCheck as an expectation of GoogleTest: it must hold for many random values,
// and what breaks it is made as small as it gets before it is shown.
//
// The seed and the number of values are fixed, so that a suite says the same every time. A long run
// looks elsewhere: RC_PARAMS="max_success=10000" (new seed each time; seed=N repeats one).
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <sstream>
#include <utility>

namespace epfleet::test {

template <class Testable>
void expect_property(int values, Testable&& holds) {
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(info->test_suite_name()) + "/" + info->name();
  metadata.description = info->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  if (std::getenv("RC_PARAMS") == nullptr) {
    params.seed = 1;
    params.maxSuccess = values;
  }
  const auto result = rc::detail::checkTestable(std::forward<Testable>(holds), metadata, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << text.str();
}

}  // namespace epfleet::test
