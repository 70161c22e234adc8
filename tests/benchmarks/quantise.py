"""How many notes quantisation moves to the position that they were written at.

python tests/benchmarks/quantise.py --grooves DIR

Patterns are written at random on a grid, 16 bars each: kick, snare and a hihat or ride, in 4/4 at 60 to 180 quarters
per minute, with a bar that comes back and now and then another one. Then they are played with the timing of real
drummers: the deviations of a recorded performance from its own grid, in order, less their mean, and scaled to an RMS
of 10 or 20 ms. DIR holds those performances as MIDI, and `info.csv` with columns `midi_filename`, `bpm`, `split`,
`beat_type` and `time_signature`, as the Groove MIDI Dataset does; only its training split is used. The tempo map is
the true one.

A note is right if it lands within a millisecond, or where notes swing within a hundredth of the pair's length, of where
it was written. Beside it: plain rounding to the nearest of all lines of the grid that is asked for, and rounding that
knows more than anybody does, the true subdivision of each bar and the true swing. Shares are means over three seeds.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.formats.midi import read_midi
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid, Swing
from drumscribe.quantisation.quantise import quantise
from drumscribe.quantisation.settings import QuantiseOptions, QuantiseSettings

BARS = 16
PATTERNS = 40
SEEDS = (2, 3, 4)
"""Of the patterns that are scored; the settings of quantisation were watched on those of seed 1."""


@dataclass(frozen=True)
class Kind:
    """A kind of patterns: its name, the grid that is asked for, what pairs of notes swing, and between which tempi."""

    name: str
    grid: str
    pair: float | None = None
    tempi: tuple[float, float] = (60.0, 180.0)


KINDS = (
    Kind("straight 1/16", "1/16"),
    Kind("straight 1/32", "1/32"),
    Kind("straight 1/32, up to 120 BPM", "1/32", tempi=(60.0, 120.0)),
    Kind("triplets 1/8t", "1/8t"),
    Kind("mixed 1/16+1/8t", "1/16+1/8t"),
    Kind("straight on 1/16+1/8t", "1/16+1/8t"),
    Kind("swung 1/8, 54-66 %", "1/8", 1.0),
    Kind("swung 1/8 on 1/16, 54-66 %", "1/16", 1.0),
    Kind("swung 1/16, 54-66 %", "1/16", 0.5),
)


def read_deviations(folder: Path) -> list[np.ndarray]:
    """The seconds by which the notes of each performance are off the nearest sixteenth or triplet of an eighth."""
    found = []
    with open(folder / "info.csv", newline="") as file:
        for row in csv.DictReader(file):
            if (row["split"], row["beat_type"], row["time_signature"]) != ("train", "beat", "4-4"):
                continue
            quarter = 60 / float(row["bpm"])
            at = np.array([hit.time for hit in read_midi(folder / row["midi_filename"])]) / quarter
            off = np.stack([at - np.rint(at * lines) / lines for lines in (4, 3)])
            nearest = off[np.abs(off).argmin(axis=0), np.arange(len(at))] * quarter
            if len(nearest) > 100:
                found.append(nearest - nearest.mean())
    return found


def write_bar(rng: np.random.Generator, lines: int) -> list[tuple[float, str]]:
    """A bar of 4/4 with so many lines to the quarter: positions in quarters and articulations."""
    notes = []
    hat = rng.choice(("hihat_closed", "ride"))
    density = rng.choice((1, 2, lines)) if lines % 2 == 0 else rng.choice((1, lines))
    for n in range(4 * lines):
        weight = 1.0 if n % lines == 0 else 0.5 if lines % 2 == 0 and n % (lines // 2) == 0 else 0.25
        if n % (lines // density) == 0 and rng.random() < 0.93:
            notes.append((n / lines, str(hat)))
        backbeat = n % (2 * lines) == lines
        if rng.random() < (0.95 if backbeat else 0.1 * (weight < 1)):
            notes.append((n / lines, "snare"))
        if n == 0 or rng.random() < 0.35 * weight:
            notes.append((n / lines, "kick"))
    return notes


def write_pattern(kind: Kind, rng: np.random.Generator) -> tuple[np.ndarray, list[str], Swing]:
    """Positions in quarters, sorted, and articulations."""
    swing = Swing(float(rng.uniform(0.54, 0.66)), kind.pair) if kind.pair else Swing()
    subdivisions = Grid.parse(kind.grid).subdivisions
    if kind.name.startswith("straight on"):
        subdivisions = subdivisions[:1]
    themes = [[write_bar(rng, round(1 / s.step)) for _ in range(2)] for s in subdivisions]
    positions, names = [], []
    for bar in range(BARS):
        which = int(rng.integers(len(subdivisions)))
        notes = themes[which][0 if rng.random() < 0.7 else 1]
        if rng.random() < 0.15:
            notes = write_bar(rng, round(1 / subdivisions[which].step))
        positions += [4 * bar + float(swing.apply(np.array(at))) for at, _ in notes]
        names += [name for _, name in notes]
    order = np.argsort(positions, kind="stable")
    return np.array(positions)[order], [names[i] for i in order], swing


def play(
    positions: np.ndarray, names: list[str], tempo: float, jitter: float, deviations: list[np.ndarray], rng
) -> Transcription:
    """The pattern with a drummer's timing; the confidence of each hit is the index of its note."""
    own = deviations[rng.integers(len(deviations))]
    start = int(rng.integers(len(own)))
    off = np.resize(np.roll(own, -start), len(positions))
    times = 1.0 + positions * 60 / tempo + off * jitter / np.sqrt(np.mean(own**2))
    hits = [
        Hit(float(time), name, int(rng.integers(60, 110)), float(i))
        for i, (time, name) in enumerate(zip(times, names, strict=True))
    ]
    hits.sort(key=lambda hit: hit.time)
    rhythm = Rhythm(TempoMap.steady(tempo, 1.0), 1.0, True)
    return Transcription(tuple(hits), float(times.max() + 1), "", rhythm)


