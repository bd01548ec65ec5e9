#!/usr/bin/env python3
"""The hit ratio of a scenario's cache against its TTL and its capacity, and what it is worth.

    tools/hit_table.py [--scenario configs/quick.yaml] [--until '10 min'] [--set KEY=VALUE]... [--program PATH]

Runs the scenario once a TTL and once a capacity (LRU) and prints a Markdown table: hit ratio, tokens lost by cause,
what the store holds, the prefill nodes that the computed tokens need, and what these cost a day. Give the fleet spare
prefill units (`--set fleet.base.prefill_units=6`), or few hits overload it; since spare nodes hide what hits save,
nodes are counted by work: computed tokens a second over what one busy node computes (`--node-speed`, tokens/s;
default: the published profile's 62,000). Traffic, stores, nodes and USD are scaled to the published day's input.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PUBLISHED_INPUT = 608e9 / 86400  # tokens/s, open-infra-index, day 6
TTLS = ["1 min", "5 min", "20 min", "1 h", "2 h", "6 h", "24 h", "3 d"]
FULL_SCALE_PB = [0.1, 0.3, 1, 2, 5, 10, 20, 40]


def run(arguments, settings):
    settings = {**dict(text.split("=", 1) for text in arguments.set), **settings}
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.program, "run", arguments.scenario, "--out", f"{folder}/r", "--force", "--json", "--quiet",
                   "--progress", "off"]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        if arguments.until:
            command += ["--until", arguments.until]
        if arguments.seed:
            command += ["--seed", arguments.seed]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def row(name, said, arguments):
    tokens, lost = said["tokens"], said["cache"]["lost"]
    scale = PUBLISHED_INPUT / (tokens["input"] / said["simulated_s"])  # of this run's traffic to the published day's
    computed = tokens["input"] * (1 - said["cache"]["hit_ratio"]) / said["simulated_s"] * scale
    nodes = computed / arguments.node_speed
    usd = nodes * 8 * 24 * arguments.gpu_hour
    return (f"| {name} | {100 * said['cache']['hit_ratio']:.1f} % | {100 * lost['ttl_ratio']:.1f} % | "
            f"{100 * lost['capacity_ratio']:.1f} % | {said['cache']['bytes_stored_peak'] * scale / 1e15:.2f} PB | "
            f"{nodes:.1f} | {usd:,.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default=str(ROOT / "configs/quick.yaml"))
    parser.add_argument("--until", default="")
    parser.add_argument("--seed", default="")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of epfleet run")
    parser.add_argument("--program", default=str(ROOT / "build/release/epfleet"))
    parser.add_argument("--node-speed", type=float, default=62_000.0)
    parser.add_argument("--gpu-hour", type=float, default=2.0, help="USD")
    arguments = parser.parse_args()
    first = run(arguments, {})
    share = first["tokens"]["input"] / first["simulated_s"] / PUBLISHED_INPUT
    print(f"Traffic: {100 * share:.2f} % of the published day's; nodes, stores and USD are at the published scale.\n")
    print("| cache | hit ratio | lost to TTL | lost to capacity | stored at most | prefill nodes of work | "
          "USD a day |\n| --- | --- | --- | --- | --- | --- | --- |")
    print(row("as the scenario has it", first, arguments))
    for ttl in TTLS:
        print(row(f"TTL {ttl}", run(arguments, {"kv_cache.ttl": ttl}), arguments), flush=True)
    for petabytes in FULL_SCALE_PB:
        settings = {"kv_cache.capacity": f"{petabytes * share * 1e6:.0f} GB"}
        print(row(f"LRU of {petabytes:g} PB", run(arguments, settings), arguments), flush=True)
    point = PUBLISHED_INPUT * 0.01 / arguments.node_speed
    print(f"\nA point of hit ratio: {point:.2f} prefill nodes, {point * 8 * 24 * arguments.gpu_hour:,.0f} USD a day.")


if __name__ == "__main__":
    main()
