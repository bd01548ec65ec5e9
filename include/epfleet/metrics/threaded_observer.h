// Hands facts on to another observer on a second thread: in blocks, in order, through a bounded
// queue, so that statistics cost the simulation only a copy. The target sees the same facts in the
// same order as without the thread (spans may be cut or joined), hence gives the same bytes. An
// exception of the target stops the delivery and is thrown again on the caller's thread, by the
// next block handed over or by finish(), whichever comes first, and by every later one.
#pragma once

#include <memory>
#include <span>

#include "epfleet/base/time.h"
#include "epfleet/observe/facts.h"

namespace epfleet::metrics {

class ThreadedObserver : public observe::Observer {
 public:
  // The target must outlive this observer, and only the second thread may touch it until finish().
  explicit ThreadedObserver(observe::Observer& target);
  // Facts not yet delivered are dropped: call finish() to have them delivered.
  ~ThreadedObserver() override;

  void on_requests_done(std::span<const observe::RequestDone> requests) override;
  void on_prefill_step(const observe::PrefillStepDone& step) override;
  void on_decode_step(const observe::DecodeStepDone& step) override;
  void on_first_chunk(base::Duration gap) override;
  void on_sample(const observe::FleetSample& sample) override;

  // Returns when the target has seen every fact so far. More facts may follow.
  void finish();

 private:
  class Worker;

  void hand_over_when_full();

  std::unique_ptr<Worker> worker_;
};

}  // namespace epfleet::metrics
