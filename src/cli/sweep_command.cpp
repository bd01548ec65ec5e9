// `epfleet sweep`: run all cases, or a shard of them, or make the table of what shards have left.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "commands.h"
#include "epfleet/base/log.h"
#include "epfleet/experiment/comparison.h"
#include "epfleet/experiment/sweep.h"
#include "epfleet/page/page.h"
#include "epfleet/report/human_numbers.h"
#include "epfleet/text/parse.h"
#include "signals.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFailuresShown = 20;
constexpr std::size_t kMetricsShown = 3;

struct SweepRequest {
  std::string sweep;
  std::string out;       // empty: out/NAME
  unsigned workers = 0;  // 0: one a core
  bool resume = false;   // what happens anyway; accepted for old scripts
  bool fresh = false;
  std::string shard;  // "I/N"; empty: everything
  std::string merge;  // folder; empty: run
  bool list = false;  // say what would run
  ProgressMode progress = ProgressMode::Auto;
  bool quiet = false;
  bool no_page = false;
};

struct Shard {
  std::size_t index = 0, count = 1;
};

Shard shard_of(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view whole = text;
  const auto index = text::parse_whole<std::size_t>(whole.substr(0, slash));
  const auto count = text::parse_whole<std::size_t>(whole.substr(std::min(slash + 1, text.size())));
  if (index && count && *index < *count) {
    return {*index, *count};
  }
  throw wrong_option("--shard", fmt::format("'{}' is not I/N", text),
                     "I counts from 0 and is below N, for example 0/4");
}

std::string name_of_job(const experiment::SweepJobs& sweep, const experiment::SweepJob& job) {
  std::string text = job.case_name;
  for (std::size_t i = 0; i < sweep.keys.size() && job.case_name.empty(); ++i) {
    text += (text.empty() ? "" : ", ") + sweep.keys[i] + "=" + job.key_values[i];
  }
  return text.empty() ? job.case_id : text;
}

void list_jobs(const experiment::SweepJobs& sweep, const Shard& shard) {
  for (const experiment::SweepJob& job : sweep.jobs) {
    if (job.index % shard.count == shard.index) {
      fmt::print("{} {} seed {}: {}{}\n", job.case_id, job.replicate, job.seed,
                 name_of_job(sweep, job), job.scenario ? "" : " (refused: " + job.refusal + ")");
    }
  }
}

// Says which failed and why; returns how many.
std::size_t tell_failures(const experiment::SweepJobs& sweep,
                          const experiment::SweepResults& results) {
  std::size_t failed = 0;
  for (const experiment::SweepJob& job : sweep.jobs) {
    const auto& result = results[job.index];
    if (result && result->status == experiment::CaseStatus::Failed && ++failed <= kFailuresShown) {
      base::tell(fmt::format("failed: {} (replicate {}): {}\n", name_of_job(sweep, job),
                             job.replicate, result->message));
    }
  }
  if (failed > kFailuresShown) {
    base::tell(fmt::format("failed: {} more\n", failed - kFailuresShown));
  }
  return failed;
}

// What the cases come to: the claims if the sweep has some, else the first metrics compared.
void show_sweep(const experiment::SweepJobs& sweep, const experiment::CaseStore& store,
                const std::string& csv, bool quiet) {
  if (sweep.cases < 2) {
    return;
  }
  const experiment::Variants variants = experiment::variants_of_csv(csv, store.folder().string());
  const auto groups = experiment::groups_of(variants, sweep.sweep.baseline);
  const experiment::Comparison comparison = experiment::compare(variants, groups);
  store.write("comparison.csv", experiment::comparison_csv(comparison));
  const auto findings = experiment::find_claims(variants, sweep.sweep.claims, groups.front());
  if (!findings.empty()) {
    store.write("claims.csv", experiment::claims_csv(findings));
  }
  if (!quiet) {
    cli::show(findings.empty() ? experiment::comparison_text(comparison, kMetricsShown)
                               : experiment::claims_text(findings));
  }
}

void tell_table(const fs::path& table, bool quiet) {
  if (!quiet) {
    base::log_info(fmt::format("the table is {}", table.string()));
  }
}

// The table of everything that is stored. Whole: sweep.csv; else sweep.partial.csv, and a whole
// table of an earlier call stays.
int write_tables(const experiment::SweepJobs& sweep, const experiment::CaseStore& store,
                 const fs::path& out, bool quiet) {
  const experiment::SweepResults results = experiment::stored_results(sweep, store);
  const auto missing = static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const auto& r) { return !r; }));
  const std::string csv = experiment::sweep_csv(sweep, results);
  const std::size_t failed = tell_failures(sweep, results);
  std::error_code ignored;
  if (missing > 0) {
    store.write("sweep.partial.csv", csv);
    base::tell(fmt::format("{} of {} cases are missing; the same command runs them\n", missing,
                           results.size()));
    tell_table(out / "sweep.partial.csv", quiet);
    return kSomeCasesFailed;
  }
  store.write("sweep.csv", csv);
  fs::remove(store.folder() / "sweep.partial.csv", ignored);
  show_sweep(sweep, store, csv, quiet);
  tell_table(out / "sweep.csv", quiet);
  if (failed > 0) {
    base::tell(fmt::format("{} of {} cases failed\n", failed, results.size()));
  }
  return failed > 0 ? kSomeCasesFailed : kDone;
}

