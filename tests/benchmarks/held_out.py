"""How well the shipped model hears performances that are known to the sample: held-out grooves on held-out kits.

    python tests/benchmarks/held_out.py --data DIR --cache DIR [--model FILE] [--clips 256]

DIR are the folders that `drumscribe-train render` takes. Clips of 12 s are rendered anew, with a seed of their own:
`dry` ones are drums alone, kits as they were recorded; `produced` ones went through the whole chain that training
sound goes through, accompaniment included. Kits and grooves are those that thresholds were chosen on, the clips are
not. Strokes softer than velocity 20 are left out, and what was heard of them. The tables are Markdown.

`strokes close together` are played on one drum, with kits as they were recorded: flams (a soft stroke before a loud
one), rolls, single strokes. `found` is the share of strokes that a hit matches within a third of the gap, at most
20 ms; `hits` is the number of hits for each stroke.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe import TranscribeOptions, Transcriber
from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import Event, Track
from drumscribe.evaluate.matching import MICRO, match, select
from drumscribe.evaluate.scores import Row, score
from drumscribe.music.drums import ARTICULATION_BY_NAME, FIVE_CLASSES

SEED = 101
SOFTEST = 20
"""Velocities below this do not count."""
GHOST_VELOCITY = 40
"""Snares below this are ghost notes."""
SENSITIVITIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
KITS = 40
GAPS = (0.02, 0.025, 0.03, 0.04, 0.06)
RATES = (8, 12, 16, 20, 25)


@dataclass(frozen=True)
class Recording:
    """Sound, and what is played in it."""

    name: str
    sound: np.ndarray
    reference: tuple[Event, ...]


def event(time: float, articulation: str | None, velocity: float) -> Event:
    """A stroke as a reference; `velocity` from 0 to 1."""
    midi = round(float(velocity) * 127)
    is_snare = articulation is not None and ARTICULATION_BY_NAME[articulation].instrument == "snare"
    return Event(float(time), articulation, True, midi, is_snare and midi < GHOST_VELOCITY)


def recordings(data: Path, cache: Path, kind: str, count: int) -> Iterator[Recording]:
    """Clips of held-out kits and grooves."""
    from drumscribe.training.rendering.clips import ROLES, Studio

    studio = Studio(data, cache, "validation")
    make = studio.dry_clip if kind == "dry" else studio.clip
    for index in range(count):
        clip = make(SEED, index)
        strokes = zip(clip.times, (ROLES[role] for role in clip.roles), clip.velocities, strict=True)
        reference = [event(t, role if role in ARTICULATION_BY_NAME else None, v) for t, role, v in strokes]
        yield Recording(f"{kind} {index}", clip.sound, tuple(sorted(reference, key=lambda e: e.time)))


def transcribe(transcriber: Transcriber, recording: Recording) -> Track:
    """What is played and what is heard, without what is too soft to count on either side."""
    hits = transcriber.transcribe_array(recording.sound, 44100).hits
    heard = [Event(hit.time, hit.articulation, True, hit.velocity) for hit in hits]
    soft = {id(e) for e in recording.reference if e.velocity is not None and e.velocity < SOFTEST}
    dropped = set(soft)
    for instrument in {e.instrument for e in recording.reference}:
        pairs = match(select(recording.reference, instrument), select(heard, instrument), 0.05)
        dropped |= {id(found) for played, found in pairs if id(played) in soft}
    kept = (tuple(e for e in side if id(e) not in dropped) for side in (recording.reference, heard))
    return Track(recording.name, *kept)


def markdown(columns: tuple[str, ...], rows: list[tuple]) -> str:
    """A table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def _cell(value) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3f}"
    return str(value)


def _row(kind: str, row: Row) -> tuple:
    interval = "" if math.isnan(row.f_low) else f"{row.f_low:.2f}-{row.f_high:.2f}"
    return kind, row.name, row.reference, row.precision, row.recall, row.f, interval


def accuracy(tracks: dict[str, list[Track]]) -> list[str]:
    """Tables of classes and articulations, and of velocities and ghost notes."""
    rows, dynamics = [], []
    for kind, of_kind in tracks.items():
        scores = score(of_kind, 0.05)
        side_stick = score(of_kind, 0.05, ("side_stick",)).row("side_stick")
        rows += [_row(kind, row) for row in (*scores.rows, side_stick)]
        rows += [_row(kind, row) for row in scores.finer if row.name not in (*FIVE_CLASSES, "side_stick")]
        for row in scores.velocity:
            ghosts = scores.ghosts.recall if row.name == "snare" else math.nan
            dynamics.append((kind, row.name, row.matched, row.pearson, f"{row.mae:.1f}", row.f, ghosts))
    velocity_columns = ("clips", "", "matched", "Pearson", "MAE, MIDI units", "F with velocity", "ghost notes found")
    return [
        markdown(("clips", "", "played", "P", "R", "F ±50 ms", "95 %"), rows),
        markdown(velocity_columns, dynamics),
    ]


