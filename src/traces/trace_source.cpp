#include "epfleet/traces/trace_source.h"

#include <fmt/core.h>
#include <tsl/robin_map.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "epfleet/base/error.h"
#include "epfleet/traces/trace_pace.h"
#include "epfleet/traces/trace_stream.h"
#include "epfleet/workload/day_curve.h"
#include "epfleet/workload/session_slots.h"

namespace epfleet::traces {
namespace {

constexpr std::int64_t kNoPrefix = -1;

TraceCut cut_of(const workload::WorkloadConfig& config, std::uint64_t seed) {
  return {.path = config.path,
          .options = {.lenient = config.trace.lenient,
                      .block_tokens = config.trace.block,
                      .rate_scale = config.rate_scale,
                      .seed = seed},
          .from = config.trace.from,
          .length = config.trace.length};
}

bool is_shaped(const workload::WorkloadConfig& config) {
  const bool flat = config.hourly_shape.empty() || config.hourly_shape == "flat";
  return config.trace.rate || !flat;
}

class PlayedTrace final : public TraceSource {
 public:
  explicit PlayedTrace(const TraceSourceSpec& spec)
      : config_(spec.config),
        start_(base::kWindowStart - config_.warm_up.value()),
        end_(base::kWindowStart + spec.duration + spec.cool_down),
        trace_(cut_of(config_, spec.seed)) {
    // A mix of clients has been drawn at the scaled rates.
    const double scale = trace_.info().format == "servegen" ? 1.0 : config_.rate_scale;
    if (is_shaped(config_)) {
      const double rate = config_.trace.rate.value_or(trace_.requests_per_second()) * scale;
      // So many copies that the shape squeezes and stretches the trace as little as it can.
      const double copies = std::max(1.0, std::round(rate / trace_.requests_per_second()));
      const workload::DayCurve shape(workload::read_hourly_shape(config_.hourly_shape));
      stream_ = std::make_unique<TraceStream>(trace_, copies, true, spec.seed);
      pace_ = make_shaped_pace(std::make_unique<TraceStream>(trace_, copies, true, spec.seed),
                               shape, rate, start_, end_);
    } else {
      stream_ = std::make_unique<TraceStream>(trace_, scale, config_.trace.repeat, spec.seed);
      const auto& stretch = config_.trace.stretch;
      pace_ = make_recorded_pace(
          start_, stretch ? base::to_seconds(*stretch) / base::to_seconds(trace_.period()) : 1.0);
    }
    find_shared_prefixes();
    advance();
  }

  std::optional<base::TimePoint> next_arrival() override { return next_arrival_; }

  workload::Request take() override {
    EPFLEET_CHECK(next_arrival_.has_value(), "a source with requests left");
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
  const TraceInfo& info() const override { return trace_.info(); }
  std::vector<std::string> notes() const override;
  void play_before(const std::function<void(const workload::Request&)>& serve) override;

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
    set_lengths(record, request);
    request.turn = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(record.turn, std::numeric_limits<std::uint16_t>::max()));
    return request;
  }

  void release(const workload::Request& request) {
    const std::uint32_t slot = request.prefix.session_slot;
    if (!trace_.info().sessions) {
      slots_.leave_service(slot);
      slots_.give_back(slot);
    } else if (--in_service_[slot] == 0 && !request.prefix.returns) {
      slots_.give_back(slot);
    }
  }

  // Blocks: a session slot for every request, with the list of its ids. Sessions: a slot each
  // until its last turn.
  void set_identity(const TraceRecord& record, workload::PrefixIdentity& prefix) {
    if (!trace_.info().sessions) {
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

  // The cache must have their number beforehand, and works with one length each.
  void find_shared_prefixes() {
    if (!trace_.info().sessions) {
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
    return base::InputError(
        {.file = config_.path, .what = std::move(what), .remedy = std::move(remedy)});
  }

  void set_lengths(const TraceRecord& record, workload::Request& request) {
    const bool r1 = record.variant.value_or(config_.trace.variant) == workload::Variant::R1;
    const std::int64_t output_limit = r1 ? config_.output_limit_r1 : config_.output_limit_v3;
    const std::int64_t input = std::max<std::int64_t>(1, record.input);
    std::int64_t output = std::max<std::int64_t>(1, record.output);
    lengths_.empty_prompts += record.input == 0 ? 1 : 0;
    lengths_.empty_answers += record.output == 0 ? 1 : 0;
    const std::int64_t room = config_.context_limit - input;
    if (room <= 0) {  // will be rejected: its answer is not cut
      ++lengths_.long_prompts;
      output = std::min(output, output_limit);
    } else if (const std::int64_t most = std::min(output_limit, room); output > most) {
      ++lengths_.cut_answers;
      lengths_.cut_tokens += output - most;
      output = most;
    }
    request.prompt_tokens = static_cast<std::int32_t>(input);
    request.output_tokens = static_cast<std::int32_t>(output);
    request.reasoning_tokens = static_cast<std::int32_t>(std::min(record.reasoning, output));
    if (record.cached) {
      request.stated_cached_tokens = static_cast<std::int32_t>(std::min(*record.cached, input - 1));
    }
  }

  workload::WorkloadConfig config_;
  base::TimePoint start_, end_;
  ScannedTrace trace_;
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
  // What did not fit.
  struct Lengths {
    std::int64_t long_prompts = 0, cut_answers = 0, cut_tokens = 0;
    std::int64_t empty_prompts = 0, empty_answers = 0;
  } lengths_;
};

std::vector<std::string> PlayedTrace::notes() const {
  std::vector<std::string> notes = trace_.notes();
  const auto say = [&](std::int64_t count, const std::string& what) {
    if (count > 0) {
      notes.push_back(fmt::format("{} {}", count, what));
    }
  };
  say(lengths_.long_prompts,
      fmt::format("prompts of the trace fill the context limit of {} tokens or more and were "
                  "rejected (workload.context_limit)",
                  config_.context_limit));
  say(lengths_.cut_answers,
      fmt::format("answers of the trace were cut to the context or output limit, by {} tokens in "
                  "all",
                  lengths_.cut_tokens));
  say(lengths_.empty_prompts, "prompts of the trace have no tokens and were played with one");
  say(lengths_.empty_answers, "answers of the trace have no tokens and were played with one");
  const TraceInfo& trace = trace_.info();
  if (trace.block_tokens == 0 && !trace.sessions && !trace.states_hits) {
    notes.emplace_back("the trace has no identities: a mechanistic cache finds nothing again");
  }
  return notes;
}

void PlayedTrace::play_before(const std::function<void(const workload::Request&)>& serve) {
  EPFLEET_CHECK(next_id_ == 0, "a store is warmed before the run");
  const TraceInfo& trace = trace_.info();
  if (!config_.trace.warm_store || config_.trace.from <= base::Duration{} ||
      (trace.block_tokens == 0 && !trace.sessions)) {
    return;
  }
  TraceCut before = trace_.cut();
  before.from = base::Duration{};
  before.length = config_.trace.from;
  const ScannedTrace scanned(before);
  TraceStream once(scanned, 1.0, false, 0);
  while (const TraceRecord* record = once.next()) {
    const workload::Request request =
        request_of(*record, start_ - config_.trace.from + record->time);
    serve(request);
    release(request);
  }
  next_id_ = 0;
  lengths_ = {};
}

}  // namespace

std::unique_ptr<TraceSource> make_trace_source(const TraceSourceSpec& spec) {
  return std::make_unique<PlayedTrace>(spec);
}

}  // namespace epfleet::traces
