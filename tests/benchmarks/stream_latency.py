"""What waiting brings: F of the engine for each look-ahead, beside the transcription of the whole recording.

    python tests/benchmarks/stream_latency.py --bench DIR [--model FILE] [--sets "MDB Drums, drum stems" E-GMD]
                                                     [--look-aheads 0 50 210]

Each recording is played to an engine at its own rate, as fast as it can listen; hits are scored as `accuracy.py` of
this folder scores MIDI files. `latency` is what the engine reports at 48 kHz. Micro F over kick, snare, hihat, tom and
cymbal; the median offset of onsets. The table is Markdown.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import soundfile
from accuracy import SETS, TOLERANCES, TestSet

from drumscribe import Hit, Transcriber
from drumscribe.evaluate.annotations import Event, Track, pair_tracks
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import ONSET, score
from drumscribe.stream import Engine

BLOCK = 4096


def play(engine: Engine, path: Path) -> tuple[Hit, ...]:
    """The hits of a recording that is played to an engine."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    engine.prepare(rate, BLOCK, samples.shape[1], "interleaved")
    hits = [hit for start in range(0, len(samples), BLOCK) for hit in engine.process(samples[start : start + BLOCK])]
    return tuple(hit.at_rate(rate) for hit in [*hits, *engine.flush()])


def measure(hear: Callable[[Path], tuple[Hit, ...]], bench: Path, test_set: TestSet) -> list[str]:
    """Micro F at both tolerances, and the offset, of one set."""
    tracks = []
    for track in pair_tracks(bench / test_set.peer, bench / test_set.references)[0]:
        hits = hear(bench / test_set.audio / f"{track.name}.flac")
        events = (Event(hit.time, hit.articulation, True, hit.velocity, False) for hit in hits)
        tracks.append(Track(track.name, track.reference, tuple(events)))
    scores = [score(tracks, tolerance, test_set.classes) for tolerance in TOLERANCES]
    return [*(f"{s.row(MICRO).f:.3f}" for s in scores), f"{scores[0].row(ONSET).offset_median_ms:+.1f} ms"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file for streams, instead of the shipped one")
    names = [test_set.name for test_set in SETS]
    chosen = [names[0], names[2]]
    parser.add_argument("--sets", nargs="+", choices=names, default=chosen)
    parser.add_argument("--look-aheads", type=float, nargs="+", metavar="MS", help="instead of all that the model has")
    arguments = parser.parse_args()
    sets = [test_set for test_set in SETS if test_set.name in arguments.sets]
    figures = ("F ±50 ms", "F ±20 ms", "offset")
    columns = ["look-ahead", "latency", *(f"{test_set.name}, {figure}" for test_set in sets for figure in figures)]
    print(f"| {' | '.join(columns)} |")
    print(f"| {' | '.join(['---'] * len(columns))} |")
    engine = Engine(arguments.model, threaded=False)
    for look_ahead in arguments.look_aheads or engine.look_aheads:
        engine.parameters["look_ahead"] = look_ahead
        engine.prepare(48000, BLOCK, 1)
        row = [f"{look_ahead:.0f} ms", f"{engine.latency_samples / 48:.0f} ms"]
        for test_set in sets:
            print(f"{look_ahead:.0f} ms: {test_set.name}", file=sys.stderr)
            row += measure(lambda path: play(engine, path), arguments.bench, test_set)
        print(f"| {' | '.join(row)} |", flush=True)
    whole = Transcriber()
    row = ["all", "the recording"]
    for test_set in sets:
        row += measure(lambda path: whole.transcribe_file(path).hits, arguments.bench, test_set)
    print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
