"""How fast the sound is made that models learn from.

    python tests/benchmarks/rendering.py --data DIR --cache DIR [--clips 64]

Clips of 12 s of the training kits and grooves, dry drums and the full chain, on one core: how many times faster than
real time, by CPU seconds of the process (`time.process_time`), reading one-shots and grooves not counted. Strokes are
read and retuned as they are first played: the first clips are not counted either, and more clips are faster. The table
is Markdown.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

from drumscribe.training.rendering.clips import CLIP_SECONDS, Studio

WARM = 16
"""Clips that are not counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="one-shots, grooves and backing")
    parser.add_argument("--cache", type=Path, required=True, help="instruments rendered before")
    parser.add_argument("--clips", type=int, default=64, help="of each kind (default: 64)")
    arguments = parser.parse_args()
    studio = Studio(arguments.data, arguments.cache, "train")
    print("| clips | x real time |\n| --- | ---: |")
    for name, make in (("drums alone, dry", studio.dry_clip), ("full chain", studio.clip)):
        for i in range(WARM):
            make(1, i)
        began = time.process_time()
        for i in range(WARM, WARM + arguments.clips):
            make(1, i)
        print(f"| {name} | {arguments.clips * CLIP_SECONDS / (time.process_time() - began):.0f} |", flush=True)


if __name__ == "__main__":
    main()
