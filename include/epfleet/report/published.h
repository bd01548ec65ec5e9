// Published figures to stand beside the simulated ones: single values, the chart by the hour, and
// the bands that the plausible ranges of the guesses leave open. All are the user's files; reading
// them early tells of a mistake before a long run. None of them can change a simulated number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epfleet/base/names.h"
#include "epfleet/observe/report_config.h"

namespace epfleet::report {

// What a published figure is to a simulation. Only a predicted one validates anything.
enum class Role : std::uint8_t {
  Input,       // given to the simulation
  Identity,    // arithmetic on inputs
  Calibrated,  // something was solved for it
  Predicted,
};
inline constexpr std::size_t kRoles = 4;

inline constexpr base::Names<kRoles> kRoleNames = {"input", "identity", "calibrated", "predicted"};

struct PublishedValue {
  std::string name;  // path in summary.json
  Role role = Role::Predicted;
  std::optional<Role> role_if_scaled;    // a policy chooses the nodes
  std::optional<Role> role_if_replayed;  // a token-rate trace is replayed
  std::optional<double> window_s;        // the figure covers a window of this length
  double published = 0.0;
  std::optional<double> published_low, published_high;  // a published range
  std::optional<double> tolerance_ratio;
  std::string source;
};

// One hour of the published chart, counted from the scenario's start.
struct PublishedHour {
  double nodes_mean = 0.0;
  double cost_usd = 0.0;
  double theoretical_revenue_usd = 0.0;
};

struct Band {
  std::optional<double> low, high;
};

struct Bands {
  std::string scenario_fingerprint;
  std::map<std::string, Band> by_name;
};

struct Published {
  std::vector<PublishedValue> values;
  std::vector<PublishedHour> hours;
  std::optional<Bands> bands;
};

// Reads what the report configuration names; what it does not name stays empty. Throws InputError
// with file and line.
[[nodiscard]] Published load_published(const observe::ReportConfig& config);

}  // namespace epfleet::report
