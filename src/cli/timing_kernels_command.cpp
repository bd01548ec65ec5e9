// `epfleet timing kernels` and `epfleet timing fit`: a hardware profile beside measured kernels.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "commands.h"
#include "epfleet/calibration/kernel_fit.h"
#include "epfleet/calibration/measured_kernels.h"
#include "epfleet/config/loader.h"
#include "epfleet/hardware/profile.h"
#include "epfleet/text/files.h"

namespace epfleet::cli {
namespace {

using calibration::ErrorSummary;
using calibration::Machine;
using calibration::MeasuredKernel;
using calibration::MeasuredTable;
using timing::Clock;

const std::map<std::string, Clock> kClocks{{"cool", Clock::Cool}, {"sustained", Clock::Sustained}};

struct KernelsRequest {
  std::string table, hardware, kernel, lengths, out;
  Clock clock = Clock::Cool;
};

// The table as it is, with the two columns appended.
std::string with_predictions(const MeasuredTable& table, const std::vector<MeasuredKernel>& kernels,
                             const Machine& machine) {
  std::string text = table.header_line() + ",predicted_us,error_ratio\n";
  for (const MeasuredKernel& kernel : kernels) {
    text += table.line(kernel.row);
    const auto predicted = kernel.predicted_us(machine);
    text += predicted
                ? fmt::format(",{:.3f},{:.4f}\n", *predicted, *predicted / kernel.measured_us - 1.0)
                : std::string(",,\n");
  }
  return text;
}

std::string summary_line(const std::string& what, const ErrorSummary& error) {
  if (error.rows == 0) {
    return fmt::format("{}: no row of a kernel that a step uses\n", what);
  }
  std::string text = fmt::format(
      "{}: {} rows, mean error {:.2f} %, p90 {:.2f} %, worst {:.1f} %, bias {:+.2f} %", what,
      error.rows, 100.0 * error.mean, 100.0 * error.p90, 100.0 * error.worst, 100.0 * error.bias);
  if (error.not_modelled > 0) {
    text += fmt::format("; {} rows of kernels that no step uses", error.not_modelled);
  }
  return text + "\n";
}

void kernels_command(const KernelsRequest& request) {
  const hardware::HardwareProfile hardware = config::load_hardware(request.hardware);
  const MeasuredTable table = MeasuredTable::load(request.table);
  const auto kernels =
      calibration::measured_kernels(table, request.kernel, request.clock, request.lengths);
  const Machine machine{hardware, request.clock};
  const std::string rows = with_predictions(table, kernels, machine);
  const std::string mark = request.out.empty() ? "# " : "";  // the table's own comments
  if (request.out.empty()) {
    fmt::print("{}", rows);
  } else {
    text::replace_file(request.out, rows);
  }
  if (const auto column = calibration::measured_column(table, request.clock); column != "us") {
    fmt::print("{}compared with the column {}\n", mark, column);
  }
  std::map<std::string, std::vector<MeasuredKernel>> by_kernel;
  for (const MeasuredKernel& kernel : kernels) {
    by_kernel[kernel.kernel].push_back(kernel);
  }
  if (by_kernel.size() > 1) {
    for (const auto& [name, some] : by_kernel) {
      fmt::print("{}{}", mark, summary_line("  " + name, summarise(some, machine)));
    }
  }
  fmt::print("{}{}", mark, summary_line(table.stem(), summarise(kernels, machine)));
}

struct FitRequest {
  std::vector<std::string> tables;
  std::string base, out;
  calibration::LeaveOut leave_out;
};

void fit_command(const FitRequest& request) {
  std::vector<std::string> inputs = request.tables;
  inputs.push_back(request.base);
  text::refuse_as_output(request.out, inputs);
  calibration::KernelFit fit(config::load_hardware(request.base));
  for (const std::string& path : request.tables) {
    fit.add(MeasuredTable::load(path), request.leave_out.column);
  }
  const calibration::FitResult result = fit.run(request.leave_out);
  for (const auto& part : result.parts) {
    fmt::print("{}: {} rows of {} shapes, mean error {:.2f} % before, {:.2f} % after; {}\n",
               part.name, part.rows, part.shapes, 100.0 * part.before, 100.0 * part.after,
               part.left_out
                   ? fmt::format("{:.2f} % of rows left out of the fit", 100.0 * *part.left_out)
                   : std::string("too few shapes to leave some out"));
    for (const auto& change : part.changes) {
      fmt::print("  {}: {} -> {}\n", change.key, change.before, change.after);
    }
    if (!part.unknown.empty()) {
      fmt::print("  stay as they are, these rows cannot tell them: {}\n",
                 fmt::join(part.unknown, ", "));
    }
  }
  text::replace_file(request.out, calibration::profile_text(result, request.base, request.tables));
}

}  // namespace

void add_timing_kernels(Command timing, Chosen& chosen) {
  auto request = std::make_shared<KernelsRequest>();
  const Command command = timing.add_subcommand(
      "kernels", "Measured kernels (a CSV table) beside what a hardware profile predicts");
  std::string names;
  for (const auto& kernel : calibration::kernel_names()) {
    names += fmt::format("\n  {:<24} {}", kernel.name, kernel.columns);
  }
  command.set_footer(
      "Kernels and their columns; measured: us (us_cool), us_layer_cool or _sust, us_earlier:" +
      names);
  command.add_option("TABLE", request->table, "CSV table of measured kernels").required();
  command.add_option("--hardware", request->hardware, "Hardware profile, by name or path")
      .required();
  command.add_option("--kernel", request->kernel,
                     "Kernel of rows without a column `kernel` (default: by the file's name)");
  command.add_choice<Clock>("--clock", request->clock,
                            "Clock of the prediction: cool (default), sustained", kClocks);
  command.add_option("--lengths", request->lengths,
                     "JSON of the lengths of ragged batches by case_id (default: "
                     "mla_ragged_seqlens.json beside the table)");
  command.add_option("--out", request->out,
                     "Write the table with predictions here (default: standard output)");
  when_chosen(command, chosen, request, kernels_command);
}

void add_timing_fit(Command timing, Chosen& chosen) {
  auto request = std::make_shared<FitRequest>();
  const Command command = timing.add_subcommand(
      "fit", "A hardware profile whose kernels are fitted to tables of measured ones");
  command.add_option("TABLE", request->tables, "CSV tables, as for `kernels`").required();
  command.add_option("--base", request->base, "Profile to start from, by name or path").required();
  command.add_option("--out", request->out, "Write the profile (YAML) here").required();
  const Option folds =
      command
          .add_option("--folds", request->leave_out.folds,
                      "Fit N times more, each without every N-th shape, for the error of rows that "
                      "were left out (default: 5)")
          .between(2, 1000);
  command
      .add_option("--leave-out", request->leave_out.column,
                  "The same, but without the rows of each value of this column, value by value")
      .excludes(folds);
  when_chosen(command, chosen, request, fit_command);
}

}  // namespace epfleet::cli
