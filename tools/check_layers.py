#!/usr/bin/env python3
"""Checks that every file of epfleet includes lower floors (or its own module) only, that each
third-party library is known to the one module that wraps it, and that CMakeLists.txt links exactly
what the includes use.

    tools/check_layers.py              checks the repository; exit 1 with file:line on a violation
    tools/check_layers.py --edges      prints the lines of CMakeLists.txt as the includes want them
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
    "experiment": 9, "calibration": 9, "page": 9,
    "cli": 10,
}

# Start of a third-party include -> the only module that may have it.
WRAPPED = {
    "yaml-cpp/": "config",
    "nlohmann/": "report",
    "CLI/": "cli",
    "spdlog/": "base",
}

# Start of a third-party include -> the target that brings it.
TARGETS = {
    "CLI/": "CLI11::CLI11",
    "archive": "LibArchive::LibArchive",
    "zlib.h": "ZLIB::ZLIB",
    "zstd.h": "PkgConfig::ZSTD",
    "boost/": "Boost::headers",
    "fmt/": "fmt::fmt",
    "nlohmann/": "nlohmann_json::nlohmann_json",
    "pcg_random.hpp": "epfleet::pcg",
    "simdjson.h": "simdjson::simdjson",
    "spdlog/": "spdlog::spdlog",
    "thread": "Threads::Threads",
    "tl/": "tl::expected",
    "tsl/": "tsl::robin_map",
    "yaml-cpp/": "${EPFLEET_YAML_CPP}",
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


def used_by_module(root):
    """module -> (modules, targets) that its includes name."""
    used = {}
    for module, path in own_files(root):
        modules, targets = used.setdefault(module, (set(), set()))
        for line in path.read_text(encoding="utf-8").splitlines():
            match = INCLUDE.match(line)
            if not match:
                continue
            other = included_module(root, path, match.group(1))
            if other and other != module:
                modules.add(other)
            targets.update(target for start, target in TARGETS.items()
                           if match.group(1).startswith(start))
    return used


def by_floor(modules):
    return sorted(modules, key=lambda module: (FLOORS.get(module, 0), list(FLOORS).index(module)))


def edge_line(module, modules, targets):
    """The line of CMakeLists.txt that says what a module uses."""
    line = f"epfleet_module({module}"
    if modules:
        line += " DEPENDS " + " ".join(by_floor(modules))
    if targets:
        line += " LIBS " + " ".join(sorted(targets))
    return line + ")"


def edges_of(text):
    """module -> (modules, targets, line number) that CMakeLists.txt states."""
    stated = {}
    for match in re.finditer(r"^epfleet_module\(([^)]*)\)", text, re.M):
        module, *words = match.group(1).split()
        parts = {"DEPENDS": set(), "LIBS": set()}
        part = None
        for word in words:
            part = parts[word] if word in parts else part
            if word not in parts:
                part.add(word)
        stated[module] = (parts["DEPENDS"], parts["LIBS"], text[:match.start()].count("\n") + 1)
    return stated


def edge_violations(root):
    """Where CMakeLists.txt links what no source uses, or lacks what one does."""
    used = used_by_module(root)
    stated = edges_of((root / "CMakeLists.txt").read_text(encoding="utf-8"))
    violations = []
    for module in used.keys() | stated.keys():
        modules, targets = used.get(module, (set(), set()))
        depends, libs, line = stated.get(module, (set(), set(), 1))
        for kind, want, have in (("module", modules, depends), ("library", targets, libs)):
            violations += [f"CMakeLists.txt:{line}: {module} links {kind} {name}, no include uses it"
                           for name in sorted(have - want)]
            violations += [f"CMakeLists.txt:{line}: {module} uses {kind} {name}, but does not link it"
                           for name in sorted(want - have)]
    return sorted(violations)


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

SELF_TEST_EDGES = [
    # (CMakeLists.txt beside an engine that includes base and fmt, part of the violation or None)
    ("epfleet_module(engine DEPENDS base LIBS fmt::fmt)\n", None),
    ("epfleet_module(engine DEPENDS\n  base LIBS fmt::fmt)\n", None),
    ("epfleet_module(engine LIBS fmt::fmt)\n", "uses module base"),
    ("\nepfleet_module(engine DEPENDS base model LIBS fmt::fmt)\n", "CMakeLists.txt:2: engine links"),
    ("epfleet_module(engine DEPENDS base)\n", "uses library fmt::fmt"),
    ("epfleet_module(engine DEPENDS base LIBS fmt::fmt Boost::headers)\n", "no include uses it"),
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
    for text, expected in SELF_TEST_EDGES:
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "src/engine/a.cpp"
            source.parent.mkdir(parents=True)
            source.write_text('#include "epfleet/base/time.h"\n#include <fmt/core.h>\n')
            (pathlib.Path(folder) / "CMakeLists.txt").write_text(text)
            found = "\n".join(edge_violations(pathlib.Path(folder)))
        if (expected is None and found) or (expected is not None and expected not in found):
            failures.append(f"self-test {text!r}: expected {expected!r}, found {found!r}")
    for failure in failures:
        print(failure)
    cases = len(SELF_TEST_CASES) + len(SELF_TEST_EDGES)
    print(f"check_layers: self-test, {cases} cases, {len(failures)} failed")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--edges"]:
        used = used_by_module(root)
        for module in by_floor(used):
            print(edge_line(module, *used[module]))
        return 0
    if sys.argv[1:]:
        print(__doc__)
        return 2
    violations, warnings = check(root)
    violations += edge_violations(root)
    for line in warnings + violations:
        print(line)
    print(f"check_layers: {len(violations)} violations, {len(warnings)} warnings")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