int write_table(const experiment::SweepJobs& sweep, const experiment::CaseStore& store,
                const fs::path& out, const SweepRequest& request) {
  const int code = write_tables(sweep, store, out, request.quiet);
  if (!request.no_page) {
    store.write(page::kPageFile, page::page_of(store.folder()));
  }
  return code;
}

// How far the sweep is. `elapsed` is wall time since it began; what was stored before took none of
// it.
std::string sweep_progress_line(const experiment::SweepProgress& progress,
                                std::chrono::duration<double> elapsed) {
  const auto done_now = static_cast<double>(progress.done - progress.kept);
  const auto left = static_cast<double>(progress.jobs - progress.done);
  std::string line = fmt::format("{} of {} cases", progress.done, progress.jobs);
  if (progress.kept > 0) {
    line += fmt::format(" ({} done before)", progress.kept);
  }
  if (progress.failed > 0) {
    line += fmt::format(", {} failed", progress.failed);
  }
  if (left > 0.0 && done_now > 0.0) {
    line += fmt::format(", {} left", report::human_duration(elapsed.count() / done_now * left));
  } else if (left == 0.0) {
    line += fmt::format(", took {}", report::human_duration(elapsed.count()));
    const double offered = elapsed.count() * static_cast<double>(progress.workers);
    if (done_now > 0.0 && offered > 0.0) {
      line += fmt::format(", {} of {} workers' time at work",
                          report::human_percent(std::min(
                              1.0, progress.busy / std::chrono::duration<double>(offered))),
                          progress.workers);
    }
  }
  return line;
}

int run(const SweepRequest& request, const experiment::SweepJobs& sweep,
        const experiment::CaseStore& store, const fs::path& out, const Shard& shard) {
  experiment::SweepOptions options;
  options.workers =
      request.workers > 0 ? request.workers : std::max(1U, std::thread::hardware_concurrency());
  options.resume = !request.fresh;
  options.shard = shard.index;
  options.shards = shard.count;
  options.stop = &stop_on_signals();
  StatusLine line(stderr);
  const bool shown = !request.quiet && request.progress != ProgressMode::Off;
  options.progress = [&](const experiment::SweepProgress& progress) {
    if (shown && (line.rewrites() || progress.done == progress.jobs || line.is_due())) {
      line.write(sweep_progress_line(progress, line.elapsed()));
    }
  };
  const experiment::SweepProgress progress = experiment::run_sweep(sweep, store, options);
  if (signal_received() != 0) {
    (void)write_table(sweep, store, out, request);
    return exit_code(signal_received());
  }
  if (shard.count > 1 || !request.shard.empty()) {
    return progress.failed > 0 ? kSomeCasesFailed : kDone;
  }
  return write_table(sweep, store, out, request);
}

int sweep_command(const SweepRequest& request) {
  if (request.quiet) {
    base::silence_log();
  }
  const Shard shard = shard_of(request.shard);
  const experiment::SweepFile file = experiment::load_sweep(request.sweep);
  const experiment::SweepJobs sweep = experiment::spell_out(file);
  if (request.list) {
    list_jobs(sweep, shard);
    return kDone;
  }
  if (!request.merge.empty() &&
      (!request.shard.empty() || request.resume || request.fresh || !request.out.empty())) {
    throw wrong_option("--merge", "stands alone", "leave out --out, --shard, --fresh and --resume");
  }
  std::error_code trouble;
  if (!request.merge.empty() && !fs::exists(request.merge, trouble)) {
    throw wrong_option("--merge", fmt::format("no such folder: {}", request.merge),
                       "name the --out of the shards");
  }
  const fs::path out = !request.merge.empty() ? fs::path(request.merge)
                       : request.out.empty()  ? fs::path("out") / file.name
                                              : fs::path(request.out);
  const experiment::CaseStore store(out, experiment::program_hash());
  return request.merge.empty() ? run(request, sweep, store, out, shard)
                               : write_table(sweep, store, out, request);
}

}  // namespace

void add_sweep(Command app, Chosen& chosen) {
  auto request = std::make_shared<SweepRequest>();
  const Command command = app.add_subcommand("sweep", "Run the cases of a sweep; one table");
  command.add_option("SWEEP", request->sweep, "Sweep file (YAML)").required();
  command.add_option("--out", request->out, "Folder of the results (default: out/NAME)");
  command.add_option("-j", request->workers, "Cases at a time (default: one a core)")
      .between(1U, 4096U);
  command.add_flag("--fresh", request->fresh,
                   "Run every case again; without it, what an earlier call has finished is kept");
  command.add_flag("--resume", request->resume, "What happens without --fresh; accepted");
  command.add_option("--shard", request->shard,
                     "Run every N-th case from the I-th on: I/N, I from 0");
  command.add_option("--merge", request->merge, "Make the table of the shards in this folder");
  command.add_flag("--list", request->list, "Say what would run");
  add_progress(command, request->progress);
  command.add_flag("--quiet", request->quiet, "No table on stdout, no progress on stderr");
  command.add_flag("--no-report", request->no_page, "Leave report.html out");
  when_chosen(command, chosen, request, sweep_command);
}

}  // namespace epfleet::cli
