// Keys of the workload: where requests come from, totals to be met, and the classes of sessions.
#include "key_files.h"
#include "key_rows.h"
#include "own_classes.h"

namespace epfleet::config {
namespace {

constexpr const char* kMix =
    "an assumption: the mix of the day, with the rules of the fitted generator (ServeGen lengths, "
    "Mooncake reuse)";

// What else the least known of the mix may be. request_share has no row: the shares sum to 1.
struct MixGuess {
  std::string_view key;
  const char* low;
  const char* high;
};
constexpr MixGuess kGuesses[] = {
    {"workload.classes.api.r1_share", "0.2", "0.8"},
    {"workload.classes.chat_r1.reasoning_share", "0.6", "0.8"},
    {"workload.classes.chat_r1.think.median", "60 s", "150 s"},
    {"workload.classes.chat_v3.think.median", "60 s", "150 s"},
    {"workload.classes.chat_r1.long_think_share", "0.05", "0.2"},
    {"workload.classes.chat_v3.long_think_share", "0.05", "0.2"},
};

void add_source(Rows& rows) {
  using workload::SourceKind;
  rows.choice(
      EPFLEET_KEY(workload.source),
      {{"sessions", "conversations are made up from workload.classes", SourceKind::Sessions},
       {"token_rate", "a CSV of time bins with token totals", SourceKind::TokenRateTrace},
       {"requests", "a trace of single requests: Mooncake, Azure, BurstGPT, Vidur, our CSV",
        SourceKind::RequestTrace},
       {"plain",
        "single requests in plain numbers; stating workload.rate, stages or concurrency "
        "chooses it",
        SourceKind::Plain}},
      {"Where requests come from.", "free choice"});
  rows.path(EPFLEET_KEY(workload.path), "none",
            {"Trace file, for sources that read one.", "free choice"});
  rows.number(
      EPFLEET_KEY(workload.rate_scale), inside(0.0, 1e6),
      {"Multiplies arrivals, after the totals were solved for; of a request trace so many copies "
       "are played at once.",
       "free choice"});
  const auto scale = [&](const std::string& name, auto member, std::string_view help) {
    rows.number(
        name, member, inside(0.001, 100.0),
        {std::string(help) + " Multiplies what is there, of any source, and leaves the rest "
                             "alone: the same requests come at the same times.",
         "free choice"});
  };
  rows.number(EPFLEET_KEY(workload.scale.rate), inside(0.0, 1e6),
              {"Times as many requests, or clients; as workload.rate_scale, and on top of it.",
               "free choice"});
  scale(EPFLEET_KEY(workload.scale.input),
        "Times as long prompts: templates, history and message alike, so that about the same share "
        "hits the cache.");
  scale(EPFLEET_KEY(workload.scale.output), "Times as long answers.");
  rows.path(
      EPFLEET_KEY(workload.hourly_shape), "flat",
      {"Shape of the tokens served (of a request trace: of requests) over the day: 24 hourly "
       "weights from the start, a CSV with one column of them, in any unit, or one beside the "
       "hours; in a wider table it is named weight or theoretical_income_usd.",
       "open-infra-index, day 6, digitised: income per hour"});
  rows.number(
      EPFLEET_KEY(workload.warm_up), between(0.0, kYear),
      {"Service before the window that is simulated but not counted. auto: until requests "
       "in service and their KV stop drifting by the rule MSER-5, 20, 40 or at most 80 min; "
       "of a request trace none.",
       "a choice; MSER: K. P. White, Simulation 69 (1997), 323-334"},
      "auto");
  rows.number(
      EPFLEET_KEY(workload.look_back), between(0.0, kYear),
      {"Sessions begun this long before may return, and have filled the store.", "a choice"});
  rows.number(EPFLEET_KEY(workload.shortest_think), between(0.001, 3600.0),
              {"A session returns no sooner than this after an answer.",
               "a guess: reading an answer and the way to the service"});
  rows.guess("0.1 s", "2 s");
  const auto limit = [&](const std::string& name, auto member, double most, std::string_view help) {
    rows.number(name, member, Dimension::Tokens, between(1, most),
                {help, "DeepSeek's API notes of February 2025"});
  };
  limit(EPFLEET_KEY(workload.context_limit), 1 << 24, "Most tokens of prompt and answer together.");
  limit(EPFLEET_KEY(workload.output_limit_v3), 1 << 20, "Most tokens of an answer of V3.");
  limit(EPFLEET_KEY(workload.output_limit_r1), 1 << 20,
        "Most tokens of an answer of R1, reasoning included.");
}

void add_totals(Rows& rows) {
  const auto total = [&](const std::string& name, auto member, Dimension dimension, Range range,
                         const Docs& docs) {
    rows.number(name, member, dimension, range, docs, "none");
  };
  total(EPFLEET_KEY(workload.totals.input), Dimension::Tokens, between(1, 1e15),
        {"Prompt tokens of the window; the generator solves for it.",
         "published: 608 billion a day"});
  total(
      EPFLEET_KEY(workload.totals.output), Dimension::Tokens, between(1, 1e15),
      {"Answer tokens of the window; solved for.", "published: 168 billion a day", "168 billion"});
  total(EPFLEET_KEY(workload.totals.kv_per_output_token), Dimension::Number, above(0.0, 1e9),
        {"Mean length of the KV behind an output token; solved for.", "published: 4989"});
  total(EPFLEET_KEY(workload.totals.hit_ratio), Dimension::Share, inside(0.0, 1.0),
        {"Share of the input that an ideal cache would hit; solved for.", "published: 56.3 %"});
  total(EPFLEET_KEY(workload.totals.attention_pairs_per_computed_token), Dimension::Number,
        above(0.0, 1e9),
        {"Query-key pairs per computed prompt token; solved for.",
         "not published; beyond about 5,000 prefill cannot carry the day"});
}

// A member of a class of sessions behind its name.
#define EPFLEET_FIELD(member) #member, &workload::SessionClassConfig::member

// The keys of one class of sessions.
class ClassRows {
 public:
  ClassRows(Rows& rows, std::size_t index)
      : rows_(rows),
        prefix_(fmt::format("workload.classes.{}.", workload::kSessionClassNames[index])),
        index_(index) {}

