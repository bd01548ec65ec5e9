#!/usr/bin/env python3
"""Do shells complete commands, options, keys and metrics, and is the manual page one that man takes?"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, ProgramTest, main  # noqa: E402

needs = lambda tool: unittest.skipIf(shutil.which(tool) is None, f"no {tool}")  # noqa: E731

BASH = """source ./script
COMP_WORDS=("$PROGRAM" "$@"); COMP_CWORD=$#
_epfleet; printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """compdef() { :; }
compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -l -- "$@"; }
_files() { print FILES; }
source ./script
words=("$PROGRAM" "$@"); CURRENT=$#words
_epfleet
"""


class ShellTest(ProgramTest):
    def script(self, shell):
        (self.folder / "script").write_text(self.epfleet("completion", shell).stdout)

    def asked(self, *command):
        done = subprocess.run(command, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, "PROGRAM": PROGRAM, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def check_shell(self, ask):
        self.assertEqual(ask("explai"), ["explain"])
        self.assertIn("prefill", ask("timing", ""))
        self.assertEqual(ask("run", "--prog"), ["--progress"])
        self.assertEqual(sorted(ask("run", "--progress", "")), ["auto", "off", "on"])
        self.assertEqual(ask("run", "--set", "decode.mt"), ["decode.mtp."])
        self.assertEqual(ask("run", "--set", "decode.mtp.en"), ["decode.mtp.enabled="])
        self.assertEqual(sorted(ask("compare", "--metric", "margin.")), ["margin.expected_ratio", "margin.theoretical_ratio"])
        self.assertIn("latency.", ask("explain", "la"))
        self.assertIn("decode.", ask("explain", "dec"))

    @needs("bash")
    def test_bash(self):
        self.script("bash")
        ask = lambda *words: self.asked("bash", "-c", BASH, "bash", *words)  # noqa: E731
        self.check_shell(ask)
        # '=' is a word of its own to bash, and what is before it stays on the line
        self.assertEqual(ask("run", "--set", "decode.microbatch", "=", "st"), ["sticky"])
        (self.folder / "day.yaml").touch()
        self.assertEqual(ask("run", "da"), ["day.yaml"])

    @needs("zsh")
    def test_zsh(self):
        self.script("zsh")
        self.check_shell(lambda *words: self.asked("zsh", "-fc", ZSH, "zsh", *words))
        self.assertEqual(self.asked("zsh", "-fc", ZSH, "zsh", "run", "da"), ["FILES"])

    @needs("fish")
    def test_fish(self):
        self.script("fish")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "epfleet").symlink_to(PROGRAM)
        self.check_shell(lambda *words: self.asked(
            "fish", "--no-config", "-c", "source script; complete -C \"epfleet " + " ".join(words) + "\""))

    def test_all_commands_and_keys_are_offered(self):
        words = lambda *typed: self.epfleet("completion", "words", "--", *typed).stdout.split()  # noqa: E731
        for command in words(""):
            self.assertIn(command, self.epfleet("--help").stdout)
            self.assertIn("--quiet", words(command, *words(command, "t")[:1] if command == "timing" else [], "--q"))
        self.assertIn("decode.", words("run", "--set", ""))
        self.assertEqual(words("run", "--set", "decode.overlap="), ["decode.overlap=auto", "decode.overlap=dual_batch", "decode.overlap=none"])
        self.assertEqual(words("run", ""), [":files"])
        self.assertEqual(words("run", "--out", ""), [":files"])
        self.assertIn("bash", self.refused("completion", "words2"))

    def test_the_manual_page_has_every_command_and_option(self):
        page = self.epfleet("man").stdout.replace("\\-", "-")
        for command in self.epfleet("completion", "words", "--", "").stdout.split():
            self.assertIn(f'.SS "epfleet {command}', page)
            for option in self.epfleet("completion", "words", "--", command, "--").stdout.split():
                if option == "--help":
                    continue
                self.assertRegex(page, re.escape(option) + r"(\\fR|,)")

    @needs("man")
    def test_man_takes_the_page_without_a_warning(self):
        (self.folder / "epfleet.1").write_text(self.epfleet("man").stdout)
        done = subprocess.run(["man", "--warnings", "-l", "epfleet.1"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, "MANWIDTH": "80", "MAN_KEEP_STDERR": "1", "LC_ALL": "C.UTF-8"}, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--trace-events", done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)

    def test_cmake_installs_program_page_and_completions(self):
        build = pathlib.Path(PROGRAM).parent
        if not (build / "share" / "epfleet.1").exists():
            self.skipTest("the target epfleet_shell_files was not built")
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["cmake", "--install", build, "--prefix", place], check=True, stdout=subprocess.DEVNULL)
            root = pathlib.Path(place)
            for name, text in [("share/bash-completion/completions/epfleet", "complete -F"), ("share/zsh/site-functions/_epfleet", "#compdef"),
                               ("share/fish/vendor_completions.d/epfleet.fish", "complete -c"), ("share/man/man1/epfleet.1", ".TH EPFLEET")]:
                self.assertIn(text, (root / name).read_text())
            self.assertTrue(os.access(root / "bin" / "epfleet", os.X_OK))


if __name__ == "__main__":
    main()
