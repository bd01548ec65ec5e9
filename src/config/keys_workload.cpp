// Keys of the workload: where requests come from, totals to be met, and the classes of sessions.
#include "key_rows.h"

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
      "workload.source", EPFLEET_MEMBER(workload.source),
      std::vector<std::pair<Choice, SourceKind>>{
          {{"sessions", "conversations are made up from workload.classes"}, SourceKind::Sessions},
          {{"token_rate", "a CSV of time bins with token totals"}, SourceKind::TokenRateTrace},
          {{"requests", "a trace of single requests: Mooncake, Azure, BurstGPT, Vidur, our CSV"},
           SourceKind::RequestTrace}},
      {"Where requests come from.", "free choice"});
  rows.path("workload.path", EPFLEET_MEMBER(workload.path), "none",
            {"Trace file, for sources that read one.", "free choice"});
  rows.number(
      "workload.rate_scale", Dimension::Number, EPFLEET_MEMBER(workload.rate_scale),
      inside(0.0, 1e6),
      {"Multiplies arrivals, after the totals were solved for; of a request trace so many copies "
       "are played at once.",
       "free choice"});
  rows.path("workload.hourly_shape", EPFLEET_MEMBER(workload.hourly_shape), "flat",
            {"Shape of the tokens served (of a request trace: of requests) over the day: 24 hourly "
             "weights from the start, a CSV with the "
             "column theoretical_income_usd.",
             "open-infra-index, day 6, digitised: income per hour"});
  rows.number("workload.warm_up", Dimension::Duration, EPFLEET_MEMBER(workload.warm_up),
              at_least(0.0),
              {"Service before the window that is simulated but not counted.", "a choice"});
  rows.number(
      "workload.look_back", Dimension::Duration, EPFLEET_MEMBER(workload.look_back), at_least(0.0),
      {"Sessions begun this long before may return, and have filled the store.", "a choice"});
  rows.number("workload.shortest_think", Dimension::Duration,
              EPFLEET_MEMBER(workload.shortest_think), between(0.001, 3600.0),
              {"A session returns no sooner than this after an answer.",
               "a guess: reading an answer and the way to the service"});
  rows.guess("0.1 s", "2 s");
  const auto limit = [&](const std::string& name, auto member, double most, std::string help) {
    rows.number("workload." + name, Dimension::Tokens, member, between(1, most),
                {std::move(help), "DeepSeek's API notes of February 2025"});
  };
  limit("context_limit", EPFLEET_MEMBER(workload.context_limit), 1 << 24,
        "Most tokens of prompt and answer together.");
  limit("output_limit_v3", EPFLEET_MEMBER(workload.output_limit_v3), 1 << 20,
        "Most tokens of an answer of V3.");
  limit("output_limit_r1", EPFLEET_MEMBER(workload.output_limit_r1), 1 << 20,
        "Most tokens of an answer of R1, reasoning included.");
}

void add_totals(Rows& rows) {
  const auto total = [&](const std::string& name, Dimension dimension, auto member, Range range,
                         std::string help, std::string source) {
    rows.number("workload.totals." + name, dimension, member, range,
                {std::move(help), std::move(source)}, "none");
  };
  total("input", Dimension::Tokens, EPFLEET_MEMBER(workload.totals.input), at_least(1),
        "Prompt tokens of the window; the generator solves for it.",
        "published: 608 billion a day");
  total("output", Dimension::Tokens, EPFLEET_MEMBER(workload.totals.output), at_least(1),
        "Answer tokens of the window; solved for.", "published: 168 billion a day");
  total("kv_per_output_token", Dimension::Number,
        EPFLEET_MEMBER(workload.totals.kv_per_output_token), above(0.0),
        "Mean length of the KV behind an output token; solved for.", "published: 4989");
  total("hit_ratio", Dimension::Share, EPFLEET_MEMBER(workload.totals.hit_ratio), inside(0.0, 1.0),
        "Share of the input that an ideal cache would hit; solved for.", "published: 56.3 %");
  total("attention_pairs_per_computed_token", Dimension::Number,
        EPFLEET_MEMBER(workload.totals.attention_pairs_per_computed_token), above(0.0),
        "Query-key pairs per computed prompt token; solved for.",
        "not published; beyond about 5,000 prefill cannot carry the day");
}

// The keys of one class of sessions.
class ClassRows {
 public:
  ClassRows(Rows& rows, const std::string& name, workload::SessionClass which)
      : rows_(rows),
        prefix_("workload.classes." + name + "."),
        index_(static_cast<std::size_t>(which)) {}

  template <class Member>
  void number(const std::string& name, Dimension dimension, Member member, Range range,
              std::string help) {
    const auto in_class = [i = index_, member](auto& s) -> auto& {
      return member(s.workload.classes[i]);
    };
    rows_.number(prefix_ + name, dimension, in_class, range, {std::move(help), kMix});
    for (const MixGuess& guess : kGuesses) {
      if (guess.key == prefix_ + name) {
        rows_.guess(guess.low, guess.high);
      }
    }
  }

