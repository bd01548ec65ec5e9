#!/usr/bin/env python3
"""No memory on any thread, little of it, and sizes: zero of everything, ten thousand units, thirty days. A run ends
with the right code and says why, never by a crash, and an old result stays."""

import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.faults import PRELOAD, RUN, SHORT, FaultsTest, limit, main_with_table, needs_preload  # noqa: E402
from support.program import PROGRAM, SMALL  # noqa: E402


class FaultsOfMemory(FaultsTest):
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


if __name__ == "__main__":
    main_with_table("memory")
