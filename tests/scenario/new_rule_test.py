#!/usr/bin/env python3
"""Follows "Adding a rule" of src/policy/README.md to the letter, in a copy: the three files compile,
the rule is found by its name, and its test passes."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, main  # noqa: E402

BUILD = pathlib.Path(PROGRAM).parent


class NewRuleTest(unittest.TestCase):
    def test_the_guide(self):
        guide = (SOURCE / "src/policy/README.md").read_text().split("## Adding a rule")[1]
        rule, declaration, row, test = re.findall(r"```cpp\n(.*?)```", guide, re.S)
        registry = (SOURCE / "src/policy/registry.cpp").read_text()
        # The declaration beside the others, the row first in its table.
        others = re.search(r"std::unique_ptr<DecodeGpuRule> make_decode_gpu_joint\(.*\n", registry)
        registry = registry[:others.end()] + declaration + registry[others.end():]
        table = re.search(r"Row kDecodeGpuRules\[\] = \{\n", registry)
        registry = registry[:table.end()] + row + registry[table.end():]
        with tempfile.TemporaryDirectory(prefix="epfleet_rule_") as folder:
            for name, text in [("best_fit.cpp", rule), ("registry.cpp", registry),
                               ("best_fit_test.cpp", test)]:
                (pathlib.Path(folder) / name).write_text(text)
            self.build_and_run(folder)

    def build_and_run(self, folder):
        compiler = os.environ.get("CXX", "c++")
        built = subprocess.run(
            [compiler, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Wconversion", "-Werror",
             f"-I{SOURCE}/include", "best_fit.cpp", "registry.cpp", "best_fit_test.cpp",
             BUILD / "libepfleet_policy.a", BUILD / "libepfleet_base.a", "-lgtest_main", "-lgtest",
             "-lfmt", "-lspdlog", "-lpthread", "-o", "new_rule"],
            cwd=folder, capture_output=True, text=True, timeout=300)
        self.assertEqual(built.returncode, 0, built.stderr[-3000:])
        run = subprocess.run([f"{folder}/new_rule"], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("BestFit.TakesTheFullestThatStillHasRoom", run.stdout)


if __name__ == "__main__":
    if not (BUILD / "libepfleet_policy.a").exists():
        print(f"skipped: no libraries in {BUILD}")
        sys.exit(77)
    main()
