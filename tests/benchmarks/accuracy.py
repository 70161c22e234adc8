"""How well the shipped model transcribes real recordings, beside the best open system.

    python tests/benchmarks/accuracy.py --bench DIR [--model FILE] [--out DIR] [--rescore] [--details] [--scorer]

DIR holds recordings, references and another system's answers, in the folders that `SETS` names. Each recording is
transcribed to MIDI (into --out), and those files are scored as `drumscribe evaluate` scores them. The tables are
Markdown. `edits` counts the strokes to add, to remove, and to give to another drum, for every 100 played. `offset` is
the median offset of all onsets, and `aligned` the micro F with that constant taken off.
With --scorer every figure is also compared, for equality, with those of DIR/score.py.
"""

import argparse
import importlib.util
import math
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import Track, pair_tracks
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scorecard import format_tolerance, to_tables
from drumscribe.evaluate.scores import ONSET, THREE_CLASSES, Scores, score
from drumscribe.formats.export import write
from drumscribe.music.drums import FIVE_CLASSES

TOLERANCES = (0.05, 0.02)
OWN, PEER = "drumscribe", "ADTOF"


@dataclass(frozen=True)
class TestSet:
    """Recordings, their references and the peer's answers, as folders of the bench, and the classes they have."""

    name: str
    audio: str
    references: str
    peer: str
    classes: tuple[str, ...] = FIVE_CLASSES


SETS = (
    TestSet("MDB Drums, drum stems", "mdb/drums", "mdb/subclass", "peers/adtof/mdb-drums"),
    TestSet("MDB Drums, mixes", "mdb/mixes", "mdb/subclass", "peers/adtof/mdb-mixes"),
    TestSet("E-GMD", "egmd/audio", "egmd/labels", "peers/adtof/egmd"),
    TestSet("electronic, drums", "eif/drums", "eif/labels", "eif/peers/adtof/drums"),
    TestSet("electronic, mixes with singing", "eif/mixes", "eif/labels", "eif/peers/adtof/mixes"),
    TestSet("beatbox", "beatbox/audio", "beatbox/labels", "peers/adtof/beatbox", THREE_CLASSES),
)


def transcribe_folder(audio: Path, out: Path, transcriber) -> None:
    """Write the MIDI of every recording of a folder."""
    for path in sorted(audio.glob("*.flac")):
        print(f"transcribing {path.name}", file=sys.stderr)
        write(transcriber.transcribe_file(path), out / f"{path.stem}.mid")


def align(tracks: list[Track], offset: float) -> list[Track]:
    """The tracks with a constant offset (seconds) of their estimates taken off."""
    return [
        replace(track, estimate=tuple(replace(event, time=event.time - offset) for event in track.estimate))
        for track in tracks
    ]


def markdown_row(cells) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def summarise(system: str, tracks: list[Track], test_set: TestSet) -> list[str]:
    """A Markdown row of F for each tolerance."""
    lines = []
    offset = score(tracks, TOLERANCES[0], test_set.classes).row(ONSET).offset_median_ms
    for tolerance in TOLERANCES:
        scores = score(tracks, tolerance, test_set.classes)
        micro = scores.row(MICRO)
        aligned = score(align(tracks, offset / 1000), tolerance, test_set.classes).row(MICRO)
        by_class = [figure(scores.row(c).f) if c in test_set.classes else "" for c in FIVE_CLASSES]
        interval = f"{micro.f_low:.2f}-{micro.f_high:.2f}"
        lines.append(
            markdown_row(
                (
                    test_set.name,
                    system,
                    format_tolerance(tolerance),
                    *by_class,
                    f"**{micro.f:.3f}**",
                    interval,
                    f"{scores.edits.per_100:.1f}",
                    figure(scores.macro.f),
                    figure(scores.row(ONSET).f),
                    f"{offset:+.1f} ms",
                    figure(aligned.f),
                )
            )
        )
    return lines


