"""Request traces from outside: what is said of them, and how they are played."""

import csv
import gzip
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from program import REFERENCE, SMALL, SMALL_TRACE, SOURCE, ProgramTest, main, needs  # noqa: E402

MOONCAKE = REFERENCE / "traces" / "mooncake" / "conversation_trace.jsonl.zst"
AZURE = REFERENCE / "traces" / "azure" / "AzureLLMInferenceTrace_conv.csv.zst"
EXAMPLE = SOURCE / "traces" / "example_chats.jsonl.zst"
MOONCAKE_REPLAY = SOURCE / "configs" / "mooncake_replay.yaml"
AZURE_REPLAY = SOURCE / "configs" / "azure_replay.yaml"

OWN_HEAD = "arrival_s,input_tokens,output_tokens\n"
CHAT = '{"timestamp": %d, "input_length": %d, "output_length": 9, "hash_ids": [%s]}\n'


def chat(ms, tokens, ids):
    return CHAT % (ms, tokens, ", ".join(map(str, ids)))


class StatTest(ProgramTest):
    def stat(self, *arguments):
        return json.loads(self.epfleet("trace", "stat", *arguments, "--json").stdout)

    def test_hits_by_hand(self):
        # 0: blocks 1 2, all new. 1: blocks 1 2 3: 2 of 512. 2: block 1 and a partial block 4, then
        # the same again: all of its 600 tokens, the partial block too.
        text = (chat(0, 1024, [1, 2]) + chat(30_000, 1536, [1, 2, 3]) +
                chat(60_000, 600, [1, 4]) + chat(120_000, 600, [1, 4]))
        (self.folder / "chats.jsonl").write_text(text)
        said = self.stat("chats.jsonl", "--capacity", "1024", "--ttl", "59 s", "--ttl", "60 s")
        total = 1024 + 1536 + 600 + 600
        self.assertEqual(said["requests"], 4)
        self.assertAlmostEqual(said["ideal_hit_ratio"], (1024 + 512 + 600) / total)
        # LRU of two blocks: after 0 {1 2}; 1 hits both and leaves {1 2}; 2 hits 1, leaves {1 4}.
        self.assertEqual(said["lru"], [{"capacity_tokens": 1024,
                                        "hit_ratio": (1024 + 512 + 600) / total}])
        self.assertEqual([t["ttl_s"] for t in said["ttl"]], [59.0, 60.0])
        self.assertAlmostEqual(said["ttl"][0]["hit_ratio"], (1024 + 512) / total)
        self.assertAlmostEqual(said["ttl"][1]["hit_ratio"], (1024 + 512 + 600) / total)

    def test_memory_for_reuse_is_bounded_and_the_rest_is_of_the_whole_trace(self):
        text = (chat(0, 1024, [1, 2]) + chat(1000, 1024, [1, 2]) + chat(2000, 1024, [3, 4]) +
                chat(3000, 1024, [1, 2]))
        (self.folder / "chats.jsonl").write_text(text)
        said = self.stat("chats.jsonl", "--reuse-blocks", "4")
        self.assertEqual(said["requests"], 4)
        self.assertEqual(said["distinct_blocks"], 4)
        self.assertAlmostEqual(said["ideal_hit_ratio"], 1 / 3)  # of the first three
        self.assertIn("of the first 3 requests", " ".join(said["notes"]))
        self.assertEqual(self.stat("chats.jsonl")["notes"], [])
        page = self.epfleet("trace", "stat", "chats.jsonl", "--no-reuse").stdout
        self.assertIn("not counted", page)

    def test_compression_is_found_by_content(self):
        text = (chat(0, 1024, [1, 2]) + chat(1000, 1024, [1, 2])).encode()
        (self.folder / "a.txt").write_bytes(text)
        (self.folder / "b.jsonl").write_bytes(gzip.compress(text))
        plain, packed = self.stat("a.txt"), self.stat("b.jsonl")
        self.assertEqual(plain.pop("trace"), "a.txt")
        self.assertEqual(packed.pop("trace"), "b.jsonl")
        self.assertEqual(plain, packed)

    def test_there_and_back(self):
        self.epfleet("trace", "convert", EXAMPLE, "a.csv.gz")
        self.epfleet("trace", "convert", "a.csv.gz", "b.jsonl.zst")
        first, second = self.stat(EXAMPLE), self.stat("b.jsonl.zst")
        second["trace"] = first["trace"]
        self.assertEqual(first, second)

    @needs(MOONCAKE, AZURE)
    def test_the_published_traces(self):
        said = self.stat(MOONCAKE)
        self.assertEqual(said["requests"], 12031)
        self.assertAlmostEqual(said["ideal_hit_ratio"], 0.374, delta=0.001)
        self.assertEqual(said["notes"], [])
        said = self.stat(AZURE)
        self.assertEqual(said["requests"], 19366)
        self.assertEqual(said["lengths"]["input_tokens"]["max"], 14050)
        self.assertIsNone(said["ideal_hit_ratio"])
        self.assertIn("no line end", said["notes"][0])

    def test_made_and_played_sessions_are_those_of_the_scenario(self):
        made = self.epfleet("trace", "make", "--scenario", SMALL, "s.csv.zst").stderr
        said = self.stat("s.csv.zst")
        self.assertIn(f"{said['requests']} requests", made)
        self.assertGreater(said["ideal_hit_ratio"], 0.2)
        self.epfleet("replay", "s.csv.zst", "--scenario", SMALL, "--out", "r", "--quiet")
        played = self.json_of("r/summary.json")
        counted = [r for r in self.records("s.csv.zst") if float(r["arrival_s"]) >= 0]
        self.assertGreater(played["requests"]["arrived"], 0)
        self.assertLessEqual(played["requests"]["arrived"], len(counted))

    def test_until_ends_a_made_trace_and_the_window_does_at_the_latest(self):
        for name, options in {"whole": [], "part": ["--until", "20 s"], "more": ["--until", "24 h"]}.items():
            self.epfleet("trace", "make", "--scenario", SMALL, f"{name}.csv",
                         "--set", "workload.warm_up=1 min", *options)
        whole, part, more = ((self.folder / f"{name}.csv").read_text().splitlines()
                             for name in ("whole", "part", "more"))
        self.assertEqual(more, whole)
        self.assertEqual(part, whole[:len(part)])
        last, after = (float(line.split(",")[0]) for line in whole[len(part) - 1:len(part) + 1])
        self.assertLess(last, 80)
        self.assertGreater(after, 79)  # times are from the first request, which comes within a second

    def records(self, name):
        import io
        text = subprocess.run(["zstd", "-dcq", str(self.folder / name)], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return list(csv.DictReader(io.StringIO(text)))


class ReplayTest(ProgramTest):
    def replay(self, *arguments):
        self.epfleet("replay", *arguments, "--out", "r", "--force", "--quiet", "--progress", "off")
        return self.json_of("r/summary.json")

    def test_the_shipped_scenarios(self):
        for scenario in [MOONCAKE_REPLAY, AZURE_REPLAY]:
            self.epfleet("check", scenario)
        said = self.replay(EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--set", "duration=20 min")
        self.assertEqual(said["requests"]["arrived"], 1499)
        self.assertEqual(said["requests"]["completed"], 1499)
        ideal = json.loads(self.epfleet("trace", "stat", EXAMPLE, "--json").stdout)
        lost = said["cache"]["lost"]
        self.assertAlmostEqual(said["cache"]["hit_ratio"] + sum(lost.values()),
                               ideal["ideal_hit_ratio"], delta=2e-4)  # the last token is computed
        self.assertEqual(lost["capacity_ratio"], 0)

    @needs(MOONCAKE)
    def test_mooncake_in_a_small_fleet(self):
        said = self.replay(MOONCAKE, "--scenario", MOONCAKE_REPLAY)
        self.assertEqual(said["requests"]["arrived"], 12031)
        requests = said["requests"]
        self.assertEqual(requests["completed"] + requests["in_flight"], 12031)
        self.assertGreater(said["cache"]["hit_ratio"], 0.35)
        short = self.replay(MOONCAKE, "--scenario", MOONCAKE_REPLAY, "--set",
                            "workload.context_limit=65536")
        self.assertEqual(short["requests"]["arrived"], 12031)
        self.assertEqual(short["requests"]["rejected"], 254)
        self.assertIn("254 prompts of the trace fill the context limit", " ".join(short["notes"]))

    @needs(AZURE)
    def test_azure_over_a_day(self):
        said = self.replay(AZURE, "--scenario", AZURE_REPLAY, "--set", "workload.trace.rate=1")
        self.assertEqual(said["requests"]["arrived"], 86_400)
        self.assertEqual(sum(self.arrived_by_hour()), 86_400)

    def arrived_by_hour(self):
        with open(self.folder / "r/hourly.csv", newline="") as file:
            return [int(row["arrived_requests"]) for row in csv.DictReader(file)]

    def test_requests_at_the_first_instant_of_an_hour_are_of_that_hour(self):
        (self.folder / "edges.csv").write_text(
            OWN_HEAD + "".join(f"{at},100,10\n" for at in
                               [0, 3599.999, 3600, 3600, 7199.999999999, 7200]))
        said = self.replay("edges.csv", "--scenario", MOONCAKE_REPLAY, "--set", "duration=2 h")
        self.assertEqual(said["requests"]["arrived"], 5)
        self.assertEqual(self.arrived_by_hour(), [2, 3])

    def test_every_rule_of_eviction_plays(self):
        ratio = {}
        for rule in ["lru", "fifo", "s3fifo", "lfu", "ttl"]:
            said = self.replay(EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--set",
                               f"kv_cache.eviction={rule}", "--set", "kv_cache.capacity=35 GB",
                               "--set", "duration=10 min")
            ratio[rule] = said["cache"]["hit_ratio"]
            stored = said["cache"]["bytes_stored_peak"]
            (self.assertGreater if rule == "ttl" else self.assertLessEqual)(stored, 35e9)
        self.assertEqual(max(ratio.values()), ratio["ttl"])  # it has no capacity
        self.assertGreater(len(set(ratio.values())), 3)

    def test_a_folder_of_clients_is_a_trace(self):
        (self.folder / "mix").mkdir()
        for client, rate in enumerate([0.5, 1.5]):
            (self.folder / f"mix/chunk-{client}-trace.csv").write_text(
                f"0,{rate},2,Gamma,0.25,1\n600,{rate},1,,0,0\n")
            (self.folder / f"mix/chunk-{client}-dataset.json").write_text(json.dumps(
                {"0": {"input_tokens": "{900: 1}", "output_tokens": "{40: 0.5, 60: 0.5}",
                       "reason_ratio": "{0.5: 1}"}}))
        said = json.loads(self.epfleet("trace", "stat", "mix", "--json").stdout)
        self.assertEqual(said["format"], "servegen")
        self.assertAlmostEqual(said["requests"], 2400, delta=4 * (2.5 * 2400) ** 0.5)
        played = self.replay("mix", "--scenario", MOONCAKE_REPLAY, "--rate-scale", "0.5", "--set",
                             "duration=20 min")
        self.assertAlmostEqual(played["requests"]["arrived"], 1200, delta=4 * (2.5 * 1200) ** 0.5)
        self.assertGreater(played["tokens"]["reasoning"], 0)

    def test_same_bytes_twice(self):
        for out in ["a", "b"]:
            self.epfleet("replay", EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--until", "5 min",
                         "--rate-scale", "2.5", "--out", out, "--quiet")
        self.assert_same_results("a", "b")

    def test_a_slow_store_delays_hits_and_a_rule_computes_them_anew(self):
        def played(*settings):
            return self.replay(EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--set", "duration=10 min",
                               *[word for s in settings for word in ("--set", s)])
        quick = played()
        slow = played("kv_cache.read_bandwidth=200 MB/s")
        again = played("kv_cache.read_bandwidth=200 MB/s", "kv_cache.recompute=if_slower")
        late = played("kv_cache.write_delay=2 min")
        self.assertGreater(slow["latency"]["ttft_s"]["mean"], 2 * quick["latency"]["ttft_s"]["mean"])
        self.assertLess(again["latency"]["ttft_s"]["mean"], slow["latency"]["ttft_s"]["mean"])
        self.assertLess(again["cache"]["hit_ratio"], quick["cache"]["hit_ratio"] - 0.05)
        self.assertGreater(again["cache"]["lost"]["too_slow_ratio"], 0.05)
        self.assertEqual(quick["cache"]["lost"]["too_slow_ratio"], 0)
        self.assertLess(late["cache"]["hit_ratio"], quick["cache"]["hit_ratio"] - 0.05)
        self.assertGreater(late["cache"]["lost"]["not_yet_written_ratio"], 0.05)

    def test_options_of_the_wrong_kind(self):
        self.assertIn("--rate", self.refused("replay", SMALL_TRACE, "--scenario", SMALL, "--rate",
                                             "5"))
        self.assertIn("workload.trace.stretch",
                      self.refused("replay", EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--rate", "5",
                                   "--stretch", "1 h"))
        self.assertIn("no requests there",
                      self.refused("replay", EXAMPLE, "--scenario", MOONCAKE_REPLAY, "--from",
                                   "3 h"))
        self.assertIn("token totals", self.refused("trace", "stat", SMALL_TRACE))

    def test_a_refused_trace_leaves_nothing(self):
        (self.folder / "bad.csv").write_text(OWN_HEAD + "0,-1,1\n")
        self.refused("replay", "bad.csv", "--scenario", SMALL)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["bad.csv"])


if __name__ == "__main__":
    main()
