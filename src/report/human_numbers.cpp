#include "epfleet/report/human_numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "epfleet/text/prose.h"

namespace epfleet::report {
namespace {

struct Scale {
  double unit;  // and the least value that is told in it
  const char* name;
};

// Three or four digits: 2.31, 23.1, 231.4.
std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size >= 999.95) {
    return grouped(value);
  }
  return fmt::format("{:.{}f}", value, size >= 9.995 ? 1 : 2);
}

std::string scaled(double value, std::span<const Scale> scales, std::string_view smallest) {
  if (!std::isfinite(value)) {
    return "-";
  }
  for (const Scale& scale : scales) {
    if (std::fabs(value) >= scale.unit) {
      return fmt::format("{} {}", short_number(value / scale.unit), scale.name);
    }
  }
  return fmt::format("{}{}", short_number(value), smallest);
}

}  // namespace

std::string grouped(double value, int decimals) {
  if (!std::isfinite(value)) {
    return "-";
  }
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::size_t first = text.front() == '-' ? 1 : 0;
  for (std::size_t at = point; at > first + 3; at -= 3) {
    text.insert(at - 3, ",");
  }
  return text;
}

std::string grouped_whole(std::int64_t value) { return grouped(static_cast<double>(value)); }

std::string human_count(double value) {
  static constexpr Scale kScales[] = {{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}};
  if (std::fabs(value) < 1e6 && value == std::floor(value)) {
    return grouped(value);
  }
  return scaled(value, kScales, "");
}

std::string human_bytes(double bytes) {
  static constexpr Scale kScales[] = {
      {1e15, "PB"}, {1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
  return bytes == 0.0 ? "0 B" : scaled(bytes, kScales, " B");
}

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds)) {
    return "-";
  }
  if (seconds < 0.0) {
    return "-" + human_duration(-seconds);
  }
  if (seconds < 119.5) {
    static constexpr Scale kScales[] = {{1.0, "s"}, {1e-3, "ms"}, {1e-6, "us"}};
    return seconds == 0.0 ? "0 s" : scaled(seconds, kScales, " s");
  }
  const auto whole = static_cast<long long>(seconds + 0.5);
  const long long hours = whole / 3600;
  const long long minutes = whole / 60 % 60;
  if (hours == 0) {
    return whole % 60 == 0 ? fmt::format("{} min", minutes)
                           : fmt::format("{} min {} s", minutes, whole % 60);
  }
  return minutes == 0 ? fmt::format("{} h", hours) : fmt::format("{} h {} min", hours, minutes);
}

std::string human_percent(double ratio) {
  return std::isfinite(ratio) ? fmt::format("{:.1f} %", ratio * 100.0) : "-";
}

std::string human_number(double value) {
  return std::fabs(value) < 1.0 ? fmt::format("{:.4g}", value) : human_count(value);
}

std::size_t display_width(std::string_view text) { return text::display_width(text); }

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::string padded_right(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

}  // namespace epfleet::report