def round_to_nearest(transcription: Transcription, lines: np.ndarray) -> np.ndarray:
    """The line that is nearest to each hit, in quarters, in the order of the notes."""
    at = np.empty(len(transcription.hits))
    for hit in transcription.hits:
        at[int(hit.confidence)] = transcription.rhythm.tempo_map.quarters_at(hit.time)
    after = np.clip(np.searchsorted(lines, at), 1, len(lines) - 1)
    return np.where(at - lines[after - 1] < lines[after] - at, lines[after - 1], lines[after])


def all_lines(kind: Kind) -> np.ndarray:
    """All straight lines of the grid that is asked for, in quarters."""
    steps = [subdivision.step for subdivision in Grid.parse(kind.grid).subdivisions]
    return np.unique(np.concatenate([np.arange(round(4 * BARS / step) + 1) * step for step in steps]))


def true_lines(kind: Kind, positions: np.ndarray, swing: Swing) -> np.ndarray:
    """All lines of the grid, in quarters, each bar with the subdivision that its notes are on."""
    lines = []
    for bar in range(BARS):
        own = positions[(positions >= 4 * bar) & (positions < 4 * bar + 4)] - 4 * bar
        fits = [
            s
            for s in Grid.parse(kind.grid).subdivisions
            if np.allclose((swing.undo(own) / s.step + 1e-6) % 1, 0, atol=1e-5)
        ]
        step = (fits or Grid.parse(kind.grid).subdivisions)[0].step
        lines.append(4 * bar + swing.apply(np.arange(round(4 / step)) * step))
    return np.concatenate([*lines, [4.0 * BARS]])


def score(kind: Kind, jitter: float, deviations: list[np.ndarray], seed: int) -> tuple[float, float, float]:
    """Shares of right notes: quantised, rounded to any line, and rounded to the nearest true line."""
    rng = np.random.default_rng(seed)
    right = rounded = nearest = total = 0
    options = QuantiseOptions(QuantiseSettings(Grid.parse(kind.grid)))
    for _ in range(PATTERNS):
        positions, names, swing = write_pattern(kind, rng)
        tempo = float(rng.uniform(*kind.tempi))
        played = play(positions, names, tempo, jitter, deviations, rng)
        quantised, _ = quantise(played, options)
        at = np.empty(len(positions))
        for hit in quantised.hits:
            at[int(hit.confidence)] = played.rhythm.tempo_map.quarters_at(hit.time)
        tolerance = max(0.001 * tempo / 60, 0.02 * kind.pair if kind.pair else 0)
        right += int(np.sum(np.abs(at - positions) < tolerance))
        plainly = round_to_nearest(played, all_lines(kind))
        rounded += int(np.sum(np.abs(plainly - positions) < tolerance))
        knowingly = round_to_nearest(played, true_lines(kind, positions, swing))
        nearest += int(np.sum(np.abs(knowingly - positions) < 1e-6))
        total += len(positions)
    return right / total, rounded / total, nearest / total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grooves", type=Path, required=True, metavar="DIR")
    deviations = read_deviations(parser.parse_args().grooves)
    names = [f"{name}, {ms} ms" for ms in (10, 20) for name in ("quantised", "plain rounding", "all known")]
    print("| patterns | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names))
    for kind in KINDS:
        by_jitter = [np.mean([score(kind, jitter, deviations, s) for s in SEEDS], axis=0) for jitter in (0.01, 0.02)]
        at = np.concatenate(by_jitter)
        print(f"| {kind.name} | " + " | ".join(f"{share:.3f}" for share in at) + " |")


if __name__ == "__main__":
    main()
