#!/usr/bin/env python3
"""Careless and hostile use: what is asked for is huge, contradicts itself, or cannot be written; it
ends quickly and says why, and nothing that was there is lost."""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, QUICK, SMALL, SMALL_TRACE, SOURCE, ProgramTest, main  # noqa: E402

DAY = SOURCE / "configs" / "deepseek_day.yaml"
SHORT = ["--set", "workload.warm_up=0 s", "--until", "1 s"]


class CarelessTest(ProgramTest):
    def run_with(self, *arguments, code=0, **how):
        """The program with its streams or limits set by hand."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, timeout=300, **how)
        self.assertEqual(done.returncode, code, arguments)
        return done

    def test_a_day_in_ten_minutes_is_refused_and_until_is_named(self):
        for command in ["check", "run"]:
            said = self.refused(command, DAY, "--set", "duration=10 min")
            self.assertIn("times the", said)
            self.assertIn("use --until", said)
        self.assertIn("use --until", self.refused("run", QUICK, "--set", "duration=1 ms"))

    def test_more_than_the_fleet_can_do_is_said_by_check_and_run(self):
        much = ["--set", "workload.rate_scale=14"]
        for done in [self.epfleet("check", SMALL, *much), self.epfleet("run", SMALL, *much, *SHORT)]:
            self.assertIn("warning: the traffic asks", done.stderr)
            self.assertIn("queues grow", done.stderr)

    def test_check_and_run_refuse_the_same(self):
        for scenario, arguments in [
                (QUICK, ["kv_cache.eviction=lfu"]), (QUICK, ["kv_cache.eviction=s3fifo"]),
                (QUICK, ["fleet.base.prefill_units=70000"]),
                (SMALL, ["workload.source=requests", "kv_cache.isolation=session",
                         f"workload.path={self.folder}/blocks.jsonl"]),
                (SMALL, ["workload.source=requests", f"workload.path={SOURCE}/README.md"]),
                (SMALL, [f"workload.hourly_shape={self.folder}/short.csv"])]:
            (self.folder / "short.csv").write_text("weight\n1\n2\n")
            (self.folder / "blocks.jsonl").write_text(
                '{"timestamp": 0, "input_length": 600, "output_length": 9, "hash_ids": [1, 2]}\n')
            settings = [part for one in arguments for part in ["--set", one]]
            self.assertEqual(self.refused("check", scenario, *settings),
                             self.refused("run", scenario, *settings, *SHORT), arguments)

    def test_check_and_run_pass_the_same(self):
        for scenario, arguments in [(SMALL, ["decode.gpus=1024", "decode.redundant_experts=768"]),
                                    (SMALL, ["prefill.gpus=2048", "prefill.redundant_experts=1792"]),
                                    (SMALL, ["fleet.base.prefill_units=1100"]), (QUICK, ["seed=20250229"])]:
            settings = [part for one in arguments for part in ["--set", one]]
            self.epfleet("check", scenario, *settings)
            self.epfleet("run", scenario, *settings, *SHORT, "--force")

    def test_a_total_just_out_of_reach_is_said(self):
        seed = ["--set", "seed=20250229"]
        self.epfleet("run", QUICK, *seed, *SHORT)
        self.assertIn("hit_ratio: asked 0.563, but", self.epfleet("check", QUICK, *seed).stderr)
        self.assertIn("and that is what is simulated",
                      (self.folder / "out/quick/summary.json").read_text() +
                      self.epfleet("check", QUICK, *seed).stderr)

    def test_a_full_stdout_is_exit_74_everywhere(self):
        for command in [["--help"], ["--version"], ["run", "--help"], ["explain"],
                        ["explain", "--json-schema"], ["check", SMALL],
                        ["run", SMALL, *SHORT], ["run", SMALL, *SHORT, "--json"],
                        ["experts", "--scenario", SMALL], ["timing", "decode", "--scenario", SMALL],
                        ["trace", "stat", SOURCE / "traces/example_chats.jsonl.zst"]]:
            with open("/dev/full", "w") as full:
                done = self.run_with(*command, code=74, stdout=full, stderr=subprocess.PIPE)
            self.assertIn("No space left", done.stderr, command)
        self.assertTrue((self.folder / "out/small_fleet/summary.json").exists(), "the result is kept")

    def test_quiet_means_no_progress(self):
        for command in [["run", SMALL, *SHORT, "--progress", "on"],
                        ["replay", SMALL_TRACE, "--scenario", SMALL, *SHORT, "--out", "r",
                         "--progress", "on"],
                        ["experts", "--scenario", SMALL], ["timing", "decode", "--scenario", SMALL],
                        ["check", SMALL, "--set", "workload.rate_scale=14"]]:
            self.assertEqual(self.epfleet(*command, "--quiet").stderr, "", command)

    def test_notes_stand_after_the_table_when_both_go_to_one_file(self):
        with open(self.folder / "all", "w") as file:
            self.run_with("run", SMALL, *SHORT, stdout=file, stderr=subprocess.STDOUT)
        self.assertTrue((self.folder / "all").read_text().splitlines()[-1].startswith("info: "))

    def test_a_note_of_many_rows_is_said_once(self):
        table = self.epfleet("run", DAY, *SHORT).stdout
        self.assertIn("Published beside simulated", table)
        self.assertEqual(table.count("published for 24 h, simulated"), 1)

    def test_an_unknown_metric_is_refused_by_compare(self):
        for price in [1, 2]:
            self.epfleet("run", SMALL, "--set", "workload.warm_up=0 s", "--set", "duration=10 s",
                         "--set", "workload.totals.output=50000", "--set",
                         f"prices.gpu_hour={price} USD/h", "--out", price)
        self.assertIn("did you mean 'cost.usd'",
                      self.refused("compare", "1", "2", "--metric", "cost.usb"))
        summary = self.folder / "1" / "summary.json"
        summary.write_text(summary.read_text().replace('"ttft_s"', '"ttft_ms"'))
        self.epfleet("compare", "1", "2", "--metric", "cost.usd")  # a foreign summary

    def test_weights_of_any_name_and_unit(self):
        (self.folder / "kw.csv").write_text("clock,power_kw\n" + "".join(
            f"{hour}:00,{1 + hour % 3}\n" for hour in range(24)))
        self.epfleet("check", SMALL, "--set", f"workload.hourly_shape={self.folder}/kw.csv")

    def test_thousands_of_unknown_keys(self):
        text = f"extends: {SMALL}\n" + "".join(f"unknown_key_{i}: 1\n" for i in range(16000))
        (self.folder / "many.yaml").write_text(text)
        self.assertEqual(len(self.refused("check", "many.yaml").splitlines()), 16000)

    def test_huge_sizes_of_experts(self):
        (self.folder / "loads.csv").write_text("1,2,3,4\n")
        sizes = {"--replicas": 8, "--groups": 1, "--nodes": 1, "--gpus": 2}
        for option in sizes:
            huge = [str(part) for pair in {**sizes, option: 2_000_000_000}.items() for part in pair]
            self.refused("experts", "--loads", "loads.csv", *huge)
        for load in ["inf", "nan", "-1", "1e300", "1e-40"]:
            (self.folder / "loads.csv").write_text(f"1,{load},3,4\n")
            usual = [str(part) for pair in sizes.items() for part in pair]
            self.assertIn("is not a load", self.refused("experts", "--loads", "loads.csv", *usual))

    def test_a_huge_grid_of_a_plan(self):
        for vary in ["workload.rate_scale=1..2/1e-9", "workload.rate_scale=1..2/0.0001"]:
            self.assertIn("more than 1000 values", self.refused(
                "plan", SMALL, "--vary", "fleet.groups=0..2", "--vary", vary, "--meet", "slo",
                "--minimise", "cost.usd"))

    def test_an_unwritable_folder_is_told_before_the_runs_of_a_plan(self):
        done = self.epfleet("plan", SMALL, "--set", "slo.ttft.limit=5 s", "--vary",
                            "fleet.groups=0..2", "--meet", "slo", "--minimise", "cost.usd",
                            "--out", "/proc/epfleet", code=74)
        self.assertNotIn("tried", done.stderr)

    def test_out_of_memory_is_exit_74_and_the_old_result_stays(self):
        self.epfleet("run", SMALL, *SHORT, "--out", "old")
        before = (self.folder / "old/summary.json").read_bytes()

        def little():
            resource.setrlimit(resource.RLIMIT_AS, (100 << 20, 100 << 20))
        how = {"preexec_fn": little, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        if subprocess.run([PROGRAM, "--version"], check=False, **how).returncode != 0:
            self.skipTest("a sanitizer takes all addresses")
        for command in [["check", DAY], ["run", DAY, *SHORT, "--out", "old", "--force"]]:
            self.assertIn("out of memory", self.run_with(*command, code=74, **how).stderr)
        self.assertEqual((self.folder / "old/summary.json").read_bytes(), before)

    def test_what_a_killed_run_left_is_removed_by_the_next(self):
        killed = subprocess.Popen([PROGRAM, "run", QUICK, "--progress", "on"], cwd=self.folder,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not list(self.folder.glob("out/.quick.partial-*")):
            self.assertIsNone(killed.poll(), "it runs for seconds")
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        [left] = self.folder.glob("out/.quick.partial-*")
        foreign = left.parent / (".quick.partial-elsewhere-" + left.name.rsplit("-", 1)[1])
        foreign.mkdir()
        self.epfleet("run", QUICK, *SHORT)
        self.assertEqual([left.exists(), foreign.exists()], [False, True], "its host is unknown")

    def test_what_a_killed_conversion_left_is_removed_by_the_next(self):
        head = "arrival_s,input_tokens,output_tokens\n"
        (self.folder / "in.csv").write_text(head + "0,1,1\n")
        killed = subprocess.Popen([PROGRAM, "trace", "convert", "-", "out.csv"], cwd=self.folder,
                                  stdin=subprocess.PIPE, text=True)
        with killed.stdin as pipe:  # which stays open, so that it waits for more
            pipe.write(head + "".join(f"{i},1,1\n" for i in range(200_000)))
            pipe.flush()
            while not list(self.folder.glob(".out.csv.partial-*")):
                self.assertIsNone(killed.poll())
            killed.kill()
            killed.wait()
        self.assertEqual(len(list(self.folder.glob(".*"))), 1)
        self.epfleet("trace", "convert", "in.csv", "out.csv")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["in.csv", "out.csv"])

    def test_an_output_never_replaces_what_is_read_for_it(self):
        (self.folder / "mine.yaml").write_text(f"extends: {SMALL}\n")
        (self.folder / "mine.csv").write_text("arrival_s,input_tokens,output_tokens\n0,1,1\n")
        (self.folder / "rows.csv").write_text("us\n1\n")
        (self.folder / "link.csv").symlink_to("mine.csv")
        mine = {path: path.read_text() for path in self.files()}
        for command in [["trace", "make", "--scenario", "mine.yaml", "mine.yaml"],
                        ["trace", "convert", "mine.csv", "./mine.csv"],
                        ["trace", "convert", "mine.csv", "link.csv"],
                        ["run", "mine.yaml", "--trace-events", "mine.yaml"],
                        ["replay", "mine.csv", "--scenario", "mine.yaml", "--set",
                         "workload.warm_up=0 s", "--trace-events", "mine.csv"],
                        ["timing", "decode", "--scenario", "mine.yaml", "--timeline", "mine.yaml"],
                        ["timing", "fit", "rows.csv", "--base", "h800", "--out", "rows.csv"]]:
            self.assertIn("it is left alone", self.refused(*command), command)
        self.assertEqual({path: path.read_text() for path in self.files()}, mine)

    def test_a_name_says_what_is_written(self):
        """`.csv.bz2` was not compressed, and `.json` was CSV."""
        trace = SOURCE / "traces/example_chats.jsonl.zst"
        for name in ["a.csv.bz2", "a.json", "a.json.gz", "a.parquet", "a.zip"]:
            self.assertIn("files are not written", self.refused("trace", "convert", trace, name))
        self.epfleet("trace", "convert", trace, "a.jsonl.csv")
        self.assertTrue((self.folder / "a.jsonl.csv").read_text().startswith("arrival_s,"))

    def test_a_sweep_that_a_full_disk_kept_from_beginning_can_begin_later(self):
        (self.folder / "sweep.yaml").write_text(
            f"scenario: {SMALL}\nset: {{workload: {{warm_up: 0 s, totals: {{output: 20000}}}}, "
            "duration: 2 s}\ngrid: {prices.gpu_hour: [1 USD/h, 2 USD/h]}\nmetrics: [cost.usd]\n")
        self.run_with("sweep", "sweep.yaml", "--out", "out", code=74, stderr=subprocess.DEVNULL,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4)))
        self.epfleet("sweep", "sweep.yaml", "--out", "out")
        self.assertTrue((self.folder / "out/sweep.csv").exists())

    def test_a_stderr_that_cannot_be_written_ends_nothing(self):
        """The disk of a log is full, or there is none: a run was lost, and said nothing (abort)."""
        with open("/dev/full", "w") as full:
            how = {"stderr": full, "stdout": subprocess.DEVNULL}
            self.run_with("run", SMALL, *SHORT, "--progress", "on", "--set",
                          "workload.rate_scale=14", **how)
            self.run_with("run", "no_such_file", code=2, **how)
            self.run_with("run", SMALL, "--until", "1", code=2, **how)
        self.assertTrue((self.folder / "out/small_fleet/summary.json").exists())

    def test_streams_that_are_closed_write_into_no_file(self):
        """The next file to be opened got their numbers, and their messages."""
        command = ["run", SMALL, *SHORT, "--set", "workload.rate_scale=14", "--set",
                   "report.requests=all", "--progress", "on"]
        self.epfleet(*command, "--out", "open", "--trace-events", "open.events")

        def close():
            for stream in [0, 1, 2]:
                os.close(stream)
        self.run_with(*command, "--out", "closed", "--trace-events", "closed.events", code=74,
                      preexec_fn=close)
        self.assert_same_results("open", "closed")
        for name in ["/requests.csv.zst", ".events"]:
            self.assertEqual((self.folder / f"open{name}").read_bytes(),
                             (self.folder / f"closed{name}").read_bytes())

    def test_an_empty_option_is_none_that_was_left_out(self):
        """`--until "$UNSET"` ran the whole window."""
        for command in [["run", SMALL, "--until", ""], ["run", SMALL, "--seed", ""],
                        ["trace", "make", "--scenario", SMALL, "a.csv", "--until", ""],
                        ["trace", "make", "--scenario", SMALL, "a.csv", "--seed", ""]]:
            self.refused(*command)

    def test_a_folder_or_device_as_a_file_of_a_scenario_is_called_one(self):
        self.assertIn("is a folder", self.refused("replay", ".", "--scenario", SMALL))
        for value, said in [(self.folder, "is a folder"), ("/dev/null", "a pipe or a device")]:
            self.assertIn(said, self.refused("run", SMALL, "--set", f"report.published={value}"))
        (self.folder / "on.yaml").write_text("extends: .\n")
        self.assertIn("is a folder", self.refused("check", "on.yaml"))

    def test_a_full_disk_leaves_the_old_file(self):
        """The files of a command without a folder, too; and a limit of file sizes is no crash."""
        trace = SOURCE / "traces/example_chats.jsonl.zst"

        def little():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
        for command in [["trace", "convert", trace, "old"],
                        ["timing", "decode", "--scenario", SMALL, "--timeline", "old"]]:
            (self.folder / "old").write_text("old")
            done = self.run_with(*command, code=74, preexec_fn=little, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
            self.assertIn("File too large", done.stderr)
            self.assertEqual((self.folder / "old").read_text(), "old")
            self.assertEqual([path.name for path in self.files()], ["old"])

    def test_a_pipe_that_never_ends_is_given_up(self):
        """With what it holds said, in bounded memory, and without waiting for its end."""
        head = "arrival_s,input_tokens,output_tokens\n0,1,1\n"
        stat = ["trace", "stat", "-"]
        loads = ["experts", "--loads", "/dev/stdin", "--replicas", 8, "--groups", 1, "--nodes", 1,
                 "--gpus", 2]
        for begin, repeated, command, said in [
                ("", "garbage\n", stat, "neither a line of JSON nor the header"),
                ("", "garbage\n", [*stat, "--lenient"], "neither a line of JSON nor the header"),
                ("", "\n", stat, "no request could be read"),
                ("", "\0", [*stat, "--lenient"], "longer than 4 MiB"),
                (head, "garbage\n", [*stat, "--lenient"], "no request could be read"),
                (head, "0,1,1,1\n", [*stat, "--lenient"], "no request could be read"),
                (head, "\0", [*stat, "--lenient"], "no request could be read"),
                (head, "# comment\n", stat, "no request could be read"),
                ("", "# comment\n", loads, "a million empty lines"),
                ("name: x\n", "# comment\n", ["check", "/dev/stdin"], "a pipe or a device")]:
            done = subprocess.Popen([PROGRAM, *map(str, command)], text=True, cwd=self.folder,
                                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
            piece = repeated * (1_000_000 // len(repeated))
            try:
                with done.stdin as pipe:
                    pipe.write(begin)
                    while done.poll() is None:
                        pipe.write(piece)
            except BrokenPipeError:
                pass
            with done.stderr as stderr:
                self.assertIn(said, stderr.read(), command)
            self.assertEqual(done.wait(), 2, command)


if __name__ == "__main__":
    main()
