#!/usr/bin/env python3
"""Prompts of 100 k tokens: alone on an idle unit they take what their arithmetic takes, and under the load of the
Mooncake conversation trace nobody waits longer for them than when every step had the same budget of work."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import REFERENCE, SOURCE, ProgramTest, main, needs  # noqa: E402

SCENARIO = SOURCE / "configs" / "mooncake_replay.yaml"
TRACE = REFERENCE / "mooncake" / "conversation_trace.jsonl.zst"
if not TRACE.exists():
    TRACE = REFERENCE / "traces" / "mooncake" / "conversation_trace.jsonl.zst"


class LongPromptsTest(ProgramTest):
    def ttft_alone(self, tokens):
        trace = self.folder / "alone.jsonl"
        blocks = list(range((tokens + 511) // 512))
        trace.write_text(json.dumps({"timestamp": 0, "input_length": tokens, "output_length": 2,
                                     "hash_ids": blocks}) + "\n")
        self.epfleet("replay", trace, "--scenario", SCENARIO, "--set", "duration=10 min", "--out", "alone",
                     "--force", "--quiet")
        summary = self.json_of("alone/summary.json")
        self.assertEqual(summary["requests"]["completed"], 1)
        return summary["latency"]["ttft_s"]["max"]

    # 310 s in 302 chunks of about 420 tokens, when a step's budget of work was all that mattered.
    # Attention and the keys that every chunk makes again grow with the square, the rest with the
    # length: the ratio of twice the length lies between 2 and 4.
    def test_a_lone_long_prompt_is_not_cut_small(self):
        half, whole = self.ttft_alone(63_543), self.ttft_alone(127_085)
        self.assertLess(whole, 90.0)
        self.assertGreater(whole / half, 3.0)
        self.assertLess(whole / half, 4.2)

    @needs(TRACE)
    def test_under_load_the_others_are_not_worse_off(self):
        self.epfleet("replay", TRACE, "--scenario", SCENARIO, "--until", "20 min", "--out", "chats", "--quiet")
        summary = self.json_of("chats/summary.json")
        self.assertGreaterEqual(summary["slo"]["attainment_ratio"], 0.93)
        self.assertLess(summary["latency"]["ttft_s"]["p50"], 2.5)  # 2.4 s before


if __name__ == "__main__":
    main()
