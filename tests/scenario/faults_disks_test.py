#!/usr/bin/env python3
"""What disks and files can do to a run: full, read-only and locked ones, links in a circle, inputs that are no
files, vanish or change while they are read. It ends with the right code and says why, never by a crash, and what
lies in the folder afterwards is whole."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.faults import NOBODY, RUN, SHORT, FaultsTest, limit, main_with_table, needs_root  # noqa: E402
from support.program import PROGRAM, SMALL  # noqa: E402


class FaultsOfDisks(FaultsTest):
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


if __name__ == "__main__":
    main_with_table("disks")
