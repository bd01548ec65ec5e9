#!/usr/bin/env python3
"""The documents: links and paths lead somewhere, options exist, recipes have the form that is promised, and the tables
are what their commands print."""

import fnmatch
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, main  # noqa: E402

MODULES = sorted((SOURCE / "src").glob("*/README.md"))
PAGES = [SOURCE / name for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]] + sorted((SOURCE / "docs").glob("*.md")) + MODULES
TOP = ("src", "include", "tests", "tools", "configs", "docs", "traces", "bench")
NOWHERE = ["--day", "--speed", "--plan", "--ablations", "--determinism", "--coverage", "--mutations", "--fuzz",
           "--faults"]


def without_code(text):
    return re.sub(r"^```.*?^```$|^    [^\n]*$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE),
                        re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


class DocumentsTest(unittest.TestCase):
    def test_the_readme_is_short(self):
        self.assertLessEqual((SOURCE / "README.md").stat().st_size, 8192)

    def test_links(self):
        for page in PAGES:
            for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
                if "://" in link:
                    continue
                path, _, anchor = link.partition("#")
                target = page.parent / path if path else page
                with self.subTest(page=page.name, link=link):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))

    def test_paths(self):
        placeholder = re.compile(r"MODULE|NAME")
        for page in PAGES:
            for path in re.findall(rf"`((?:{'|'.join(TOP)})/[^`\s]*)`", without_code(page.read_text())):
                if placeholder.search(path):
                    continue
                with self.subTest(page=page.name, path=path):
                    self.assertTrue(list(SOURCE.glob(path)))

    def test_options_of_commands(self):
        help_of = {}
        for page in PAGES:
            for line in re.findall(r"^    (?:build/release/epfleet|epfleet|\$P) (.*)$", page.read_text(), re.MULTILINE):
                line = line.split(" # ")[0]
                words = line.split()
                command = [word.split("|")[0] for word in words[:2 if words[0] in ("trace", "timing") else 1]]
                for option in re.findall(r"(?<![\w-])(--[a-z-]+|-j)\b", line):
                    key = tuple(command)
                    if key not in help_of:
                        help_of[key] = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True,
                                                      check=True).stdout
                    with self.subTest(page=page.name, command=" ".join(command), option=option):
                        self.assertRegex(help_of[key], rf"(?m)^\s+(-\w,)?{option}\b")

    def test_every_recipe_has_at_most_three_files_and_a_test(self):
        text = (SOURCE / "docs" / "extending.md").read_text()
        recipes = [section for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:] if "```cpp" in section]
        self.assertGreaterEqual(len(recipes), 2)
        for recipe in recipes:
            files = set()
            for block in re.findall(r"^```\w*\n(.*?)^```$", recipe, re.DOTALL | re.MULTILINE):
                named = re.match(rf"(?://|#) ((?:{'|'.join(TOP)})/\S+)\n", block)
                self.assertTrue(named, block[:80])
                files.add(named[1])
            with self.subTest(recipe=recipe.splitlines()[0]):
                self.assertLessEqual(len(files), 3)
                self.assertTrue(any(file.startswith("tests/") for file in files))

    # classes and functions of the table "Where to look" are where it says
    def test_the_map(self):
        text = (SOURCE / "docs" / "architecture.md").read_text().split("## Where to look")[1]
        rows = re.findall(r"^\| .* \| `(\w+)` \| (`.*`) \|$", text, re.MULTILINE)
        self.assertGreater(len(rows), 20)
        for module, names in rows:
            folders = [SOURCE / "include" / "epfleet" / module, SOURCE / "src" / module]
            files = [path for folder in folders for path in folder.glob("*.[hc]*")]
            code = "\n".join(path.stem + "\n" + path.read_text() for path in files)
            for name in set(re.findall(r"`(\w+)`", names)):
                with self.subTest(module=module, name=name):
                    self.assertTrue(re.search(rf"\b{name}\b", code))

    # the table of modules and floors is that of the layer check
    def test_the_floors(self):
        text = (SOURCE / "docs" / "architecture.md").read_text().split("## Floors and modules")[1].split("##")[0]
        told = {module: int(floor) for floor, names in re.findall(r"^\| (\d+) \| (`.*?`) \|", text, re.MULTILINE)
                for module in re.findall(r"`(\w+)`", names)}
        sys.path.insert(0, str(SOURCE / "tools"))
        from check_layers import FLOORS
        self.assertEqual(told, FLOORS)

    # a module's README names files that it has, most without their ending
    def test_files_of_modules(self):
        self.assertGreater(len(MODULES), 10)
        for page in MODULES:
            module = page.parent.name
            folders = [SOURCE / "include" / "epfleet" / module, page.parent]
            files = {name for folder in folders for path in folder.glob("*.[hc]*") for name in (path.name, path.stem)}
            for cell in re.findall(r"^\| (`[^|]*`) [^|]*\|", page.read_text(), re.MULTILINE):
                for name in re.findall(r"`([a-z][a-z0-9_]*(?:\.(?:h|cpp)|\*)?)`", cell):
                    with self.subTest(module=module, name=name):
                        self.assertTrue(any(fnmatch.fnmatch(file, name) for file in files))

    # those that need no result of minutes
    def test_tables_are_what_commands_print(self):
        done = subprocess.run([sys.executable, SOURCE / "tools" / "document_tables.py", "--check", "--program", PROGRAM,
                               *[word for option in NOWHERE for word in (option, "/nowhere")]],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
