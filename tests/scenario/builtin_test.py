#!/usr/bin/env python3
"""What comes with epfleet is named builtin:NAME from any folder: nobody works inside the checkout."""

import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, ProgramTest, main  # noqa: E402

SHORT = ["--set", "workload.warm_up=0 s", "--until", "1 s", "--quiet"]


class BuiltinTest(ProgramTest):
    def test_a_scenario_of_ones_own_extends_a_built_in_one_and_names_its_parts(self):
        (self.folder / "mine.yaml").write_text("extends: builtin:deepseek_day\nhardware: h200\n")
        self.epfleet("run", "mine.yaml", *SHORT)
        resolved = (self.folder / "out" / "mine" / "resolved.yaml").read_text()
        # The same from every folder, and no folder of this machine.
        self.assertIn("hourly_shape: \"builtin:traces/deepseek_day_hourly.csv\"", resolved)
        self.assertNotIn(str(SOURCE), resolved)
        # What was resolved runs again, where it is.
        self.epfleet("run", "out/mine/resolved.yaml", "--out", "again", *SHORT)
        self.assertEqual((self.folder / "again" / "timeseries.csv").read_text(),
                         (self.folder / "out" / "mine" / "timeseries.csv").read_text())

    def test_a_built_in_scenario_gives_what_its_file_gives(self):
        self.epfleet("run", "builtin:quick", "--out", "built_in", *SHORT)
        self.epfleet("run", SOURCE / "configs" / "quick.yaml", "--out", "file", *SHORT)
        (self.folder / "mine.yaml").write_text("extends: builtin:quick\nname: quick\n")
        self.epfleet("run", "mine.yaml", "--out", "mine", *SHORT)
        for name in ["timeseries.csv", "hourly.csv"]:
            self.assertEqual((self.folder / "built_in" / name).read_text(),
                             (self.folder / "file" / name).read_text())
        self.assertEqual(len({self.json_of(f"{folder}/summary.json")["scenario"]["fingerprint"]
                              for folder in ["built_in", "file", "mine"]}), 1)
        summary = (self.folder / "built_in" / "summary.json").read_text()
        self.assertIn('"command": "epfleet run builtin:quick ', summary)

    def test_commands_take_built_in_scenarios_and_sweeps(self):
        self.epfleet("check", "builtin:peak_hour")
        self.epfleet("timing", "decode", "--scenario", "builtin:quick")
        said = self.refused("sweep", "builtin:sweeps/no_such")
        self.assertIn("builtin:sweeps/mtp", said)

    def test_a_wrong_name_lists_what_there_is(self):
        self.assertIn("builtin:quick", self.refused("run", "builtin:quack"))
        (self.folder / "mine.yaml").write_text("extends: builtin:quack\n")
        said = self.refused("check", "mine.yaml")
        self.assertIn("mine.yaml:1:10: extends", said)
        self.assertIn("builtin:quick", said)

    def installed(self, *folders):
        """A program of its own in a folder, with share/epfleet beside it or without."""
        program = self.folder / "usr" / "bin" / "epfleet"
        program.parent.mkdir(parents=True)
        shutil.copy(PROGRAM, program)
        for folder in folders:
            shutil.copytree(SOURCE / folder, self.folder / "usr" / "share" / "epfleet" / folder)
        return program

    def call(self, program, *arguments, **how):
        return subprocess.run([program, *arguments], cwd=self.folder, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300, **how)

    def test_an_installed_program_finds_its_share_folder(self):
        done = self.call(self.installed("configs", "traces"), "check", "builtin:deepseek_day")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_program_copied_away_says_so_and_takes_a_stated_folder(self):
        program = self.installed()
        done = self.call(program, "check", "builtin:quick", env={})
        self.assertEqual(done.returncode, 2)
        self.assertIn("EPFLEET_SHARE", done.stderr)
        done = self.call(program, "check", "builtin:quick", env={"EPFLEET_SHARE": str(SOURCE)})
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
