#include "epfleet/metrics/threaded_observer.h"

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <vector>

namespace epfleet::metrics {
namespace {

// Facts in a block: about 300 kB, large against the cost of a hand-over, small against the caches.
constexpr std::size_t kBlockFacts = 2048;
// Of these all but one may be under way: the bound of the memory, and how far the simulation may
// run ahead.
constexpr std::size_t kBlocks = 6;

void tell(observe::Observer& to, const observe::PrefillStepDone& step) { to.on_prefill_step(step); }
void tell(observe::Observer& to, const observe::DecodeStepDone& step) { to.on_decode_step(step); }
void tell(observe::Observer& to, const observe::FleetSample& sample) { to.on_sample(sample); }
void tell(observe::Observer& to, const observe::Decision& decision) { to.on_decision(decision); }

// Copies of facts by kind, and the order in which they came.
class Block {
 public:
  template <class Fact>
  void append(std::span<const Fact> added) {
    if (added.empty()) {
      return;
    }
    auto& facts = std::get<std::vector<Fact>>(facts_);
    if (order_.empty() || order_.back().deliver != &deliver_facts<Fact>) {
      order_.push_back({&deliver_facts<Fact>, facts.size(), 0});
    }
    order_.back().count += added.size();
    facts.insert(facts.end(), added.begin(), added.end());
    size_ += added.size();
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  void deliver(observe::Observer& target) const {
    for (const Stretch& stretch : order_) {
      stretch.deliver(*this, stretch, target);
    }
  }

  // Empty again, with its memory kept.
  void clear() {
    std::apply([](auto&... facts) { (facts.clear(), ...); }, facts_);
    order_.clear();
    size_ = 0;
  }

 private:
  // Facts of one kind that came one after another.
  struct Stretch {
    void (*deliver)(const Block&, const Stretch&, observe::Observer&);
    std::size_t first, count;
  };

  template <class Fact>
  static void deliver_facts(const Block& block, const Stretch& stretch, observe::Observer& target) {
    const auto& all = std::get<std::vector<Fact>>(block.facts_);
    const auto facts = std::span(all).subspan(stretch.first, stretch.count);
    if constexpr (std::is_same_v<Fact, observe::RequestDone>) {
      target.on_requests_done(facts);
    } else if constexpr (std::is_same_v<Fact, base::Duration>) {
      target.on_first_chunks(facts);
    } else {
      for (const Fact& fact : facts) {
        tell(target, fact);
      }
    }
  }

  std::tuple<std::vector<observe::RequestDone>, std::vector<observe::PrefillStepDone>,
             std::vector<observe::DecodeStepDone>, std::vector<base::Duration>,
             std::vector<observe::FleetSample>, std::vector<observe::Decision>>
      facts_;
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
  void take(std::span<const Fact> added) {
    ring_[at_].block.append(added);
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
  blocks_->take(requests);
}

void ThreadedObserver::on_prefill_step(const observe::PrefillStepDone& step) {
  blocks_->take(std::span(&step, 1));
}

void ThreadedObserver::on_decode_step(const observe::DecodeStepDone& step) {
  blocks_->take(std::span(&step, 1));
}

void ThreadedObserver::on_first_chunks(std::span<const base::Duration> gaps) {
  blocks_->take(gaps);
}

void ThreadedObserver::on_decision(const observe::Decision& decision) {
  blocks_->take(std::span(&decision, 1));
}

void ThreadedObserver::on_sample(const observe::FleetSample& sample) {
  blocks_->take(std::span(&sample, 1));
}

void ThreadedObserver::finish() { blocks_->finish(); }

}  // namespace epfleet::metrics
