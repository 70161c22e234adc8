"""An atlas of errors: what is misheard, where, and how it looks.

    python tests/benchmarks/errors.py --bench DIR --out atlas [--data DIR --cache DIR] [--model FILE] [--worst 10]

For each set of recordings, in ``atlas/errors.md``: what really sounds where a hit is false, what else sounds where a
stroke is missed, and how many strokes of each loudness are found, where it is known. `as` means that a false hit of
that instrument is there instead. And the worst passages as pictures: the spectrogram, above it the model's
activations with what is played (lines) and heard (dots: right, crosses: false). DIR of --bench is as in accuracy.py,
--data and --cache, for rendered sound of held-out kits and grooves, are as in held_out.py.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from accuracy import SETS, markdown_row
from held_out import Recording, recordings

from drumscribe import Transcriber
from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import Event, read_events
from drumscribe.evaluate.matching import match, select
from drumscribe.music.drums import FIVE_CLASSES
from drumscribe.network.classifier import Classifier
from drumscribe.sound.audio import load
from drumscribe.sound.spectrogram import compute_spectrogram

TOLERANCE = 0.05
TOGETHER = 0.03
"""Strokes so near (seconds) sound together."""
PASSAGE = 6.0
COMMONEST = 6
LOUDNESS = (1, 20, 40, 60, 80, 100, 128)


@dataclass(frozen=True)
class Heard:
    """A recording, what was heard in it, and which of both sides is wrong."""

    recording: Recording
    estimate: tuple[Event, ...]
    false: tuple[Event, ...]
    missed: tuple[Event, ...]


def bench_recordings(bench: Path, audio: str, references: str) -> Iterator[Recording]:
    """The recordings of a set."""
    for path in sorted((bench / audio).glob("*.flac")):
        found = [p for p in (bench / references).iterdir() if p.stem in (path.stem, f"{path.stem}_subclass")]
        if len(found) != 1:
            raise DrumscribeError(f"{path}: {len(found)} references in {references}, not one")
        yield Recording(path.stem, load(path, 44100), read_events(found[0]))


def compare(recording: Recording, transcriber: Transcriber) -> Heard:
    """Transcribe, and find what is wrong."""
    hits = transcriber.transcribe_array(recording.sound, 44100).hits
    estimate = tuple(Event(hit.time, hit.articulation, True, hit.velocity) for hit in hits)
    right: set[int] = set()
    for name in FIVE_CLASSES:
        for pair in match(select(recording.reference, name), select(estimate, name), TOLERANCE):
            right |= {id(event) for event in pair}
    wrong = (
        tuple(e for e in side if e.instrument in FIVE_CLASSES and id(e) not in right)
        for side in (estimate, recording.reference)
    )
    return Heard(recording, estimate, *wrong)


def _at(events: Iterable[Event], event: Event, within: float) -> str:
    names = {e.instrument or "other" for e in events if e is not event and abs(e.time - event.time) <= within}
    return "+".join(sorted(names - {event.instrument})) or (f"near {event.instrument}" if names else "")


def false_by_cause(heard: Iterable[Heard], name: str) -> Counter:
    """What really sounds at false hits of an instrument."""
    return Counter(
        _at(one.recording.reference, event, TOLERANCE) or "nothing"
        for one in heard
        for event in one.false
        if event.instrument == name
    )


def missed_by_cause(heard: Iterable[Heard], name: str) -> Counter:
    """What a missed stroke was taken for, or what else sounds there."""
    causes: Counter = Counter()
    for one in heard:
        for event in one.missed:
            if event.instrument != name:
                continue
            taken = _at(one.false, event, TOGETHER)
            causes[f"as {taken}" if taken else _at(one.recording.reference, event, TOGETHER) or "alone"] += 1
    return causes


def _commonest(causes: Counter) -> str:
    return ", ".join(f"{cause} {count}" for cause, count in causes.most_common(COMMONEST))


def causes_table(heard: list[Heard]) -> list[str]:
    """Markdown: for each class what is false and what is missed."""
    lines = [markdown_row(("", "played", "false", "there sounds", "missed", "there sounds")), "| --- " * 6 + "|"]
    for name in FIVE_CLASSES:
        played = sum(len(select(one.recording.reference, name)) for one in heard)
        false, missed = false_by_cause(heard, name), missed_by_cause(heard, name)
        cells = (name, played, false.total(), _commonest(false), missed.total(), _commonest(missed))
        lines.append(markdown_row(cells))
    return lines


def loudness_table(heard: list[Heard]) -> list[str]:
    """Markdown: the share of strokes found by velocity; nothing where velocities are not known."""
    bins = list(pairwise(LOUDNESS))
    lines = [markdown_row(("found, by velocity", *(f"{low}-{high - 1}" for low, high in bins)))]
    lines.append("| --- " * (len(bins) + 1) + "|")
    for name in FIVE_CLASSES:
        cells = []
        for low, high in bins:
            played = [
                event.time not in {e.time for e in one.missed if e.instrument == name}
                for one in heard
                for event in select(one.recording.reference, name)
                if event.velocity is not None and low <= event.velocity < high
            ]
            cells.append(f"{np.mean(played):.2f} of {len(played)}" if played else "")
        if any(cells):
            lines.append(markdown_row((name, *cells)))
    return lines if len(lines) > 2 else []


def worst_passages(heard: Iterable[Heard], count: int) -> list[tuple[Heard, float]]:
    """The passages with most that is wrong, at most two of a recording, and when they begin."""
    found = []
    for one in heard:
        times = [event.time for event in (*one.false, *one.missed)]
        last = max(times, default=0.0)
        counted = [(sum(start <= t < start + PASSAGE for t in times), start) for start in np.arange(0.0, last, PASSAGE)]
        found += [(number, one, float(start)) for number, start in sorted(counted, reverse=True)[:2]]
    found.sort(key=lambda entry: -entry[0])
    return [(one, start) for _, one, start in found[:count]]


def draw(one: Heard, start: float, classifier: Classifier, path: Path) -> None:
    """A passage as a picture."""
    from matplotlib.figure import Figure

    settings = classifier.info.spectrogram
    frames = compute_spectrogram(one.recording.sound, settings)
    activations = classifier(frames).activations
    names = classifier.info.columns.instruments
    first, last = (round(t * settings.frame_rate) for t in (start, start + PASSAGE))
    figure = Figure(figsize=(16, 9), layout="constrained")
    axes = figure.subplots(len(names) + 1, 1, sharex=True, height_ratios=[1] * len(names) + [3])
    seconds = np.arange(first, min(last, len(activations))) / settings.frame_rate
    for i, (name, axis) in enumerate(zip(names, axes, strict=False)):
        axis.plot(seconds, activations[first : first + len(seconds), i], color="#2471a3", linewidth=1)
        axis.set(ylim=(0.0, 1.15), ylabel=name, xlim=(start, start + PASSAGE))
        axis.vlines([e.time for e in select(one.recording.reference, name)], 0.0, 1.1, color="#888888", linewidth=1)
        false = select(one.false, name)
        right = [e for e in select(one.estimate, name) if e not in false]
        axis.plot([e.time for e in right], [1.05] * len(right), "o", color="#1e8449", markersize=5)
        axis.plot([e.time for e in false], [1.05] * len(false), "x", color="#c0392b", markersize=7)
    picture = frames[first : first + len(seconds)].T
    axes[-1].imshow(picture, origin="lower", aspect="auto", extent=(seconds[0], seconds[-1], 0, len(picture)))
    axes[-1].set(ylabel="band", xlabel=f"{one.recording.name}, seconds")
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of the recordings and references")
    parser.add_argument("--out", type=Path, required=True, help="where the atlas goes")
    parser.add_argument("--data", type=Path, help="one-shots, grooves and backing")
    parser.add_argument("--cache", type=Path, help="where rendered instruments are kept")
    parser.add_argument("--model", type=Path, help="a model file instead of the shipped one")
    parser.add_argument("--clips", type=int, default=128, help="of rendered sound, dry (default 128)")
    parser.add_argument("--worst", type=int, default=10, help="passages of each set that are drawn (default 10)")
    arguments = parser.parse_args()
    try:
        sets = [(s.name, bench_recordings(arguments.bench, s.audio, s.references)) for s in SETS]
        if arguments.data and arguments.cache:
            sets.append(("held-out, dry", recordings(arguments.data, arguments.cache, "dry", arguments.clips)))
        write_atlas(sets, arguments)
    except DrumscribeError as error:
        sys.exit(str(error))


def write_atlas(sets: list[tuple[str, Iterator[Recording]]], arguments: argparse.Namespace) -> None:
    """Transcribe everything, and write the tables and pictures."""
    transcriber, classifier = Transcriber(arguments.model), Classifier(arguments.model)
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, of_set in sets:
        heard = [compare(recording, transcriber) for recording in of_set]
        lines += [f"## {name}", "", *causes_table(heard), "", *loudness_table(heard), ""]
        for number, (one, start) in enumerate(worst_passages(heard, arguments.worst), 1):
            picture = f"{name.replace(' ', '-').replace(',', '').lower()}-{number:02d}.png"
            draw(one, start, classifier, arguments.out / picture)
            lines.append(f"{number}. {one.recording.name} from {start:g} s: ![]({picture})")
        lines.append("")
    (arguments.out / "errors.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(line for line in lines if "![]" not in line))


if __name__ == "__main__":
    main()
