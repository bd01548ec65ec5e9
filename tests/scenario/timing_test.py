#!/usr/bin/env python3
"""`epfleet timing decode` and `prefill` as a user meets them: any layout, tables, timelines, wrong input."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import SMALL, SOURCE, ProgramTest, main  # noqa: E402

DAY = SOURCE / "configs" / "deepseek_day.yaml"
EVEN = "experts.skew=none"


def settings(*texts):
    return [word for text in texts for word in ("--set", text)]


class TimingTest(ProgramTest):
    def step(self, phase, *arguments):
        done = self.epfleet("timing", phase, "--scenario", DAY, "--json", *arguments)
        return json.loads(done.stdout)

    def test_a_page_a_table_a_list(self):
        page = self.epfleet("timing", "decode", "--scenario", DAY).stdout
        self.assertIn("decode step   EP144, 2 experts a GPU", page)
        grid = self.epfleet("timing", "decode", "--scenario", DAY, "--requests-per-gpu", "32,64",
                            "--context", "1k,4k,16k").stdout
        self.assertIn("  64 requests a GPU", grid)
        self.assertRegex(grid, r"context +1,024 +4,096 +16,384")
        steps = self.step("prefill", "--tokens-per-gpu", "4k,16k", "--prompt", "1k,4k")
        self.assertEqual([(s["tokens_per_gpu"], s["prompt_tokens"]) for s in steps],
                         [(4096, 1024), (4096, 4096), (16384, 1024), (16384, 4096)])
        alone = self.step("prefill", "--tokens-per-gpu", "16384", "--prompt", "4096")
        self.assertEqual(alone, steps[3])

    def test_defaults_are_the_scenarios(self):
        step = self.step("decode")
        self.assertEqual((step["requests_per_gpu"], step["context_tokens"]), (128, 4096))
        step = self.step("decode", *settings("decode.mtp.draft_tokens=3"))
        self.assertEqual(step["requests_per_gpu"], 64, "2 x 128 / (1 + 3)")
        step = self.step("prefill", *settings("prefill.max_tokens_per_gpu=8192"))
        self.assertEqual((step["tokens_per_gpu"], step["prompt_tokens"]), (8192, 4096))
        self.assertEqual(step["clock"], "sustained")

    # The step less that of an engine that costs nothing: the host's 5 ms here, and nothing per kernel.
    def test_the_engines_share_stands_apart(self):
        step = self.step("decode")
        self.assertAlmostEqual(step["engine_share_s"], 5e-3, places=9)
        self.assertEqual(step["breakdown_ms"]["engine"], 0)
        step = self.step("decode", "--requests-per-gpu", "32", "--context", "5000",
                         *settings("engine=rtp-llm-2025-05"))
        self.assertGreater(step["engine_share_s"], 10e-3)
        self.assertAlmostEqual(step["breakdown_ms"]["engine"], 2 * 21 * 4.9e-3, places=9)
        self.assertAlmostEqual(step["expert_imbalance"], 1.38)
        page = self.epfleet("timing", "decode", "--scenario", DAY, *settings("engine=rtp-llm-2025-05")).stdout
        self.assertIn("the engine's share", page)
        self.assertIn("the engine's, per kernel", page)

    # 61 layers launched one by one from Python take 60 to 63 ms whatever the batch (measured, one
    # batch, no transfers); with them and in two micro-batches twice as long.
    def test_an_eager_host_sets_the_step_of_small_batches(self):
        eager = settings("engine=eager-python-2026", "decode.overlap=none", "decode.mtp.enabled=false")
        few = self.step("decode", "--requests-per-gpu", "1", *eager)
        more = self.step("decode", "--requests-per-gpu", "32", *eager)
        self.assertEqual(few["step_s"], more["step_s"])
        self.assertGreater(few["step_parts_s"]["launch_wait"], 0.02)
        self.assertAlmostEqual(few["step_s"], 1e-3 + 38e-6 * (58 * 25 + 3 * 16 + 5), places=9)
        parts = few["step_parts_s"]
        self.assertAlmostEqual(sum(parts.values()), few["step_s"], places=9)

    def test_other_models_are_data(self):
        sparse = self.step("decode", *settings("model=deepseek_v3_2"))
        dense = self.step("decode")
        self.assertGreater(sparse["hbm"]["kv_capacity_tokens"], dense["hbm"]["kv_capacity_tokens"])
        long_context = ["--requests-per-gpu", "32", "--context", "32768"]
        self.assertLess(self.step("decode", *long_context, *settings("model=deepseek_v3_2"))["step_s"],
                        self.step("decode", *long_context)["step_s"])
        done = self.epfleet("timing", "decode", "--scenario", DAY, *settings("model=kimi_k2"), code=2)
        for part in ("decode.mtp.enabled", "set decode.mtp.enabled: false", "choose 48, or auto"):
            self.assertIn(part, done.stderr)
        kimi = self.step("decode", *settings("model=kimi_k2", "decode.mtp.enabled=false",
                                             "decode.redundant_experts=auto"))
        self.assertEqual(kimi["layout"]["experts_per_gpu"], 3)
        self.assertEqual(kimi["requests_per_gpu"], 256)

    # tokens/s a GPU = requests x (1 + a + a^2 + ...) / step; a node has 8 GPUs
    def test_decode_throughput_counts_emitted_tokens(self):
        for drafts, per_step in [(0, 1), (1, 1.8), (2, 1.8 + 0.64), (3, 1.8 + 0.64 + 0.512)]:
            mtp = (["decode.mtp.enabled=false"] if drafts == 0 else
                   [f"decode.mtp.draft_tokens={drafts}", "decode.mtp.acceptance=0.8"])
            step = self.step("decode", "--requests-per-gpu", "32", *settings(EVEN, *mtp))
            self.assertAlmostEqual(step["tokens_per_s_per_gpu"], 32 * per_step / step["step_s"], 6)
            self.assertAlmostEqual(step["tokens_per_s_per_node"], 8 * step["tokens_per_s_per_gpu"], 5)
            self.assertEqual(step["layout"]["draft_tokens"], drafts)

    def test_every_layout_has_a_price(self):
        weights = []
        for gpus in [16, 32, 64, 128, 144, 320]:
            unit = settings(EVEN, f"decode.gpus={gpus}",
                            f"decode.redundant_experts={'auto' if gpus > 16 else 0}")
            for precision in ["fp8", "bf16"] if gpus >= 32 else ["fp8"]:
                step = self.step("decode", "--requests-per-gpu", "16", *unit,
                                 *settings(f"decode.expert_precision={precision}"))
                self.assertGreater(step["step_s"], 0.02)
                self.assertGreater(step["hbm"]["kv_capacity_tokens"], 65_536)
                self.assertEqual(step["out_of_range"], gpus > 256)
                if precision == "fp8":
                    weights.append(step["hbm"]["weights_bytes"])
        self.assertEqual(weights, sorted(weights, reverse=True), "more GPUs hold fewer experts each")
        for gpus, redundant in [(16, 0), (32, 32), (64, 64)]:
            step = self.step("prefill", *settings(EVEN, f"prefill.gpus={gpus}",
                                                  f"prefill.redundant_experts={redundant}"))
            self.assertFalse(step["out_of_range"])

    def test_a_cool_chip_is_faster(self):
        for phase in ["decode", "prefill"]:
            cool, busy = (self.step(phase, "--clock", clock, *settings(EVEN))
                          for clock in ["cool", "sustained"])
            self.assertLess(cool["step_s"], busy["step_s"])

    # few requests: DISPATCH ends before SHARED + ATTN-0, and barriers cost something
    def test_barriers_and_what_they_cost(self):
        few = ["--requests-per-gpu", "32", "--context", "1k"]
        on = self.step("decode", *few)
        off = self.step("decode", *few, *settings("decode.phase_barriers=false"))
        self.assertEqual(on["phase_barriers"], off["phase_barriers"])
        barriers = on["phase_barriers"]
        self.assertGreater(barriers["gap_ratio"], 0.01)
        self.assertEqual(on["layer_s"], barriers["layer_with_s"])
        self.assertEqual(off["layer_s"], barriers["layer_without_s"])
        self.assertLess(off["step_s"], on["step_s"])

    # The fast path of a fleet obeys the key too. Traffic in plain numbers is the same for both;
    # with a slow combine its phases are bound by the network here and by compute there.
    def test_a_run_prices_without_barriers(self):
        def fleet(name, key, value):
            self.epfleet("run", SOURCE / "configs" / "plain.yaml", "--until", "60 s", "--out", name,
                         "--quiet", *settings(
                             "fleet.prefill_units=2", "decode.gpus=32", "decode.redundant_experts=0",
                             "workload.rate=50/s", "workload.input=1000", "workload.output=500",
                             "workload.warm_up=60 s", "hardware.low_latency_fixed=1 us",
                             "hardware.low_latency_combine_per_token=6 us",
                             "hardware.normal_dispatch_fixed=200 us",  # and so those of prefill
                             "prefill.overlap=dual_batch", "decode.overlap=dual_batch",
                             f"{key}={value}"))
            return self.json_of(f"{name}/summary.json")
        on = fleet("on", "decode.phase_barriers", "true")
        off = fleet("off", "decode.phase_barriers", "false")
        prefill_off = fleet("prefill_off", "prefill.phase_barriers", "false")
        trajectories = {run["scenario"]["trajectory_fingerprint"] for run in [on, off, prefill_off]}
        self.assertEqual(len(trajectories), 3)
        self.assertEqual(on["requests"]["arrived"], off["requests"]["arrived"])
        self.assertLess(off["latency"]["itl_s"]["mean"], 0.95 * on["latency"]["itl_s"]["mean"])

    def test_a_timeline(self):
        step = self.step("decode", "--timeline", "t.json")
        events = self.json_of("t.json")["traceEvents"]
        names = {event["name"] for event in events if event["ph"] == "X"}
        self.assertLessEqual({"SHARED(0)", "ATTN-0(1)", "DISPATCH(0)", "MLP(0)", "ATTN-1(1)",
                              "COMBINE(0)", "dense layers", "host"}, names)
        end = max(event["ts"] + event["dur"] for event in events if event["ph"] == "X")
        self.assertAlmostEqual(end / 1e6, step["step_s"], 8)
        self.assertIn("one step", self.refused("timing", "decode", "--scenario", DAY, "--context",
                                               "1k,2k", "--timeline", "t2.json"))
        self.epfleet("timing", "decode", "--scenario", DAY, "--timeline", "/dev/full", code=74)

    # timeline.json of a run: each unit's steps follow each other, inside the asked window
    def test_the_timeline_of_a_run(self):
        def fleet(name, *arguments):
            self.epfleet("run", SMALL, "--until", "20 s", "--out", name, "--quiet", *arguments)
        fleet("plain")
        self.assertFalse((self.folder / "plain/timeline.json").exists())
        fleet("drawn", *settings("report.timeline.from=5 s", "report.timeline.to=6 s"))
        self.assert_same_trajectory("plain", "drawn")
        units = {}
        for event in self.json_of("drawn/timeline.json")["traceEvents"]:
            if event["ph"] == "X" and event["name"].endswith(" step"):  # others are of requests
                units.setdefault((event["name"], event["tid"]), []).append(
                    (event["ts"], event["ts"] + event["dur"]))
        self.assertEqual({name for name, _ in units}, {"prefill step", "decode step"})
        for steps in units.values():
            self.assertTrue(all(a[1] <= b[0] + 1e-3 for a, b in zip(steps, steps[1:])))
            self.assertTrue(all(end > 5e6 and start < 6e6 for start, end in steps))
        self.assertGreater(len(units["decode step", 0]), 20)
        self.assertIn("is not after", self.refused("run", SMALL, *settings(
            "report.timeline.from=6 s", "report.timeline.to=5 s")))

    def assert_same_trajectory(self, first, second):
        fingerprints = {self.json_of(f"{name}/summary.json")["scenario"]["trajectory_fingerprint"]
                        for name in [first, second]}
        self.assertEqual(len(fingerprints), 1)

    def test_what_is_out_of_range_is_warned_of_with_the_range(self):
        done = self.epfleet("timing", "decode", "--scenario", DAY, "--json", "--context", "4k,40k")
        self.assertEqual([s["out_of_range"] for s in json.loads(done.stdout)], [False, True])
        self.assertIn("1 of 2 steps are priced outside the calibrated ranges (decode: up to 256 tokens",
                      done.stderr)
        page = self.epfleet("timing", "prefill", "--scenario", DAY, "--tokens-per-gpu", "64").stdout
        self.assertIn("extrapolated: 64 tokens of a GPU; calibrated 128 to 65536", page)

    def test_what_does_not_fit_is_said(self):
        step = self.step("decode", "--context", "16k")
        self.assertFalse(step["hbm"]["fits"])
        self.assertRegex(step["warnings"][0], r"2097152 tokens of KV do not fit: a GPU holds \d+")
        step = self.step("decode", "--requests-per-gpu", "200", "--context", "1k")
        self.assertIn("decode.max_requests_per_gpu is 128", step["warnings"][0])

    def test_impossible_layouts_and_nothing_to_price(self):
        for arguments, said in [
                (["decode", *settings("decode.gpus=8")], "a GPU of the unit needs 125.9 GB and has 84.9 GB"),
                (["decode", *settings("decode.gpus=16", "decode.redundant_experts=0",
                                      "decode.expert_precision=bf16")], "a GPU of the unit needs"),
                (["prefill", *settings("prefill.gpus=8")], "a GPU of the unit needs"),
                (["decode", *settings("decode.redundant_experts=31")], "do not fill 144 GPUs evenly"),
                (["decode", *settings("decode.gpus=100")], "100 GPUs are not whole nodes of 8"),
                (["decode", *settings("decode.expert_precision=fp4")], "fp8"),
                (["decode", "--requests-per-gpu", "0"], "--requests-per-gpu: '0'"),
                (["decode", "--context", "0"], "--context: '0'"),
                (["prefill", "--tokens-per-gpu", "0"], "--tokens-per-gpu: '0'"),
                (["prefill", "--prompt", "4096,many"], "--prompt: 'many'"),
                (["prefill", "--clock", "1"], "none of cool, sustained")]:
            phase, *rest = arguments
            self.assertIn(said, self.refused("timing", phase, "--scenario", DAY, *rest), arguments)
        self.assertIn("did you mean 'decode'", self.refused("timing", "decod"))
        self.refused("timing")
        self.refused("timing", "decode")


if __name__ == "__main__":
    main()