  template <class Value>
  void number(const std::string& name, Value workload::SessionClassConfig::* member, Range range,
              std::string_view help, Dimension dimension = Stored<Value>::kDimension) {
    add(name, [member](auto& one) -> auto& { return one.*member; }, dimension, range, help);
  }

  void share(const std::string& name, double workload::SessionClassConfig::* member,
             std::string_view help) {
    number(name, member, between(0.0, 1.0), help, Dimension::Share);
  }

  void lognormal(const std::string& name,
                 workload::Lognormal workload::SessionClassConfig::* member,
                 const std::string& what, Dimension dimension) {
    add(
        name + ".median", [member](auto& one) -> auto& { return (one.*member).median; }, dimension,
        dimension == Dimension::Duration ? between(0.0, kYear) : between(0.0, 1e9),
        "Median of " + what + ".");
    add(
        name + ".sigma", [member](auto& one) -> auto& { return (one.*member).sigma; },
        Dimension::Number, between(0.0, 5.0),
        "Sigma of the logarithm of " + what + "; 0: constant.");
  }

 private:
  template <class Member>
  void add(const std::string& name, Member member, Dimension dimension, Range range,
           std::string_view help) {
    rows_.number(prefix_ + name,
                 [i = index_, member](auto& s) -> auto& { return member(s.workload.classes[i]); },
                 dimension, range,
                 {help, kMix,
                  dimension == Dimension::Duration ? "90 s"
                  : dimension == Dimension::Tokens ? "1000"
                                                   : ""});
    for (const MixGuess& guess : kGuesses) {
      if (guess.key == prefix_ + name) {
        rows_.guess(guess.low, guess.high);
      }
    }
  }

