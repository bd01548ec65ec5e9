#!/usr/bin/env python3
"""Runs the questions of docs/guide.md and puts what they print below them.

    tools/guide_questions.py            rewrites every answer
    tools/guide_questions.py --check    rewrites nothing; exit 1 if one prints something else

A question is a line `    $ epfleet ...` (continued by a backslash), and its answer the block between
<!-- answer --> and <!-- /answer --> that follows it. All run in one empty folder, in order: the first writes the
scenario of the others. Of a run's summary the answer is what stands before its loads.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "guide.md"
QUESTION = re.compile(r"(?P<head>^    \$ (?P<command>epfleet (?:[^\n]*\\\n)*[^\n]*)\n+<!-- answer -->\n)"
                      r"(?P<answer>.*?)(?P<tail><!-- /answer -->)", re.S | re.M)


def printed(program, command, folder):
    words = shlex.split(command.replace("\\\n", " "))
    done = subprocess.run([program, *words[1:]], cwd=folder, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode:
        sys.exit(f"guide_questions: {command}\n{done.stderr}")
    text = done.stdout
    return text[:text.index("\n Load\n")] if "\n Load\n" in text else text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build" / "release" / "epfleet")
    options = parser.parse_args()
    text = GUIDE.read_text()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        def answered(match):
            answer = "```text\n" + printed(options.program.resolve(), match["command"], folder).strip("\n") + "\n```\n"
            if answer != match["answer"]:
                wrong.append((match["command"], match["answer"], answer))
            return match["head"] + answer + match["tail"]

        made = QUESTION.sub(answered, text)
    questions = len(QUESTION.findall(text))
    if not questions:
        sys.exit("guide_questions: docs/guide.md has no question")
    if options.check:
        for command, stands, prints in wrong:
            print(f"{command}\nstands:\n{stands}\nprints:\n{prints}")
        print(f"guide_questions: {questions} questions, {len(wrong)} print something else")
        sys.exit(1 if wrong else 0)
    GUIDE.write_text(made)
    print(f"guide_questions: {len(wrong)} of {questions} answers rewritten")


if __name__ == "__main__":
    main()
