#include "epfleet/config/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "epfleet/config/paths.h"
#include "epfleet/config/shipped.h"

namespace epfleet::config {
namespace {

// Unwinds yaml-cpp's recursion at the first thing that must not be read any further.
struct Stop {
  base::Problem problem;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Place& start, std::vector<base::Problem>& problems)
      : start_(start), problems_(problems) {
    root_.place = start;
  }

  [[nodiscard]] Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(Node::Kind::Null, mark), anchor, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = leaf(Node::Kind::Scalar, mark);
    node.text = value;
    add(std::move(node), anchor, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::List, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::Map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  // An alias becomes a copy at its own place. Its node is absent while it is still open: a cycle.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{problem_at(place(mark), "", "an alias stands inside what it names",
                            "write the value out")};
    }
    count(found->second.nodes, mark);
    if (open_.size() + found->second.depth > kMaxDepth) {
      throw Stop{too_deep(mark)};
    }
    put(found->second);
  }

 private:
  struct Tree {
    Node node;
    std::size_t nodes = 1;  // in all, for the aliases' budget
    std::size_t depth = 1;
  };
  struct Open {
    Tree tree;
    YAML::anchor_t anchor;
    std::optional<Entry> key;          // of a map: read, its value is not
    std::map<std::string, int> lines;  // of a map: where each key stands
  };

  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    Place at = start_;
    if (start_.line > 0) {  // 0: text of an option, which has no lines
      at.line = mark.line + 1;
      at.column = mark.column + 1;
    }
    return at;
  }
  [[nodiscard]] Node leaf(Node::Kind kind, const YAML::Mark& mark) const {
    Node node;
    node.kind = kind;
    node.place = place(mark);
    return node;
  }
  [[nodiscard]] base::Problem too_deep(const YAML::Mark& mark) const {
    return problem_at(place(mark), "", fmt::format("nested more than {} levels deep", kMaxDepth),
                      "no scenario needs that");
  }
  void count(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      throw Stop{problem_at(place(mark), "",
                            fmt::format("more than {} values, aliases written out", kMaxNodes),
                            "use fewer of them, or of aliases")};
    }
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      throw Stop{too_deep(mark)};
    }
    count(1, mark);
    open_.push_back({{leaf(kind, mark)}, anchor, std::nullopt, {}});
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.tree), done.anchor);
  }
  void add(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    count(1, mark);
    finish({std::move(node)}, anchor);
  }
  void finish(Tree tree, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      anchors_.insert_or_assign(anchor, tree);
    }
    put(std::move(tree));
  }

  void put(Tree tree) {
    if (open_.empty()) {
      root_ = std::move(tree.node);
      return;
    }
    Open& parent = open_.back();
    parent.tree.nodes += tree.nodes;
    parent.tree.depth = std::max(parent.tree.depth, tree.depth + 1);
    if (parent.tree.node.kind == Node::Kind::List) {
      parent.tree.node.items.push_back(std::move(tree.node));
    } else if (!parent.key) {
      parent.key = key_of(tree.node);
    } else {
      parent.key->value = std::move(tree.node);
      keep(parent, std::move(*parent.key));
      parent.key.reset();
    }
  }
  [[nodiscard]] static Entry key_of(const Node& node) {
    if (node.kind != Node::Kind::Scalar) {
      throw Stop{problem_at(node.place, "", "a key must be a plain word", "")};
    }
    return {node.text, node.place, Node{}};
  }
  // The dotted path of a key of the map that is open.
  [[nodiscard]] std::string path_of(const std::string& key) const {
    std::string path;
    for (const Open& open : open_) {
      path += open.key && &open != &open_.back() ? open.key->key + "." : "";
    }
    return path + key;
  }
  void keep(Open& map, Entry entry) {
    const auto [earlier, is_new] = map.lines.emplace(entry.key, entry.place.line);
    if (is_new) {
      map.tree.node.entries.push_back(std::move(entry));
      return;
    }
    problems_.push_back(problem_at(entry.place, path_of(entry.key),
                                   fmt::format("written twice (first in line {})", earlier->second),
                                   "keep one of them"));
  }

  Place start_;
  std::vector<base::Problem>& problems_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Tree> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

Node read_yaml(const std::string& text, const Place& start, std::vector<base::Problem>& problems) {
  TreeBuilder builder(start, problems);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    if (parser) {
      problems.push_back(problem_at(start, "", "more than one YAML document", "keep one"));
    }
  } catch (const Stop& stop) {
    problems.push_back(stop.problem);
  } catch (const YAML::Exception& error) {
    Place place = start;
    if (place.line > 0 && !error.mark.is_null()) {
      place.line = error.mark.line + 1;
      place.column = error.mark.column + 1;
    }
    problems.push_back(
        problem_at(place, "", "not YAML: " + error.msg, "check indentation, colons and brackets"));
  }
  return builder.take_root();
}

Node read_yaml_file(const std::string& path, const Place& start,
                    std::vector<base::Problem>& problems) {
  Place whole = start;
  whole.line = 0;
  whole.column = 0;
  std::error_code status;
  if (!std::filesystem::is_regular_file(path, status)) {
    problems.push_back(
        is_builtin(path) ? problem_at(whole, "", why_no_file(path), "")
        : std::filesystem::is_directory(path, status)
            ? problem_at(whole, "", "is a folder", "name a file in it")
        : std::filesystem::exists(path, status)
            ? problem_at(whole, "", "is a pipe or a device", "save it in a file first")
            : problem_at(whole, "", "no such file", "check the path"));
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || (text.empty() && !file.eof())) {
    problems.push_back(problem_at(whole, "", "cannot be read", "check its permissions"));
    return {};
  }
  if (text.size() > kMaxFileBytes) {
    problems.push_back(problem_at(whole, "", fmt::format("larger than {} bytes", kMaxFileBytes),
                                  "a scenario is a page or two; is this a trace?"));
    return {};
  }
  return read_yaml(text, start, problems);
}

}  // namespace epfleet::config
