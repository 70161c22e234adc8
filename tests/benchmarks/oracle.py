"""What better decisions could bring: the best threshold for each recording and class, which only an oracle knows.

    python tests/benchmarks/oracle.py --bench DIR [--model FILE]

Recordings are heard at the highest sensitivity, and for each class of each recording the threshold is taken that gives
it the most right answers (by F at +-50 ms). What is left is what the network does not hear. The table is Markdown.
"""

import argparse
from pathlib import Path

import numpy as np
from accuracy import SETS, markdown_row
from errors import bench_recordings

from drumscribe import TranscribeOptions, Transcriber
from drumscribe.evaluate.annotations import Event, Track
from drumscribe.evaluate.matching import match, select
from drumscribe.evaluate.scores import score
from drumscribe.music.drums import INSTRUMENTS
from drumscribe.music.transcription import Hit


def best_of(played: list[Event], hits: list[Hit]) -> list[Event]:
    """The events of one class above the threshold that serves it best; none, if all are better left out."""
    best: list[Event] = []
    most = 1.0 if not played else 0.0
    for threshold in np.unique([hit.confidence for hit in hits]):
        kept = [Event(hit.time, hit.articulation, True, hit.velocity) for hit in hits if hit.confidence >= threshold]
        f = 2.0 * len(match(played, kept, 0.05)) / (len(played) + len(kept))
        if f > most:
            best, most = kept, f
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file instead of the shipped one")
    arguments = parser.parse_args()
    shipped = Transcriber(arguments.model)
    keen = Transcriber(arguments.model, TranscribeOptions(sensitivity=1.0))
    print(markdown_row(("set", "micro F", "with the best thresholds")))
    print("| --- | --- | --- |")
    for test_set in SETS:
        tracks: list[Track] = []
        ideal: list[Track] = []
        for recording in bench_recordings(arguments.bench, test_set.audio, test_set.references):
            hits = shipped.transcribe_array(recording.sound, 44100).hits
            heard = tuple(Event(hit.time, hit.articulation, True, hit.velocity) for hit in hits)
            tracks.append(Track(recording.name, recording.reference, heard))
            likely = keen.transcribe_array(recording.sound, 44100).hits
            events = [
                event
                for name in INSTRUMENTS
                for event in best_of(select(recording.reference, name), [h for h in likely if h.instrument == name])
            ]
            ideal.append(Track(recording.name, recording.reference, tuple(sorted(events, key=lambda e: e.time))))
        figures = (f"{score(side, 0.05, test_set.classes).row('micro').f:.3f}" for side in (tracks, ideal))
        print(markdown_row((test_set.name, *figures)), flush=True)


if __name__ == "__main__":
    main()
