#!/usr/bin/env python3
"""Follows every recipe of docs/extending.md to the letter in a copy of the sources, all of them at once; builds what
they affect, and runs these suites."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SOURCE, main  # noqa: E402

GUIDE = SOURCE / "docs" / "extending.md"
COPIED = ["CMakeLists.txt", "CMakePresets.json", "README.md", "include", "src", "tests",
          "tools", "configs", "traces", "bench"]


def recipes():
    """{name of a recipe: [(file, line that the block goes behind or None: a new file, text)]}"""
    found = {}
    for section in re.split(r"^## ", GUIDE.read_text(), flags=re.MULTILINE)[1:]:
        blocks = []
        for block in re.findall(r"^```(?:cpp|python|yaml)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE):
            lines = block.splitlines(keepends=True)
            file = re.match(r"(?://|#) (\S+)\n", lines[0])[1]
            after = re.match(r"(?://|#) after: (.*)\n", lines[1])
            blocks.append((file, after[1].strip() if after else None, "".join(lines[2 if after else 1:])))
        if blocks:
            found[section.splitlines()[0]] = blocks
    return found


def follow(blocks, tree):
    for file, after, text in blocks:
        path = tree / file
        if after is None:
            if path.exists():
                raise AssertionError(f"{file} is there already")
            path.write_text(text)
            continue
        lines = path.read_text().splitlines(keepends=True)
        places = [i for i, line in enumerate(lines) if line.strip() == after]
        if len(places) != 1:
            raise AssertionError(f"{file} has {len(places)} lines: {after}")
        lines.insert(places[0] + 1, text)
        path.write_text("".join(lines))


class RecipesTest(unittest.TestCase):
    def test_every_recipe(self):
        with tempfile.TemporaryDirectory(prefix="epfleet_recipes_") as folder:
            tree = pathlib.Path(folder)
            for name in COPIED:
                copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy
                copy(SOURCE / name, tree / name)
            suites = set()
            for name, blocks in recipes().items():
                with self.subTest(recipe=name):
                    follow(blocks, tree)
                    suites |= {"unit_" + file.split("/")[2] for file, _, _ in blocks if file.startswith("tests/unit/")}
            self.build(tree, sorted(suites))
            for suite in sorted(suites):
                with self.subTest(suite=suite):
                    done = subprocess.run([tree / "build/dev/tests" / suite, "--gtest_brief=1"], cwd=tree / "build",
                                          capture_output=True, text=True)
                    self.assertEqual(done.returncode, 0, done.stdout[-3000:])

    def build(self, tree, suites):
        # As the dev build: ccache has all that the recipes leave alone, wherever the copy is.
        for command in (["cmake", "--preset", "dev"], ["cmake", "--build", "--preset", "dev", "--target", *suites]):
            done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-3000:])


if __name__ == "__main__":
    main()
