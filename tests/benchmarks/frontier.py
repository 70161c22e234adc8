"""What accuracy costs: every model for recordings that comes along, at every precision.

    python tests/benchmarks/frontier.py --bench DIR [--runs 3] [--minutes 10] [--model my-model/strokes.int8.tflite]

F are micro F at +-50 ms on the sets of `accuracy`. "network" is how many times faster than real time the network alone
runs on one core, "all" the whole transcription of a recording in memory: the minima of CPU time over the runs. Their
order changes from run to run. Multiply-adds are those of the network, per second of sound.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
from accuracy import SETS, TOLERANCES, markdown_row, transcribe_folder

from drumscribe import Transcriber
from drumscribe.evaluate.annotations import pair_tracks
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import score
from drumscribe.network.bundled import bundled_models
from drumscribe.network.classifier import Classifier
from drumscribe.network.model_file import load_model_info, model_file
from drumscribe.sound.audio import load
from drumscribe.sound.spectrogram import compute_spectrogram

KINDS = ("dynamic", "int8", "float16", "float32")


def measure_speeds(names: list[str], sound: np.ndarray, runs: int) -> dict[str, tuple[float, float]]:
    """Times faster than real time, of the network and of all, for each model."""
    transcribers = {name: Transcriber(name) for name in names}
    classifiers = {name: Classifier(name) for name in names if load_model_info(name).window is None}
    frames = compute_spectrogram(sound, load_model_info(names[0]).spectrogram)
    best = {name: [np.inf, np.inf] for name in names}
    rng = np.random.default_rng(1)
    for _ in range(runs + 1):  # the first is not counted in effect: nothing is warm
        for name in rng.permutation(names):
            works = [lambda name=name: transcribers[name].transcribe_blocks([sound])]
            if name in classifiers:  # a model of windows has nothing to do without onsets
                works.insert(0, lambda name=name: classifiers[name](frames))
            for i, work in enumerate(works, 2 - len(works)):
                began = time.process_time()
                work()
                best[name][i] = min(best[name][i], time.process_time() - began)
    seconds = len(sound) / load_model_info(names[0]).spectrogram.rate
    return {name: (seconds / network, seconds / whole) for name, (network, whole) in best.items()}


def f_of_sets(name: str, bench: Path) -> list[float]:
    """Micro F on each set."""
    transcriber = Transcriber(name)
    found = []
    for test_set in SETS:
        with tempfile.TemporaryDirectory() as folder:
            transcribe_folder(bench / test_set.audio, Path(folder), transcriber)
            tracks, _ = pair_tracks(Path(folder), bench / test_set.references)
            found.append(score(tracks, TOLERANCES[0], test_set.classes).row(MICRO).f)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of the recordings and references")
    parser.add_argument("--model", type=Path, action="append", default=[], help="a further model file, too")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0, help="of sound that speed is measured on")
    options = parser.parse_args()
    recordings = sorted((options.bench / SETS[1].audio).glob("*.flac"))
    if not recordings:
        sys.exit(f"{options.bench} has no {SETS[1].audio}: --bench must name the folder of the recordings")
    models = [name for name in bundled_models() if not load_model_info(name).look_aheads]
    names = [*(f"{model}.{kind}" for model in models for kind in KINDS), *map(str, options.model)]
    rate = load_model_info(names[0]).spectrogram.rate
    sound = np.concatenate([load(path, rate) for path in recordings])
    sound = np.resize(sound, round(options.minutes * 60 * rate))
    speeds = measure_speeds(names, sound, options.runs)
    columns = "model", "multiply-adds", "file", "network", "all", *(test_set.name for test_set in SETS)
    print(markdown_row(columns), markdown_row(["---"] * len(columns)), sep="\n")
    for name in names:
        path = model_file(name)
        card = json.loads(path.with_name(f"{path.name.split('.')[0]}.json").read_text(encoding="utf-8"))
        millions = f"{card['costs']['multiply_adds'] / 1e6:.0f} M/s"
        network, whole = (f"{speed:,.0f} x" if speed else "" for speed in speeds[name])  # none of windows by itself
        size = f"{path.stat().st_size / 1e6:.2f} MB"
        sets = [f"{f:.3f}" for f in f_of_sets(name, options.bench)]
        print(markdown_row((name, millions, size, network, whole, *sets)), flush=True)


if __name__ == "__main__":
    main()
