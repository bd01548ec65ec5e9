#include "epfleet/metrics/threaded_observer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace epfleet::metrics {
namespace {

// Facts in a block: about 300 kB, large against the cost of a hand-over, small against the caches.
constexpr std::size_t kBlockFacts = 2048;
// Of these all but one may be under way: the bound of the memory, and how far the simulation may
// run ahead.
constexpr std::size_t kBlocks = 6;

enum class Kind : std::uint8_t { Requests, PrefillStep, DecodeStep, FirstChunk, Sample };

// Copies of facts by kind, and the order in which they came.
class Block {
 public:
  template <class Fact>
  void append(Kind kind, std::vector<Fact> Block::* facts, std::span<const Fact> added) {
    if (added.empty()) {
      return;
    }
    (this->*facts).insert((this->*facts).end(), added.begin(), added.end());
    size_ += added.size();
    if (order_.empty() || order_.back().kind != kind) {
      order_.push_back({kind, 0});
    }
    order_.back().count += added.size();
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  void deliver(observe::Observer& target) const {
    std::size_t request = 0, prefill_step = 0, decode_step = 0, gap = 0, sample = 0;
    for (const Stretch& stretch : order_) {
      switch (stretch.kind) {
        case Kind::Requests:
          target.on_requests_done(std::span(requests).subspan(request, stretch.count));
          request += stretch.count;
          break;
        case Kind::PrefillStep:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_prefill_step(prefill_steps[prefill_step++]);
          }
          break;
        case Kind::DecodeStep:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_decode_step(decode_steps[decode_step++]);
          }
          break;
        case Kind::FirstChunk:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_first_chunk(gaps[gap++]);
          }
          break;
        case Kind::Sample:
          for (std::size_t i = 0; i < stretch.count; ++i) {
            target.on_sample(samples[sample++]);
          }
          break;
      }
    }
  }

  // Empty again, with its memory kept.
  void clear() {
    requests.clear();
    prefill_steps.clear();
    decode_steps.clear();
    gaps.clear();
    samples.clear();
    order_.clear();
    size_ = 0;
  }

  std::vector<observe::RequestDone> requests;
  std::vector<observe::PrefillStepDone> prefill_steps;
  std::vector<observe::DecodeStepDone> decode_steps;
  std::vector<base::Duration> gaps;
  std::vector<observe::FleetSample> samples;

 private:
  struct Stretch {
    Kind kind;
    std::size_t count;
  };

  std::vector<Stretch> order_;
  std::size_t size_ = 0;
};

}  // namespace

// Blocks in a ring: one is being filled, the others are under way or used up.
class ThreadedObserver::Blocks {
 public:
  Blocks(observe::Observer& target, base::Worker& worker) : target_(target), worker_(worker) {}
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() { worker_.settle(last_); }

  template <class Fact>
  void take(Kind kind, std::vector<Fact> Block::* facts, std::span<const Fact> added) {
    ring_[at_].block.append(kind, facts, added);
    if (ring_[at_].block.size() >= kBlockFacts) {
      hand_over();
    }
  }

  void finish() {
    hand_over();
    worker_.wait(last_);
  }

 private:
  struct Entry {
    Block block;
    base::Worker::Ticket delivery = 0;
  };

  void hand_over() {
    Entry& full = ring_[at_];
    full.delivery = last_ = worker_.start([this, &full] { full.block.deliver(target_); });
    at_ = (at_ + 1) % ring_.size();
    worker_.wait(ring_[at_].delivery);
    ring_[at_].block.clear();
  }

  observe::Observer& target_;
  base::Worker& worker_;
  std::array<Entry, kBlocks> ring_;
  std::size_t at_ = 0;
  base::Worker::Ticket last_ = 0;
};

ThreadedObserver::ThreadedObserver(observe::Observer& target, base::Worker& worker)
    : blocks_(std::make_unique<Blocks>(target, worker)) {}
ThreadedObserver::~ThreadedObserver() = default;

void ThreadedObserver::on_requests_done(std::span<const observe::RequestDone> requests) {
  blocks_->take(Kind::Requests, &Block::requests, requests);
}

void ThreadedObserver::on_prefill_step(const observe::PrefillStepDone& step) {
  blocks_->take(Kind::PrefillStep, &Block::prefill_steps, std::span(&step, 1));
}

void ThreadedObserver::on_decode_step(const observe::DecodeStepDone& step) {
  blocks_->take(Kind::DecodeStep, &Block::decode_steps, std::span(&step, 1));
}

void ThreadedObserver::on_first_chunk(base::Duration gap) {
  blocks_->take(Kind::FirstChunk, &Block::gaps, std::span<const base::Duration>(&gap, 1));
}

void ThreadedObserver::on_sample(const observe::FleetSample& sample) {
  blocks_->take(Kind::Sample, &Block::samples, std::span(&sample, 1));
}

void ThreadedObserver::finish() { blocks_->finish(); }

}  // namespace epfleet::metrics
