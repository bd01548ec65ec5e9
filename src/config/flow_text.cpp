#include "flow_text.h"

#include "key_rows.h"

namespace epfleet::config {

std::string flow_text(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::Null:
      return "null";
    case Node::Kind::Scalar:
      return yaml_text(node.text);
    case Node::Kind::List:
      for (const Node& item : node.items) {
        text += (text.empty() ? "" : ", ") + flow_text(item);
      }
      return "[" + text + "]";
    case Node::Kind::Map:
      for (const Entry& entry : node.entries) {
        text += (text.empty() ? "" : ", ") + yaml_text(entry.key) + ": " + flow_text(entry.value);
      }
      return "{" + text + "}";
  }
  return text;
}

}  // namespace epfleet::config
