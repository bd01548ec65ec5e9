#!/usr/bin/env python3
"""`epfleet experts` places experts exactly as the rule in words does: the published example, and
random skewed loads in the service's two layouts, against the rule written out here once more."""

import json
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import QUICK, SMALL, ProgramTest, main  # noqa: E402

EXAMPLE = [[90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86],
           [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27]]


def single(value):
    """Rounded to single precision, in which the rule compares."""
    return struct.unpack("f", struct.pack("f", value))[0]


def packed(weights, packs):
    """(pack, rank) of every item: by descending weight to the lightest pack with room."""
    room = len(weights) // packs
    if room == 1:
        return [(i, 0) for i in range(packs)]
    load, count, where = [0.0] * packs, [0] * packs, [None] * len(weights)
    for item in sorted(range(len(weights)), key=lambda i: -weights[i]):
        pack = min((p for p in range(packs) if count[p] < room), key=lambda p: load[p])
        where[item] = (pack, count[pack])
        count[pack] += 1
        load[pack] = single(load[pack] + weights[item])
    return where


def replicated(weights, slots):
    """The expert of every copy: the next one is of the expert with the most load a copy."""
    copies, count = list(range(len(weights))), [1] * len(weights)
    while len(copies) < slots:
        hottest = max(range(len(weights)), key=lambda e: single(weights[e] / count[e]))
        copies.append(hottest)
        count[hottest] += 1
    return copies, count


