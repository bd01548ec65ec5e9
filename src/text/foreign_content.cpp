#include "foreign_content.h"

namespace epfleet::text {
namespace {

using namespace std::string_view_literals;

constexpr const char* kUnpack = "unpack it";
constexpr const char* kAsUtf8 = "write it as UTF-8: iconv -f UTF-16 -t UTF-8";
constexpr const char* kAsText = "write it as CSV or as JSON, one object a line";
constexpr const char* kCompress = "a file may be plain or gzip, zstd, xz or bzip2";

struct Signature {
  std::string_view begins;
  ForeignContent content;
  std::size_t at = 0;
};
constexpr Signature kSignatures[] = {
    {"PAR1"sv, {"is a Parquet file, not text", kAsText}},
    {"ARROW1"sv, {"is an Arrow (Feather) file, not text", kAsText}},
    {"Obj\x01"sv, {"is an Avro file, not text", kAsText}},
    {"SQLite format 3\0"sv, {"is an SQLite database, not text", kAsText}},
    {"\x89HDF\r\n"sv, {"is an HDF5 file, not text", kAsText}},
    {"\x93NUMPY"sv, {"is a NumPy array, not text", kAsText}},
    {"%PDF-"sv, {"is a PDF document, not text", kAsText}},
    {"PK\x03\x04"sv, {"is a zip archive (or a spreadsheet), not a single text file", kUnpack}},
    {"PK\x05\x06"sv, {"is an empty zip archive, not a text file", kUnpack}},
    {"7z\xbc\xaf\x27\x1c"sv, {"is a 7z archive, not a single text file", kUnpack}},
    {"Rar!\x1a\x07"sv, {"is a RAR archive, not a single text file", kUnpack}},
    {"ustar"sv, {"is a tar archive, not a single text file", kUnpack}, 257},
    {"\x04\x22\x4d\x18"sv, {"is compressed with lz4, which is not read", kCompress}},
    {"\xff\x06\0\0sNaPpY"sv, {"is compressed with snappy, which is not read", kCompress}},
    {"LZIP"sv, {"is compressed with lzip, which is not read", kCompress}},
    {"\x1f\x9d"sv, {"is compressed with compress (.Z), which is not read", kCompress}},
    {"\xff\xfe"sv, {"is UTF-16 or UTF-32 text", kAsUtf8}},
    {"\xfe\xff"sv, {"is UTF-16 text", kAsUtf8}},
};

// ASCII without a byte order mark: every other byte is 0.
bool is_utf16(std::string_view text) {
  constexpr std::size_t kEnough = 8;
  if (text.size() < kEnough) {
    return false;
  }
  for (std::size_t low = 0; low < 2; ++low) {
    bool good = true;
    for (std::size_t i = 0; i < kEnough; i += 2) {
      good = good && text[i + low] != '\0' && text[i + 1 - low] == '\0';
    }
    if (good) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<ForeignContent> foreign_content(std::string_view beginning) {
  for (const Signature& signature : kSignatures) {
    if (beginning.size() >= signature.at &&
        beginning.substr(signature.at).starts_with(signature.begins)) {
      return signature.content;
    }
  }
  if (is_utf16(beginning)) {
    return ForeignContent{"is UTF-16 text", kAsUtf8};
  }
  return std::nullopt;
}

}  // namespace epfleet::text
