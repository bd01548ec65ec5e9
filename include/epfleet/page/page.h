// report.html: one file that shows a result folder, a sweep, a plan or a comparison in a browser,
// without a network. The program only gathers: the texts of the folder's files, the meaning of
// every number from the metric catalogue, of every key from the key table. What is drawn of them
// is in src/page/*.js. So a new metric or key needs no new page.
// Modelled: the same files give the same page; nothing that may differ between two runs of one
//   scenario is in it. All data is compressed and in base64: no name in it can become markup.
// Left out: the rows of requests.csv.zst. The series are rounded to 6 digits; the CSV has all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace epfleet::page {

inline constexpr std::string_view kPageFile = "report.html";

// `sweep`: a folder of a sweep whose cases a run's page sets beside it; may be empty. Throws
// InputError for a folder that epfleet run, sweep, plan or compare has not written.
[[nodiscard]] std::string page_of(const std::filesystem::path& folder,
                                  const std::filesystem::path& sweep = {});

}  // namespace epfleet::page
