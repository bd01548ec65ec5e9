#include "sweep_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "epfleet/base/error.h"
#include "epfleet/base/log.h"
#include "epfleet/experiment/comparison.h"
#include "epfleet/experiment/sweep.h"
#include "epfleet/text/parse.h"
#include "exit_codes.h"
#include "signals.h"
#include "sweep_progress.h"

namespace epfleet::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFailuresShown = 20;
constexpr std::size_t kMetricsShown = 3;

base::InputError wrong_option(std::string option, std::string what, std::string remedy) {
  base::Problem problem;
  problem.key = std::move(option);
  problem.what = std::move(what);
  problem.remedy = std::move(remedy);
  return base::InputError(std::move(problem));
}

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
      fmt::print(stderr, "failed: {} (replicate {}): {}\n", name_of_job(sweep, job), job.replicate,
                 result->message);
    }
  }
  if (failed > kFailuresShown) {
    fmt::print(stderr, "failed: {} more\n", failed - kFailuresShown);
  }
  return failed;
}

// What the cases come to: the claims if the sweep has some, else the first metrics compared.
void show(const experiment::SweepJobs& sweep, const experiment::CaseStore& store,
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
    fmt::print("{}", findings.empty() ? experiment::comparison_text(comparison, kMetricsShown)
                                      : experiment::claims_text(findings));
  }
}

// The table of everything that is stored. Whole: sweep.csv; else sweep.partial.csv.
int write_table(const experiment::SweepJobs& sweep, const experiment::CaseStore& store,
                bool quiet) {
  const experiment::SweepResults results = experiment::stored_results(sweep, store);
  const auto missing = static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const auto& r) { return !r; }));
  const std::string csv = experiment::sweep_csv(sweep, results);
  const std::size_t failed = tell_failures(sweep, results);
  std::error_code ignored;
  if (missing > 0) {
    store.write("sweep.partial.csv", csv);
    fs::remove(store.folder() / "sweep.csv", ignored);
    fmt::print(stderr, "{} of {} cases are missing; --resume runs them\n", missing, results.size());
    return kSomeCasesFailed;
  }
  store.write("sweep.csv", csv);
  fs::remove(store.folder() / "sweep.partial.csv", ignored);
  show(sweep, store, csv, quiet);
  if (failed > 0) {
    fmt::print(stderr, "{} of {} cases failed\n", failed, results.size());
  }
  return failed > 0 ? kSomeCasesFailed : kDone;
}

int run(const SweepRequest& request, const experiment::SweepJobs& sweep,
        const experiment::CaseStore& store, const Shard& shard) {
  experiment::SweepOptions options;
  options.workers =
      request.workers > 0 ? request.workers : std::max(1U, std::thread::hardware_concurrency());
  options.resume = request.resume || !request.shard.empty();  // a shard is always safe to repeat
  options.shard = shard.index;
  options.shards = shard.count;
  options.stop = &stop_on_signals();
  SweepProgressLine line(request.quiet ? ProgressMode::Off : request.progress);
  options.progress = [&](const experiment::SweepProgress& progress) { line.update(progress); };
  if (!options.resume) {
    store.clear();
  }
  const experiment::SweepProgress progress = experiment::run_sweep(sweep, store, options);
  if (signal_received() != 0) {
    (void)write_table(sweep, store, request.quiet);
    return exit_code(signal_received());
  }
  if (shard.count > 1 || !request.shard.empty()) {
    return progress.failed > 0 ? kSomeCasesFailed : kDone;
  }
  return write_table(sweep, store, request.quiet);
}

}  // namespace

int sweep_command(const SweepRequest& request) {
  const Shard shard = shard_of(request.shard);
  const experiment::SweepFile file = experiment::load_sweep(request.sweep);
  const experiment::SweepJobs sweep = experiment::spell_out(file);
  if (request.list) {
    list_jobs(sweep, shard);
    return kDone;
  }
  if (!request.merge.empty() &&
      (!request.shard.empty() || request.resume || !request.out.empty())) {
    throw wrong_option("--merge", "stands alone", "leave out --out, --shard and --resume");
  }
  if (!request.merge.empty() && !fs::exists(request.merge)) {
    throw wrong_option("--merge", fmt::format("no such folder: {}", request.merge),
                       "name the --out of the shards");
  }
  const fs::path out = !request.merge.empty() ? fs::path(request.merge)
                       : request.out.empty()  ? fs::path("out") / file.name
                                              : fs::path(request.out);
  const experiment::CaseStore store(out, experiment::program_hash());
  const int code = request.merge.empty() ? run(request, sweep, store, shard)
                                         : write_table(sweep, store, request.quiet);
  if (!request.quiet && request.shard.empty()) {
    base::log_info(fmt::format("the table is {}", (out / "sweep.csv").string()));
  }
  return code;
}

}  // namespace epfleet::cli
