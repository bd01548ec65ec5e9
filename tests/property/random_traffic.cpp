#include "random_traffic.h"

#include <algorithm>
#include <map>

#include "epfleet/base/error.h"
#include "epfleet/base/registry.h"
#include "epfleet/cluster/unit_setup.h"
#include "epfleet/policy/registry.h"
#include "support/small_fleet.h"

namespace epfleet::test {
namespace {

constexpr const char* kChannels[] = {"web", "app", "api"};
constexpr std::int64_t kLongestContext = 8'000;
constexpr std::int64_t kFirstId = 1;

using Choice = std::vector<std::string>;

template <class Registry>
void add_rules(std::vector<Choice>& all, const std::string& key, const Registry& rules) {
  for (const base::Choice& rule : rules.choices()) {
    all.push_back({key + "=" + std::string(rule.name)});
  }
}

// Room for so many tokens of KV on a decode GPU: requests are swapped out.
Choice little_hbm(std::int64_t room, const std::string& balancer) {
  const cluster::FleetSpec spec = small_fleet(1, keys_of_all());
  const std::int64_t spare = cluster::decode_limits(spec).kv_capacity_tokens - room;
  const std::int64_t runtime =
      spec.decode.runtime_memory.count() + spare * cluster::kv_bytes_per_token(spec);
  const std::string context = std::to_string(room - 20), answer = std::to_string(room - 21);
  return {"decode.runtime_memory=" + std::to_string(runtime) + " B",
          "workload.classes.agent.system_prompt=0",
          "decode.balancer.gpu=" + balancer,
          "workload.context_limit=" + context,
          "workload.output_limit_r1=" + answer,
          "workload.output_limit_v3=" + answer};
}

std::vector<Choice> all_choices() {
  std::vector<Choice> all = {
      {"prefill.max_tokens_per_gpu=256"},
      {"prefill.max_tokens_per_gpu=2048", "prefill.chunk_grain=1000"},
      {"prefill.chunk_grain=1"},
      {"prefill.balancer.view_age=1 s"},
      {"prefill.balancer.placement=arrival"},
      {"decode.balancer.view_age=500 ms"},
      {"decode.max_requests_per_gpu=1"},
      {"decode.max_requests_per_gpu=3"},
      {"decode.batching=static"},
      {"decode.mtp.acceptance=0"},
      {"decode.mtp.acceptance=1"},
      {"decode.mtp.acceptance=0.5", "decode.mtp.acceptance_spread=0.5"},
      little_hbm(1'000, "power_of_two"),
      little_hbm(6'000, "joint"),
      {"fleet.groups=1"},
      {"fleet.groups=2"},
      {"kv_cache.model=statistical", "kv_cache.hit_ratio=0.5"},
      {"kv_cache.eviction=fifo"},
      {"kv_cache.eviction=ttl"},
      {"kv_cache.capacity=2 GB"},
      {"kv_cache.capacity=100 MB"},
      {"kv_cache.ttl=1 s"},
      {"kv_cache.ttl=10 s"},
      {"kv_cache.write_delay=2 s"},
      {"kv_cache.read_bandwidth=200 MB/s"},
      {"kv_cache.read_bandwidth=200 MB/s", "kv_cache.recompute=if_slower"},
      {"kv_cache.write_bandwidth=200 MB/s"},
      {"kv_cache.isolation=session"},
      {"kv_cache.block=1"},
      {"kv_cache.block=500"},
      {"admission.max_concurrency=3"},
      {"admission.max_concurrency=10", "admission.min_ceiling=0"},
      {"admission.max_queue=1"},
      {"admission.start_deadline=30 ms"},
      {"admission.total_deadline=2 s"},
      {"admission.patience=300 ms"},
      {"admission.retries.limit=2", "admission.retries.back_off=100 ms"},
      {"failures.at=[{time: 3 s, what: gpu, unit: decode/0, gpu: 3}]"},
      {"failures.at=[{time: 5 s, what: node, unit: decode/0, gpu: 0}, {time: 12 s, what: gpu, "
       "unit: decode/0, gpu: 9}]"},
      {"failures.at=[{time: 2 s, what: node, unit: prefill/0, gpu: 8}]"},
      {"failures.at=[{time: 2 s, what: nic, unit: decode/0, gpu: 1}, {time: 4 s, what: straggler, "
       "unit: prefill/0, gpu: 1}]"},
      {"failures.at=[{time: 2 s, what: store, for: 5 s}]"},
      {"failures.node_rate=1000"},
      {"failures.recovery=mask"},
      {"failures.recovery=mask_and_rejoin"},
      {"failures.in_flight=retry"},
      {"failures.spare_nodes=1", "failures.swap_in=3 s"},
      {"failures.detection=1 s", "failures.mask_stall=500 ms"},
      {"failures.repair=8 s", "failures.reset=4 s"},
      {"scaling.policy=schedule",
       "scaling.schedule=[{at: 5 s, groups: 2}, {at: 20 s, groups: 0}, {at: 24 s, groups: 1}]"},
      {"scaling.start_up=3 s"},
      {"scaling.start_up.total=none", "scaling.start_up.compile=2 s",
       "scaling.start_up.failure_ratio=0.5", "scaling.start_up.timeout=4 s"},
      {"scaling.drain=wait"},
      {"scaling.drain_lead=0 s"},
      {"scaling.separate=true"},
      {"scaling.view_age=5 s"},
      {"report.cool_down=0 s"},
      {"report.interval=1 s"},
      {"workload.warm_up=0 s"},
      {"workload.rate_scale=2.5"},
      {"workload.rate_scale=0.5"},
      {"experts.rebalance_cost=stall", "experts.rebalance_every=7 s"},
  };
  for (const char* policy : {"target", "saturation", "planner", "slo"}) {
    all.push_back({std::string("scaling.policy=") + policy, "scaling.max_groups=2",
                   "fleet.groups=1", "scaling.interval=2 s", "scaling.window=4 s",
                   "scaling.stabilisation=4 s", "scaling.start_up=3 s", "slo.ttft.limit=200 ms",
                   "slo.tpot.limit=30 ms", "scaling.planner.throughput_interval=4 s"});
  }
  add_rules(all, "prefill.balancer.unit", policy::prefill_unit_rules());
  add_rules(all, "prefill.balancer.gpu", policy::prefill_gpu_rules());
  add_rules(all, "decode.balancer.unit", policy::decode_unit_rules());
  add_rules(all, "decode.balancer.gpu", policy::decode_gpu_rules());
  return all;
}

rc::Gen<TracedRequest> any_request() {
  using rc::gen::inRange;
  // Mostly short, some as long as a step and more; bursts, pauses that pass a TTL.
  const auto length = [](std::int64_t most) {
    return rc::gen::oneOf(inRange<std::int64_t>(1, 100), inRange<std::int64_t>(1, most));
  };
  return rc::gen::build<TracedRequest>(
      rc::gen::set(&TracedRequest::gap_ms,
                   rc::gen::oneOf(rc::gen::just<std::int64_t>(0), inRange<std::int64_t>(0, 30),
                                  inRange<std::int64_t>(0, 2'500))),
      rc::gen::set(&TracedRequest::session, inRange<std::int64_t>(0, 6)),
      rc::gen::set(&TracedRequest::new_tokens, length(6'000)),
      rc::gen::set(&TracedRequest::output_tokens, length(400)),
      rc::gen::set(&TracedRequest::r1, rc::gen::arbitrary<bool>()),
      rc::gen::set(&TracedRequest::channel, inRange<std::int64_t>(0, 3)));
}

}  // namespace

std::string Traffic::csv() const {
  struct Session {
    std::int64_t number = 0, said = 0, turn = 0;
    bool r1 = false;
  };
  std::map<std::int64_t, Session> sessions;
  std::int64_t at_ms = 0, next = kFirstId;
  std::string text =
      "arrival_s,input_tokens,output_tokens,session,turn,session_tokens,variant,channel\n";
  for (const TracedRequest& request : requests) {
    at_ms += request.gap_ms;
    Session& session = sessions[request.session];
    const std::int64_t input = session.said + request.new_tokens;
    if (session.number == 0 || input + request.output_tokens > kLongestContext) {
      session = {next++, 0, 0, request.r1};
    }
    const std::int64_t prompt = session.said + request.new_tokens;
    text += std::to_string(at_ms / 1000) + "." + std::to_string(1000 + at_ms % 1000).substr(1) +
            "," + std::to_string(prompt) + "," + std::to_string(request.output_tokens) + "," +
            std::to_string(session.number) + "," + std::to_string(session.turn++) + "," +
            std::to_string(session.said) + "," + (session.r1 ? "r1" : "v3") + "," +
            kChannels[request.channel] + "\n";
    session.said = prompt + (session.r1 ? 0 : request.output_tokens);
  }
  return text;
}

std::vector<std::string> keys_of_all() {
  return {"duration=40 s", "workload.warm_up=10 s", "report.cool_down=10 min",
          "decode.redundant_experts=32"};
}

std::optional<config::Scenario> Settings::scenario(std::uint64_t seed,
                                                   const std::vector<std::string>& more) const {
  std::vector<std::string> all = keys_of_all();
  all.insert(all.end(), keys.begin(), keys.end());
  all.insert(all.end(), more.begin(), more.end());
  try {
    return small_fleet(seed, all);
  } catch (const base::InputError&) {
    return std::nullopt;
  }
}

rc::Gen<Traffic> any_burst() {
  using rc::gen::inRange;
  const auto request = rc::gen::build<TracedRequest>(
      rc::gen::set(&TracedRequest::gap_ms, inRange<std::int64_t>(0, 3)),
      rc::gen::set(&TracedRequest::new_tokens, inRange<std::int64_t>(1, 150)),
      rc::gen::set(&TracedRequest::output_tokens, inRange<std::int64_t>(1, 330)),
      rc::gen::set(&TracedRequest::r1, rc::gen::arbitrary<bool>()));
  return rc::gen::map(rc::gen::nonEmpty(rc::gen::scale(
                          2.0, rc::gen::container<std::vector<TracedRequest>>(request))),
                      [](std::vector<TracedRequest> requests) {
                        std::int64_t session = 0;
                        for (TracedRequest& one : requests) {
                          one.session = session++;
                        }
                        return Traffic{std::move(requests)};
                      });
}

Settings short_of_memory() { return {little_hbm(520, "random")}; }

rc::Gen<Traffic> any_traffic() {
  // A trace has a request.
  return rc::gen::map(
      rc::gen::nonEmpty(rc::gen::container<std::vector<TracedRequest>>(any_request())),
      [](std::vector<TracedRequest> requests) { return Traffic{std::move(requests)}; });
}

rc::Gen<Settings> any_settings() {
  static const std::vector<Choice> kAll = all_choices();
  const auto chosen =
      rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, kAll.size())),
                   [](std::size_t place) { return kAll[place]; });
  return rc::gen::map(
      rc::gen::scale(0.12, rc::gen::container<std::vector<Choice>>(rc::gen::noShrink(chosen))),
      [](const std::vector<Choice>& choices) {
        Settings settings;
        for (const Choice& choice : choices) {
          settings.keys.insert(settings.keys.end(), choice.begin(), choice.end());
        }
        return settings;
      });
}

std::ostream& operator<<(std::ostream& to, const Traffic& traffic) {
  return to << "\n" << traffic.csv();
}

std::ostream& operator<<(std::ostream& to, const Settings& settings) {
  to << "\nepfleet run tests/support/small_fleet.yaml --set workload.source=requests "
        "--set workload.path=THE_TRACE.csv";
  std::vector<std::string> keys = keys_of_all();
  keys.insert(keys.end(), settings.keys.begin(), settings.keys.end());
  for (const std::string& key : keys) {
    to << " --set '" << key << "'";
  }
  return to << "\n";
}

}  // namespace epfleet::test
