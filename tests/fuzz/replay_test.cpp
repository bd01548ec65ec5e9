// Every file of the corpus through its target, and some thousand mutations of them: what libFuzzer
// found stays found, with any compiler.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "epfleet/base/random.h"
#include "fuzz.h"
#include "support/places.h"

namespace epfleet::fuzz {
namespace {

namespace fs = std::filesystem;

std::map<std::string, Target*>& targets() {
  static std::map<std::string, Target*> all;
  return all;
}

std::vector<std::string> corpus_of(const std::string& target) {
  std::vector<std::string> names, files;
  for (const auto& entry :
       fs::directory_iterator(fs::path(test::source_dir()) / "tests/fuzz/corpus" / target)) {
    names.push_back(entry.path().string());
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    std::ifstream file(name, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

// As libFuzzer does at its simplest.
class Mutator {
 public:
  Mutator(std::vector<std::string> files, const std::string& target)
      : files_(std::move(files)), draws_(base::StreamFamily(1, "fuzz." + target), 0) {}

  std::string next() {
    std::string bytes = files_[below(files_.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      change(bytes);
    }
    return bytes;
  }

 private:
  std::size_t below(std::size_t count) {
    return std::min(static_cast<std::size_t>(draws_.uniform() * static_cast<double>(count)),
                    count - 1);
  }
  void change(std::string& bytes) {
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t length = std::min(1 + below(8), bytes.size() - at);
    constexpr std::string_view kBytes = "\n\r\t ,:;#\"'{}[]&*-+.eE0123456789\\/\0\x7f\xff";
    switch (below(6)) {
      case 0:
        bytes.erase(at, length);
        break;
      case 1:
        bytes.insert(at, 1, kBytes[below(kBytes.size())]);
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(bytes.size() + 1), 1 + below(20)));
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4: {
        const std::string& other = files_[below(files_.size())];
        bytes = bytes.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        if (at < bytes.size()) {
          bytes[at] = static_cast<char>(below(256));
        }
    }
  }

  std::vector<std::string> files_;
  base::Stream draws_;
};

class Replay : public testing::Test {
 public:
  explicit Replay(std::string target) : target_(std::move(target)) {}

  void TestBody() override {
    const std::vector<std::string> files = corpus_of(target_);
    ASSERT_FALSE(files.empty());
    Target* const target = targets()[target_];
    const auto run = [&](const std::string& bytes) {
      try {
        target(bytes);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what() << "\n" << testing::PrintToString(bytes);
      }
    };
    std::ranges::for_each(files, run);
    const char* runs = std::getenv("EPFLEET_FUZZ_RUNS");
    Mutator mutator(files, target_);
    for (int i = runs != nullptr ? std::atoi(runs) : 2000; i > 0 && !HasFailure(); --i) {
      run(mutator.next());
    }
  }

 private:
  std::string target_;
};

}  // namespace

int add_target(const char* name, Target* target) {
  targets()[name] = target;
  testing::RegisterTest("Fuzz", name, nullptr, nullptr, __FILE__, __LINE__,
                        [name]() -> testing::Test* { return new Replay(name); });
  return 0;
}

}  // namespace epfleet::fuzz
