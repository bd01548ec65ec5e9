// Keys of the inference engine: what a step costs beyond its kernels and transfers.
#include <fmt/ranges.h>

#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {
namespace {

constexpr const char* kShipped = "configs/parts/engines: each engine with its sources";
constexpr const char* kSizes = "write for example [64, 128, 256], or [] for exact sizes";
constexpr std::int64_t kLargestBatch = 65'536;

std::optional<Fault> read_graph_batches(Scenario& scenario, const Node& node) {
  if (node.kind != Node::Kind::List) {
    return Fault{"is not a list of requests", kSizes};
  }
  std::vector<std::int64_t> sizes;
  for (const Node& item : node.items) {
    const auto text = scalar_text(item, "a number of requests");
    const auto size =
        text.and_then([](const auto& one) { return parse_whole(Dimension::Number, one, "256"); });
    if (!size) {
      return Fault{size.error().what, size.error().remedy, item.place.line, item.place.column};
    }
    if (*size < 1 || *size > kLargestBatch || (!sizes.empty() && *size <= sizes.back())) {
      return Fault{
          fmt::format("{} is not a next larger size between 1 and {}", *size, kLargestBatch),
          kSizes, item.place.line, item.place.column};
    }
    sizes.push_back(*size);
  }
  scenario.engine.graph_batches = std::move(sizes);
  return std::nullopt;
}

}  // namespace

void add_engine_rows(Rows& rows) {
  rows.number(EPFLEET_KEY(engine.host_time), between(0.0, 1.0),
              {"Time of a decode step that no GPU work covers.",
               "residual of the profile's 96 ms step, which leaves 2-8 ms"})
      .guess("2 ms", "8 ms");
  rows.number(EPFLEET_KEY(engine.kernel_overhead), between(0.0, 0.001),
              {"What the engine adds to every kernel of the compute stream in decode: launch gaps, "
               "kernels that others fuse.",
               kShipped, "4.9 us"})
      .guess("0 us", "6 us");
  rows.number(EPFLEET_KEY(engine.launch_time), between(0.0, 0.01),
              {"Host time of launching a kernel where no graph does: a step takes at least that "
               "times its kernels. 0: graphs, or a host that keeps ahead.",
               kShipped, "38 us"})
      .guess("0 us", "45 us");
  Key& sizes = rows.custom(
      "engine.graph_batches", "list of requests of a GPU, rising",
      {"Batches for which CUDA graphs were captured: dense kernels of a decode step run at the "
       "next "
       "size up, dummy requests have a token of KV each, and experts and transfers see the true "
       "tokens. Larger batches, and all if it is empty, run at their own size.",
       kShipped, "[256]"});
  sizes.json = JsonType::List;
  sizes.read = read_graph_batches;
  sizes.print = [](const Scenario& scenario) {
    return fmt::format("[{}]", fmt::join(scenario.engine.graph_batches, ", "));
  };
  const auto published = [&](const std::string& name, auto member, const char* phase) {
    rows.number(name, member, between(1.0, 1000.0),
                {fmt::format("Tokens of the fullest GPU's experts over the mean in {}, as the "
                             "engine's makers published it: in the place of experts.skew, unless "
                             "that is none.",
                             phase),
                 kShipped, "1.33"},
                "none");
  };
  published(EPFLEET_KEY(engine.prefill_max_over_mean), "prefill");
  published(EPFLEET_KEY(engine.decode_max_over_mean), "decode");
}

}  // namespace epfleet::config
