#!/usr/bin/env python3
"""The ten questions of the guide still have the answers that stand below them."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import PROGRAM, SOURCE, main  # noqa: E402


class GuideQuestionsTest(unittest.TestCase):
    def test_every_answer_is_what_its_command_prints(self):
        done = subprocess.run([sys.executable, SOURCE / "tools" / "guide_questions.py", "--check",
                               "--program", PROGRAM], text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main()
