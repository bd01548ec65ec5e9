// The kept sums of a decode unit against the same made anew, from the lists of its requests and
// what the requests themselves say. That the lists leave nobody out is for the fleet to see, which
// counts the requests of each unit (cluster/fleet_sums.h).
#include "epfleet/base/sum_check.h"
#include "epfleet/serving/decode_unit.h"

namespace epfleet::serving {

struct DecodeUnit::Anew {
  struct Gpu {
    std::int32_t active = 0, moving = 0;
    base::TokenParts32 active_kv, moving_kv, rate;
    bool masked = false;
  };

  explicit Anew(const DecodeUnit& of) : unit(of), gpus(of.active_requests_.size()) {
    if (unit.halves_) {
      halves.emplace(gpus.size());
    }
    for (const std::uint32_t gpu : unit.masked_) {
      gpus[gpu].masked = true;
    }
  }

  void count_decoding(base::SumCheck& check);
  void count(base::SumCheck& check, std::uint32_t step, const FinishCalendar::Finisher& finisher);
  void count_moving(base::SumCheck& check);
  void check_waiting(base::SumCheck& check) const;
  void compare_gpu(base::SumCheck& check, std::size_t gpu) const;
  void compare_totals(base::SumCheck& check) const;

  const DecodeUnit& unit;
  std::vector<Gpu> gpus;
  EmittedByPayer emission_rate{};
  std::optional<StickyHalves> halves;
};

void DecodeUnit::check_sums(base::SumCheck& check) const {
  const auto place = check.at("decode unit", id_.value());
  finishers_.check_sums(check, step_number_);
  Anew anew(*this);
  anew.count_decoding(check);
  anew.count_moving(check);
  anew.check_waiting(check);
  for (std::size_t gpu = 0; gpu < anew.gpus.size(); ++gpu) {
    anew.compare_gpu(check, gpu);
  }
  anew.compare_totals(check);
}

void DecodeUnit::Anew::count_decoding(base::SumCheck& check) {
  unit.finishers_.for_each_list([&](std::uint32_t first, auto list) {
    std::uint32_t latest = 0;
    for (const FinishCalendar::Finisher& finisher : list) {
      count(check, first + finisher.step, finisher);
      const std::uint32_t joined = unit.pool_[finisher.slot].joined_step;
      check.holds("the finish calendar has requests in the order in which they joined",
                  latest <= joined);
      latest = joined;
    }
  });
}

void DecodeUnit::Anew::count(base::SumCheck& check, std::uint32_t step,
                             const FinishCalendar::Finisher& finisher) {
  const LiveRequest& request = unit.pool_[finisher.slot];
  const auto place = check.at("request", request.request.id.value());
  check.holds("who is in the finish calendar decodes in this unit",
              request.stage == Stage::Decoding && unit.holds(request));
  const std::int32_t steps = request.steps_in_all();
  check.equal("the step at which it ends", step,
              request.joined_step + static_cast<std::uint32_t>(steps - request.steps_taken) - 1);
  check.equal("its GPU in the finish calendar", finisher.gpu, request.decode_gpu);
  check.equal("the KV that it takes off when it ends", finisher.kv, request.kv(steps));
  check.equal("the rate that it takes off when it ends", finisher.rate, request.rate.count());
  check.equal("whose its tokens are", finisher.payer, payer_of(request.request));
  check.equal("what its last step overshoots", finisher.overshoot,
              (base::TokenParts(request.rate * steps) - request.decode_output()).count());
  Gpu& gpu = gpus[request.decode_gpu];
  const base::TokenParts32 kv = request.kv(unit.steps_of(request));
  ++gpu.active;
  gpu.active_kv += kv;
  gpu.rate += request.rate;
  emission_rate[payer_of(request.request)] += request.rate;
  if (halves) {
    halves->count(request, kv);
  }
}

void DecodeUnit::Anew::count_moving(base::SumCheck& check) {
  for (const Incoming& incoming : unit.incoming_) {
    const LiveRequest& request = unit.pool_[incoming.slot];
    const auto place = check.at("request", request.request.id.value());
    check.holds("whose KV is awaited here moves to this unit",
                request.stage == Stage::Moving && unit.holds(request));
    ++gpus[request.decode_gpu].moving;
    gpus[request.decode_gpu].moving_kv += request.kv(request.steps_taken);
  }
}

void DecodeUnit::Anew::check_waiting(base::SumCheck& check) const {
  for (const Waiting& waiting : unit.waiting_) {
    const LiveRequest& request = unit.pool_[waiting.slot];
    const auto place = check.at("request", request.request.id.value());
    check.holds("who waits here waits for room in this unit",
                request.stage == Stage::AwaitingRoom && request.decode_unit == unit.id_.value());
  }
}

void DecodeUnit::Anew::compare_gpu(base::SumCheck& check, std::size_t index) const {
  const auto place = check.at("GPU", index);
  const Gpu& gpu = gpus[index];
  check.equal("number of requests that decode on it", unit.active_requests_[index], gpu.active);
  // Whole numbers: a masked GPU shows itself as full.
  const std::int32_t with_one_more =
      gpu.masked ? unit.limits_.max_requests_per_gpu + 1 : gpu.active + gpu.moving + 1;
  check.equal("number of requests placed on it, and one", unit.placed_and_one_[index],
              static_cast<float>(with_one_more));
  check.equal("KV of the requests that decode on it", unit.active_kv_[index], gpu.active_kv);
  check.equal("KV of the requests placed on it", unit.placed_kv_[index],
              gpu.active_kv + gpu.moving_kv);
  check.equal("KV that a step adds to it", unit.rate_[index], gpu.rate);
  check.holds("a masked GPU has no requests", !gpu.masked || gpu.active + gpu.moving == 0);
}

void DecodeUnit::Anew::compare_totals(base::SumCheck& check) const {
  std::int64_t active = 0, placed = 0;
  base::TokenParts active_kv, placed_kv, rate;
  for (const Gpu& gpu : gpus) {
    active += gpu.active;
    placed += gpu.active + gpu.moving;
    active_kv += gpu.active_kv;
    placed_kv += gpu.active_kv;
    placed_kv += gpu.moving_kv;
    rate += gpu.rate;
  }
  check.equal("number of requests that decode", unit.active_total_, active);
  check.equal("number of requests placed", unit.view_.requests_total, placed);
  check.equal("KV of the requests that decode", unit.active_kv_total_, active_kv);
  check.equal("KV of the requests placed", unit.view_.kv_total, placed_kv);
  check.equal("tokens of a step", unit.rate_total_, rate);
  for (std::size_t payer = 0; payer < emission_rate.size(); ++payer) {
    const auto place = check.at("payer", payer);
    check.equal("tokens of a step", unit.emission_rate_[payer], emission_rate[payer]);
  }
  if (halves) {
    unit.halves_->check_sums(check, *halves);
  }
}

void StickyHalves::check_sums(base::SumCheck& check, const StickyHalves& anew) const {
  for (std::size_t half = 0; half < halves_.size(); ++half) {
    for (std::size_t gpu = 0; gpu < halves_[half].kv.size(); ++gpu) {
      const auto gpu_place = check.at("GPU", gpu);
      const auto half_place = check.at("micro-batch", half);
      check.equal("number of requests in it", halves_[half].requests[gpu],
                  anew.halves_[half].requests[gpu]);
      check.equal("KV of its requests", halves_[half].kv[gpu], anew.halves_[half].kv[gpu]);
      check.equal("KV that a step adds to it", halves_[half].rate[gpu],
                  anew.halves_[half].rate[gpu]);
    }
  }
}

void FinishCalendar::check_sums(base::SumCheck& check, std::uint32_t next) const {
  for (std::uint32_t step = 0; step < kSpan; ++step) {
    for (const Finisher& finisher : steps_[step]) {
      check.equal("the finish calendar's step within the present span", finisher.step, step);
    }
  }
  for_each_list([&](std::uint32_t first, std::span<const Finisher> list) {
    for (const Finisher& finisher : list) {
      check.holds("no step of the finish calendar was passed over", first + finisher.step >= next);
    }
  });
  check.holds("the span that is under way has no list of its own", later_[place_of(span_)].empty());
}

}  // namespace epfleet::serving
