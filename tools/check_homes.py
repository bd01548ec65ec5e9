#!/usr/bin/env python3
"""Checks that every rule of the domain, and every piece of text handling, has one home: the pattern that is
typical of it stands in the named files only.

    tools/check_homes.py              prints a row a rule; exit 1 where a second home is found
    tools/check_homes.py --self-test  proves that a second home is found

A pattern is a tripwire, not a proof: it catches the rule written again in the usual words.
"""

import pathlib
import re
import sys
import tempfile

# (rule, pattern, its home: files below include/epfleet or src)
HOMES = [
    ("tokens per step under MTP", r"accepted \*=|\*= (of_draft|acceptance)\b", ["serving/config.h"]),
    ("whose answer can be hit again", r"== (workload::)?Variant::V3(;| *\?)",
     ["workload/request.h"]),
    ("fixed point of tokens", r"\bk(Token|Kv)One\b|\bkPerToken\b|\b(kv|rate|output)_(fixed|fp)\b",
     ["base/token_parts.h"]),
    ("names of variants", r'"(v3|r1)"', ["workload/request.h"]),
    ("names of channels", r'"(web|app)"', ["workload/request.h"]),
    ("names of outcomes", r'"in_flight"', ["observe/endings.h"]),
    ("names of session classes", r'"chat_(r1|v3)"', ["workload/config.h"]),
    ("what fits into HBM", r"memory\b.* - .*weights", ["model/layout.cpp"]),
    ("copies of a fleet's settings", r"\bspec\.(prefill|decode|experts|kv_cache|scaling) = scenario\.", []),
    ("reading compressed files", r"archive_read_new", ["text/input_file.cpp"]),
    ("writing compressed files", r"archive_write_new", ["text/output_file.cpp"]),
    ("quoting for CSV and JSON", r"'\"' \|\| .* == '\\\\\\\\'|\? \"\\\"\\\"\"", ["text/quote.cpp"]),
    ("trimming", r"while \(.*\.back\(\)\)|find_last_not_of\(", ["text/parse.h"]),
    ("parsing dates", r"std::get_time|year_month_day", ["text/parse.cpp"]),
    ("logarithms, exponentials and powers: the same bytes everywhere, base/real_math",
     r"\bstd::(log|log2|log10|log1p|exp|exp2|expm1|pow|cbrt|tgamma|lgamma|erfc?)\(", []),
    ("reading the command line", r"#include <CLI/", ["cli/command.cpp"]),
    ("a thread beside the simulation", r"std::jthread thread_;", ["base/worker.h"]),
]


def sources(root):
    for base in (root / "include" / "epfleet", root / "src"):
        for path in sorted(base.rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(base).as_posix(), path.read_text(encoding="utf-8")


def code_of(line):
    """Without a trailing comment: a rule may be named anywhere."""
    return re.split(r"(?:^|\s)//", line)[0]


def check(root):
    """Rows (rule, its home, where its pattern stands elsewhere, whether it stands at home)."""
    files = list(sources(root))
    rows = []
    for rule, pattern, home in HOMES:
        found = [f"{name}:{number}" for name, text in files
                 for number, line in enumerate(text.splitlines(), start=1)
                 if re.search(pattern, code_of(line))]
        places = {place: place.rsplit(":", 1)[0] for place in found}
        elsewhere = [place for place, file in places.items() if file not in home]
        rows.append((rule, home, elsewhere, not home or len(elsewhere) < len(found)))
    return rows


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "src/cluster/a.cpp"
        path.parent.mkdir(parents=True)
        path.write_text("  accepted *= acceptance;  // MTP\n// accepted *= acceptance\n")
        elsewhere = [row for row in check(pathlib.Path(folder)) if row[2]]
    good = [row[2] for row in elsewhere] == [["cluster/a.cpp:1"]]
    print(f"check_homes: self-test {'passed' if good else f'failed: {elsewhere}'}")
    return 0 if good else 1


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 2
    rows = check(pathlib.Path(__file__).resolve().parent.parent)
    for rule, home, elsewhere, at_home in rows:
        print(f"{rule:<32} {', '.join(home) or 'nowhere'}"
              + ("" if at_home else ", where the pattern does not stand: correct tools/check_homes.py")
              + "".join(f"\n    again in {place}" for place in elsewhere))
    wrong = sum(1 for row in rows if row[2] or not row[3])
    print(f"check_homes: {len(rows)} rules, {wrong} without just one home")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
