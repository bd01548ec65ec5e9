#include "assemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "displaced.h"
#include "epfleet/config/key.h"
#include "epfleet/config/paths.h"
#include "epfleet/config/yaml_reader.h"
#include "own_classes.h"
#include "part_files.h"

namespace epfleet::config {
namespace {

constexpr std::size_t kMaxChain = 16;  // files that extend each other, parts that rest on parts

class Assembler {
 public:
  explicit Assembler(std::vector<base::Problem>& problems) : problems_(problems) {}

  // A file on top of what it extends. `reading` are the files being read, to find cycles.
  Node load(const std::string& path, std::vector<std::string> reading) {
    const Place start{path, folder_of(path), 1, 1};
    const std::string file = opened_path(path);
    Node node = read_yaml_file(file, start, problems_);
    if (node.kind == Node::Kind::Null) {
      node.kind = Node::Kind::Map;
      node.place = start;
    }
    if (node.kind != Node::Kind::Map) {
      report(node.place, "", "is not a group of keys", "write KEY: VALUE, one a line");
      return Node{};
    }
    reading.push_back(canonical_path(file));
    return on_top_of_base(std::move(node), reading);
  }

  // Sugar that must be written out before trees are merged: a NAME for a part, a balancer for both
  // choices.
  void write_out(Node& root) {
    write_out_calendar(find_path(root, "prices"));
    for (const PartGroup& group : part_groups()) {
      Node* node = find_path(root, group.name);
      if (node != nullptr && node->kind == Node::Kind::Scalar) {
        *node = map_of({"base"}, *node);
        node->replaces = true;
      }
    }
    if (Node* node = find_path(root, "scaling.start_up"); node != nullptr) {
      write_out_start_up(*node);
    }
    write_out_lengths(find_path(root, "workload"));
    if (Node* node = find_path(root, "workload.arrivals");
        node != nullptr && node->kind == Node::Kind::Scalar) {
      *node = map_of({"process"}, *node);
    }
    if (Node* classes = find_path(root, kClasses); classes != nullptr) {
      for (Entry& entry : classes->entries) {
        if (!own_class_in(fmt::format("{}.{}", kClasses, entry.key)).empty()) {
          write_out_lengths(&entry.value);
        }
      }
    }
    if (Node* both = find_path(root, "experts.max_over_mean");
        both != nullptr && both->kind == Node::Kind::Scalar) {
      *both = map_of({"prefill", "decode"}, *both);
    }
    for (const char* balancer : {"prefill.balancer", "decode.balancer"}) {
      Node* node = find_path(root, balancer);
      if (node != nullptr && node->kind == Node::Kind::Scalar) {
        *node = map_of({"unit", "gpu"}, *node);
      }
    }
  }

  void apply(Node& root, const std::string& text, const std::string& folder) {
    const Place place{"--set", folder, 0, 0};
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      report(place, "", fmt::format("'{}' is not KEY=VALUE", text),
             "for example --set decode.gpus=128");
      return;
    }
    const std::size_t before = problems_.size();
    Node value = read_yaml(text.substr(equals + 1), place, problems_);
    if (problems_.size() > before) {
      problems_[before].key = text.substr(0, equals);
      return;
    }
    Node over;
    make_path(over, text.substr(0, equals), place) = std::move(value);
    const bool has_holidays = find_path(over, "prices.holidays") != nullptr;
    write_out(over);
    // Holidays of an option before this one stand above those that come with a calendar.
    const Node* holidays = find_path(root, "prices.holidays");
    if (!has_holidays && holidays != nullptr && holidays->kind == Node::Kind::List &&
        holidays->place.file == place.file && find_path(over, "prices.calendar") != nullptr) {
      std::erase_if(over.find("prices")->entries,
                    [](const Entry& entry) { return entry.key == "holidays"; });
    }
    displace(root, over);
    merge(root, over);
  }

  // Replaces `base: NAME` of every part group by what the part says, with the other entries on top.
  void expand_parts(Node& root) {
    for (const PartGroup& group : part_groups()) {
      Node* node = find_path(root, group.name);
      if (node == nullptr || node->kind != Node::Kind::Map) {
        continue;
      }
      const bool phase = group.name.ends_with(".hardware");
      if (node->find("base") != nullptr) {
        const bool host_time = group.name == "engine" && node->find("host_time") == nullptr &&
                               find_path(root, "decode.host_time") != nullptr;
        expand(*node, group);
        if (host_time) {  // under its old name it stands beside the part, on top of it
          std::erase_if(node->entries, [](const Entry& one) { return one.key == "host_time"; });
        }
      } else if (const Node* shared = root.find("hardware"); phase && shared != nullptr) {
        Node whole = *shared;
        merge(whole, *node);
        *node = std::move(whole);
      }
    }
  }

 private:
  // A bare length is the mean one.
  static void write_out_lengths(Node* traffic) {
    for (const char* length : {"input", "output"}) {
      Node* node = traffic != nullptr ? traffic->find(length) : nullptr;
      if (node != nullptr && node->kind == Node::Kind::Scalar) {
        *node = map_of({"mean"}, *node);
      }
    }
  }

  // A calendar by name comes with its holidays.
  static void write_out_calendar(Node* prices) {
    const Node* calendar = prices != nullptr ? prices->find("calendar") : nullptr;
    if (calendar != nullptr && calendar->kind == Node::Kind::Scalar &&
        prices->find("holidays") == nullptr) {
      const Node name = *calendar;
      prices->entries.push_back({"holidays", name.place, name});
    }
  }

