#include "epfleet/report/request_log.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "epfleet/base/error.h"
#include "sample_report.h"

namespace epfleet::report {
namespace {

observe::RequestDone request(std::uint64_t id) {
  observe::RequestDone r;
  r.id = base::RequestId(id);
  return r;
}

observe::RequestDone completed_request() {
  observe::RequestDone r = request(5);
  r.session = base::SessionId(3);
  r.variant = workload::Variant::R1;
  r.channel = workload::Channel::Api;
  r.turn = 2;
  r.prompt_tokens = 1000;
  r.cached_tokens = 640;
  r.output_tokens = 100;
  r.reasoning_tokens = 70;
  r.prefill_unit = base::UnitId(1);
  r.prefill_gpu = 31;
  r.decode_unit = base::UnitId(4);
  r.decode_gpu = 143;
  r.prefill_started = r.has_first_token = r.entered_decode = true;
  const auto at = [](std::int64_t ns) { return base::TimePoint(base::Duration(ns)); };
  r.arrival = at(-10);
  r.prefill_start = at(20);
  r.first_token = at(30);
  r.kv_arrived = at(40);
  r.decode_start = at(50);
  r.done = at(60);
  return r;
}

constexpr base::Duration kWindow = std::chrono::hours(1);

constexpr const char* kLogHeader =
    "request,session,turn,model,channel,outcome,ending,attempt,prompt_tokens,cached_tokens,output_"
    "tokens,"
    "reasoning_tokens,prefill_unit,prefill_gpu,decode_unit,decode_gpu,preemptions,arrival_ns,"
    "prefill_start_ns,first_token_ns,kv_arrived_ns,decode_start_ns,done_ns,"
    "in_window,retries\n";

// What libarchive reads back from a compressed file.
std::string unpacked(const std::filesystem::path& path) {
  archive* source = archive_read_new();
  archive_read_support_filter_zstd(source);
  archive_read_support_format_raw(source);
  EXPECT_EQ(archive_read_open_filename(source, path.c_str(), 65536), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  EXPECT_EQ(archive_read_next_header(source, &entry), ARCHIVE_OK);
  EXPECT_EQ(archive_filter_code(source, 0), ARCHIVE_FILTER_ZSTD);
  std::string text;
  char buffer[4096];
  for (la_ssize_t got = 0; (got = archive_read_data(source, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  archive_read_free(source);
  return text;
}

TEST(RequestLog, WritesTimesTokensPlacementAndOutcome) {
  const TemporaryFolder temporary;
  const auto path = temporary.path() / "requests.csv";
  RequestLogWriter log(path, observe::RequestLog::All, 0.0, 1, kWindow);
  observe::RequestDone rejected = request(6);
  rejected.ending = observe::Ending::ContextBeyondLimit;
  observe::RequestDone late = rejected;
  late.id = base::RequestId(7);
  late.arrival = base::kWindowStart + kWindow;
  const std::vector<observe::RequestDone> requests{completed_request(), rejected, late};
  log.on_requests_done(requests);
  log.finish();
  EXPECT_EQ(
      content_of(path),
      std::string(kLogHeader) +
          "5,3,2,r1,api,completed,last_token,0,1000,640,100,70,1,31,4,143,0,-10,20,30,"
          "40,50,60,0,0\n"
          "6,0,0,v3,web,rejected,context_beyond_limit,0,0,0,0,0,,,,,0,0,,,,,0,1,0\n"
          "7,0,0,v3,web,rejected,context_beyond_limit,0,0,0,0,0,,,,,0,3600000000000,,,,,0,0,0\n");
}

TEST(RequestLog, ZstdUnpacksToTheSameText) {
  const TemporaryFolder temporary;
  std::vector<observe::RequestDone> requests;
  for (std::uint64_t id = 0; id < 40'000; ++id) {  // more than one buffer
    requests.push_back(request(id));
  }
  for (const char* name : {"r.csv", "r.csv.zst"}) {
    RequestLogWriter log(temporary.path() / name, observe::RequestLog::All, 0.0, 1, kWindow);
    log.on_requests_done(requests);
    log.finish();
  }
  const std::string plain = content_of(temporary.path() / "r.csv");
  EXPECT_EQ(unpacked(temporary.path() / "r.csv.zst"), plain);
  EXPECT_GT(plain.size(), 1'000'000U);
  EXPECT_LT(std::filesystem::file_size(temporary.path() / "r.csv.zst"), plain.size() / 4);
}

// Binomial(100,000, 0.01): mean 1000, standard deviation 31.5; five of them are 157.
TEST(RequestLog, TheSampleHasItsShareAndDoesNotDependOnOrder) {
  int taken = 0, both = 0;
  for (std::uint64_t id = 0; id < 100'000; ++id) {
    const bool in_one = in_sample(1, base::RequestId(id), 0.01);
    taken += in_one ? 1 : 0;
    both += in_one && in_sample(2, base::RequestId(id), 0.01) ? 1 : 0;
    EXPECT_TRUE(in_sample(1, base::RequestId(id), 1.0));
    EXPECT_FALSE(in_sample(1, base::RequestId(id), 0.0));
  }
  EXPECT_NEAR(taken, 1000, 157);
  EXPECT_LT(both, 40);  // another seed, another sample: 10 expected in common
}

TEST(RequestLog, WritesOnlyTheSample) {
  const TemporaryFolder temporary;
  RequestLogWriter log(temporary.path() / "r.csv", observe::RequestLog::Sample, 0.1, 1, kWindow);
  std::int64_t expected = 0;
  for (std::uint64_t id = 0; id < 1000; ++id) {
    expected += in_sample(1, base::RequestId(id), 0.1) ? 1 : 0;
    const std::vector<observe::RequestDone> requests{request(id)};
    log.on_requests_done(requests);
  }
  EXPECT_EQ(log.rows(), expected);
  EXPECT_GT(expected, 0);
}

TEST(RequestLog, TellsOfAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  const std::vector<observe::RequestDone> requests(100'000, completed_request());
  const TemporaryFolder temporary;
  for (const char* name : {"r.csv", "r.csv.gz", "r.csv.zst"}) {
    std::filesystem::create_symlink("/dev/full", temporary.path() / name);
    EXPECT_THROW(
        {
          RequestLogWriter log(temporary.path() / name, observe::RequestLog::All, 1.0, 1, kWindow);
          log.on_requests_done(requests);
          log.finish();
        },
        base::MachineError);
  }
}

TEST(RequestLog, TellsOfAMissingFolder) {
  EXPECT_THROW(RequestLogWriter("/nowhere-at-all/r.csv", observe::RequestLog::All, 1.0, 1, kWindow),
               base::MachineError);
}

}  // namespace
}  // namespace epfleet::report
