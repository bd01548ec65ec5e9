#!/usr/bin/env python3
"""Breaks the program on purpose, one small change at a time, and says which test sees it.

    tools/mutate.py --check                 every row of the table still applies (seconds; a test does it)
    tools/mutate.py                         all rows that are not known yet; then out/mutations/table.txt
    tools/mutate.py --rows ttl_boundary,csv_node_columns --again
    tools/mutate.py --module cache --jobs 2

The table, tests/mutations.csv: id; file; change, in words; old, a text that stands in the file exactly
once; new, what a careless hand would write; tests, separated by blanks: BINARY/FILTER of GoogleTest
(unit_cache/SessionCache.*), or a Python test (scenario/run_test.py); reason, only of a change that no
test can see, because the program does the same.

A tree of its own is built under build/mutants (one a job), as the release preset is, so that the compiler's
cache has most of it. A row whose sources and tests are as they were when it was last tried is not tried
again. Exit 1 when a change survives.
"""

import argparse
import concurrent.futures
import csv
import hashlib
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/mutations.csv"
COLUMNS = ["id", "file", "change", "old", "new", "tests", "reason"]
LIMIT_S = 300  # of one test binary: a change that never ends is seen, too


class Stale(Exception):
    pass


def rows_of_table():
    with open(TABLE, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, strict=True)
        if reader.fieldnames != COLUMNS:
            raise Stale(f"{TABLE}: the columns are {', '.join(COLUMNS)}")
        rows = list(reader)
    seen = set()
    for line, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise Stale(f"{TABLE}: row {line}: not {len(COLUMNS)} fields")
        if row["id"] in seen:
            raise Stale(f"{TABLE}: row {line}: the id {row['id']} is there twice")
        seen.add(row["id"])
    return rows


def module_of(row):
    return pathlib.PurePath(row["file"]).parts[-2]


def tests_of(row):
    """[(binary or folder, filter or file)]"""
    return [tuple(test.split("/", 1)) for test in row["tests"].split()]


def is_python(test):
    return test[1].endswith(".py")


def folder_of(test):
    binary = test[0]
    return pathlib.PurePath("tests") / (pathlib.PurePath("unit") / binary[5:] if binary.startswith("unit_") else binary)


def mutated(row, root=ROOT):
    path = root / row["file"]
    if not path.is_file():
        raise Stale(f"{row['id']}: {row['file']} is not there")
    text = path.read_text(encoding="utf-8")
    found = text.count(row["old"])
    if found != 1:
        raise Stale(f"{row['id']}: {row['file']} has {found} times, not once: {row['old']}")
    if row["old"] == row["new"]:
        raise Stale(f"{row['id']}: nothing changes")
    return text.replace(row["old"], row["new"])


def check(rows):
    """What is wrong with the table, one line each."""
    wrong = []
    for row in rows:
        try:
            mutated(row)
            if not tests_of(row) and not row["reason"]:
                raise Stale(f"{row['id']}: neither a test nor a reason")
            for test in tests_of(row):
                where = ROOT / folder_of(test) / (test[1] if is_python(test) else "")
                if len(test) != 2 or not where.exists():
                    raise Stale(f"{row['id']}: {'/'.join(test)} is not a test")
        except Stale as stale:
            wrong.append(str(stale))
    return wrong


def key_of(row):
    """Changes when the row, its file or what its tests read changes."""
    digest = hashlib.sha256(json.dumps([row[name] for name in COLUMNS]).encode())
    digest.update((ROOT / row["file"]).read_bytes())
    for test in tests_of(row):
        for folder in (folder_of(test), pathlib.PurePath("tests/support")):
            for path in sorted((ROOT / folder).glob("*.*")):
                digest.update(path.read_bytes())
    return digest.hexdigest()


