"""Results of the study: means over seeds, their spread, and differences with their uncertainty."""

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
    """A figure over the seeds.

    Attributes
    ----------
    mean : float
        Mean.
    deviation : float
        Standard deviation, 0 for a single seed.
    """

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.deviation:.3f}"


@dataclass(frozen=True)
class Difference:
    """The gain in accuracy of one cell over another.

    Attributes
    ----------
    change : Spread
        Mean and standard deviation over the seeds.
    low, high : float
        Limits of a 95 % bootstrap interval over the held-out families, 2000 draws.
    """

    change: Spread
    low: float
    high: float

    @property
    def stands(self) -> bool:
        """Whether it exceeds the spread over seeds, and has the same sign on other kits."""
        return abs(self.change.mean) > self.change.deviation and not self.low <= 0.0 <= self.high

    def __str__(self) -> str:
        mark = " *" if self.stands else ""
        return f"{self.change.mean:+.3f} ± {self.change.deviation:.3f} ({self.low:+.3f} to {self.high:+.3f}){mark}"


def spread(values: list[float]) -> Spread:
    """Compute the spread of a figure, given one value per seed."""
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


@dataclass(frozen=True)
class Results:
    """All measurements.

    Attributes
    ----------
    plan : Plan
        The study.
    records : dict[Cell, Record]
        By cell.
    tracks : tuple[TrackRecord, ...]
        Of real recordings; none without a bench.
    classes, families : tuple[str, ...]
        Of the held-out one-shots, in the order of `Record.answers`.
    """

    plan: Plan
    records: dict[Cell, Record]
    tracks: tuple[TrackRecord, ...]
    classes: tuple[str, ...]
    families: tuple[str, ...]

    def of(self, cell: Cell) -> list[Record]:
        """Return the records of a cell, one for each seed."""
        return [self.records[replace(cell, seed=seed)] for seed in self.plan.seeds]

    def accuracy(self, cell: Cell) -> Spread:
        """Return the accuracy on held-out one-shots."""
        return spread([record.single.accuracy for record in self.of(cell)])

    def interval(self, cell: Cell) -> tuple[float, float]:
        """Return 95 % limits of the mean accuracy over seeds, from Student's t; the mean itself of a single seed."""
        from scipy.stats import t

        accuracy, seeds = self.accuracy(cell), len(self.plan.seeds)
        half = t.ppf(_INTERVAL[1] / 100, seeds - 1) * accuracy.deviation / np.sqrt(seeds) if seeds > 1 else 0.0
        return accuracy.mean - float(half), min(1.0, accuracy.mean + float(half))

    def difference(self, cell: Cell, other: Cell) -> Difference:
        """Compare the accuracy of two cells, seed by seed, on the same one-shots.

        Parameters
        ----------
        cell, other : Cell
            The cells.

        Returns
        -------
        Difference
            The gain of `cell` over `other`.
        """
        changes = self._right(cell) - self._right(other)  # (seeds, one-shots)
        names, family = np.unique(self.families, return_inverse=True)
        sums = np.bincount(family, changes.mean(axis=0), len(names))
        counts = np.bincount(family, minlength=len(names))
        drawn = np.random.default_rng(1).integers(len(names), size=(_DRAWS, len(names)))
        low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), _INTERVAL)
        return Difference(spread(changes.mean(axis=1).tolist()), float(low), float(high))

    def on_tracks(self, cell: Cell, recordings: str, at: str) -> list[TrackRecord]:
        """Return the records of a cell on a set of recordings, one for each seed; none without a bench.

        Parameters
        ----------
        cell : Cell
            The cell.
        recordings : str
            The set of recordings.
        at : str
            Kind of onsets.

        Returns
        -------
        list[TrackRecord]
            The records.
        """
        systems = {record.digest for record in self.of(cell)}
        return [t for t in self.tracks if t.system in systems and (t.recordings, t.at) == (recordings, at)]

    def reference(self, system: str, recordings: str, at: str) -> TrackRecord:
        """Return the record of another system on a set of recordings.

        Parameters
        ----------
        system : str
            Its name.
        recordings : str
            The set of recordings.
        at : str
            Kind of onsets.

        Returns
        -------
        TrackRecord
            The record.
        """
        return next(t for t in self.tracks if (t.system, t.recordings, t.at) == (system, recordings, at))

    def _right(self, cell: Cell) -> np.ndarray:
        names = self.plan.base.samples.classes
        truth = np.array([names.index(name) for name in self.classes])
        answers = np.array([[int(digit) for digit in record.answers] for record in self.of(cell)])
        return (answers == truth).astype(float)


def read_results(plan: Plan, folder: Path) -> Results:
    """Read the files of a complete study.

    Parameters
    ----------
    plan : Plan
        The study.
    folder : Path
        The folder of its records.

    Returns
    -------
    Results
        The measurements.
    """
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
