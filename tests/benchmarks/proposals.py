"""What the onset detector and the activations each bring to a transcription.

    python tests/benchmarks/proposals.py --bench DIR [--model FILE]

The recordings are transcribed in three ways, with the same model and decisions: hits only where the onset detector
proposes them, at its times; hits only where an activation peaks, at the peak's own time, without the detector; and
with both, as `drumscribe transcribe` does. CPU is the process time of the whole transcription of all sets (decoding
included, one thread, after a warm-up), against that of the last way. The table is Markdown.
"""

import argparse
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
from accuracy import SETS, TOLERANCES

from drumscribe.evaluate.annotations import Event, Track, pair_tracks
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import ONSET, score
from drumscribe.hearing import candidates, conductor
from drumscribe.music.transcription import Transcription
from drumscribe.sound.onsets import Onsets
from drumscribe.transcriber import Transcriber


class NoDetector:
    """Detects nothing, and leaves every time as it is."""

    known_until = refinable = 1e9

    def __init__(self, *settings: float) -> None:
        pass

    def reset(self) -> None:
        pass

    def push(self, samples: np.ndarray, frames: np.ndarray) -> Onsets:
        return self.flush()

    def flush(self) -> Onsets:
        return Onsets(np.zeros(0), np.zeros(0, np.float32))

    def refine(self, times: np.ndarray) -> np.ndarray:
        return times


def no_peaks(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames and instruments of the peaks, of which it finds none."""
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


WAYS: dict[str, Callable[[], AbstractContextManager]] = {
    "detector": lambda: patch.object(candidates, "find_peaks", no_peaks),
    "activations": lambda: patch.object(conductor, "OnsetDetector", NoDetector),
    "both": nullcontext,
}


def _events(transcription: Transcription) -> tuple[Event, ...]:
    return tuple(Event(hit.time, hit.articulation, True, hit.velocity, False) for hit in transcription.hits)


def measure(way: str, transcriber: Transcriber, bench: Path, rows: list[tuple]) -> float:
    """Transcribe all sets, add a row for each, and return the processor time in seconds."""
    transcriber.transcribe_array(np.zeros(44100, np.float32), 44100)
    cpu = 0.0
    for test_set in SETS:
        references, _ = pair_tracks(bench / test_set.peer, bench / test_set.references)
        began = time.process_time()
        heard = {
            track.name: transcriber.transcribe_file(bench / test_set.audio / f"{track.name}.flac")
            for track in references
        }
        cpu += time.process_time() - began
        tracks = [Track(track.name, track.reference, _events(heard[track.name])) for track in references]
        scores = [score(tracks, tolerance, test_set.classes) for tolerance in TOLERANCES]
        rows.append((test_set.name, way, *(s.row(row).f for s in scores for row in (MICRO, ONSET))))
    return cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file, instead of the shipped one")
    arguments = parser.parse_args()
    cpu, rows = {}, []
    for way, changed in WAYS.items():
        with changed():
            cpu[way] = measure(way, Transcriber(arguments.model), arguments.bench, rows)
    print("| set | hits from | micro F ±50 ms | onset F ±50 ms | micro F ±20 ms | onset F ±20 ms | CPU |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for test_set in SETS:
        for set_name, way, *figures in rows:
            if set_name == test_set.name:
                cells = " | ".join(f"{figure:.3f}" for figure in figures)
                print(f"| {set_name} | {way} | {cells} | {cpu[way] / cpu['both']:.2f} |")


if __name__ == "__main__":
    main()
