// Do lists, narrow terminals and old locales get what they can show?
#include "epfleet/text/prose.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace epfleet::text {
namespace {

TEST(HalfSentence, EndsAtAFullStopOrSemicolonBeforeABlank) {
  EXPECT_EQ(half_sentence("GPUs of one unit: whole nodes; at most 4."),
            "GPUs of one unit: whole nodes");
  EXPECT_EQ(half_sentence("A share of 0.5 of them. None: no cap."), "A share of 0.5 of them");
  EXPECT_EQ(half_sentence("Half the work."), "Half the work");
  EXPECT_EQ(half_sentence("no end"), "no end");
}

TEST(Wrapped, NoLineIsWiderUnlessAWordIs) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("a verylongword b", 4), (std::vector<std::string>{"a", "verylongword", "b"}));
  EXPECT_EQ(wrapped("▁▂ ▃▄", 5), (std::vector<std::string>{"▁▂ ▃▄"}));  // signs, not bytes
  EXPECT_EQ(wrapped("", 5), (std::vector<std::string>{""}));
}

TEST(WrappedPage, KeepsIndentationAndTheSecondColumn) {
  EXPECT_EQ(wrapped_page("    one two three four five six\n", 24),
            "    one two three four\n    five six\n");
  EXPECT_EQ(wrapped_page("  name  one two three four five six\nshort\n", 28),
            "  name  one two three four\n        five six\nshort\n");
  EXPECT_EQ(wrapped_page("a b c\n", std::string::npos), "a b c\n");
}

class InLocale : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(InLocale, Utf8IsKeptWhereTheLocaleIsUtf8OrNotStated) {
  EXPECT_EQ(in_locale("▁█ ±"), "▁█ ±");
  for (const char* name : {"C.UTF-8", "de_DE.utf8", "en_US.UTF-8@euro"}) {
    ::setenv("LANG", name, 1);
    EXPECT_EQ(in_locale("▁█ ±"), "▁█ ±") << name;
  }
}

TEST_F(InLocale, ElsewhereEverySignIsOneOfAscii) {
  for (const char* name : {"C", "POSIX", "de_DE.ISO-8859-1", "de_DE"}) {
    ::setenv("LC_ALL", name, 1);
    EXPECT_EQ(in_locale("▁█░─ ±1, Tokio 東京 à b"), "_#.- ~1, Tokio ?? ? b") << name;
  }
}

TEST_F(InLocale, LcAllIsStrongerThanLang) {
  ::setenv("LANG", "en_US.UTF-8", 1);
  ::setenv("LC_ALL", "C", 1);
  EXPECT_EQ(in_locale("─"), "-");
}

}  // namespace
}  // namespace epfleet::text
