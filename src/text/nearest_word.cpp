#include "epfleet/text/nearest_word.h"

#include <algorithm>
#include <vector>

namespace epfleet::text {
namespace {

// Levenshtein's distance: insertions, deletions and substitutions that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_word(std::string_view misspelt, std::span<const std::string> words) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(1, (misspelt.size() + 1) / 3) + 1;  // a third is wrong
  for (const std::string& word : words) {
    const std::size_t shorter = std::min(misspelt.size(), word.size());
    if (std::max(misspelt.size(), word.size()) - shorter >= least) {
      continue;  // the distance is no less
    }
    const std::size_t distance = edit_distance(misspelt, word);
    if (distance < least) {
      least = distance;
      best = &word;
    }
  }
  return best == nullptr ? "" : *best;
}

}  // namespace epfleet::text
