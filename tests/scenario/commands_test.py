#!/usr/bin/env python3
"""Every command and what it refuses: exit codes, the place of a mistake, the way out of it."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import QUICK, SMALL, SMALL_TRACE, SOURCE, ProgramTest, main  # noqa: E402

BROKEN = SOURCE / "tests" / "scenario" / "broken"


class CommandsTest(ProgramTest):
    def test_check(self):
        for scenario in sorted((SOURCE / "configs").glob("*.yaml")):
            self.assertIn("no problem", self.epfleet("check", scenario).stdout)
        wrong = self.refused("check", BROKEN / "unknown_key.yaml")
        self.assertIn("unknown_key.yaml:3:3: decode.gpu: unknown key; did you mean 'decode.gpus'?",
                      wrong)
        self.assertGreater(len(wrong.splitlines()), 1, "all problems at once")
        self.assertIn("no_such.yaml", self.refused("check", "no_such.yaml"))
        self.assertIn("no problem", self.epfleet("check", QUICK, "--set", "decode.gpus=72").stdout)
        self.assertIn("decode.gpus", self.refused("check", QUICK, "--set", "decode.gpus=8"))

    def test_explain(self):
        everything = self.epfleet("explain").stdout
        for key in ["decode.gpus", "kv_cache.ttl", "prices.gpu_hour", "scaling.schedule"]:
            self.assertIn(f"\n{key}\n", "\n" + everything)
        one = self.epfleet("explain", "decode.mtp.acceptance").stdout
        self.assertIn("0.6", one)
        self.assertLess(len(one.splitlines()), 15)
        self.assertIn("did you mean 'decode.gpus'", self.refused("explain", "decode.gpu"))
        self.assertIn("put on top of", self.epfleet("explain", "extends").stdout)
        self.assertIn("'hardware: NAME' alone", self.epfleet("explain", "hardware.base").stdout)

    def test_json_schema(self):
        schema = json.loads(self.epfleet("explain", "--json-schema").stdout)
        self.assertIn("gpus", schema["properties"]["decode"]["properties"])

    def test_version_and_help(self):
        self.assertRegex(self.epfleet("--version").stdout, r"^epfleet \d+\.\d+\.\d+\n$")
        self.assertIn("replay", self.epfleet("--help").stdout)
        self.assertIn("--trace-events", self.epfleet("run", "--help").stdout)
        self.assertIn("--check-sums", self.epfleet("run", "--help").stdout)

    def test_wrong_command_lines(self):
        for arguments in [[], ["fly"], ["run"], ["run", SMALL, "--fly"], ["replay", SMALL_TRACE],
                          ["run", SMALL, "--progress", "maybe"], ["check"]]:
            self.assertNotEqual(self.refused(*arguments), "", arguments)
        self.assertIn("no command 'bogus'; the commands are run, ", self.refused("bogus"))
        self.assertIn("no command 'reply'; did you mean 'replay'?", self.refused("reply", SMALL))
        self.assertIn("none of auto, off, on", self.refused("run", SMALL, "--progress", "2"))
        self.assertIn("no option '--quite'; did you mean '--quiet'? 'epfleet run --help' lists them",
                      self.refused("run", SMALL, "--quite"))
        self.assertIn("did you mean '--rate-scale'",
                      self.refused("replay", SMALL_TRACE, "--scenario", SMALL, "--rate-scal=2"))
        self.assertIn("is a folder; name a file in it", self.refused("run", SOURCE / "configs"))

    def test_wrong_values(self):
        for arguments, said in [
                (["--set", "decode.gpu=32"], "did you mean 'decode.gpus'?"),
                (["--set", "decode.gpus"], "KEY=VALUE"),
                (["--set", "decode.gpus=33"], "33 GPUs are not whole nodes of 8"),
                (["--set", "decode.host_time=5"], "decode.host_time"),
                (["--set", "decode.balancer=best"], "joint"),
                (["--seed", "-1"], "seed"), (["--seed", "18446744073709551616"], "seed"),
                (["--seed", "1.5"], "seed"),
                (["--until", "0 s"], "--until"), (["--until", "-1 s"], "--until"),
                (["--until", "soon"], "--until"),
                (["--check-sums=0"], "--check-sums: '0' is not a number of events"),
                (["--check-sums=often"], "--check-sums: 'often' is not a number of events")]:
            self.assertIn(said, self.refused("run", SMALL, *arguments), arguments)

    def test_a_broken_scenario_is_refused_before_anything_is_written(self):
        for path in [BROKEN / "unknown_key.yaml", BROKEN / "wrong_unit.yaml"]:
            self.assertRegex(self.refused("run", path), rf"{path.name}:\d+:\d+: ")

    def test_a_foreign_folder_is_left_alone(self):
        (self.folder / "thesis").mkdir()
        (self.folder / "thesis" / "chapter").write_text("years of work")
        self.assertIn("left alone", self.refused("run", SMALL, "--out", "thesis"))
        self.assertIn("not a folder", self.refused("run", SMALL, "--out", "thesis/chapter"))
        self.assertEqual((self.folder / "thesis" / "chapter").read_text(), "years of work")

    def test_a_failing_machine(self):
        self.epfleet("run", SMALL, "--until", "1 s", "--out", "/proc/epfleet/result", code=74)
        self.epfleet("run", SMALL, "--until", "1 s", "--out", "a", "--trace-events",
                     "/proc/epfleet", code=74)
        self.epfleet("run", SMALL, "--until", "10 s", "--out", "b", "--trace-events", "/dev/full",
                     code=74)
        # so short that all of it waits in the buffer until the file is closed
        self.epfleet("run", SMALL, "--set", "workload.warm_up=0 s", "--until", "1 ms", "--out", "c",
                     "--trace-events", "/dev/full", code=74)
        self.assertEqual(list(self.folder.iterdir()), [], "nothing looks like a result")

    def test_a_broken_trace(self):
        self.assertIn("no_such.csv", self.refused("replay", "no_such.csv", "--scenario", SMALL))
        head = "time_s,requests,input_tokens,cached_tokens,output_tokens\n"
        for name, text, place in [
                ("empty.csv", "", "empty.csv"), ("head.csv", head, "head.csv:"),
                ("columns.csv", "time_s,requests\n0,1\n", "columns.csv:1:"),
                ("words.csv", head + "0,many,1,0,1\n", "words.csv:2:3: "),
                ("back.csv", head + "60,1,9,0,9\n0,1,9,0,9\n", "back.csv:3:1: "),
                ("hits.csv", head + "0,1,9,10,9\n", "hits.csv:2:7: "),
                ("few.csv", head + "0,3,9,0,2\n", "few.csv:2:9: "),
                ("short.csv", head + "0,3,9\n", "short.csv:2:")]:
            (self.folder / name).write_text(text)
            self.assertIn(place, self.refused("replay", name, "--scenario", SMALL), name)

    def test_rate_scale(self):
        for scale in ["0", "-1", "nan", "x"]:
            said = self.refused("replay", SMALL_TRACE, "--scenario", SMALL, "--rate-scale", scale)
            self.assertIn("rate", said, scale)

    def test_quick_is_what_its_name_says(self):
        self.epfleet("run", QUICK, "--until", "1 s", "--set", "workload.warm_up=0 s", "--quiet")
        self.assertTrue((self.folder / "out/quick/summary.json").exists())


if __name__ == "__main__":
    main()
