// The two files of a ServeGen client, with a line "---" between them, and the requests drawn of
// them.
#include "epfleet/traces/client_mix.h"
#include "fuzz.h"

using namespace epfleet;  // NOLINT: a program of one function

EPFLEET_FUZZ(client_mix) {
  constexpr std::string_view kBetween = "---\n";
  const std::size_t at = std::min(bytes.find(kBetween), bytes.size());
  (void)fuzz::as_disk_file(bytes.substr(0, at), "chunk-0-trace.csv");
  (void)fuzz::as_disk_file(bytes.substr(std::min(at + kBetween.size(), bytes.size())),
                           "chunk-0-dataset.json");
  fuzz::refuses(bytes, [&] {
    traces::ClientMix mix(fuzz::disk_folder(), 1.0, 1);
    traces::TraceRecord record;
    const bool few = mix.expected_requests() < 1e5;  // of clients without lengths, too
    for (int i = 0; few && i < 20 && mix.next(record); ++i) {
      fuzz::must(record.input >= 0 && record.output >= 0 && record.reasoning >= 0 &&
                     record.reasoning <= record.output && record.time >= base::Duration{},
                 "a request that cannot be");
    }
    (void)mix.notes();
  });
}
