#!/usr/bin/env python3
"""Terminals of 60 and 80 columns, without colour, dumb, and of locales without UTF-8: no line is longer, no code is
written that is not understood, and pipes get neither."""

import fcntl
import os
import pathlib
import pty
import re
import struct
import sys
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SMALL, ProgramTest, main  # noqa: E402

STEP = ["timing", "decode", "--scenario", SMALL, "--requests-per-gpu", "64", "--context", "4096"]
GRID = ["timing", "decode", "--scenario", SMALL, "--requests-per-gpu", "32,64", "--context", "1k,2k,3k,4k,6k,8k,12k"]
RUN = ["run", SMALL, "--out", "run", "--force", "--set", "slo.ttft.limit=1 s", "--set", "duration=1 min", "--set", "report.interval=5 s"]
PAGES = [RUN, STEP, GRID, ["trace", "stat", "trace.csv"], ["explain"], ["explain", "scaling"], ["explain", "ttft"],
         ["explain", "--list"], ["explain", "max_num_seqs"], ["check", SMALL], ["compare", "a", "b"]]
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class TerminalTest(ProgramTest):
    def on_terminal(self, *arguments, columns=80, **environment):
        """What the program writes to a terminal of so many columns, as lines."""
        child, master = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE"]:
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm", "LANG": "C.UTF-8", **environment})
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
            os.execv(PROGRAM, [PROGRAM, *map(str, arguments)])
        written = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the terminal's other side is closed
                break
            if not piece:
                break
            written += piece
        os.close(master)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, written)
        return written.decode("utf-8")

    def setUp(self):
        super().setUp()
        for name, requests in [("a", 16), ("b", 64)]:
            self.epfleet("run", SMALL, "--out", name, "--quiet", "--set", "duration=1 min", "--set",
                         f"decode.max_requests_per_gpu={requests}")
        self.epfleet("trace", "make", "--scenario", SMALL, "trace.csv", "--until", "1 min")

    def assert_fits(self, text, columns):
        for line in re.split(r"[\r\n]+", ESCAPES.sub("", text)):
            if not line.startswith(("info: ", str(SMALL))):  # a path is as long as it is
                self.assertLessEqual(len(line), columns, line)

    def test_no_line_is_longer_than_the_terminal(self):
        for columns in [60, 80]:
            for arguments in PAGES:
                with self.subTest(columns=columns, command=" ".join(map(str, arguments))):
                    self.assert_fits(self.on_terminal(*arguments, columns=columns), columns)

    def test_narrow_tables_keep_every_number(self):
        wide = self.epfleet(*RUN).stdout
        narrow = self.on_terminal(*RUN, columns=60, NO_COLOR="1")
        for row in ["time to first token", "time per output token", "end to end"]:
            for number in re.search(rf"(?m)^  {row}(.*)$", wide)[1].split("  "):
                self.assertIn(number.strip(), narrow)
        grid = self.on_terminal(*GRID, columns=60)
        for context in ["1,024", "4,096", "12,288"]:
            self.assertIn(context, grid)

    def test_colour_is_for_terminals_that_want_it(self):
        self.assertIn("\x1b[1m", self.on_terminal(*RUN))
        self.assertNotIn("\x1b[", self.on_terminal(*RUN, NO_COLOR="1").replace("\x1b[K", ""))  # K clears a line
        self.assertNotIn("\x1b", self.on_terminal(*RUN, TERM="dumb"))
        for arguments in PAGES:
            self.assertNotIn("\x1b", self.epfleet(*arguments).stdout)

    def test_a_locale_without_utf8_gets_plain_ascii(self):
        for locale in [{"LC_ALL": "C"}, {"LANG": "de_DE.ISO-8859-1"}]:
            for arguments in PAGES:
                with self.subTest(locale=locale, command=" ".join(map(str, arguments))):
                    text = self.on_terminal(*arguments, **locale)
                    self.assertTrue(text.isascii(), text)
                    self.assertNotIn("?", re.sub(r"--set '.*?'", "", text) if arguments is RUN else "")
        self.assertIn("█", self.on_terminal(*RUN))
        piped = self.epfleet(*RUN, "--progress", "on", environment={"LC_ALL": "C"})
        self.assertTrue((piped.stdout + piped.stderr).isascii())

    def test_explain_shows_topics_on_a_terminal_and_all_into_a_pipe(self):
        topics = self.on_terminal("explain", columns=80)
        self.assertIn("Topics of keys", topics)
        self.assertLess(len(topics.splitlines()), 50)
        self.assertIn("kv_cache.write_delay", self.on_terminal("explain", "--all"))
        self.assertIn("kv_cache.write_delay", self.epfleet("explain").stdout)


if __name__ == "__main__":
    main()