  template <class Member>
  void lognormal(const std::string& name, Dimension dimension, Member member,
                 const std::string& what) {
    number(
        name + ".median", dimension, [member](auto& c) -> auto& { return member(c).median; },
        between(0.0, 1e9), "Median of " + what + ".");
    number(
        name + ".sigma", Dimension::Number, [member](auto& c) -> auto& { return member(c).sigma; },
        between(0.0, 5.0), "Sigma of the logarithm of " + what + "; 0: constant.");
  }

 private:
  Rows& rows_;
  std::string prefix_;
  std::size_t index_;
};

// A member of one class, as EPFLEET_MEMBER is one of the scenario.
#define EPFLEET_OF_CLASS(...) [](auto& one) -> auto& { return one.__VA_ARGS__; }

void add_shares(ClassRows& rows) {
  const auto share = [&](const std::string& name, auto member, std::string help) {
    rows.number(name, Dimension::Share, member, between(0.0, 1.0), std::move(help));
  };
  share("request_share", EPFLEET_OF_CLASS(request_share),
        "Share of all requests (not of sessions).");
  share("r1_share", EPFLEET_OF_CLASS(r1_share),
        "Share of the sessions that talk to R1; the rest to V3.");
  share("app_share", EPFLEET_OF_CLASS(app_share), "Share of the sessions that use the app.");
  share("api_share", EPFLEET_OF_CLASS(api_share), "Share that use the API; the rest uses the web.");
}

void add_prompts(ClassRows& rows) {
  rows.number("system_prompt", Dimension::Tokens, EPFLEET_OF_CLASS(system_prompt), between(0, 1e6),
              "Tokens at the start that all sessions of the class share.");
  rows.number("templates", Dimension::Number, EPFLEET_OF_CLASS(templates), between(0, 1e6),
              "Number of API templates, prefixes that many sessions share; 0: none.");
  rows.number("template_zipf", Dimension::Number, EPFLEET_OF_CLASS(template_zipf),
              between(0.0, 5.0), "Zipf exponent of the templates' popularity.");
  rows.number("template_mean", Dimension::Tokens, EPFLEET_OF_CLASS(template_mean),
              between(0.0, 1e6), "Mean length of a template, weighted by popularity.");
  rows.number("template_sigma", Dimension::Number, EPFLEET_OF_CLASS(template_sigma),
              between(0.0, 5.0), "Sigma of the logarithm of a template's length.");
  rows.lognormal("first_message", Dimension::Tokens, EPFLEET_OF_CLASS(first_message),
                 "the length of the first message");
  rows.lognormal("later_message", Dimension::Tokens, EPFLEET_OF_CLASS(later_message),
                 "the length of every later message");
  rows.number("message_cap", Dimension::Tokens, EPFLEET_OF_CLASS(message_cap), between(1, 1e7),
              "Longest message.");
  rows.number("attachment_first", Dimension::Share, EPFLEET_OF_CLASS(attachment_first),
              between(0.0, 1.0), "Probability that a first message brings a document.");
  rows.number("attachment_later", Dimension::Share, EPFLEET_OF_CLASS(attachment_later),
              between(0.0, 1.0), "Probability that a later message brings one.");
  rows.lognormal("attachment", Dimension::Tokens, EPFLEET_OF_CLASS(attachment),
                 "the length of such a document");
  rows.number("attachment_cap", Dimension::Tokens, EPFLEET_OF_CLASS(attachment_cap),
              between(1, 1e7), "Longest document.");
}

void add_answers(ClassRows& rows) {
  rows.lognormal("output", Dimension::Tokens, EPFLEET_OF_CLASS(output), "the length of an answer");
  rows.number("reasoning_share", Dimension::Share, EPFLEET_OF_CLASS(reasoning_share),
              between(0.0, 1.0),
              "Share of an R1 answer that is reasoning, which the next prompt does not carry.");
  rows.number(
      "turns_alpha", Dimension::Number, EPFLEET_OF_CLASS(turns_alpha), between(0.0, 1e3),
      "Stop probability per session is Beta(alpha, beta), turns geometric; both 0: one turn.");
  rows.number("turns_beta", Dimension::Number, EPFLEET_OF_CLASS(turns_beta), between(0.0, 1e3),
              "See turns_alpha.");
  rows.lognormal("think", Dimension::Duration, EPFLEET_OF_CLASS(think),
                 "the time between an answer and the next turn");
  rows.number("long_think_share", Dimension::Share, EPFLEET_OF_CLASS(long_think_share),
              between(0.0, 1.0), "Share of these times that are long returns.");
  rows.lognormal("long_think", Dimension::Duration, EPFLEET_OF_CLASS(long_think),
                 "the time before a long return");
}

#undef EPFLEET_OF_CLASS

}  // namespace

void add_workload_rows(Rows& rows) {
  add_source(rows);
  add_totals(rows);
  using workload::SessionClass;
  for (std::size_t i = 0; i < workload::kSessionClasses; ++i) {
    ClassRows of_class(rows, std::string(workload::kSessionClassNames[i]),
                       static_cast<SessionClass>(i));
    add_shares(of_class);
    add_prompts(of_class);
    add_answers(of_class);
  }
}

}  // namespace epfleet::config