  // A duration stands for the whole start; naming a phase puts the phases in force.
  static void write_out_start_up(Node& node) {
    static constexpr const char* kPhases[] = {"node", "container", "weights", "compile", "graphs"};
    if (node.kind == Node::Kind::Scalar) {
      node = map_of({"total"}, node);
    } else if (node.kind == Node::Kind::Map && node.find("total") == nullptr &&
               std::ranges::any_of(kPhases, [&](const char* phase) { return node.find(phase); })) {
      Node none;
      none.kind = Node::Kind::Scalar;
      none.text = "none";
      none.place = node.place;
      node.entries.push_back({"total", node.place, none});
    }
  }

  void report(const Place& place, std::string key, std::string what, std::string remedy) {
    problems_.push_back(problem_at(place, std::move(key), std::move(what), std::move(remedy)));
  }

  static Node map_of(std::initializer_list<const char*> keys, const Node& value) {
    Node map;
    map.kind = Node::Kind::Map;
    map.place = value.place;
    for (const char* key : keys) {
      map.entries.push_back({key, value.place, value});
    }
    return map;
  }

  Node on_top_of_base(Node node, const std::vector<std::string>& reading) {
    const Node* extends = node.find("extends");
    const bool alone = extends == nullptr;
    const Node named = alone ? Node{} : *extends;
    std::erase_if(node.entries, [](const Entry& entry) { return entry.key == "extends"; });
    write_out(node);
    if (alone) {
      Node nothing;
      displace(nothing, node);
      return node;
    }
    if (named.kind != Node::Kind::Scalar) {
      report(named.place, "extends", "is not the path of a file", "write one path");
      return node;
    }
    const std::string path = resolved_path(named.text, named.place.folder);
    if (std::ranges::find(reading, canonical_path(path)) != reading.end()) {
      report(named.place, "extends", fmt::format("'{}' leads back to itself", named.text),
             "break the circle");
      return node;
    }
    if (reading.size() >= kMaxChain) {
      report(named.place, "extends", fmt::format("more than {} files, one on another", kMaxChain),
             "");
      return node;
    }
    if (!is_file(path)) {
      report(named.place, "extends", why_no_file(path),
             "paths start from the folder of the file that names them");
      return node;
    }
    Node whole = load(path, reading);
    // A name is that of one scenario: what rests on it is another one, with a result of its own.
    std::erase_if(whole.entries, [](const Entry& entry) { return entry.key == "name"; });
    displace(whole, node);
    merge(whole, node);
    return whole;
  }

  void expand(Node& node, const PartGroup& group) {
    const Node base = *node.find("base");
    std::erase_if(node.entries, [](const Entry& entry) { return entry.key == "base"; });
    if (base.kind != Node::Kind::Scalar) {
      report(base.place, group.name + ".base", "is not the name of a part",
             "write a name or a path");
      return;
    }
    const auto path = find_part(base.text, base.place.folder, group.folder);
    if (!path) {
      const std::string what = fmt::format("there is no part '{}'", base.text);
      const bool said = group.name == "prices.holidays" &&  // of the calendar
                        std::ranges::count(problems_, what, &base::Problem::what) > 0;
      if (!said) {
        report(base.place, group.name, what,
               fmt::format("choose from {}, or write the path of a file",
                           parts_near(base.place.folder, group.folder)));
      }
      node = find_key(group.name) != nullptr ? list_at(base.place) : node;
      return;
    }
    Node part = load(*path, {});
    const Node* member = group.member.empty() ? nullptr : part.find(group.member);
    if (const Key* list = find_key(group.name); list != nullptr) {
      take_list(node, member, base, *list);
      return;
    }
    Node whole = member == nullptr ? std::move(part) : Node(*member);
    node.replaces = false;  // the name did replace; what stands beside it is on top of the part
    merge(whole, node);
    node = std::move(whole);
  }

  // A calendar or its holidays, of which a part may have none.
  void take_list(Node& node, const Node* member, const Node& base, const Key& key) {
    if (!node.entries.empty()) {
      report(node.entries.front().place, key.name, "stands beside the name of a part",
             "write the name alone, or the whole list");
    }
    if (member == nullptr && key.name == "prices.calendar") {
      report(base.place, key.name, fmt::format("the part '{}' has no calendar", base.text),
             "name another part, or write a list of windows");
    }
    node = member != nullptr ? *member : list_at(base.place);
  }

  static Node list_at(const Place& place) {
    Node list;
    list.kind = Node::Kind::List;
    list.place = place;
    return list;
  }

  std::vector<base::Problem>& problems_;
};

}  // namespace

Node assemble_scenario(const std::string& path, std::span<const std::string> overrides,
                       std::vector<base::Problem>& problems) {
  Assembler assembler(problems);
  Node root = assembler.load(path, {});
  for (const std::string& text : overrides) {
    assembler.apply(root, text, folder_of(path));
  }
  assembler.expand_parts(root);
  return root;
}

Node assemble_hardware(const std::string& name_or_path, const std::string& folder,
                       std::vector<base::Problem>& problems) {
  Assembler assembler(problems);
  Node name;
  name.kind = Node::Kind::Scalar;
  name.place = {"", folder, 0, 0};
  name.text = name_or_path;
  Node root;
  make_path(root, "hardware", name.place) = name;
  assembler.write_out(root);
  assembler.expand_parts(root);
  return root;
}

}  // namespace epfleet::config
