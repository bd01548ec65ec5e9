// `epfleet timing kernels` and `epfleet timing fit`: a hardware profile beside measured kernels.
#pragma once

#include "commands.h"

namespace epfleet::cli {

// Adds the subcommand to `timing` (commands.h). Running it throws InputError and MachineError.
void add_timing_kernels(CLI::App& timing, Chosen& chosen);
void add_timing_fit(CLI::App& timing, Chosen& chosen);

}  // namespace epfleet::cli
