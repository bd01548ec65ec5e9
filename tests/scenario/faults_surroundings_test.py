#!/usr/bin/env python3
"""Signals at any moment, clocks that leap, other locales, no environment, no threads, a terminal that is gone: the
same bytes, or a run that ends with the right code and leaves the old result or the new one."""

import os
import pathlib
import pty
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.faults import NOBODY, PRELOAD, RUN, SHORT, FaultsTest, limit, main_with_table, needs_preload  # noqa: E402
from support.program import PROGRAM, SMALL, SOURCE  # noqa: E402


class FaultsOfSurroundings(FaultsTest):
    # Signals

    def test_killed_at_any_moment_of_its_output(self):
        """The folder holds the old result or the new one, and the next run works."""
        self.epfleet(*RUN)
        old = self.whole()
        begun = time.monotonic()
        self.epfleet(*RUN[:-1], "new", "--seed", 2)
        took = time.monotonic() - begun
        new = self.whole("new")
        shutil.rmtree(self.folder / "new")
        found = set()
        for part in range(24):
            child = subprocess.Popen([PROGRAM, *map(str, RUN), "--seed", "2", "--force"],
                                     cwd=self.folder, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(took * (0.3 + 0.9 * part / 24))
            child.kill()
            child.wait()
            now = self.whole()
            self.assertIn(now["summary.json"], (old["summary.json"], new["summary.json"]))
            found.add(now["summary.json"] == new["summary.json"])
            self.assertEqual(now, new if now["summary.json"] == new["summary.json"] else old)
            self.epfleet(*RUN, "--force")
        self.assertEqual(self.hidden(), [])
        self.tell("SIGKILL at 24 moments of a run", "the old or the new result, never a part", -9)

    def test_two_interrupts_end_at_once(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            child = subprocess.Popen([PROGRAM, "run", str(SMALL), "--set", "duration=3 d", "--out",
                                      "twice", "--trace-events", "events", "--progress", "off"],
                                     cwd=self.folder, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            while not (self.folder / "events").exists():
                self.assertIsNone(child.poll())
                time.sleep(0.01)
            while child.poll() is None:
                child.send_signal(number)
                time.sleep(0.001)
            self.assertIn(child.returncode, (-number, 128 + number))
            (self.folder / "events").unlink()
            self.tell(f"{number.name} again and again", "ends at the second one at the latest",
                      "128+N or by the signal")

    # Clocks and locales

    @needs_preload
    def test_a_clock_that_runs_back_or_leaps(self):
        self.epfleet(*RUN)
        usual = self.whole()
        for step in [-3600, 86_400 * 400, -2_000_000_000]:
            self.epfleet(*RUN, "--force", environment={"LD_PRELOAD": PRELOAD, "FAULT_CLOCK": str(step)})
            self.assertEqual(self.whole(), usual)
        for zone in ["Pacific/Kiritimati", "America/St_Johns", "nonsense"]:
            self.epfleet(*RUN, "--force", environment={"TZ": zone, "SOURCE_DATE_EPOCH": "1"})
            self.assertEqual(self.whole(), usual)
        self.tell("the clock runs back or leaps; other time zones", "the same bytes", 0)

    @needs_preload
    def test_a_locale_with_a_decimal_comma(self):
        self.epfleet(*RUN)
        usual = self.whole()
        stat = ["trace", "stat", SOURCE / "traces/example_chats.jsonl.zst", "--json"]
        said = self.epfleet(*stat).stdout
        for name in ["de_DE", "tr_TR"]:
            made = subprocess.run(["localedef", "-i", name, "-f", "UTF-8", self.folder / f"{name}.UTF-8"],
                                  capture_output=True, check=False)
            if not (self.folder / f"{name}.UTF-8").exists():
                self.skipTest(f"localedef cannot make {name}: {made.stderr}")
            comma = {"LC_ALL": f"{name}.UTF-8", "LANG": f"{name}.UTF-8", "LOCPATH": str(self.folder)}
            for more in [{}, {"LD_PRELOAD": PRELOAD, "FAULT_LOCALE": "1"}]:
                self.epfleet(*RUN, "--force", environment={**comma, **more})
                self.assertEqual(self.whole(), usual)
                self.assertEqual(self.epfleet(*stat, environment={**comma, **more}).stdout, said)
        self.tell("LC_ALL=de_DE, tr_TR, set for the C library, too", "the same bytes", 0)

    # Streams, files and environment

    def test_no_environment_and_few_descriptors(self):
        self.epfleet(*RUN)
        usual = self.whole()
        self.run_with(*RUN, "--force", env={})
        self.assertEqual(self.whole(), usual)
        self.tell("no environment at all: no PATH, no HOME", "the same bytes", 0)
        for files in range(3, 14):
            self.run_with(*RUN, "--force", codes=(0, 2, 74, 127),
                          preexec_fn=limit(resource.RLIMIT_NOFILE, files))
            self.assertEqual(self.whole(), usual)
        self.assertEqual(self.hidden(), [])
        self.tell("3 to 13 open files allowed (ulimit -n)", "told; the old result stays", "2, 74")
        if os.geteuid() == 0:
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
            self.run_with("run", SMALL, *SHORT, "--out", "/dev/null/x", codes=(74, 2), **user)

    def test_no_thread_can_be_had(self):
        if os.geteuid() != 0:
            self.skipTest("a limit of processes would hit the user's others")
        self.folder.chmod(0o777)
        user = {"user": 65_530, "group": NOBODY, "extra_groups": []}
        done = self.run_with(*RUN, codes=(0, 74), preexec_fn=limit(resource.RLIMIT_NPROC, 1), **user)
        self.tell("no thread can be started (ulimit -u)",
                  "told" if done.returncode else "not reached: it can here", done.returncode)

    def test_a_terminal_that_is_gone(self):
        master, slave = pty.openpty()
        child = subprocess.Popen([PROGRAM, "run", str(SMALL), "--out", "gone", "--progress", "on"],
                                 cwd=self.folder, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        os.close(master)
        self.assertIn(child.wait(timeout=300), (74, 129, -signal.SIGHUP))
        self.tell("the terminal is gone while the progress is shown", "told by the code", 74)


if __name__ == "__main__":
    main_with_table("surroundings")