class Tree:
    """A copy of the sources with a build of its own."""

    def __init__(self, number, shared, threads):
        self.number, self.shared, self.threads = number, shared, threads
        self.sources = ROOT / f"build/mutants/{number}"
        self.build = self.sources / "build/release"

    def say(self, text):
        print(f"[{self.number}] {text}", flush=True)

    def run(self, command, **options):
        return subprocess.run(command, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, **options)

    def prepare(self):
        self.sources.mkdir(parents=True, exist_ok=True)
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                                capture_output=True, text=True, check=True).stdout.split("\0")
        wanted = {name for name in listed if name and (ROOT / name).is_file()}
        for path in [path for path in self.sources.rglob("*") if path.is_file()]:
            name = str(path.relative_to(self.sources))
            if name not in wanted and not name.startswith("build/"):
                path.unlink()
        for name in wanted:
            self.restore(name)
        configured = self.run(["cmake", "--preset", "release", "-Wno-dev", "-DEPFLEET_TESTS=ON", "-DEPFLEET_BENCH=OFF",
                               "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST",
                               f"-DEPFLEET_SHARED_DIR={self.shared}"], cwd=self.sources)
        if configured.returncode != 0:
            sys.exit(configured.stdout + configured.stderr)

    def restore(self, name):
        """Only what differs is written: the build goes by the times of files."""
        here, there = ROOT / name, self.sources / name
        if there.is_file() and there.read_bytes() == here.read_bytes():
            return
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(here, there)
        shutil.copymode(here, there)

    def make(self, tests):
        """What the compiler said against it; none: it is built."""
        targets = sorted({"epfleet" if is_python(test) else test[0] for test in tests})
        made = self.run(["cmake", "--build", str(self.build), "-j", str(self.threads), "--target", *targets])
        return None if made.returncode == 0 else made.stdout + made.stderr

    def first_failure(self, tests):
        """The first test that fails; none: all pass."""
        environment = {**os.environ, "EPFLEET_SOURCE_DIR": str(self.sources), "EPFLEET_SHARED_DIR": self.shared,
                       "EPFLEET_PROGRAM": str(self.build / "epfleet"),
                       "RC_PARAMS": "seed=1 max_success=400 noshrink=1"}
        for binary, what in tests:
            python = is_python((binary, what))
            command = ([sys.executable, str(self.sources / "tests" / binary / what), "--failfast"] if python else
                       [str(self.build / "tests" / binary), f"--gtest_filter={what}", "--gtest_fail_fast"])
            try:
                ran = self.run(command, env=environment, timeout=LIMIT_S, cwd=self.build / "tests")
            except subprocess.TimeoutExpired:
                return f"{binary}/{what} (does not end)"
            said = ran.stdout + ran.stderr
            if not python and re.search(r"^\[==========\] Running 0 tests", said, re.MULTILINE):
                raise Stale(f"{binary}/{what} names no test")
            if ran.returncode != 0:
                failed = (re.search(r"^(?:FAIL|ERROR): (\w+)", said, re.MULTILINE) if python else
                          re.search(r"^\[  FAILED  \] ([^\s,]+)", said, re.MULTILINE)
                          or re.search(r"^\[ RUN      \] (\S+)(?![\s\S]*\[ RUN )", said, re.MULTILINE))
                return f"{binary}/{what if python else ''}{':' if python and failed else ''}{failed[1] if failed else what}"
        return None

    def try_row(self, row):
        self.sources.joinpath(row["file"]).write_text(mutated(row), encoding="utf-8")
        try:
            refused = self.make(tests_of(row))
            if refused is not None:
                lines = [line for line in refused.splitlines() if "error" in line]
                raise Stale(f"{row['id']}: does not compile: {lines[0] if lines else refused[-300:]}")
            return self.first_failure(tests_of(row))
        finally:
            self.restore(row["file"])


def verdict_of(row, results):
    if row["reason"]:
        return f"equivalent: {row['reason']}"
    if row["id"] not in results:
        return "not tried"
    return f"killed by {results[row['id']]}" if results[row["id"]] else "SURVIVED"


def summary_of(rows, results):
    verdicts = [verdict_of(row, results) for row in rows]
    count = {word: sum(verdict.startswith(word) for verdict in verdicts)
             for word in ("killed", "SURVIVED", "equivalent", "not tried")}
    modules = len({module_of(row) for row in rows})
    return (f"{len(rows)} changes in {modules} modules: {count['killed']} killed, {count['SURVIVED']} survived, "
            f"{count['equivalent']} equivalent, {count['not tried']} not tried")


def write_tables(out, rows, results):
    out.mkdir(parents=True, exist_ok=True)
    plain = [f"{row['id']:32} {module_of(row):12} {row['change']}: {verdict_of(row, results)}" for row in rows]
    (out / "table.txt").write_text("\n".join([*plain, "", summary_of(rows, results), ""]), encoding="utf-8")
    marked = [summary_of(rows, results) + ".", "", "| module | change | what happened |", "| --- | --- | --- |"]
    for row in rows:
        said = re.sub(r"^killed by (.*)$", r"killed by `\1`", verdict_of(row, results))
        marked.append(f"| {module_of(row)} | {row['change']} | {said} |")
    (out / "table.md").write_text("\n".join(marked) + "\n", encoding="utf-8")


