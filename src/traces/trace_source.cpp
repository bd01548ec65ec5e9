#include "epfleet/traces/trace_source.h"

#include <fmt/core.h>
#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/traces/trace_pace.h"
#include "epfleet/traces/trace_stream.h"
#include "epfleet/workload/day_curve.h"
#include "epfleet/workload/session_slots.h"
#include "length_limits.h"
#include "row_meter.h"
#include "trace_plan.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kNoPrefix = -1;

class PlayedTrace final : public TraceSource {
 public:
  explicit PlayedTrace(const TraceSourceSpec& spec)
      : config_(spec.config),
        start_(base::kWindowStart - config_.warm_up.value()),
        window_end_(base::kWindowStart + spec.duration),
        end_(window_end_ + spec.cool_down),
        lengths_(config_),
        trace_(cut_of(config_, spec.seed)),
        rows_(trace_, base::kWindowStart + spec.counted.value_or(spec.duration)) {
    const double scale = copies_of(trace_, config_);
    if (is_shaped(config_)) {
      const double rate = config_.trace.rate.value_or(trace_.requests_per_second()) * scale;
      // So many copies that the shape squeezes and stretches the trace as little as it can.
      const double copies = std::max(1.0, std::round(rate / trace_.requests_per_second()));
      const workload::DayCurve shape(workload::read_hourly_shape(config_.hourly_shape));
      stream_ = std::make_unique<TraceStream>(trace_, copies, true, spec.seed);
      pace_ = make_shaped_pace(std::make_unique<TraceStream>(trace_, copies, true, spec.seed),
                               shape, rate, start_, end_);
    } else {
      if (config_.trace.repeat && !config_.trace.length && trace_.span() <= base::Duration{}) {
        throw problem(
            "all requests of the trace come at one instant: there is no time after which "
            "it could be repeated",
            "say how long a round is: --length");
      }
      stream_ = std::make_unique<TraceStream>(trace_, scale, config_.trace.repeat, spec.seed);
      pace_ = make_recorded_pace(start_, stretch_factor(trace_, config_));
      if (!config_.trace.repeat) {
        TraceStream once(trace_, scale, false, spec.seed);
        find_earlier_sessions(once);
      }
    }
    find_shared_prefixes();
    advance();
  }

  std::optional<base::TimePoint> next_arrival() override { return next_arrival_; }

  workload::Request take() override {
    EPFLEET_CHECK(next_arrival_.has_value(), "a source with requests left");
    rows_.arrived(*next_arrival_, stream_->row());
    const workload::Request request = request_of(*record_, *next_arrival_);
    advance();
    return request;
  }

  void complete(const workload::Request& request, base::TimePoint done) override {
    EPFLEET_CHECK(done >= request.arrival, "a request completes at or after its arrival");
    release(request);
  }

  std::span<const workload::BlockId> blocks_of(std::uint32_t session_slot) const override {
    return session_slot < blocks_.size() ? blocks_[session_slot]
                                         : std::span<const workload::BlockId>();
  }
  std::size_t shared_prefixes() const override { return shared_.size(); }
  std::span<const workload::WarmExtent> warm_extents() const override { return earlier_; }
  std::optional<workload::RowAccount> rows(base::TimePoint end) const override {
    return rows_.account(end, stream_->left_out());
  }
  const TraceInfo& info() const override { return trace_.info(); }
  std::vector<std::string> notes() const override;
  void play_before(const std::function<void(const workload::Request&)>& serve) override;
  void check_sums(base::SumCheck& check, std::int64_t in_service) const override {
    if (trace_.info().by_sessions()) {
      check.equal("number of requests in service", in_service,
                  std::accumulate(in_service_.begin(), in_service_.end(), std::int64_t{0}));
    } else {
      slots_.check_sums(check, in_service, 0);
    }
  }

 private:
  void advance() {
    record_ = stream_->next();
    next_arrival_ = record_ != nullptr ? pace_->arrival(record_->time) : std::nullopt;
    if (next_arrival_ && *next_arrival_ >= end_) {
      next_arrival_.reset();
    }
  }

