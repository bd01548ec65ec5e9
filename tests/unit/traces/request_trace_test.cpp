// Every format's line becomes the record that its columns say; what is wrong is an error with its
// line and column, or a counted skip.
#include "epfleet/traces/request_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epfleet/base/error.h"
#include "epfleet/traces/trace_writer.h"
#include "support/temporary_file.h"

namespace epfleet::traces {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<TraceRecord> read_all(const std::string& content, const TraceOptions& options = {},
                                  std::vector<SkippedLines>* skipped = nullptr) {
  const test::TemporaryFile file(content);
  RequestTrace trace(file.path(), options);
  std::vector<TraceRecord> records;
  TraceRecord record;
  while (trace.next(record)) {
    records.push_back(record);
  }
  if (skipped != nullptr) {
    skipped->assign(trace.skipped().begin(), trace.skipped().end());
  }
  return records;
}

std::string_view format_of(const std::string& content) {
  const test::TemporaryFile file(content);
  return RequestTrace(file.path()).info().format;
}

std::string refusal(const std::string& content) {
  try {
    (void)read_all(content);
  } catch (const base::InputError& error) {
    return error.problems().front().text();
  }
  return "";
}

base::Duration ns(std::int64_t count) { return base::Duration(count); }

const std::string kAzure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
const std::string kOwn = "arrival_s,input_tokens,output_tokens\n";

TEST(RequestTrace, MooncakeLines) {
  const auto records = read_all(
      R"({"timestamp": 0, "input_length": 513, "output_length": 7, "hash_ids": [4, 9]})"
      "\n"
      R"({"hash_ids": [4, 18446744073709551615], "timestamp": 2999.5, "extra": {"a": [1]}, "output_length": 8, "input_length": 1024})"
      "\n");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].input, 513);
  EXPECT_EQ(records[0].output, 7);
  EXPECT_THAT(records[0].blocks, ElementsAre(4, 9));
  EXPECT_EQ(records[1].time, ns(2'999'500'000));
  EXPECT_THAT(records[1].blocks, ElementsAre(4, 18446744073709551615U));
}

TEST(RequestTrace, BailianCountsSecondsAndBlocksOf16) {
  const std::string line =
      R"({"chat_id": 1, "parent_chat_id": -1, "timestamp": 1.5, "input_length": 17, "output_length": 2, "type": "text", "turn": 1, "hash_ids": [1, 2]})";
  const test::TemporaryFile file(line + "\n");
  RequestTrace trace(file.path());
  TraceRecord record;
  ASSERT_TRUE(trace.next(record));
  EXPECT_EQ(record.time, ns(1'500'000'000));
  EXPECT_EQ(trace.info().block_tokens, 16);
  EXPECT_EQ(trace.odd_block_lists(), 0);
}

TEST(RequestTrace, AzureDatesToTheNanosecondAcrossMidnightAndZones) {
  const auto records = read_all(kAzure +
                                "2023-11-16 23:59:59.9999999,374,44\r\n"
                                "2023-11-17 00:00:00.0000001,396,109\r\n"
                                "2023-11-17T08:00:01+08:00,1,1");
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].time - records[0].time, ns(200));
  EXPECT_EQ(records[2].time - records[1].time, ns(999'999'900));
  EXPECT_EQ(records[1].input, 396);
  EXPECT_EQ(records[1].output, 109);
}

TEST(RequestTrace, BurstGptAndVidurColumnsInAnyOrder) {
  const auto burst = read_all(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
      "5,ChatGPT,472,18,490,Conversation log\n45.25,GPT-4,1087,0,1087,API log\n");
  ASSERT_EQ(burst.size(), 2U);
  EXPECT_EQ(burst[0].input, 472);
  EXPECT_EQ(burst[1].time, ns(45'250'000'000));
  EXPECT_EQ(burst[1].output, 0);
  const auto vidur = read_all("num_decode_tokens,arrived_at,num_prefill_tokens\n5,1e-05,374.0\n");
  ASSERT_EQ(vidur.size(), 1U);
  EXPECT_EQ(vidur[0].time, ns(10'000));
  EXPECT_EQ(vidur[0].input, 374);
}

TEST(RequestTrace, OwnFormatHoldsEveryFieldOfARequest) {
  const std::string content =
      "# a comment\n"
      "arrival_s,input_tokens,output_tokens,reasoning_tokens,cached_tokens,session,turn,"
      "session_tokens,shared_prefix,shared_tokens,last_turn,variant,channel,block_ids_64\n"
      "\n0.000000001,100,20,15,64,7,3,80,2,50,1,r1,api,ff 1a\n";
  const test::TemporaryFile file(content);
  RequestTrace trace(file.path());
  EXPECT_EQ(trace.info().format, "epfleet");
  EXPECT_EQ(trace.info().block_tokens, 64);
  EXPECT_TRUE(trace.info().has(Field::Session) && trace.info().states_hits());
  EXPECT_FALSE(trace.info().by_sessions());  // blocks say more
  TraceRecord r;
  ASSERT_TRUE(trace.next(r));
  EXPECT_EQ(r.time, ns(1));
  EXPECT_EQ(r.reasoning, 15);
  EXPECT_EQ(r.cached, 64);
  EXPECT_EQ(r.session, 7U);
  EXPECT_EQ(r.turn, 3U);
  EXPECT_EQ(r.session_tokens, 80);
  EXPECT_EQ(r.shared_prefix, 2U);
  EXPECT_EQ(r.shared_tokens, 50);
  EXPECT_TRUE(r.last_turn);
  EXPECT_EQ(r.variant, workload::Variant::R1);
  EXPECT_EQ(r.channel, workload::Channel::Api);
  EXPECT_THAT(r.blocks, ElementsAre(0xff, 0x1a));
}

TEST(RequestTrace, FormatsAreToldApartByContent) {
  EXPECT_EQ(format_of(kAzure), "azure");
  EXPECT_EQ(format_of("\xef\xbb\xbf" + kAzure), "azure");
  EXPECT_EQ(format_of(kOwn), "epfleet");
  EXPECT_EQ(format_of("{\"timestamp\": 0}\n"), "mooncake");
}

TEST(RequestTrace, WhatIsWrongIsSaidWithLineAndColumn) {
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("\n\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("a,b\n1,2\n"), HasSubstr("neither a line of JSON nor the header"));
  EXPECT_THAT(refusal(kOwn + "0,-5,1\n"), HasSubstr(":2:3: input_tokens: '-5' is negative"));
  EXPECT_THAT(refusal(kOwn + "0,5,99999999999999999999\n"), HasSubstr(":2:5: output_tokens: "));
  EXPECT_THAT(refusal(kOwn + "0,16777217,1\n"), HasSubstr("is too large"));
  EXPECT_THAT(refusal(kOwn + "0,5\n"), HasSubstr(":2:4: 2 fields where the header has 3"));
  EXPECT_THAT(refusal(kOwn + "0,5,1,2,3\n"), HasSubstr("5 fields where the header has 3"));
  EXPECT_THAT(refusal(kOwn + "0,5,1\n0,,1\n"), HasSubstr(":3:3: input_tokens: the field is empty"));
  EXPECT_THAT(refusal(kOwn + "2,5,1\n1,5,1\n"), HasSubstr(":3:1: the time is before"));
  EXPECT_THAT(refusal(kOwn + "0,5,1\xff\n"), HasSubstr(":2:1: the line is not UTF-8"));
  EXPECT_THAT(refusal(kAzure + "2023-02-30 00:00:00,1,1\n"), HasSubstr(":2:1: TIMESTAMP: "));
  EXPECT_THAT(refusal("arrival_s,input_tokens,output_tokens,input_tokens\n"),
              HasSubstr(":1:1: the column input_tokens is there twice"));
  const std::string line =
      R"({"timestamp": 0, "input_length": 5, "output_length": 7, "hash_ids": [4]})";
  for (std::size_t cut = 1; cut < line.size(); ++cut) {
    EXPECT_THAT(refusal(line + "\n" + line.substr(0, cut) + "\n"), HasSubstr(":2:1: ")) << cut;
  }
  EXPECT_THAT(refusal(line + "}\n"), HasSubstr(":1:1: "));
  EXPECT_THAT(
      refusal(R"({"timestamp": 0, "input_length": -5, "output_length": 7, "hash_ids": []})"),
      HasSubstr("-5 is negative"));
  EXPECT_THAT(
      refusal(R"({"timestamp": 0, "input_length": 1.5, "output_length": 7, "hash_ids": []})"),
      HasSubstr("input_length: not a whole number"));
}

TEST(RequestTrace, LenientSkipsAndCountsByReason) {
  std::vector<SkippedLines> skipped;
  const auto records =
      read_all(kOwn + "1,5,1\n1,-5,1\n1,5\n0,5,1\n1,-6,1\n2,7,1\n", {.lenient = true}, &skipped);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].input, 7);
  ASSERT_EQ(skipped.size(), 3U);
  EXPECT_EQ(skipped[0].reason, "negative");
  EXPECT_EQ(skipped[0].count, 2);
  EXPECT_EQ(skipped[0].first_line, 3);
  EXPECT_EQ(skipped[1].first_line, 4);
  EXPECT_EQ(skipped[2].reason, "a time that goes back");
}

TEST(RequestTrace, ALongLineIsSkippedAndTheNextOneRead) {
  std::vector<SkippedLines> skipped;
  const std::string content =
      kOwn + "0,5,1\n" + std::string(text::kLongestLine + 1, '7') + "\n0,6,1\n";
  EXPECT_THAT(refusal(content), HasSubstr(":3:1: the line is longer than 4 MiB"));
  const auto records = read_all(content, {.lenient = true}, &skipped);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].input, 6);
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_EQ(skipped[0].first_line, 3);
  // a line of exactly the cap is one of the file's
  const auto comment =
      read_all(kOwn + "#" + std::string(text::kLongestLine - 1, 'x') + "\n0,6,1\n");
  EXPECT_EQ(comment.size(), 1U);
}

TEST(RequestTrace, LinesAcrossTheReadersBuffers) {
  std::string content = kOwn;
  std::int64_t sum = 0;
  for (int i = 0; i < 200'000; ++i) {
    content += std::to_string(i) + "," + std::to_string(i % 977) + ",1\n";
    sum += i % 977;
  }
  const auto records = read_all(content);
  ASSERT_EQ(records.size(), 200'000U);
  for (const TraceRecord& record : records) {
    sum -= record.input;
  }
  EXPECT_EQ(sum, 0);
}

std::vector<std::string> notes_of(const std::string& content, const TraceOptions& options = {}) {
  const test::TemporaryFile file(content);
  RequestTrace trace(file.path(), options);
  TraceRecord record;
  while (trace.next(record)) {
  }
  return trace.notes();
}

// Both columns were dropped, and the trace then had no identities: two rows that share both blocks
// hit nothing.
TEST(RequestTrace, BlockHashesOfVidurAreRead) {
  const std::string head = "arrived_at,num_prefill_tokens,num_decode_tokens,session_id";
  for (const char* list : {"11|22", "11 22", "\"[11, 22]\"", "\"['11', '22']\"", "11;22"}) {
    const test::TemporaryFile file(head + ",block_hash_ids\n0.0,32,30,7," + list + "\n");
    RequestTrace trace(file.path());
    EXPECT_EQ(trace.info().block_tokens, 16) << list;
    TraceRecord record;
    ASSERT_TRUE(trace.next(record));
    EXPECT_THAT(record.blocks, ElementsAre(11, 22)) << list;
    EXPECT_EQ(record.session, 7U);
    EXPECT_TRUE(trace.notes().empty());
  }
  const auto block_of = [&](const std::string& row) {
    const test::TemporaryFile file(head + ",block_hash_ids\n" + row);
    return RequestTrace(file.path()).info().block_tokens;
  };
  EXPECT_EQ(block_of("0,1000,5,1,a b\n"), 512);
  EXPECT_EQ(block_of("0,40,5,1,a b\n"), 16);  // full blocks only
  EXPECT_EQ(block_of(""), 16);
  const std::string sized = head + ",block_size,block_hash_ids\n0,90,5,1,30,a b c\n";
  EXPECT_EQ(read_all(sized).front().blocks.size(), 3U);
  EXPECT_THAT(refusal(sized + "1,90,5,1,45,a b\n"), HasSubstr(":3:1: blocks of 45 tokens, where"));
}

// A misspelt `sesion` was ignored: 45 % of hits instead of 57 %.
TEST(RequestTrace, AColumnThatOurOwnFormatDoesNotKnowIsRefused) {
  EXPECT_THAT(refusal("arrival_s,input_tokens,output_tokens,sesion\n0,1,1,1\n"),
              HasSubstr(":1:38: there is no column 'sesion'; did you mean 'session'?"));
  EXPECT_THAT(refusal("arrival_s,input_tokens,output_tokens,session_tokens\n0,1,1,1\n"),
              HasSubstr("session_tokens needs session"));
  EXPECT_THAT(refusal("arrival_s,input_tokens,output_tokens,shared_prefix\n0,1,1,1\n"),
              HasSubstr("shared_prefix needs shared_tokens"));
  EXPECT_THAT(refusal("arrival_s,input_tokens,output_tokens,block_ids_16,block_ids_64\n"),
              HasSubstr("two columns of block ids"));
}

TEST(RequestTrace, WhatWasNotReadIsNamed) {
  EXPECT_THAT(notes_of("arrived_at,num_prefill_tokens,num_decode_tokens,user,city\n0,1,1,2,x\n"),
              ElementsAre(HasSubstr("not read: user, city")));
  EXPECT_THAT(
      notes_of("Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total "
               "tokens,Log Type\n5,a,1,ChatGPT,472,18,490,Conversation log\n"),
      ElementsAre(HasSubstr("nothing of them is found again")));
  EXPECT_THAT(notes_of(R"({"timestamp": 0, "input_length": 5, "output_length": 7, "user": 1})"
                       "\n"),
              ElementsAre(HasSubstr("not read: user")));
}

TEST(RequestTrace, ATurnThatDoesNotFitIsRefusedAndNotCut) {
  const std::string head = "arrival_s,input_tokens,output_tokens,session,turn\n";
  EXPECT_EQ(read_all(head + "0,1,1,1,4294967295\n").front().turn, 4294967295U);
  EXPECT_THAT(refusal(head + "0,1,1,1,4294967296\n"),
              HasSubstr(":2:9: turn: '4294967296' is too large; stay below 2^32"));
  EXPECT_THAT(refusal(head + "0,1,1,1,-1\n"), HasSubstr("is negative"));
}

TEST(RequestTrace, IdsAreOptionalInJsonAsInAzuresCsv) {
  const std::string line = R"({"timestamp": 0, "input_length": 5, "output_length": 7)";
  const test::TemporaryFile file("\xef\xbb\xbf" + line + "}\n");
  RequestTrace trace(file.path());
  EXPECT_EQ(trace.info().block_tokens, 0);
  TraceRecord record;
  EXPECT_TRUE(trace.next(record));
  EXPECT_TRUE(record.blocks.empty());
  EXPECT_THAT(refusal(line + "}\n" + line + R"(, "hash_ids": [1]})" + "\n"),
              HasSubstr(":2:1: hash_ids is there, which the first line does not have"));
  EXPECT_THAT(refusal(line + R"(, "hash_ids": [1]})" + "\n" + line + "}\n"),
              HasSubstr(":2:1: a value is missing: hash_ids"));
}

// The time between them did not fit its type. (Found by fuzzing.)
TEST(RequestTrace, DatesThreeCenturiesApartAreRefused) {
  EXPECT_THAT(refusal(kAzure + "1801-11-16 18:15:46,374,44\n2157-01-17 15:46:00,374,44\n"),
              HasSubstr(":2:1: TIMESTAMP: '1801-11-16 18:15:46' is more than 145 years from 1970"));
  EXPECT_THAT(refusal(kAzure + "1825-11-16 18:15:46,374,44\n2115-01-17 15:46:00,374,44\n"),
              HasSubstr("more than 126 years after the first request"));
}

TEST(RequestTrace, ForeignJsonSaysWhatIsMissingAndWhatReadsIt) {
  const std::string said = refusal("{\"timestamp\": 1, \"prompt\": 5}\n");
  EXPECT_THAT(said,
              HasSubstr("missing: input_length, output_length; the line has timestamp, prompt"));
  EXPECT_THAT(said, HasSubstr("--column input_length=NAME"));
  EXPECT_THAT(said, HasSubstr("azure (TIMESTAMP,ContextTokens,GeneratedTokens)"));
  EXPECT_THAT(refusal("[{\"timestamp\": 1}]\n"), HasSubstr("is one JSON list"));
  EXPECT_THAT(refusal("arrival_s;input_tokens;output_tokens\n"), HasSubstr("by semicolons"));
  EXPECT_THAT(refusal("arrival_s\tinput_tokens\toutput_tokens\n"), HasSubstr("by tabs"));
}

TEST(RequestTrace, ColumnsOfOtherNamesAndTimesInOtherUnits) {
  const TraceOptions options{.time_unit = "us",
                             .columns = parse_columns("input_length=prompt, timestamp=at")};
  const auto json = read_all(
      R"({"at": 1500.5, "prompt": 5, "output_length": 7, "variant": "r1", "cached_tokens": 3})"
      "\n",
      options);
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0].time, ns(1'500'500));
  EXPECT_EQ(json[0].input, 5);
  EXPECT_EQ(json[0].cached, 3);
  EXPECT_EQ(json[0].variant, workload::Variant::R1);
  const TraceOptions csv{.time_unit = "ms", .columns = parse_columns("arrival_s=t")};
  EXPECT_EQ(read_all("t,input_tokens,output_tokens\n1.25,1,1\n", csv)[0].time, ns(1'250'000));
  EXPECT_THROW((void)parse_columns("inpt_length=prompt"), base::InputError);
  EXPECT_THROW((void)read_all(kOwn, {.columns = parse_columns("session=user")}), base::InputError);
  EXPECT_THROW((void)read_all(kAzure, {.time_unit = "ms"}), base::InputError);
}

// Seconds in Mooncake's lines are taken for milliseconds: rates a thousand times as high.
TEST(RequestTrace, TimesThatLookWrongAreSaid) {
  std::string trace, paced;
  for (int second = 0; second < 100; ++second) {
    const auto line = [&](int time) {
      return "{\"timestamp\": " + std::to_string(time) +
             ", \"input_length\": 5, \"output_length\": 7}\n";
    };
    trace += line(second);
    paced += line(1000 * second);
  }
  EXPECT_THAT(notes_of(trace), ElementsAre(HasSubstr("--time-unit")));
  EXPECT_TRUE(notes_of(trace, {.time_unit = "s"}).empty());
  EXPECT_TRUE(notes_of(paced).empty());
}

TEST(RequestTrace, TheBlockSizeThatFitsIsSuggested) {
  const std::string line =
      R"({"timestamp": 0, "input_length": 600, "output_length": 7, "hash_ids": )";
  EXPECT_THAT(notes_of(line + "[1, 2, 3]}\n"),
              ElementsAre(HasSubstr("blocks of 256 tokens would fit all: --block 256")));
  EXPECT_TRUE(notes_of(line + "[1, 2, 3]}\n", {.block_tokens = 256}).empty());
}

TEST(RequestTrace, ASharedStartNeedsNoSession) {
  const auto records =
      read_all("arrival_s,input_tokens,output_tokens,shared_tokens\n0,100,1,64\n1,100,1,64\n");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(records[0].session, records[1].session);
  EXPECT_TRUE(records[0].last_turn && records[1].last_turn);
}

// Conversions invented identities, dropped the model, the channel and reasoning, and cut times to
// milliseconds.
TEST(TraceWriter, EveryFormatKeepsWhatTheTraceSays) {
  const std::string own =
      "arrival_s,input_tokens,output_tokens,reasoning_tokens,cached_tokens,session,turn,"
      "session_tokens,shared_prefix,shared_tokens,last_turn,variant,channel\n"
      "0.000000001,100,20,15,64,7,3,80,2,50,1,r1,app\n"
      "1.234567891,90,20,0,0,8,0,0,2,50,0,v3,web\n";
  for (const char* ending : {".csv", ".jsonl", ".csv.zst", ".jsonl.gz"}) {
    const test::TemporaryFile in(own), out("", ending);
    RequestTrace trace(in.path());
    TraceWriter writer(out.path(), trace.info());
    TraceRecord record;
    while (trace.next(record)) {
      writer.write(record);
    }
    writer.finish();
    RequestTrace again(out.path());
    EXPECT_EQ(again.info().fields, trace.info().fields) << ending;
    EXPECT_EQ(again.info().block_tokens, 0) << ending;
    ASSERT_TRUE(again.next(record));
    EXPECT_EQ(record.reasoning, 15);
    EXPECT_EQ(record.cached, 64);
    EXPECT_EQ(record.session, 7U);
    EXPECT_EQ(record.turn, 3U);
    EXPECT_EQ(record.shared_tokens, 50);
    EXPECT_TRUE(record.last_turn);
    EXPECT_EQ(record.variant, workload::Variant::R1);
    EXPECT_EQ(record.channel, workload::Channel::App);
    ASSERT_TRUE(again.next(record));
    EXPECT_EQ(record.time, ns(1'234'567'890)) << ending;  // from the first one
    EXPECT_FALSE(again.next(record));
  }
  EXPECT_THROW(TraceWriter("/no/such/folder/t.csv.zst", TraceInfo{}), base::MachineError);
}

}  // namespace
}  // namespace epfleet::traces