def read_results(out, rows):
    results = {}
    for row in rows:
        path = out / f"rows/{row['id']}.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        if known.get("key") == key_of(row):
            results[row["id"]] = known["killed_by"]
    return results


def keep_result(out, row, killed_by):
    (out / "rows").mkdir(parents=True, exist_ok=True)
    (out / f"rows/{row['id']}.json").write_text(json.dumps({"key": key_of(row), "killed_by": killed_by}))


class Trial:
    """Tries the rows, each in the tree that is free next."""

    def __init__(self, options, rows, results):
        self.options, self.results = options, results
        self.left = queue.SimpleQueue()
        for row in rows:
            self.left.put(row)
        self.tests = sorted({test for row in rows for test in tests_of(row)})
        self.wrong = []
        self.lock = threading.Lock()
        self.first_is_built = threading.Event()

    def run(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            first = self.options.first_tree
            trees = [Tree(first + job, self.options.shared, self.options.threads) for job in range(jobs)]
            for done in [pool.submit(self.work, tree, tree is trees[0]) for tree in trees]:
                done.result()
        return self.wrong

    def work(self, tree, is_first):
        if is_first:
            try:
                self.begin(tree)
            finally:
                self.first_is_built.set()
        else:
            self.first_is_built.wait()  # what it compiled comes from the compiler's cache
            self.build(tree)
        while True:
            try:
                row = self.left.get_nowait()
            except queue.Empty:
                return
            self.try_one(tree, row)

    def build(self, tree):
        tree.say("builds what the changes are tried on")
        tree.prepare()
        refused = tree.make(self.tests)
        if refused:
            raise SystemExit(refused)

    def begin(self, tree):
        self.build(tree)
        if not self.options.trust:
            tree.say("runs the tests without any change")
            failed = tree.first_failure(self.tests)
            if failed:
                while not self.left.empty():
                    self.left.get()
                tree.say(f"{failed} fails without any change")
                raise SystemExit(1)

    def try_one(self, tree, row):
        elsewhere = {} if self.options.again else read_results(self.options.out, [row])
        if elsewhere.get(row["id"]):  # another of these has seen to it meanwhile
            self.results.update(elsewhere)
            return
        try:
            killed_by = tree.try_row(row)
        except Stale as stale:
            tree.say(str(stale))
            with self.lock:
                self.wrong.append(str(stale))
            return
        tree.say(f"{row['id']}: {'killed by ' + killed_by if killed_by else 'SURVIVED'}")
        with self.lock:
            self.results[row["id"]] = killed_by
            keep_result(self.options.out, row, killed_by)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether every row applies")
    parser.add_argument("--rows", default="", help="ids, separated by commas")
    parser.add_argument("--module", default="", help="rows of these modules, separated by commas")
    parser.add_argument("--again", action="store_true", help="also what is known")
    parser.add_argument("--survivors", action="store_true", help="again what survived")
    parser.add_argument("--trust", action="store_true", help="do not first run the tests without any change")
    parser.add_argument("--jobs", type=int, default=1, help="trees that are built at a time")
    parser.add_argument("--first-tree", type=int, default=0, help="for several of these at a time, with rows of their own")
    parser.add_argument("--threads", type=int, default=1, help="compilers a tree")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/mutations")
    parser.add_argument("--shared", default=os.environ.get("EPFLEET_SHARED_DIR", str(ROOT.parent / "shared")),
                        help="folder of reference data")
    options = parser.parse_args()
    try:
        rows = rows_of_table()
    except Stale as stale:
        sys.exit(str(stale))
    wrong = check(rows)
    if wrong or options.check:
        print("\n".join(wrong) or f"{len(rows)} rows apply")
        return 1 if wrong else 0

    names = set(options.rows.split(",")) - {""}
    if names - {row["id"] for row in rows}:
        sys.exit(f"no such rows: {', '.join(sorted(names - {row['id'] for row in rows}))}")
    modules = set(options.module.split(",")) - {""}
    options.out.mkdir(parents=True, exist_ok=True)
    results = read_results(options.out, rows)

    def wanted(row):
        known = row["id"] in results and not (options.survivors and results[row["id"]] is None)
        return (not row["reason"] and (not names or row["id"] in names)
                and (not modules or module_of(row) in modules) and (options.again or not known))

    chosen = [row for row in rows if wanted(row)]
    if chosen:
        wrong = Trial(options, chosen, results).run(min(options.jobs, len(chosen)))
    write_tables(options.out, rows, results)
    print("\n".join(wrong + [summary_of(rows, results)]))
    return 1 if wrong or any(row["id"] in results and results[row["id"]] is None for row in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
