// Keys of the replay of request traces.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {

void add_trace_rows(Rows& rows) {
  using workload::Channel;
  using workload::TimeUnit;
  using workload::Variant;
  const std::string choice = "free choice";
  rows.number(
      EPFLEET_KEY(workload.trace.from), between(0.0, kYear),
      {"Where in the trace to begin; the requests before fill the store.", choice, "10 min"});
  rows.number(EPFLEET_KEY(workload.trace.length), above(0.0, kYear),
              {"How much of the trace to play from there on.", choice, "1 h"}, "none");
  rows.number(EPFLEET_KEY(workload.trace.stretch), above(0.0, kYear),
              {"Play it within this time instead of its own; times between uses change, too.",
               choice, "1 h"},
              "none");
  rows.number(EPFLEET_KEY(workload.trace.rate), inside(0.0, 1e6),
              {"Requests per second, mean of a day, instead of the trace's own rate; the trace is "
               "repeated as often as need be.",
               choice},
              "none");
  rows.flag(EPFLEET_KEY(workload.trace.repeat),
            {"At its end play it again, with fresh identities.", choice});
  rows.flag(
      EPFLEET_KEY(workload.trace.warm_store),
      {"The prompts before workload.trace.from, and what sessions that began before the trace "
       "share with them, are in the store at the start.",
       choice});
  rows.flag(EPFLEET_KEY(workload.trace.lenient),
            {"Skip and count the trace's wrong lines instead of refusing the trace.", choice});
  rows.number(EPFLEET_KEY(workload.trace.block), Dimension::Tokens, between(0, 65536),
              {"Tokens of one block id of the trace; 0: as its format has it (Mooncake 512).",
               choice, "512"});
  rows.choice(EPFLEET_KEY(workload.trace.time_unit), words_of<TimeUnit>(workload::kTimeUnitNames),
              {"Unit of the trace's times; auto: as its format has it.", choice});
  rows.text(EPFLEET_KEY(workload.trace.columns),
            {"Columns or keys of other names: OURS=THEIRS, with commas between; for example "
             "input_length=prompt_tokens.",
             choice});
  rows.choice(EPFLEET_KEY(workload.trace.variant), words_of<Variant>(workload::kVariantNames),
              {"Model of requests that do not name one.", choice});
  rows.choice(EPFLEET_KEY(workload.trace.channel), words_of<Channel>(workload::kChannelNames),
              {"Channel of requests that do not name one; it decides who pays.", choice});
}

}  // namespace epfleet::config