def sensitivity(clips: dict[str, list[Recording]], model: Path | None) -> str:
    """A table of precision and recall along the sensitivities."""
    rows = []
    for value in SENSITIVITIES:
        transcriber = Transcriber(model, TranscribeOptions(value))
        cells = []
        for of_kind in clips.values():
            micro = score([transcribe(transcriber, clip) for clip in of_kind], 0.05).row(MICRO)
            cells += [micro.precision, micro.recall, micro.f]
        rows.append((f"{value:g}", *cells))
    return markdown(("sensitivity", *(f"{figure}, {kind}" for kind in clips for figure in "PRF")), rows)


def close_strokes(data: Path, model: Path | None) -> str:
    """A table of flams, rolls and single strokes."""
    from drumscribe.training.data.sources import read_pieces
    from drumscribe.training.rendering.kits import KitMaker

    kits, transcriber = KitMaker(read_pieces(data / "oneshots", "validation")), Transcriber(model)
    patterns = [(f"flams, {gap * 1000:g} ms", gap, np.array([0.45, 0.85]), 0.7) for gap in GAPS]
    patterns += [(f"rolls, {rate} strokes a second", 1 / rate, np.full(rate, 0.6), 1.6) for rate in RATES]
    patterns += [("single strokes", math.inf, np.array([0.8]), 0.7)]
    rows = []
    for name, gap, velocities, period in patterns:
        cells = []
        for role in ("kick", "snare", "tom_high", "hihat_closed"):
            played = found = heard = 0
            for number in range(KITS):
                tracks = _repeated(kits, transcriber, role, gap, velocities, period, number)
                within = min(0.02, gap / 3)
                instrument = ARTICULATION_BY_NAME[role].instrument
                estimate = select(tracks.estimate, instrument)
                played += len(tracks.reference)
                heard += len(estimate)
                found += len(match(tracks.reference, estimate, within))
            cells += [f"{found / played:.2f}", f"{heard / played:.2f}"]
        rows.append((name, *cells))
    names = ("kick", "snare", "tom", "hihat")
    return markdown(("strokes close together", *(f"{n}: {what}" for n in names for what in ("found", "hits"))), rows)


def _repeated(kits, transcriber, role: str, gap: float, velocities: np.ndarray, period: float, number: int) -> Track:
    from drumscribe.training.rendering.performances import render_drums
    from drumscribe.training.rendering.scores import Score

    rng = np.random.default_rng([SEED, number])
    kit = kits.make(rng, bool(rng.random() < 0.4), plain=True)
    starts = 0.5 + period * np.arange(6)
    offsets = np.arange(len(velocities)) * (gap if math.isfinite(gap) else 0.0)
    times = (starts[:, None] + offsets).ravel() + rng.normal(0.0, 0.001, len(starts) * len(offsets))
    levels = np.tile(velocities, len(starts))
    seconds = float(times.max()) + 1.0
    sound = render_drums(Score(times, (role,) * len(times), levels, 0.5, 4.0), kit, rng, seconds)
    sound *= 0.5 / max(float(np.max(np.abs(sound))), 1e-6)
    reference = tuple(event(t, role, v) for t, v in zip(times, levels, strict=True))
    return transcribe(transcriber, Recording(role, sound, reference))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="one-shots, grooves and backing")
    parser.add_argument("--cache", type=Path, required=True, help="where rendered instruments are kept")
    parser.add_argument("--model", type=Path, help="a model file instead of the shipped one")
    parser.add_argument("--clips", type=int, default=256, help="of each kind (default 256)")
    arguments = parser.parse_args()
    try:
        transcriber = Transcriber(arguments.model)
        clips = {
            kind: list(recordings(arguments.data, arguments.cache, kind, arguments.clips))
            for kind in ("dry", "produced")
        }
        tracks = {kind: [transcribe(transcriber, clip) for clip in of_kind] for kind, of_kind in clips.items()}
        print(*accuracy(tracks), sep="\n")
        few = {kind: of_kind[:64] for kind, of_kind in clips.items()}
        print(sensitivity(few, arguments.model))
        print(close_strokes(arguments.data, arguments.model))
    except DrumscribeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