  Rows& rows_;
  std::string prefix_;
  std::size_t index_;
};

void add_shares(ClassRows& rows) {
  rows.share(EPFLEET_FIELD(request_share), "Share of all requests (not of sessions).");
  rows.share(EPFLEET_FIELD(r1_share), "Share of the sessions that talk to R1; the rest to V3.");
  rows.share(EPFLEET_FIELD(app_share), "Share of the sessions that use the app.");
  rows.share(EPFLEET_FIELD(api_share), "Share that use the API; the rest uses the web.");
  rows.number(EPFLEET_FIELD(priority), between(-1000, 1000),
              "The lower, the earlier a cap of admission turns its requests away "
              "(admission.min_ceiling). Of a request trace API calls count as api, all else as "
              "chat_r1 or chat_v3.");
}

void add_prompts(ClassRows& rows) {
  rows.number(EPFLEET_FIELD(system_prompt), between(0, 1e6),
              "Tokens at the start that all sessions of the class share.", Dimension::Tokens);
  rows.number(EPFLEET_FIELD(templates), between(0, 65'535),
              "Number of API templates, prefixes that many sessions share; 0: none.");
  rows.number(EPFLEET_FIELD(template_zipf), between(0.0, 5.0),
              "Zipf exponent of the templates' popularity.");
  rows.number(EPFLEET_FIELD(template_mean), between(0.0, 1e6),
              "Mean length of a template, weighted by popularity.", Dimension::Tokens);
  rows.number(EPFLEET_FIELD(template_sigma), between(0.0, 5.0),
              "Sigma of the logarithm of a template's length.");
  rows.lognormal(EPFLEET_FIELD(first_message), "the length of the first message",
                 Dimension::Tokens);
  rows.lognormal(EPFLEET_FIELD(later_message), "the length of every later message",
                 Dimension::Tokens);
  rows.number(EPFLEET_FIELD(message_cap), between(1, 1e7), "Longest message.", Dimension::Tokens);
  rows.share(EPFLEET_FIELD(attachment_first),
             "Probability that a first message brings a document.");
  rows.share(EPFLEET_FIELD(attachment_later), "Probability that a later message brings one.");
  rows.lognormal(EPFLEET_FIELD(attachment), "the length of such a document", Dimension::Tokens);
  rows.number(EPFLEET_FIELD(attachment_cap), between(1, 1e7), "Longest document.",
              Dimension::Tokens);
}

void add_answers(ClassRows& rows) {
  rows.lognormal(EPFLEET_FIELD(output), "the length of an answer", Dimension::Tokens);
  rows.share(EPFLEET_FIELD(reasoning_share),
             "Share of an R1 answer that is reasoning, which the next prompt does not carry.");
  rows.number(
      EPFLEET_FIELD(turns_alpha), between(0.0, 1e3),
      "Stop probability per session is Beta(alpha, beta), turns geometric; both 0: one turn.");
  rows.number(EPFLEET_FIELD(turns_beta), between(0.0, 1e3), "See turns_alpha.");
  rows.lognormal(EPFLEET_FIELD(think), "the time between an answer and the next turn",
                 Dimension::Duration);
  rows.share(EPFLEET_FIELD(long_think_share), "Share of these times that are long returns.");
  rows.lognormal(EPFLEET_FIELD(long_think), "the time before a long return", Dimension::Duration);
}

#undef EPFLEET_FIELD

}  // namespace

void add_workload_rows(Rows& rows) {
  add_source(rows);
  add_plain_rows(rows);
  add_totals(rows);
  add_own_class_rows(rows, std::string(kAnyName));
  for (std::size_t i = 0; i < workload::kSessionClasses; ++i) {
    ClassRows of_class(rows, i);
    add_shares(of_class);
    add_prompts(of_class);
    add_answers(of_class);
  }
}

}  // namespace epfleet::config
