#!/usr/bin/env python3
"""A sweep on a real Slurm (controller and two nodes, all on this machine) gives the bytes that one
machine gives, also when a node or a program dies in the middle of its work."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SMALL, SOURCE, ProgramTest, main  # noqa: E402
from support.slurm import Slurm  # noqa: E402

SWEEP = """
scenario: base.yaml
grid:
  decode.balancer: [joint, round_robin, fewest_requests, least_kv]
  workload.rate_scale: [10, 14, 18, 22]
replicates: 3
metrics: [latency.ttft_s.p95, tokens.output]
"""
BASE = f"""
extends: {SMALL}
duration: 6 min
workload: {{source: token_rate, path: flat.csv, warm_up: 30 s}}
kv_cache: {{model: statistical}}
fleet: {{groups: 2}}
"""
TRACE = "time_s,requests,input_tokens,cached_tokens,output_tokens\n" + "".join(
    f"{second},500,2000000,1120000,500000\n" for second in range(0, 420, 60))


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def install():
    done = subprocess.run([SOURCE / "tools/install_packages.sh", "cluster"], capture_output=True,
                          text=True)
    if done.returncode != 0 or not shutil.which("slurmctld", path="/usr/sbin:/sbin"):
        skip(f"Slurm cannot be installed: {done.stderr.strip()[-200:]}")


def processes_on(node, out):
    """Ids of the batch scripts and programs of our jobs on a node, and of the daemons above them."""
    found = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes()
            parent = next(int(line.split()[1]) for line in
                          (process / "status").read_text().splitlines() if line.startswith("PPid"))
        except OSError:
            continue  # it has ended, or is not ours
        ours = str(out).encode() in command or any(str(out).encode() in one for one in environment)
        if f"SLURMD_NODENAME={node}".encode() in environment and ours:
            found.add(int(process.name))
            try:
                if "slurmstepd" in pathlib.Path(f"/proc/{parent}/comm").read_text():
                    found.add(parent)
            except OSError:
                pass
    return found


def programs_among(processes):
    """Those that are epfleet itself, not the scripts and daemons above it."""
    return [one for one in processes
            if pathlib.Path(f"/proc/{one}/comm").read_text().strip() == pathlib.Path(PROGRAM).name]


class SlurmTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_folder = self.folder / "slurm"
        os.environ["SLURM_CONF"] = str(self.run_folder / "slurm.conf")
        slurm = Slurm(self.run_folder)
        self.addCleanup(slurm.stop)
        slurm.start()
        (self.folder / "base.yaml").write_text(BASE)
        (self.folder / "flat.csv").write_text(TRACE)
        (self.folder / "s.yaml").write_text(SWEEP)
        self.epfleet("sweep", "s.yaml", "--out", "alone")

    def submit(self, out, *options):
        return subprocess.run([SOURCE / "tools/sweep_slurm.sh", "s.yaml", out, "-p", PROGRAM,
                               *options], cwd=self.folder, capture_output=True, text=True,
                              timeout=500)

    def assert_as_alone(self, out):
        self.assertEqual((self.folder / out / "sweep.csv").read_bytes(),
                         (self.folder / "alone" / "sweep.csv").read_bytes())

    def test_the_same_bytes_and_again(self):
        done = self.submit("out", "-n", "4", "-w")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_as_alone("out")
        again = self.submit("out", "-n", "4", "-w")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("12 done before", (self.folder / "out.slurm/shard-0.log").read_text())
        self.assert_as_alone("out")

    def test_a_node_and_a_shard_on_the_other_die(self):
        out = self.folder / "out"
        submitted = self.submit("out", "-n", "4")
        self.assertEqual(submitted.returncode, 0, submitted.stderr)
        self.wait_for(lambda: len(processes_on("sim2", out)) >= 2 and
                      len(list(out.glob("cases/*.case"))) >= 4, "work on the second node")
        daemon = int((self.run_folder / "slurmd-sim2.pid").read_text())
        for process in {daemon, *processes_on("sim2", out)}:
            os.kill(process, signal.SIGKILL)
        # The other node lives on: its task has failed, Slurm does not requeue it, the merge must.
        for process in programs_among(processes_on("sim1", out)):
            os.kill(process, signal.SIGKILL)
        self.assertLess(len(list(out.glob("cases/*.case"))), 48, "too late: all was done")
        # The controller would notice by itself after SlurmdTimeout; an operator says it sooner.
        subprocess.run(["scontrol", "update", "nodename=sim2", "state=down", "reason=test"],
                       check=True)
        self.wait_for(lambda: (self.folder / "out.slurm/exit_code").exists(), "the merge")
        self.assertEqual((self.folder / "out.slurm/exit_code").read_text().strip(), "0",
                         (self.folder / "out.slurm/merge.log").read_text())
        self.assertIn("submitting them again", (self.folder / "out.slurm/merge.log").read_text())
        self.assert_as_alone("out")
        restarted = [log.read_text() for log in (self.folder / "out.slurm").glob("shard-*.log")]
        self.assertTrue(any("done before" in log for log in restarted), restarted)

    def wait_for(self, condition, what):
        for _ in range(4000):
            if condition():
                return
            time.sleep(0.1)
        queue = subprocess.run(["squeue"], capture_output=True, text=True).stdout
        self.fail(f"no {what}\n{queue}")


if __name__ == "__main__":
    install()
    main()