def load_scorer(path: Path):
    """The other scorer, as a module."""
    spec = importlib.util.spec_from_file_location("bench_score", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differences(scores: Scores, other: dict) -> list[str]:
    """Every figure of the scores that is not the other scorer's.

    Counts are to be equal, figures to a billionth: the times of a MIDI file come through another library there.
    Offsets are not compared: where a hit may be matched in several ways, `evaluate` takes the closest, and the other
    scorer any.
    """
    names = {
        "reference": "ref",
        "estimated": "est",
        "matched": "tp",
        "precision": "P",
        "recall": "R",
        "f": "F",
        "track_f": "F_track",
        "tracks": "n_tracks",
    }
    pairs = [
        (f"{row.name} {own}", getattr(row, own), other["rows"][row.name][theirs])
        for row in scores.rows
        for own, theirs in names.items()
    ]
    pairs += [
        (f"macro {own}", getattr(scores.macro, own), other["rows"]["macro"][names[own]])
        for own in ("precision", "recall", "f", "track_f")
    ]
    pairs += [
        (
            f"{track} {row}",
            (c.matched, c.estimated - c.matched, c.reference - c.matched),
            tuple(other["tracks"][track][row]),
        )
        for track, rows in scores.tracks.items()
        for row, c in rows.items()
    ]
    return [f"{name}: {own} is not {theirs}" for name, own, theirs in pairs if not _same(own, theirs)]


def _same(own, theirs) -> bool:
    if isinstance(own, float):
        return math.isnan(own) or math.isclose(own, theirs, rel_tol=0.0, abs_tol=1e-9)
    return own == theirs


def check(scorer, tracks: list[Track], estimates: Path, references: Path) -> None:
    """Compare all figures with the other scorer's, at both tolerances and for five and three classes."""
    pairs, _, _ = scorer.find_pairs(references, estimates, missing="error")
    for tolerance in TOLERANCES:
        for classes in (FIVE_CLASSES, THREE_CLASSES):
            found = differences(score(tracks, tolerance, classes), scorer.score(pairs, tolerance, classes))
            if found:
                sys.exit(f"{estimates}: differs from the other scorer: {'; '.join(found)}")
    print(f"{estimates}: equal to the other scorer", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file instead of the shipped one")
    parser.add_argument("--out", type=Path, help="where the MIDI files go (a temporary folder by default)")
    parser.add_argument("--rescore", action="store_true", help="score the MIDI files in --out as they are")
    parser.add_argument("--details", action="store_true", help="also print articulations, velocity, tracks, confusions")
    parser.add_argument("--scorer", action="store_true", help="compare all figures with those of score.py of the bench")
    arguments = parser.parse_args()
    if not (arguments.bench / SETS[0].references).is_dir():
        parser.error(f"{arguments.bench} has no {SETS[0].references}: --bench must name the folder of the recordings")
    if arguments.rescore and not arguments.out:
        parser.error("--rescore needs --out, the folder of the MIDI files")
    try:
        with tempfile.TemporaryDirectory() as temporary:
            run(arguments, arguments.out or Path(temporary))
    except DrumscribeError as error:
        sys.exit(str(error))


def run(arguments: argparse.Namespace, out: Path) -> None:
    """Transcribe, score and print."""
    scorer = load_scorer(arguments.bench / "score.py") if arguments.scorer else None
    if not arguments.rescore:
        from drumscribe import Transcriber

        transcriber = Transcriber(arguments.model)
        for test_set in SETS:
            transcribe_folder(arguments.bench / test_set.audio, out / test_set.audio, transcriber)
    columns = (
        *("set", "system", "within", *FIVE_CLASSES, "micro F", "95 %", "edits"),
        *("macro F", "onset F", "offset", "aligned"),
    )
    lines = [markdown_row(columns), markdown_row(["---"] * len(columns))]
    details = []
    for test_set in SETS:
        references = arguments.bench / test_set.references
        for system, estimates in ((OWN, out / test_set.audio), (PEER, arguments.bench / test_set.peer)):
            tracks, _ = pair_tracks(estimates, references)
            lines += summarise(system, tracks, test_set)
            if scorer:
                check(scorer, tracks, estimates, references)
            if system == OWN and arguments.details:
                details.append((test_set.name, score(tracks, TOLERANCES[0], test_set.classes)))
    print("\n".join(lines))
    console = Console(width=140)
    for name, scores in details:
        console.rule(name)
        for table in to_tables(scores, per_track=True, confusions=True):
            console.print(table)


if __name__ == "__main__":
    main()
