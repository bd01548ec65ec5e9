#!/usr/bin/env python3
"""Checks that every file of epfleet includes lower floors (or its own module) only, and that each
third-party library is known to the one module that wraps it.

    tools/check_layers.py              checks the repository; exit 1 with file:line on a violation
    tools/check_layers.py --self-test  proves that the check catches what it must
"""

import pathlib
import re
import sys
import tempfile

FLOORS = {
    "base": 1,
    "text": 2, "engine": 2, "hardware": 2, "model": 2,
    "workload": 3, "timing": 3,
    "traces": 4, "sessions": 4, "cache": 4, "experts": 4, "policy": 4, "observe": 4,
    "serving": 5, "metrics": 5,
    "cluster": 6, "cost": 6,
    "config": 8, "report": 8,
    "experiment": 9, "calibration": 9,
    "cli": 10,
}

# Start of a third-party include -> the only module that may have it.
WRAPPED = {
    "yaml-cpp/": "config",
    "nlohmann/": "report",
    "CLI/": "cli",
    "spdlog/": "base",
}

HEADER_LINES = 150
SOURCE_LINES = 300

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


def own_files(root):
    """(module, path) of every C++ file below include/epfleet/ and src/."""
    for base in (root / "include" / "epfleet", root / "src"):
        for path in sorted(base.rglob("*")):
            if path.suffix in (".h", ".hpp", ".cpp"):
                inside = path.relative_to(base).parts
                yield (inside[0] if len(inside) > 1 else None), path


def included_module(root, path, target):
    """The module an include names, or None if it is not one of ours."""
    parts = pathlib.PurePosixPath(target).parts
    if parts[0] == "epfleet":
        return parts[1] if len(parts) > 2 else None
    for base in (root / "include" / "epfleet", root / "src"):
        resolved = (path.parent / target).resolve()
        if resolved.is_relative_to(base.resolve()):
            return resolved.relative_to(base.resolve()).parts[0]
    return None


def violation(root, module, path, target):
    """Why this include is not allowed, or None."""
    for start, owner in WRAPPED.items():
        if target.startswith(start) and module != owner:
            return f"{module} includes <{target}>; only {owner} may"
    other = included_module(root, path, target)
    if other is None or other == module:
        return None
    if other not in FLOORS:
        return f"includes {target}; there is no module {other}"
    if FLOORS[other] >= FLOORS[module]:
        way = "sideways" if FLOORS[other] == FLOORS[module] else "upward"
        return (f"{module} (floor {FLOORS[module]}) includes {target} "
                f"(floor {FLOORS[other]}): {way}")
    return None


def check(root):
    """(violations, warnings) as printable lines."""
    violations, warnings = [], []
    for module, path in own_files(root):
        name = path.relative_to(root)
        if module not in FLOORS:
            violations.append(f"{name}:1: not in a module; modules are {', '.join(FLOORS)}")
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            match = INCLUDE.match(line)
            problem = match and violation(root, module, path, match.group(1))
            if problem:
                violations.append(f"{name}:{number}: {problem}")
        limit = SOURCE_LINES if path.suffix == ".cpp" else HEADER_LINES
        if len(lines) > limit:
            warnings.append(f"{name}:{len(lines)}: warning: {len(lines)} lines, {limit} wanted")
    return violations, warnings


SELF_TEST_CASES = [
    # (file, text, part of the expected violation or None)
    ("src/engine/a.cpp", '#include "epfleet/base/time.h"\n', None),
    ("src/engine/b.cpp", '\n#include "epfleet/engine/queue.h"\n', None),
    ("src/engine/c.cpp", "#include <vector>\n#include <epfleet/cli/x.h>\n", "c.cpp:2: engine"),
    ("src/engine/d.cpp", '#include "epfleet/model/x.h"\n', "sideways"),
    ("src/engine/e.cpp", '  # include "../serving/x.h"\n', "upward"),
    ("include/epfleet/base/f.h", '#include "epfleet/engine/x.h"\n', "f.h:1: base"),
    ("src/base/g.cpp", '#include "epfleet/bass/x.h"\n', "no module bass"),
    ("src/other/h.cpp", "", "not in a module"),
    ("src/experiment/i.cpp", "#include <nlohmann/json.hpp>\n", "only report may"),
    ("src/report/j.cpp", "#include <nlohmann/json.hpp>\n", None),
    ("src/cli/k.cpp", '#include "epfleet/version.h"\n#include <CLI/CLI.hpp>\n', None),
    ("src/cli/l.cpp", '#include "yaml-cpp/yaml.h"\n', "only config may"),
    ("src/cost/m.cpp", "#include <spdlog/spdlog.h>\n", "only base may"),
    ("src/cost/n.cpp", '// #include "epfleet/cli/x.h"\n', None),
]


def self_test():
    failures = []
    for name, text, expected in SELF_TEST_CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            found = "\n".join(check(pathlib.Path(folder))[0])
        if (expected is None and found) or (expected is not None and expected not in found):
            failures.append(f"self-test {name}: expected {expected!r}, found {found!r}")
    for failure in failures:
        print(failure)
    print(f"check_layers: self-test, {len(SELF_TEST_CASES)} cases, {len(failures)} failed")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 2
    violations, warnings = check(pathlib.Path(__file__).resolve().parent.parent)
    for line in warnings + violations:
        print(line)
    print(f"check_layers: {len(violations)} violations, {len(warnings)} warnings")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
