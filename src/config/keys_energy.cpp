// Keys of what nodes draw.
#include "key_files.h"
#include "key_rows.h"

namespace epfleet::config {

void add_energy_rows(Rows& rows) {
  rows.number(EPFLEET_KEY(energy.pue), between(1.0, 10.0),
              {"Power of the building over that of its nodes.",
               "plans of others: 1.3 (InferenceX-app PR 1113)"})
      .guess("1.1", "1.5");
  rows.number(
      EPFLEET_KEY(energy.usd_per_kwh), Dimension::EnergyPrice, between(0.0, 100.0),
      {"Price of energy; the row energy.usd only, since a GPU hour's price has its power in "
       "it.",
       "free choice; 0.08 USD/kWh is usual for large users"});
  const auto power = [&](std::string_view name, auto member, std::string_view help,
                         std::string_view source, std::string_view low, std::string_view high) {
    rows.number(name, member, Dimension::Power, between(0.0, 1e6), {help, source}).guess(low, high);
  };
  power(EPFLEET_KEY(energy.node_power.idle),
        "Power of a serving node between steps, or of one that is down.",
        "a guess: 8 GPUs of 215 W and a host of 2.3 kW", "2.5 kW", "5 kW");
  power(EPFLEET_KEY(energy.node_power.loading), "Power of a node that starts.",
        "a guess: idle GPUs, a busy host", "4 kW", "8 kW");
  power(EPFLEET_KEY(energy.node_power.prefill), "Power of a prefill node in a step.",
        "a guess: an 8-GPU system at its limit (NVIDIA data sheet)", "8 kW", "10.6 kW");
  power(EPFLEET_KEY(energy.node_power.decode), "Power of a decode node in a step.",
        "a guess: boards of 583 W at a batch of 128 (arXiv 2602.05116) and a host", "6 kW",
        "10.2 kW");
}

}  // namespace epfleet::config
