// `epfleet timing kernels` and `epfleet timing fit`: a hardware profile beside measured kernels.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace epfleet::cli {

// Adds the subcommand to `timing`; it runs as soon as its options are parsed. Running throws
// InputError and MachineError.
void add_timing_kernels(CLI::App& timing);
void add_timing_fit(CLI::App& timing);

}  // namespace epfleet::cli
