"""What the records say: means over seeds, their spread, and differences with their uncertainty."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .cells import Cell, Plan
from .records import Record, TrackRecord, read_records, read_track_records

RECORDS, TRACKS, HELD_OUT = "records.jsonl", "tracks.jsonl", "held_out.csv"
_DRAWS = 2000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Spread:
    """A figure over the seeds: its mean, and its standard deviation (0 for a single seed)."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.deviation:.3f}"


@dataclass(frozen=True)
class Difference:
    """How much more accurate one cell is than another.

    Attributes
    ----------
    change : mean and standard deviation over the seeds.
    low, high : 95 % of a bootstrap over the held-out families, 2000 draws.
    """

    change: Spread
    low: float
    high: float

    @property
    def stands(self) -> bool:
        """Whether it exceeds the spread over seeds, and other kits would not have turned it round."""
        return abs(self.change.mean) > self.change.deviation and not self.low <= 0.0 <= self.high

    def __str__(self) -> str:
        mark = " *" if self.stands else ""
        return f"{self.change.mean:+.3f} ± {self.change.deviation:.3f} ({self.low:+.3f} to {self.high:+.3f}){mark}"


def spread(values: list[float]) -> Spread:
    """Of one figure for each seed."""
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


@dataclass(frozen=True)
class Results:
    """All that was measured.

    Attributes
    ----------
    plan : what was to be.
    records : by cell.
    tracks : of real recordings; none where there was no bench.
    classes, families : of the held-out one-shots, in the order of `Record.answers`.
    """

    plan: Plan
    records: dict[Cell, Record]
    tracks: tuple[TrackRecord, ...]
    classes: tuple[str, ...]
    families: tuple[str, ...]

    def of(self, cell: Cell) -> list[Record]:
        """The records of a cell, one for each seed."""
        return [self.records[replace(cell, seed=seed)] for seed in self.plan.seeds]

    def accuracy(self, cell: Cell) -> Spread:
        """On held-out one-shots."""
        return spread([record.single.accuracy for record in self.of(cell)])

    def difference(self, cell: Cell, other: Cell) -> Difference:
        """How much more accurate a cell is than another, seed by seed, on the same one-shots."""
        changes = self._right(cell) - self._right(other)  # (seeds, one-shots)
        names, family = np.unique(self.families, return_inverse=True)
        sums = np.bincount(family, changes.mean(axis=0), len(names))
        counts = np.bincount(family, minlength=len(names))
        drawn = np.random.default_rng(1).integers(len(names), size=(_DRAWS, len(names)))
        low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), _INTERVAL)
        return Difference(spread(changes.mean(axis=1).tolist()), float(low), float(high))

    def on_tracks(self, cell: Cell, recordings: str, at: str) -> list[TrackRecord]:
        """The records of a cell on a set of recordings, one for each seed; none where there was no bench."""
        systems = {record.digest for record in self.of(cell)}
        return [t for t in self.tracks if t.system in systems and (t.recordings, t.at) == (recordings, at)]

    def reference(self, system: str, recordings: str, at: str) -> TrackRecord:
        """What else was measured on a set of recordings."""
        return next(t for t in self.tracks if (t.system, t.recordings, t.at) == (system, recordings, at))

    def _right(self, cell: Cell) -> np.ndarray:
        names = self.plan.base.samples.classes
        truth = np.array([names.index(name) for name in self.classes])
        answers = np.array([[int(digit) for digit in record.answers] for record in self.of(cell)])
        return (answers == truth).astype(float)


def read_results(plan: Plan, folder: Path) -> Results:
    """Read the files of a study that is complete."""
    cells = set(plan.cells())
    records = {record.cell: record for record in read_records(folder / RECORDS) if record.cell in cells}
    with open(folder / HELD_OUT, newline="", encoding="utf-8") as file:
        held_out = list(csv.DictReader(file))
    return Results(
        plan,
        records,
        read_track_records(folder / TRACKS),
        tuple(row["class"] for row in held_out),
        tuple(row["family"] for row in held_out),
    )
