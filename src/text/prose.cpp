#include "epfleet/text/prose.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace epfleet::text {
namespace {

bool begins_a_sign(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

// Where the lines after the first begin: below the text, or the second column of a row.
std::size_t hanging_indent(std::string_view line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.find("  ", begin);
  const std::size_t second = gap == std::string_view::npos ? gap : line.find_first_not_of(' ', gap);
  return second == std::string_view::npos ? begin : second;
}

// Of the variables that state the locale, the first that does (POSIX).
bool is_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      std::string charset(value);
      std::erase(charset, '-');
      std::ranges::transform(charset, charset.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      return charset.find("utf8") != std::string::npos;
    }
  }
  return true;
}

// One column each, so that tables stay straight.
constexpr std::pair<std::string_view, char> kLookAlikes[] = {
    {"─", '-'}, {"▁", '_'}, {"▂", '.'}, {"▃", ':'}, {"▄", '-'}, {"▅", '='}, {"▆", '+'},
    {"▇", '*'}, {"█", '#'}, {"░", '.'}, {"±", '~'}, {"×", 'x'}, {"–", '-'}, {"→", '>'}};

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\033') {
      escape = true;
    } else if (escape) {
      escape = c != 'm';
    } else if (begins_a_sign(c)) {
      ++width;
    }
  }
  return width;
}

std::string half_sentence(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool ends = text[at] == '.' || text[at] == ';';
    if (ends && (at + 1 == text.size() || text[at + 1] == ' ')) {
      return std::string(text.substr(0, at));
    }
  }
  return std::string(text);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) {
      lines.emplace_back();
    }
    lines.back() += lines.back().empty() ? "" : " ";
    lines.back() += word;
  }
  return lines;
}

std::string wrapped_page(std::string_view page, std::size_t width) {
  constexpr std::size_t kLeast = 20;  // columns for the text, however deep its indentation
  std::string out;
  while (!page.empty()) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    const std::size_t indent = hanging_indent(line);
    std::string margin(line.substr(0, indent));
    if (display_width(line) <= width) {
      out += std::string(line) + "\n";
      continue;
    }
    for (const std::string& part :
         wrapped(line.substr(indent), std::max(kLeast, width - std::min(width, indent)))) {
      out += margin + part + "\n";
      margin.assign(indent, ' ');
    }
  }
  return out;
}

std::string in_locale(std::string text) {
  if (is_utf8_locale()) {
    return text;
  }
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::ranges::find_if(kLookAlikes, [&](const auto& one) {
      return std::string_view(text).substr(at).starts_with(one.first);
    });
    if (found != std::end(kLookAlikes)) {
      out += found->second;
      at += found->first.size();
      continue;
    }
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80U;
    if (ascii || begins_a_sign(text[at])) {
      out += ascii ? text[at] : '?';
    }
    ++at;
  }
  return out;
}

}  // namespace epfleet::text
