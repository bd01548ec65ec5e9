#!/usr/bin/env python3
"""What a machine can do to a run: full disks, folders that cannot be written, files that vanish or
change while they are read, signals, no memory on any thread, other clocks and locales, sizes of
nothing and of ten thousand. It ends with the right code and says why, never by a crash, and what
lies in the folder afterwards is whole. A table of it goes to out/faults/table.txt (FAULTS_TABLE)."""

import json
import os
import pathlib
import pty
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, RESULT_FILES, SMALL, SOURCE, ProgramTest, main  # noqa: E402

PRELOAD = os.environ.get("EPFLEET_FAULTS_PRELOAD", "")
SHORT = ["--set", "workload.warm_up=0 s", "--until", "1 s", "--quiet", "--progress", "off"]
RUN = ["run", SMALL, *SHORT, "--out", "result"]
NOBODY = 65534
needs_root = unittest.skipIf(os.geteuid() != 0, "not root: no file system of its own can be mounted")
needs_preload = unittest.skipIf(not PRELOAD, "no EPFLEET_FAULTS_PRELOAD")
ROWS = []


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


class FaultsTest(ProgramTest):
    def run_with(self, *arguments, codes=(0,), timeout=300, **how):
        """Runs the program; a crash, a hang and an unexpected code fail."""
        how = {"cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE, **how}
        done = subprocess.run([PROGRAM, *map(str, arguments)], text=True, timeout=timeout,
                              errors="replace", check=False, **how)
        self.assertIn(done.returncode, codes, f"{arguments} {how.get('env', '')}\n{done.stderr}")
        if done.returncode == 74 and done.stderr is not None:
            self.assertTrue(done.stderr.strip(), "no word of what failed")
        return done

    def tell(self, fault, happened, code):
        ROWS.append((fault, happened, str(code)))

    def whole(self, folder="result"):
        """The result of this folder as bytes by name; none may be missing."""
        files = {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}
        self.assertEqual([name for name in RESULT_FILES if name not in files], [])
        json.loads(files["summary.json"])
        return {name: content for name, content in files.items() if name != "run_info.json"}

    def hidden(self):
        return [path.name for path in self.folder.rglob(".*")]

    # Disks and folders

    @needs_root
    def test_a_disk_that_fills_up_at_any_byte(self):
        self.epfleet(*RUN)
        size = sum(path.stat().st_size for path in (self.folder / "result").iterdir())
        disk = self.folder / "disk"
        disk.mkdir()
        self.addCleanup(lambda: subprocess.run(["umount", disk], check=False, capture_output=True))
        codes = set()
        for share in [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.5]:
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={int(size * share) + 4096}",
                                      "tmpfs", disk], check=False, capture_output=True)
            if mounted.returncode != 0:
                self.skipTest("no tmpfs may be mounted here")
            done = self.run_with(*RUN[:-1], disk / "result", codes=(0, 74))
            codes.add(done.returncode)
            left = [path.name for path in disk.iterdir()]
            if done.returncode == 74:
                self.assertIn("No space left on device", done.stderr)
                self.assertEqual(left, [])
            else:
                self.whole("disk/result")
            subprocess.run(["umount", disk], check=True)
        self.assertEqual(codes, {0, 74})
        self.tell("the disk fills up while the result is written (8 sizes)",
                  "told; nothing of the result stays", 74)

    def test_a_full_disk_leaves_the_old_result(self):
        self.epfleet(*RUN)
        old = self.whole()
        for size in [0, 100, 10_000, 60_000]:
            done = self.run_with(*RUN, "--seed", 2, "--force", codes=(74,),
                                 preexec_fn=limit(resource.RLIMIT_FSIZE, size))
            self.assertIn("File too large", done.stderr)
            self.assertEqual(self.whole(), old)
            self.assertEqual(self.hidden(), [])
        self.tell("the disk is full where an old result is", "told; the old result stays whole", 74)

    @needs_root
    def test_a_folder_that_may_not_be_written(self):
        self.folder.chmod(0o755)
        for path in [self.folder, *self.folder.parents]:
            if not path.stat().st_mode & 0o001:
                self.skipTest(f"nobody may not enter {path}")
        locked, there = self.folder / "locked", self.folder / "mine"
        locked.mkdir(mode=0o555)
        there.mkdir()
        os.chown(there, NOBODY, NOBODY)
        nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for target in [locked, locked / "result", locked / "a" / "b", "/proc/result"]:
            done = self.run_with(*RUN[:-1], target, codes=(74,), **nobody)
            self.assertRegex(done.stderr, "Permission denied|No such file")
        self.assertEqual(list(locked.iterdir()), [])
        self.tell("the folder of --out, or one above it, may not be written", "told before the run", 74)
        locked.chmod(0o755)
        (locked / "scenario.yaml").write_text("name: x\n")
        (locked / "scenario.yaml").chmod(0)
        done = self.run_with("check", locked / "scenario.yaml", codes=(2,), **nobody)
        self.assertIn("cannot be read", done.stderr)
        self.tell("the scenario may not be read", "told with its name", 2)
        done = self.run_with("run", SMALL, *SHORT, codes=(74,), **{**nobody, "cwd": locked})
        self.assertIn("Permission denied", done.stderr)
        self.tell("the working folder may not be written", "told before the run", 74)

    @needs_root
    def test_a_read_only_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", disk], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("no tmpfs may be mounted here")
        self.addCleanup(lambda: subprocess.run(["umount", disk], check=False, capture_output=True))
        for command in [["run", SMALL, *SHORT], [*RUN[:-1], disk / "result"]]:
            done = self.run_with(*command, codes=(74,), cwd=disk)
            self.assertIn("Read-only file system", done.stderr)
        self.tell("the disk is read-only", "told before the run", 74)

    def test_links_that_lead_in_a_circle(self):
        (self.folder / "a").symlink_to("b")
        (self.folder / "b").symlink_to("a")
        (self.folder / "own").symlink_to("own/x")
        for target in ["a", "b", "a/result", "own", "own/y"]:
            done = self.run_with(*RUN[:-1], target, codes=(2, 74))
            self.assertRegex(done.stderr, "leads back to itself|symbolic links|cannot create")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["a", "b", "own"])
        for command in [["check", "a"], ["trace", "stat", "a"], ["compare", "a", "b"]]:
            self.run_with(*command, codes=(2,))
        self.tell("links that lead in a circle, as --out or as input", "told; they are left alone",
                  "2, 74")

    # Inputs

    def test_inputs_that_are_no_files(self):
        os.mkfifo(self.folder / "fifo")
        (self.folder / "folder").mkdir()
        for what in ["folder", "/dev/null", "/dev/zero", "/proc/self/mem", "/nowhere/x", "",
                     "x" * 300, "a/" * 3000]:
            for command in [["check", what], ["sweep", what, "--list"], ["trace", "stat", what],
                            ["experts", "--loads", what, "--replicas", 8, "--groups", 1, "--nodes",
                             1, "--gpus", 2], ["timing", "kernels", what, "--kernel", "mla"],
                            ["compare", what, what], ["report", what]]:
                self.run_with(*command, codes=(2,))
        for command in [["check", "fifo"], ["sweep", "fifo", "--list"], ["compare", "fifo", "fifo"],
                        ["replay", "folder", "--scenario", SMALL]]:
            self.run_with(*command, codes=(2,))
        self.tell("a folder, device, FIFO or nothing where a file is read", "told with its name", 2)

    def changing(self, change):
        """Answers how a long trace is read which `change` alters meanwhile."""
        trace = self.folder / "long.csv"
        head = "arrival_s,input_tokens,output_tokens\n"
        trace.write_text(head + "".join(f"{i},1,1\n" for i in range(400_000)))
        child = subprocess.Popen([PROGRAM, "trace", "stat", str(trace), "--json"], text=True,
                                 cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        change(trace)
        out, err = child.communicate(timeout=300)
        self.assertIn(child.returncode, (0, 2, 74), err)
        return child.returncode, out, err

    def test_a_file_that_changes_while_it_is_read(self):
        code, out, _ = self.changing(lambda trace: trace.unlink())
        if code == 0:  # it was open already: what is read is what was there
            self.assertEqual(json.loads(out)["requests"], 400_000)
        self.tell("a trace vanishes while it is read", "what was open is read to its end", 0)

        def shrink(trace):
            with open(trace, "r+") as file:
                file.truncate(trace.stat().st_size // 2)
        code, out, err = self.changing(shrink)
        self.assertTrue(err if code else json.loads(out)["requests"] <= 400_000)
        self.tell("a trace shrinks while it is read", "a row that is cut is told", "0, 2")

        def grow(trace):
            with open(trace, "a") as file:
                file.write("400000,1,1\n" * 1000)
        code, out, _ = self.changing(grow)
        self.assertEqual(code, 0)
        self.tell("a trace grows while it is read", "read to where its end is then", 0)

    def test_a_result_that_vanishes_while_it_is_compared(self):
        self.epfleet(*RUN)
        stop = threading.Event()

        def flicker():
            while not stop.is_set():
                (self.folder / "result").rename(self.folder / "away")
                (self.folder / "away").rename(self.folder / "result")
        thread = threading.Thread(target=flicker)
        thread.start()
        try:
            for _ in range(30):
                self.run_with("compare", "result", "result", "--metric", "cost.usd", codes=(0, 2))
        finally:
            stop.set()
            thread.join()
        self.tell("a result vanishes while it is compared (30 times)", "told, or compared", "0, 2")

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

    # Memory

    def out_of_memory(self, command, thread, after, forever):
        environment = {**os.environ, "LD_PRELOAD": PRELOAD, "FAULT_ALLOCATION": str(after),
                       "FAULT_THREAD": thread, **({"FAULT_FOREVER": "1"} if forever else {})}
        # A case of a sweep that fails for want of memory is one that --resume runs again.
        codes = (0, 74) if command[0] == "run" else (0, 1, 74)
        done = self.run_with(*command, codes=codes, env=environment)
        if done.returncode != 0:
            self.assertRegex(done.stderr, "memory|allocate")
        return done.returncode

    @needs_preload
    def test_no_memory_for_any_allocation_on_any_thread(self):
        self.epfleet(*RUN)
        old = self.whole()
        (self.folder / "sweep.yaml").write_text(
            f"scenario: {SMALL}\nset: {{workload: {{warm_up: 0 s, totals: {{output: 20000}}}}, "
            "duration: 2 s}\ngrid: {prices.gpu_hour: [1 USD/h, 2 USD/h, 3 USD/h]}\n"
            "metrics: [cost.usd]\n")
        draws = random.Random(1)
        for name, command in [("run", [*RUN, "--force"]),
                              ("sweep -j 2", ["sweep", "sweep.yaml", "-j", 2, "--out", "sweep",
                                              "--quiet"])]:
            self.epfleet(*command, environment={"LD_PRELOAD": PRELOAD, "FAULT_COUNT":
                                                str(self.folder / "count")})
            counts = dict(zip(["main", "other"], map(int, (self.folder / "count").read_text().split())))
            for thread, count in counts.items():
                self.assertGreater(count, 0)
                codes = []
                for forever in [False, True]:
                    after = {1, 2, 5, 20, 100, count, *(draws.randint(1, count) for _ in range(5))}
                    for one in sorted(after):
                        shutil.rmtree(self.folder / "sweep", ignore_errors=True)
                        codes.append(self.out_of_memory(command, thread, one, forever))
                        if name == "run" and codes[-1] == 74:
                            self.assertEqual(self.whole(), old)
                self.assertIn(74, codes)
                failed = sorted(set(codes) - {0})
                self.tell(f"`{name}`: no memory for the Nth allocation of "
                          f"{'the main thread' if thread == 'main' else 'other threads'} (22 N)",
                          "told; the old result stays" if name == "run" else
                          "told; cases that failed run again with `--resume`",
                          ", ".join(map(str, failed)))

    def test_little_memory(self):
        self.epfleet(*RUN)
        old = self.whole()
        if self.run_with("--version", codes=(0, 1, -6, 74),
                         preexec_fn=limit(resource.RLIMIT_AS, 200 << 20)).returncode:
            self.skipTest("a sanitizer takes all addresses")
        codes = []
        for mebibytes in [20, 22, 24, 26, 28, 30, 34, 38, 42, 50, 60, 80, 100, 120, 160]:
            done = self.run_with(*RUN, "--force", codes=(0, 74, 127),
                                 preexec_fn=limit(resource.RLIMIT_AS, mebibytes << 20))
            codes.append(done.returncode)  # 127: not even its libraries could be loaded
            self.assertEqual(self.whole(), old)
        self.assertIn(74, codes)
        self.tell("20 to 160 MiB of addresses (ulimit -v)", "told; the old result stays", 74)

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

    # Sizes

    def test_nothing_of_everything(self):
        """Every number of the scenario set to 0, one by one: refused with its name, or it runs."""
        zeros = ["fleet.groups=0", "duration=0 s", "workload.totals.output=0",
                 "workload.totals.input=0", "kv_cache.capacity=0 B", "decode.gpus=0",
                 "prefill.gpus=0", "workload.rate_scale=0", "report.interval=0 s",
                 "prices.gpu_hour=0 USD/h", "workload.warm_up=0 s", "fleet.base.decode_units=0",
                 "fleet.base.prefill_units=0", "decode.max_batch=0", "hardware.memory=0 B",
                 "model.layers=0", "slo.ttft.limit=0 s", "decode.mtp.acceptance=0"]
        codes = []
        for zero in zeros:
            done = self.run_with("run", SMALL, *SHORT, "--out", "zero", "--force", "--set", zero,
                                 codes=(0, 2))
            if done.returncode == 2:
                self.assertIn(zero.split("=")[0].split(".")[0], done.stderr)
            codes.append(done.returncode)
        self.assertEqual(set(codes), {0, 2})
        self.tell(f"0 for {len(zeros)} keys, one by one", "refused with the key, or it runs", "0, 2")

    def test_ten_thousand_units(self):
        done = self.run_with(*RUN, "--set", "fleet.groups=5000", "--set", "scaling.schedule=[]",
                             codes=(0, 2, 74), timeout=300)
        self.tell("10,000 units (5,000 groups)", "runs" if done.returncode == 0 else "refused",
                  done.returncode)

    def test_thirty_days_in_flat_memory(self):
        (self.folder / "long.yaml").write_text(
            f"extends: {SMALL}\nworkload: {{rate: 0.05/s, input: 500, output: 20, warm_up: 0 s}}\n"
            "report: {interval: 1 h}\n")

        def peak_of(days):
            """Of a sweep of one case, which has one thread: two take their time on a busy machine."""
            (self.folder / "sweep.yaml").write_text(
                f"scenario: long.yaml\nset: {{duration: {days} d}}\nmetrics: [cost.usd]\n")
            child = subprocess.Popen([PROGRAM, "sweep", "sweep.yaml", "--out", f"days{days}",
                                      "--quiet"], cwd=self.folder)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(child.returncode, 0)
            return used.ru_maxrss
        self.assertLess(peak_of(30), 1.2 * peak_of(1))
        self.tell("30 simulated days", "at most 1.2 times the memory of one", 0)


def write_table():
    path = pathlib.Path(os.environ.get("FAULTS_TABLE") or SOURCE / "out" / "faults" / "table.txt")
    lines = ["| fault | what happens | exit code |", "| --- | --- | ---: |"]
    lines += [f"| {fault} | {happened} | {code} |" for fault, happened, code in ROWS]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    except OSError as error:
        print(f"no table: {error}")


if __name__ == "__main__":
    try:
        main()
    finally:
        write_table()
