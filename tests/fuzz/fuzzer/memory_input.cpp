// Under libFuzzer the lines of a file come from memory: it takes the place of src/text's
// input_file.cpp, which the linker then leaves out. Compressed files are read by the real one
// (packed_fuzz.cpp).
#include <algorithm>
#include <utility>

#include "../../../src/text/input_file.h"
#include "epfleet/text/files.h"
#include "fuzz/fuzz.h"

namespace {

constexpr const char* kPath = "/nowhere/memory";
std::string_view memory;

}  // namespace

namespace epfleet::fuzz {

std::string as_file(std::string_view bytes) {
  memory = bytes;
  return kPath;
}

}  // namespace epfleet::fuzz

namespace epfleet::text {

InputFile::InputFile(std::string path)
    : path_(std::move(path)), file_{-1}, archive_(nullptr, nullptr) {
  if (path_ == kPath) {
    packed_.assign(memory.begin(), memory.end());
  } else {
    const std::string content = read_file(path_, "");
    packed_.assign(content.begin(), content.end());
  }
}

std::size_t InputFile::read(char* to) {
  if (std::exchange(over_, true)) {
    return 0;
  }
  const std::size_t size = std::min(packed_.size(), kChunk);
  std::copy_n(packed_.begin(), size, to);
  return size;
}

}  // namespace epfleet::text