def placed(weights, slots, groups, nodes, gpus):
    """The rule in words; where groups do not divide over nodes, all is one group on one node."""
    weights = [single(w) for w in weights]
    if groups % nodes:
        groups = nodes = 1
    size = len(weights) // groups
    sums = []
    for group in range(groups):
        total = 0.0
        for weight in weights[group * size:(group + 1) * size]:
            total = single(total + weight)
        sums.append(total)
    where = packed(sums, nodes)
    result = []
    for node in range(nodes):
        own = sorted((g for g in range(groups) if where[g][0] == node), key=lambda g: where[g][1])
        experts = [g * size + i for g in own for i in range(size)]
        copies, count = replicated([weights[e] for e in experts], slots // nodes)
        loads = [single(weights[experts[c]] / count[c]) for c in copies]
        here = [None] * len(copies)
        for copy, (gpu, rank) in enumerate(packed(loads, gpus // nodes)):
            here[gpu * (slots // gpus) + rank] = experts[copies[copy]]
        result += here
    return result


class ExpertsTest(ProgramTest):
    def place(self, loads, slots, groups, nodes, gpus, *more):
        text = "\n".join(",".join(f"{load!r}" for load in layer) for layer in loads)
        (self.folder / "loads.csv").write_text(text + "\n")
        return self.epfleet("experts", "--loads", "loads.csv", "--replicas", slots, "--groups",
                            groups, "--nodes", nodes, "--gpus", gpus, *more)

    def test_the_published_example(self):
        found = json.loads(self.place(EXAMPLE, 16, 4, 2, 8, "--json").stdout)
        self.assertEqual(found["physical_to_logical"],
                         [[5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1],
                          [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1]])
        self.assertEqual(found["logical_count"], [[1, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1],
                                                  [1, 2, 1, 1, 1, 2, 2, 1, 2, 1, 1, 1]])
        self.assertEqual(found["gpu_load"], [[121.5, 86.5, 125, 113, 147.5, 131.5, 156, 152],
                                             [173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5]])
        self.assertAlmostEqual(found["balancedness"][0], 1033 / 8 / 156)

    def test_random_skewed_loads(self):
        draws = random.Random(11)
        for sigma in [0.3, 1.0, 2.0]:
            loads = [[draws.lognormvariate(5, sigma) for _ in range(256)] for _ in range(58)]
            for groups, nodes, gpus in [(8, 4, 32), (8, 18, 144)]:
                found = json.loads(self.place(loads, 288, groups, nodes, gpus, "--json").stdout)
                for layer, slots in zip(loads, found["physical_to_logical"]):
                    self.assertEqual(slots, placed(layer, 288, groups, nodes, gpus))

    def test_ties(self):
        """Whole loads from 0 to 3: ties everywhere."""
        draws = random.Random(12)
        loads = [[draws.randrange(4) for _ in range(64)] for _ in range(20)]
        for groups, nodes, gpus in [(8, 4, 16), (8, 5, 40)]:
            found = json.loads(self.place(loads, 80, groups, nodes, gpus, "--json").stdout)
            for layer, slots in zip(loads, found["physical_to_logical"]):
                self.assertEqual(slots, placed(layer, 80, groups, nodes, gpus))

    def test_the_table_and_other_rules(self):
        self.assertIn("mean over 2 layers", self.place(EXAMPLE, 16, 4, 2, 8).stdout)
        plain = json.loads(self.place(EXAMPLE, 16, 4, 2, 8, "--json", "--rule", "none").stdout)
        self.assertEqual(plain["physical_to_logical"][0], list(range(12)) + [0, 1, 2, 3])

    def test_weighted_shares(self):
        """Every expert's shares sum to 1, they make the GPU loads, and the largest is no larger."""
        plain = json.loads(self.place(EXAMPLE, 16, 4, 2, 8, "--json").stdout)
        found = json.loads(self.place(EXAMPLE, 16, 4, 2, 8, "--json", "--rule", "weighted").stdout)
        self.assertNotIn("share", plain)
        for row, loads in enumerate(EXAMPLE):
            divided, on_gpu = [0.0] * 12, [0.0] * 8
            for slot, (expert, share) in enumerate(zip(found["physical_to_logical"][row],
                                                       found["share"][row])):
                divided[expert] += share
                on_gpu[slot // 2] += share * loads[expert]
            for total in divided:
                self.assertAlmostEqual(total, 1.0)
            for one, other in zip(on_gpu, found["gpu_load"][row]):
                self.assertAlmostEqual(one, other)
            self.assertLessEqual(max(on_gpu), max(plain["gpu_load"][row]) + 1e-9)

    def scenario(self, *more):
        return self.epfleet("experts", "--scenario", QUICK, *more)

    def test_the_units_of_a_scenario(self):
        page = self.scenario().stdout
        self.assertIn("prefill, 32 GPUs, 288 slots", page)
        self.assertIn("decode, 144 GPUs, 288 slots", page)
        eplb = json.loads(self.scenario("--json").stdout)
        weighted = json.loads(self.scenario("--json", "--rule", "weighted").stdout)
        self.assertLess(weighted["prefill"]["limit"], eplb["prefill"]["limit"])
        self.assertEqual(eplb["decode"]["rebalance"]["bytes"] % eplb["decode"]["rebalance"]["experts"],
                         0)
        fixed = json.loads(self.scenario("--json", "--rule", "static").stdout)
        self.assertEqual(fixed["decode"]["rebalance"], {"experts": 0, "bytes": 0, "seconds": 0})
        even = self.scenario("--set", "experts.skew=none").stdout
        self.assertIn("moves 0 experts", even)

    def test_observed_loads_of_a_scenario(self):
        draws = random.Random(13)
        rows = [",".join(str(draws.randrange(1, 100)) for _ in range(256)) for _ in range(58)]
        loads = self.folder / "observed.csv"
        loads.write_text("\n".join(rows) + "\n")
        observed = ["--set", "experts.skew=observed", "--set", f"experts.loads={loads}"]
        limit = json.loads(self.scenario("--json", *observed).stdout)["prefill"]["limit"]
        self.assertGreater(limit, 1.0)
        loads.write_text("\n".join(rows[1:]) + "\n")
        self.assertIn("experts.loads: has 57 rows of 256 loads, but the model has 58 layers",
                      self.refused("experts", "--scenario", QUICK, *observed))
        loads.write_text("1,2\n1,x\n")
        self.assertIn("observed.csv:2:3: 'x' is not a load",
                      self.refused("experts", "--scenario", QUICK, *observed))
        self.assertIn("experts.skew: is observed, but experts.loads names no file",
                      self.refused("experts", "--scenario", QUICK, *observed[:2]))

    def test_a_run_tells_what_a_rebalance_costs(self):
        run = ["run", SMALL, "--until", "20 s", "--quiet", "--set", "workload.warm_up=20 s",
               "--set", "report.interval=10 s"]
        self.epfleet(*run, "--out", "free")
        self.assertNotIn("a rebalance moves", (self.folder / "free/summary.json").read_text())
        self.epfleet(*run, "--out", "even", "--set", "experts.rebalance_cost=stall")
        self.assertIn("experts.rebalance_cost stops no decode unit: nothing moves",
                      (self.folder / "even/summary.json").read_text())
        self.epfleet(*run, "--out", "stall", "--set", "experts.rebalance_cost=stall",
                     "--set", "experts.skew=lognormal")
        self.assertRegex((self.folder / "stall/summary.json").read_text(),
                         r"a rebalance moves up to \d+\.\d GB to a decode GPU: 0\.\d\d s every 10 min")

    def test_a_header_and_comments(self):
        (self.folder / "h.csv").write_text("# loads\ne0,e1\n1,2\n\n3,4\n")
        found = self.epfleet("experts", "--loads", "h.csv", "--replicas", 2, "--groups", 1,
                             "--nodes", 1, "--gpus", 1, "--json").stdout
        self.assertEqual(json.loads(found)["gpu_load"], [[3], [7]])

    def test_refused(self):
        for text, said in [("1,2\n1,x\n", "bad.csv:2:3: 'x' is not a load"),
                           ("1,2\n1\n", "bad.csv:2:1: has 1 loads, not 2"),
                           ("1,-2\n", "bad.csv:1:3"), ("1,nan\n", "bad.csv:1:3"), ("", "no layers"),
                           ("1,2\n" + "1" * 5_000_000 + "\n", "bad.csv:2:1: the line is longer than 4 MiB"),
                           ("1,,2\n", "bad.csv:1:3")]:
            (self.folder / "bad.csv").write_text(text)
            self.assertIn(said, self.refused("experts", "--loads", "bad.csv", "--replicas", 2,
                                             "--groups", 1, "--nodes", 1, "--gpus", 1), text)
        (self.folder / "two.csv").write_text("1,2\n")
        sizes = ["--replicas", 3, "--groups", 1, "--nodes", 1, "--gpus", 2]
        self.assertIn("replicas must be a multiple of GPUs",
                      self.refused("experts", "--loads", "two.csv", *sizes))
        said = self.refused("experts", "--loads", "two.csv", *sizes, "--rule", "help")
        self.assertIn("--rule: there is no rule 'help'; the rules are", said)
        self.assertRegex(said, r"\n  eplb  .+ \(default\)\n")
        self.assertRegex(said, r"\n  weighted  .+")
        self.assertIn("no.csv", self.refused("experts", "--loads", "no.csv", *sizes))


if __name__ == "__main__":
    main()
