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
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
from accuracy import SETS, TOLERANCES

from drumscribe.evaluate.annotations import Event, Track, pair_tracks
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import ONSET, score
from drumscribe.hits import Transcription
from drumscribe.onsets import Onsets
from drumscribe.picking import HitPicker
from drumscribe.transcriber import Transcriber


class _NoDetector:
    """Hears nothing, and leaves every time as it is."""

    settled = refinable = 1e9

    def reset(self) -> None:
        pass

    def push(self, samples: np.ndarray, frames: np.ndarray) -> Onsets:
        return self.flush()

    def flush(self) -> Onsets:
        return Onsets(np.zeros(0), np.zeros(0, np.float32))

    def refine(self, times: np.ndarray) -> np.ndarray:
        return times


class _OnsetPicker(HitPicker):
    """Takes no notice of peaks of the activations."""

    def _add_onsets(self, activations, frames, instruments, onset_frames):
        return super()._add_onsets(activations, frames[:0], instruments[:0], onset_frames)


def ways(model: Path | None) -> dict[str, Transcriber]:
    """The three transcribers."""
    onsets_only, activations_only, both = (Transcriber(model) for _ in range(3))
    onsets_only._finder._picker = _OnsetPicker(both.info.columns)
    activations_only._detector = activations_only._finder._detector = _NoDetector()
    return {"detector": onsets_only, "activations": activations_only, "both": both}


def _events(transcription: Transcription) -> tuple[Event, ...]:
    return tuple(Event(hit.time, hit.articulation, True, hit.velocity, False) for hit in transcription.hits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file, instead of the shipped one")
    arguments = parser.parse_args()
    cpu, rows = {}, []
    for name, transcriber in ways(arguments.model).items():
        transcriber.transcribe_array(np.zeros(44100, np.float32), 44100)
        cpu[name] = 0.0
        for test_set in SETS:
            references, _ = pair_tracks(arguments.bench / test_set.peer, arguments.bench / test_set.references)
            began = time.process_time()
            heard = {
                track.name: transcriber.transcribe_file(arguments.bench / test_set.audio / f"{track.name}.flac")
                for track in references
            }
            cpu[name] += time.process_time() - began
            tracks = [Track(track.name, track.reference, _events(heard[track.name])) for track in references]
            scores = [score(tracks, tolerance, test_set.classes) for tolerance in TOLERANCES]
            rows.append((test_set.name, name, *(s.row(row).f for s in scores for row in (MICRO, ONSET))))
    print("| set | hits from | micro F ±50 ms | onset F ±50 ms | micro F ±20 ms | onset F ±20 ms | CPU |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for test_set in SETS:
        for set_name, way, *figures in rows:
            if set_name == test_set.name:
                cells = " | ".join(f"{figure:.3f}" for figure in figures)
                print(f"| {set_name} | {way} | {cells} | {cpu[way] / cpu['both']:.2f} |")


if __name__ == "__main__":
    main()
