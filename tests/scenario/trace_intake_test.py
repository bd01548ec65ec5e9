"""Request traces from outside: every row is accounted for; what does not fit or is damaged is named."""

import csv
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from program import QUICK, SMALL, SMALL_TRACE, SOURCE, ProgramTest, main  # noqa: E402

EXAMPLE = SOURCE / "traces" / "example_chats.jsonl.zst"
MOONCAKE_REPLAY = SOURCE / "configs" / "mooncake_replay.yaml"

AZURE_HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
OWN_HEAD = "arrival_s,input_tokens,output_tokens\n"
CHAT = '{"timestamp": %d, "input_length": %d, "output_length": 9, "hash_ids": [%s]}\n'


def chat(ms, tokens, ids):
    return CHAT % (ms, tokens, ", ".join(map(str, ids)))


class AccountTest(ProgramTest):
    """What is not played or not read is said."""

    FIVE = OWN_HEAD + "".join(f"{at},500,5\n" for at in [0, 300, 599, 700, 3000])

    def played(self, trace, *arguments):
        done = self.epfleet("replay", trace, "--scenario", MOONCAKE_REPLAY, "--out", "r", "--force",
                            "--progress", "off", *arguments)
        return self.json_of("r/summary.json"), done.stdout, done.stderr

    def account(self, said):
        rows = said["accounting"]
        self.assertEqual(rows["rows_read"], rows["played"] + rows["before_window"] +
                         rows["after_window"] + rows["skipped"])
        self.assertEqual(rows["skipped"], sum(rows["skipped_by"].values()))
        return [rows[k] for k in ["played", "before_window", "after_window", "skipped"]]

    def test_rows_outside_the_window_are_said(self):
        (self.folder / "five.csv").write_text(self.FIVE)
        said, table, notes = self.played("five.csv", "--set", "duration=10 min")
        self.assertEqual(self.account(said), [3, 0, 2, 0])
        self.assertIn("5 read, 3 played in the window, 2 after it", table)
        self.assertEqual(notes.count("rows of the trace"), 1)
        said, table, notes = self.played("five.csv", "--set", "duration=10 min", "--set",
                                         "workload.warm_up=5 min")
        self.assertEqual(self.account(said), [3, 1, 1, 0])
        said, table, notes = self.played("five.csv", "--from", "250 s", "--length", "400 s")
        self.assertEqual(self.account(said), [2, 1, 2, 0])
        self.epfleet("replay", "five.csv", "--scenario", MOONCAKE_REPLAY, "--until", "5 min", "--out",
                     "part", "--quiet")
        self.assertEqual(self.account(self.json_of("part/summary.json")), [1, 0, 4, 0])
        said, table, notes = self.played("five.csv")
        self.assertEqual(self.account(said), [5, 0, 0, 0])
        self.assertNotIn("rows of the trace", notes)

    def test_notes_come_after_the_table_where_both_go_to_one_file(self):
        import program
        (self.folder / "five.csv").write_text(self.FIVE)
        done = subprocess.run([program.PROGRAM, "replay", "five.csv", "--scenario", MOONCAKE_REPLAY,
                               "--set", "duration=10 min", "--out", "r", "--progress", "off"],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300, check=True)
        self.assertLess(done.stdout.index("expected revenue"),
                        done.stdout.index("warning: rows of the trace"))

    def test_damaged_rows_are_counted_by_reason(self):
        (self.folder / "n.csv").write_text(OWN_HEAD + "0,5,5\n1,-5,5\n2,5\n2,x,5\n9,5,5\n")
        said, _, notes = self.played("n.csv", "--lenient")
        self.assertEqual(self.account(said), [2, 0, 0, 3])
        self.assertEqual(said["accounting"]["skipped_by"],
                         {"negative": 1, "wrong number of fields": 1, "not a number": 1})

    def test_token_totals_are_accounted_for_by_bin(self):
        said, _, notes = self.played(SMALL_TRACE, "--set", "duration=90 s")
        rows = self.rows_of_trace(SMALL_TRACE)
        self.assertEqual(self.account(said)[0], sum(float(r["time_s"]) < 90 for r in rows))
        self.assertEqual(said["accounting"]["rows_read"], len(rows))

    def rows_of_trace(self, path):
        with open(path, newline="") as file:
            return list(csv.DictReader(line for line in file if not line.startswith("#")))

    def test_made_up_traffic_has_no_rows(self):
        self.epfleet("run", QUICK, "--until", "5 s", "--set", "workload.warm_up=0 s", "--out", "r",
                     "--quiet")
        self.assertNotIn("accounting", self.json_of("r/summary.json"))

    def test_the_window_is_the_traces_own(self):
        """A ten-minute trace in a scenario of another duration: all rates were diluted."""
        said, _, notes = self.played(EXAMPLE)
        self.assertAlmostEqual(said["simulated_s"], 600, delta=1)
        said, _, notes = self.played(EXAMPLE, "--set", "duration=1 h")
        self.assertEqual(said["simulated_s"], 3600)
        self.assertIn("before the window of 3600 s does", " ".join(said["notes"]))
        (self.folder / "long.yaml").write_text(f"extends: {MOONCAKE_REPLAY}\nduration: 2 h\n")
        done = self.epfleet("replay", EXAMPLE, "--scenario", "long.yaml", "--out", "r2")
        self.assertAlmostEqual(self.json_of("r2/summary.json")["simulated_s"], 600, delta=1)
        self.assertIn("not the scenario's duration of 2 h", done.stderr)
        self.assertIn("takes the whole trace", self.refused(
            "replay", EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--set", "workload.warm_up=1 h"))

    def test_a_trace_of_one_moment_is_not_lost_in_the_warm_up(self):
        (self.folder / "one.csv").write_text("arrival_s,input_tokens,output_tokens\n7,100,10\n")
        self.assertIn("takes the whole trace", self.refused("replay", "one.csv", "--scenario", SMALL))
        self.epfleet("replay", "one.csv", "--scenario", SMALL, "--set", "workload.warm_up=0 s",
                     "--out", "o")
        summary = self.json_of("o/summary.json")
        self.assertEqual(summary["requests"]["arrived"], 1)
        self.assertTrue(summary["command"].startswith(
            "epfleet replay one.csv --scenario small_fleet.yaml"), "not one of a run")

    def test_a_statistical_cache_does_not_speak_of_a_mechanistic_one(self):
        (self.folder / "five.csv").write_text(self.FIVE)
        self.assertIn("no identities", " ".join(self.played("five.csv")[0]["notes"]))
        said, _, _ = self.played("five.csv", "--set", "kv_cache.model=statistical", "--set",
                                 "kv_cache.hit_ratio=0.5")
        self.assertNotIn("no identities", " ".join(said["notes"]))

    def test_a_made_trace_replays_like_its_scenario(self):
        """It started with a cold store: TTFT 306 s instead of 3."""
        # A tenth of the traffic: the run of all of it takes seconds.
        warm_up = ["--set", "workload.warm_up=5 min"]
        some = ["--set", "workload.rate_scale=0.1", *warm_up]
        said = self.epfleet("trace", "make", "--scenario", QUICK, *some, "q.csv.zst").stderr
        self.assertIn("--set 'workload.warm_up=300 s'", said)
        self.epfleet("run", QUICK, *some, "--out", "made", "--quiet")
        self.epfleet("replay", "q.csv.zst", "--scenario", QUICK, *warm_up, "--out", "played",
                     "--quiet")
        made, played = (self.json_of(f"{out}/summary.json") for out in ["made", "played"])
        self.assertAlmostEqual(played["cache"]["hit_ratio"], made["cache"]["hit_ratio"], delta=0.01)
        for name in ["ttft_s", "tpot_s"]:
            self.assertAlmostEqual(played["latency"][name]["p50"], made["latency"][name]["p50"],
                                   delta=0.05 * made["latency"][name]["p50"])
        cold = self.epfleet("replay", "q.csv.zst", "--scenario", QUICK, *warm_up, "--cold-store",
                            "--json", "--out", "cold")
        self.assertLess(json.loads(cold.stdout)["cache"]["hit_ratio"],
                        made["cache"]["hit_ratio"] - 0.05)


class IntakeTest(ProgramTest):
    """Files of other people: read, or refused with the reason."""

    def stat(self, *arguments):
        return json.loads(self.epfleet("trace", "stat", *arguments, "--json").stdout)

    def piped(self, *arguments, content=OWN_HEAD.encode() + b"0,5,5\n1,5,5\n", code=0):
        import program
        done = subprocess.run([program.PROGRAM, *map(str, arguments)], cwd=self.folder,
                              input=content, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_pipes_are_read_once_and_a_replay_says_that_it_reads_more_often(self):
        for name in ["-", "/dev/stdin"]:
            said = json.loads(self.piped("trace", "stat", name, "--json").stdout)
            self.assertEqual(said["requests"], 2)
            self.assertIn(b"save it in a file first", self.piped(
                "replay", name, "--scenario", MOONCAKE_REPLAY, code=2).stderr)
        out = self.piped("trace", "convert", "-", "-").stdout
        self.assertEqual(len(out.splitlines()), 3)
        packed = gzip.compress(OWN_HEAD.encode() + b"0,5,5\n")
        self.piped("trace", "stat", "-", content=packed)

    def test_a_full_device_is_told_whatever_is_written_there(self):
        (self.folder / "t.csv").write_text(OWN_HEAD + "0,5,5\n")
        for arguments in [["trace", "stat", "t.csv"], ["trace", "convert", "t.csv", "-"],
                          ["explain", "duration"]]:
            import program
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program.PROGRAM, *arguments], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, timeout=300)
            self.assertEqual(done.returncode, 74, (arguments, done.stderr))
        self.epfleet("trace", "convert", "t.csv", "/dev/full", code=74)

    def test_what_is_no_text_is_named(self):
        text = (OWN_HEAD + "0,5,5\n").encode()
        for name, content, what in [
                ("a.parquet", b"PAR1" + bytes(40), "Parquet"), ("a.zip", b"PK\x03\x04" + text, "zip"),
                ("a.csv", text.decode().encode("utf-16"), "UTF-16"),
                ("b.csv", text.decode().encode("utf-16-le"), "UTF-16"),
                ("a.json", b'[{"timestamp": 0}]', "one JSON list"),
                ("c.zst", subprocess.run(["zstd", "-qc"], input=text * 99, check=True,
                                         stdout=subprocess.PIPE).stdout[:30], "cut or damaged")]:
            (self.folder / name).write_bytes(content)
            for lenient in [[], ["--lenient"]]:
                self.assertIn(what, self.refused("trace", "stat", name, *lenient))
        self.assertIn("is a device", self.refused("trace", "stat", "/dev/zero", "--lenient"))
        self.assertIn("longer than 4 MiB", self.piped("trace", "stat", "-", content=bytes(5_000_000),
                                                      code=2).stderr.decode())

    def test_quotes_and_byte_order_marks(self):
        (self.folder / "q.csv").write_text('\ufeff"arrival_s","input_tokens","output_tokens"\n'
                                           '"0","5","5"\n')
        self.assertEqual(self.stat("q.csv")["requests"], 1)
        (self.folder / "b.jsonl").write_text("\ufeff" + chat(0, 5, [1]))
        self.assertEqual(self.stat("b.jsonl")["requests"], 1)

    def test_foreign_json_can_be_mapped(self):
        (self.folder / "f.jsonl").write_text(
            "".join('{"at": %d, "prompt": 600, "answer": 5}\n' % at for at in range(3)))
        said = self.refused("trace", "stat", "f.jsonl")
        self.assertIn("missing: timestamp, input_length, output_length", said)
        self.assertIn("the line has at, prompt, answer", said)
        columns = ["--column", "timestamp=at", "--column", "input_length=prompt", "--column",
                   "output_length=answer"]
        said = self.stat("f.jsonl", *columns)
        self.assertIn("--time-unit", " ".join(said["notes"]))
        self.assertEqual(self.stat("f.jsonl", *columns, "--time-unit", "s")["span_s"], 2)
        self.epfleet("replay", "f.jsonl", "--scenario", MOONCAKE_REPLAY, *columns, "--time-unit",
                     "s", "--out", "r", "--quiet")
        self.assertEqual(self.json_of("r/summary.json")["simulated_s"], 3)
        self.assertIn("--column", self.json_of("r/summary.json")["command"])
        self.assertIn("did you mean 'input_length'", self.refused(
            "trace", "stat", "f.jsonl", "--column", "inputlength=prompt"))

    def test_two_rows_that_share_both_blocks_hit_half(self):
        (self.folder / "v.csv").write_text(
            "arrived_at,num_prefill_tokens,num_decode_tokens,session_id,block_hash_ids\n"
            "0.0,32,30,7,11|22\n1.0,32,30,7,11|22\n")
        said = self.stat("v.csv")
        self.assertEqual(said["block_tokens"], 16)
        self.assertEqual(said["ideal_hit_ratio"], 0.5)

    def test_conversions_keep_what_the_trace_says(self):
        (self.folder / "a.csv").write_text(
            AZURE_HEAD + "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,9\n")
        self.epfleet("trace", "convert", "a.csv", "a.jsonl")
        said = self.stat("a.jsonl")
        self.assertIsNone(said["ideal_hit_ratio"])  # identities were invented
        self.assertAlmostEqual(said["span_s"], 4.314579, places=9)
        (self.folder / "s.csv").write_text(
            "arrival_s,input_tokens,output_tokens,reasoning_tokens,session,session_tokens,"
            "variant,channel\n0,600,9,4,1,0,r1,app\n1,700,9,4,1,600,r1,app\n")
        done = self.epfleet("trace", "convert", "s.csv", "s.jsonl")
        self.assertIn("less than a block", done.stderr)
        lines = [json.loads(line) for line in (self.folder / "s.jsonl").read_text().splitlines()]
        self.assertEqual([lines[1][k] for k in ["variant", "channel", "reasoning_tokens"]],
                         ["r1", "app", 4])
        self.assertEqual(lines[0]["hash_ids"][0], lines[1]["hash_ids"][0])


class DamageTest(ProgramTest):
    """An error with file and line, or a counted skip; never a crash or a silent wrong total."""

    def said(self, name, content, *places):
        (self.folder / name).write_bytes(content)
        said = self.refused("trace", "stat", name)
        self.assertIn(name, said)
        for place in places:
            self.assertIn(place, said)

    def lenient(self, name, requests, skipped):
        said = json.loads(self.epfleet("trace", "stat", name, "--lenient", "--json").stdout)
        self.assertEqual(said["requests"], requests)
        self.assertEqual(sum(s["lines"] for s in said["skipped"]), skipped)

    def test_cut_lines_and_wrong_columns(self):
        good = chat(0, 600, [1, 2])
        self.said("cut.jsonl", (good + good[:40]).encode(), "cut.jsonl:2:")
        self.lenient("cut.jsonl", 1, 1)
        self.said("mid.jsonl", (good + good[:-20] + "\n" + good).encode(), "mid.jsonl:2:")
        self.lenient("mid.jsonl", 2, 1)
        self.said("columns.csv", b"a,b,c\n1,2,3\n", "columns.csv:1:")
        self.said("fields.csv", (OWN_HEAD + "0,1\n0,1,1\n").encode(), "fields.csv:2:")
        self.lenient("fields.csv", 1, 1)

    def test_lines_of_another_kind_are_named(self):
        self.said("mac.csv", (OWN_HEAD + "0,1,1\n").replace("\n", "\r").encode(), "CR alone")
        self.said("pretty.json", b'{\n"timestamp": 0,\n"input_length": 1\n}\n', "one object a line")

    def test_dates_in_seconds_are_not_taken_for_milliseconds_without_a_word(self):
        (self.folder / "date.jsonl").write_text(
            '{"timestamp": 1700000000, "input_length": 1, "output_length": 1}\n'
            '{"timestamp": 1700086400, "input_length": 1, "output_length": 1}\n')
        notes = "would be a date in s: --time-unit s"
        self.assertIn(notes, self.epfleet("trace", "stat", "date.jsonl", "--json").stdout)
        self.assertNotIn(notes, self.epfleet("trace", "stat", "date.jsonl", "--json", "--time-unit",
                                             "s").stdout)

    def test_a_replay_says_the_same(self):
        (self.folder / "n.csv").write_text(OWN_HEAD + "0,5,5\n1,-5,5\n2,5,5\n")
        self.assertIn("n.csv:3:3:", self.refused("replay", "n.csv", "--scenario", MOONCAKE_REPLAY))
        self.epfleet("replay", "n.csv", "--scenario", MOONCAKE_REPLAY, "--lenient", "--until",
                     "1 min", "--out", "r", "--quiet")
        said = self.json_of("r/summary.json")
        self.assertEqual(said["requests"]["arrived"], 2)
        self.assertIn("1 lines of the trace skipped: negative (first: line 3)", said["notes"])

    def test_numbers(self):
        rows = "0,5,5\n1,-5,5\n2,99999999999,5\n3,5,x\n2,5,5\n4,nan,5\n5,5,5\n"
        self.said("n.csv", (OWN_HEAD + rows).encode(), "n.csv:3:3:", "'-5' is negative")
        self.lenient("n.csv", 3, 4)  # times: 0, 2 (fine: 1 was skipped), 5

    def test_times_going_back(self):
        text = AZURE_HEAD + "2023-11-16 18:15:46.68,5,5\n2023-11-16 18:15:45.00,5,5\n"
        self.said("t.csv", text.encode(), "t.csv:3:", "before that of the request before")
        self.lenient("t.csv", 1, 1)

    def test_bad_utf8_and_binary(self):
        self.said("u.csv", OWN_HEAD.encode() + b"0,5,\xff\xfe\n0,5,5\n", "u.csv:2:", "UTF-8")
        self.lenient("u.csv", 1, 1)
        self.said("x.bin", bytes(range(256)) * 64)

    def test_empty_files(self):
        self.said("e.csv", b"", "the file is empty")
        self.said("h.csv", OWN_HEAD.encode(), "no requests")
        self.said("e.zst", subprocess.run(["zstd", "-qc"], input=b"", stdout=subprocess.PIPE,
                                          check=True).stdout, "the file is empty")
        self.assertIn("no.csv", self.refused("trace", "stat", "no.csv"))
        self.assertIn(str(self.folder), self.refused("trace", "stat", self.folder))

    def test_truncated_compression(self):
        import random
        random.seed(1)
        text = "".join(chat(i * 1000, 2048, [random.getrandbits(60) for _ in range(4)])
                       for i in range(6_000)).encode()
        for name, packed in [("a.zst", subprocess.run(["zstd", "-qc"], input=text, check=True,
                                                      stdout=subprocess.PIPE).stdout),
                             ("a.gz", gzip.compress(text))]:
            self.said(name, packed[:40], "cut or damaged")  # too short even to begin
            self.said(name, packed[:len(packed) // 2], "cut or damaged")
            said = json.loads(self.epfleet("trace", "stat", name, "--lenient", "--json").stdout)
            self.assertGreater(said["requests"], 300)
            self.assertLess(said["requests"], 6_000)
            self.assertIn("cut or damaged", " ".join(s["reason"] for s in said["skipped"]))
            flipped = bytearray(packed)
            for i in range(len(packed) // 3, len(packed) // 3 + 64):
                flipped[i] ^= 0x5a
            self.said(name, bytes(flipped))

    def test_a_line_without_end(self):
        if shutil.disk_usage(self.folder).free < 4e9:
            self.skipTest("no room for a line of 1 GB")
        with open(self.folder / "long.csv", "wb") as file:
            file.write(OWN_HEAD.encode() + b"0,5,5\n")
            file.seek(1_000_000_000, os.SEEK_CUR)  # zeros that take no disk
            file.write(b"\n1,7,7\n")
        self.assertIn("long.csv:3:1: the line is longer than 4 MiB",
                      self.refused("trace", "stat", "long.csv"))
        self.lenient("long.csv", 2, 1)


if __name__ == "__main__":
    main()
