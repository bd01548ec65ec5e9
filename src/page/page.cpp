#include "epfleet/page/page.h"

#include <cstddef>

#include "epfleet/base/error.h"
#include "epfleet/text/pack.h"
#include "page_data.h"
#include "template.h"

namespace epfleet::page {

std::string page_of(const std::filesystem::path& folder, const std::filesystem::path& sweep) {
  constexpr std::string_view kData = "@EPFLEET_DATA@";
  const std::string_view page = page_template();
  const std::size_t at = page.find(kData);
  EPFLEET_CHECK(at != std::string_view::npos, "the page has a place for its data");
  std::string whole(page.substr(0, at));
  whole += text::base64(text::gzip(page_data(folder, sweep)));
  whole += page.substr(at + kData.size());
  return whole;
}

}  // namespace epfleet::page