  workload::Request request_of(const TraceRecord& record, base::TimePoint arrival) {
    workload::Request request;
    request.id = base::RequestId(next_id_++);
    request.arrival = arrival;
    request.session = base::SessionId(record.session);
    request.variant = record.variant.value_or(config_.trace.variant);
    request.channel = record.channel.value_or(config_.trace.channel);
    set_identity(record, request.prefix);
    lengths_.set(record, request);
    request.turn = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(record.turn, std::numeric_limits<std::uint16_t>::max()));
    return request;
  }

  void release(const workload::Request& request) {
    const std::uint32_t slot = request.prefix.session_slot;
    if (!trace_.info().by_sessions()) {
      slots_.leave_service(slot);
      slots_.give_back(slot);
    } else if (--in_service_[slot] == 0 && !request.prefix.returns) {
      slots_.give_back(slot);
    }
  }

  // Blocks: a session slot for every request, with its ids. Sessions: one until their last turn.
  void set_identity(const TraceRecord& record, workload::PrefixIdentity& prefix) {
    if (!trace_.info().by_sessions()) {
      prefix.session_slot = slots_.take();
      slots_.enter_service(prefix.session_slot);
      if (trace_.info().block_tokens > 0) {
        blocks_.resize(slots_.size());
        blocks_[prefix.session_slot] = record.blocks;  // keeps its memory from request to request
      }
      return;
    }
    const auto known = slot_of_.find(record.session);
    prefix.first_turn = known == slot_of_.end();
    prefix.session_slot = prefix.first_turn ? slots_.take() : known->second;
    prefix.returns = !record.last_turn;
    prefix.session_tokens =
        prefix.first_turn ? 0 : static_cast<std::int32_t>(record.session_tokens);
    if (const auto found = shared_.find(record.shared_prefix); found != shared_.end()) {
      prefix.shared_id = found->second;
      prefix.shared_tokens = static_cast<std::int32_t>(record.shared_tokens);
    }
    in_service_.resize(slots_.size());
    ++in_service_[prefix.session_slot];
    if (prefix.returns) {
      slot_of_[record.session] = prefix.session_slot;
    } else {
      slot_of_.erase(record.session);
    }
  }

  // Who has been here before the trace began. What is before a cut fills the store itself.
  void find_earlier_sessions(TraceStream& once) {
    if (!trace_.info().by_sessions() || !config_.trace.warm_store ||
        config_.trace.from > base::Duration{}) {
      return;
    }
    tsl::robin_set<std::uint64_t> seen;
    while (const TraceRecord* record = once.next()) {
      if (!seen.insert(record->session).second || record->session_tokens == 0) {
        continue;
      }
      const std::uint32_t slot = slots_.take();
      slot_of_[record->session] = slot;
      earlier_.push_back({slot, static_cast<std::int32_t>(record->session_tokens), start_});
    }
  }

  // The cache must have their number beforehand, and works with one length each.
  void find_shared_prefixes() {
    if (!trace_.info().by_sessions()) {
      return;
    }
    RequestTrace whole(config_.path, trace_.cut().options);
    TraceRecord record;
    tsl::robin_map<std::uint64_t, std::int64_t> length_of, prefix_of_session;
    while (whole.next(record)) {
      const std::int64_t prefix =
          record.shared_tokens > 0 ? static_cast<std::int64_t>(record.shared_prefix) : kNoPrefix;
      if (prefix_of_session.try_emplace(record.session, prefix).first->second != prefix) {
        throw problem(fmt::format("session {} has several shared prefixes", record.session),
                      "a session begins with the same one in every turn");
      }
      if (record.shared_tokens == 0) {
        continue;
      }
      shared_.try_emplace(record.shared_prefix, static_cast<std::uint32_t>(shared_.size()));
      const auto known = length_of.try_emplace(record.shared_prefix, record.shared_tokens).first;
      if (known->second != record.shared_tokens) {
        throw problem(fmt::format("the shared prefix {} has {} tokens here and {} there",
                                  record.shared_prefix, known->second, record.shared_tokens),
                      "give every shared prefix one length");
      }
    }
  }

  [[nodiscard]] base::InputError problem(std::string what, std::string remedy) const {
    return base::InputError({.file = config_.path, .what = what, .remedy = remedy});
  }

  workload::WorkloadConfig config_;
  base::TimePoint start_, window_end_, end_;
  LengthLimits lengths_;
  ScannedTrace trace_;
  RowMeter rows_;
  std::unique_ptr<TraceStream> stream_;
  std::unique_ptr<TracePace> pace_;
  const TraceRecord* record_ = nullptr;  // the next one
  std::optional<base::TimePoint> next_arrival_;
  std::uint64_t next_id_ = 0;
  workload::SessionSlots slots_;
  std::vector<std::vector<workload::BlockId>> blocks_;    // [session slot]
  std::vector<std::uint32_t> in_service_;                 // [session slot] its requests
  tsl::robin_map<std::uint64_t, std::uint32_t> slot_of_;  // of sessions that may return
  tsl::robin_map<std::uint64_t, std::uint32_t> shared_;   // dense ids of shared prefixes
  std::vector<workload::WarmExtent> earlier_;             // sessions that began before the trace
};

std::vector<std::string> PlayedTrace::notes() const {
  std::vector<std::string> notes = trace_.notes();
  lengths_.add_notes(notes);
  if (!earlier_.empty()) {
    notes.push_back(fmt::format(
        "{} sessions began before the trace: what their first prompts share with earlier turns is "
        "in the store at the start (--cold-store: it is not)",
        earlier_.size()));
  }
  if (is_shaped(config_)) {
    notes.emplace_back(
        "the trace is played over and over under workload.trace.rate or workload.hourly_shape, not "
        "at its own times (--hourly-shape flat: once)");
  } else if (!config_.trace.repeat) {
    const double played_s = base::to_seconds(trace_.period()) * stretch_factor(trace_, config_);
    workload::note_early_end(start_ + base::duration_from_seconds(played_s), window_end_, notes);
  }
  return notes;
}

void PlayedTrace::play_before(const std::function<void(const workload::Request&)>& serve) {
  EPFLEET_CHECK(next_id_ == 0, "a store is warmed before the run");
  const TraceInfo& trace = trace_.info();
  const bool has_identities = trace.block_tokens > 0 || trace.by_sessions();
  if (!config_.trace.warm_store || config_.trace.from <= base::Duration{} || !has_identities) {
    return;
  }
  TraceCut before = trace_.cut();
  before.from = base::Duration{};
  before.length = config_.trace.from;
  const ScannedTrace scanned(before);
  TraceStream once(scanned, 1.0, false, 0);
  while (const TraceRecord* record = once.next()) {
    const base::TimePoint at = start_ - config_.trace.from + record->time;
    const workload::Request request = request_of(*record, at);
    serve(request);
    release(request);
  }
  next_id_ = 0;
  lengths_ = LengthLimits(config_);
}

}  // namespace

std::unique_ptr<TraceSource> make_trace_source(const TraceSourceSpec& spec) {
  return std::make_unique<PlayedTrace>(spec);
}

}  // namespace epfleet::traces
