#include "epfleet/traces/session_blocks.h"

#include <algorithm>
#include <utility>

#include "epfleet/base/random.h"

namespace epfleet::traces {
namespace {

enum class Kind : std::uint64_t { Shared = 1, Own = 2, Partial = 3 };

workload::BlockId id_of(Kind kind, std::uint64_t owner, std::uint64_t turn, std::int64_t place) {
  const std::uint64_t of_owner = base::mix64(owner ^ base::mix64(static_cast<std::uint64_t>(kind)));
  return base::mix64(of_owner ^ base::mix64((turn << 32U) + static_cast<std::uint64_t>(place)));
}

}  // namespace

void SessionBlocks::assign(TraceRecord& record) {
  Session& session = sessions_[record.session];
  const std::uint32_t turn = session.requests++;
  const std::int64_t shared = record.shared_tokens / block_;
  const std::int64_t kept = turn == 0 ? 0 : record.session_tokens / block_;
  const std::int64_t full = record.input / block_;
  std::vector<Written>& written = session.written;
  std::int64_t end = 0;  // parts that hold nothing any more go
  for (Written& part : written) {
    part.end = std::min(part.end, kept);
  }
  std::erase_if(written, [&](const Written& p) { return p.end <= std::exchange(end, p.end); });
  if (full > (written.empty() ? 0 : written.back().end)) {
    written.push_back({full, turn});
  }
  record.blocks.clear();
  auto part = written.begin();
  for (std::int64_t block = 0; block < full; ++block) {
    while (part->end <= block) {
      ++part;
    }
    record.blocks.push_back(block < shared ? id_of(Kind::Shared, record.shared_prefix, 0, block)
                                           : id_of(Kind::Own, record.session, part->turn, block));
  }
  if (record.input % block_ != 0) {
    record.blocks.push_back(id_of(Kind::Partial, record.session, turn, full));
  }
  if (record.last_turn) {
    sessions_.erase(record.session);
  }
}

}  // namespace epfleet::traces
