"""Scores of transcriptions against references.

Conventions
-----------
Events are instants in seconds with an instrument. In each track and row, a maximum one-to-one matching of reference and
estimate within the tolerance (see `matching`) gives the matched events; precision, recall and F come from counts summed
over the tracks.

Rows are the classes (five, or kick, snare and hihat), `micro`, which sums the counts of the classes, and `onset`, which
counts events of any kind, also those outside the vocabulary; events less than 30 ms after the first of a group count as
one. The side stick is outside the five classes, as in MDB Drums (Southall et al., ISMIR 2017). Events outside the
classes are in no figure but `onset`; rows of their own count them. `macro` is the mean over the classes that the
references contain. `track_f` is the mean of F over the tracks in which the reference or the
estimate has such an event. Offsets are estimate minus reference, in milliseconds, over the matched events: positive is
late. Intervals are the 2.5 and 97.5 percentiles of F over 1000 bootstrap draws of the tracks, with a fixed seed.

Finer rows are scored if the references allow it: articulations (over the tracks in which no event of that instrument
has a broader label) and the recall of the snare's ghost notes as snares.

An undefined figure, such as the recall of a class that is never played, is NaN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..music.drums import ARTICULATIONS, FIVE_CLASSES, INSTRUMENTS
from .annotations import Event, Track
from .edits import Edits, count_edits
from .matching import MICRO, NAN, Counts, count, match, select
from .velocities import VelocityRow, score_velocities

THREE_CLASSES = FIVE_CLASSES[:3]
ONSET = "onset"
OUTSIDE, NOTHING = "other", "nothing"
OTHERS = "other sounds"
"""The row of the sounds outside the vocabulary: a kit's own sounds, percussion, strokes without a drum's name."""
MERGE_SECONDS = 0.03
"""Onsets closer than this to the first of a group count once (by hand: about a flam)."""
BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True)
class Row:
    """A row of the scores: counts over all tracks, and the figures that follow.

    Attributes
    ----------
    name : str
        A class, an articulation, `micro`, `onset`, or `OTHERS`.
    reference, estimated, matched : int
        Numbers of events.
    precision, recall, f : float
        From these counts.
    f_low, f_high : float
        Limits of the 95 % interval of F.
    track_f : float
        Mean F of the tracks.
    tracks : int
        Number of tracks in that mean.
    offset_median_ms : float
        Median offset in milliseconds.
    offset_p90_ms : float
        90th percentile of the absolute offset in milliseconds.
    """

    name: str
    reference: int
    estimated: int
    matched: int
    precision: float
    recall: float
    f: float
    f_low: float
    f_high: float
    track_f: float
    tracks: int
    offset_median_ms: float
    offset_p90_ms: float


@dataclass(frozen=True)
class Macro:
    """Means over the classes that the references contain.

    Attributes
    ----------
    precision, recall, f, track_f : float
        See `Row`.
    """

    precision: float
    recall: float
    f: float
    track_f: float


@dataclass(frozen=True)
class Ghosts:
    """Ghost notes of the references that were found as snares.

    Attributes
    ----------
    reference : int
        Number of ghost notes.
    matched : int
        Number of these that were found.
    recall : float
        Their ratio.
    """

    reference: int
    matched: int
    recall: float


@dataclass(frozen=True)
class Confusion:
    """False events of one class at the time of missed events of another one.

    Attributes
    ----------
    estimated : str
        The class of the false events.
    missed : str
        The class of the missed events: `other` for sounds outside the vocabulary, `nothing` if no event was missed
        there.
    count : int
        Number of pairs.
    """

    estimated: str
    missed: str
    count: int


@dataclass(frozen=True)
class Scores:
    """Scores of a set of tracks at one tolerance.

    Attributes
    ----------
    tolerance : float
        Maximum distance of a match in seconds.
    rows : tuple[Row, ...]
        The classes, `micro` and `onset`.
    macro : Macro
        Means over the classes.
    outside : tuple[Row, ...]
        The instruments outside the classes, and `OTHERS`, as far as they occur; `onset` alone counts these events, too.
    finer : tuple[Row, ...]
        The articulations.
    ghosts : Ghosts
        Ghost notes.
    edits : Edits
        The corrections by hand that the estimates need.
    velocity : tuple[VelocityRow, ...]
        Velocities by class.
    tracks : dict[str, dict[str, Counts]]
        Counts by track and row.
    confusions : tuple[Confusion, ...]
        Pairs of classes with at least one confusion.
    """

    tolerance: float
    rows: tuple[Row, ...]
    macro: Macro
    outside: tuple[Row, ...]
    finer: tuple[Row, ...]
    ghosts: Ghosts
    edits: Edits
    velocity: tuple[VelocityRow, ...]
    tracks: dict[str, dict[str, Counts]] = field(repr=False)
    confusions: tuple[Confusion, ...] = field(repr=False)

    def row(self, name: str) -> Row:
        """Return the row of this name, of a class, an articulation or any other of the rows."""
        return next(row for row in (*self.rows, *self.finer, *self.outside) if row.name == name)


def score(tracks: Sequence[Track], tolerance: float = 0.05, classes: Sequence[str] = FIVE_CLASSES) -> Scores:
    """Score tracks (see the module's description).

    Parameters
    ----------
    tracks : Sequence[Track]
        References and estimates.
    tolerance : float, default 0.05
        Maximum distance of a match in seconds.
    classes : Sequence[str], optional
        The instruments to score; others count as onsets only.

    Returns
    -------
    Scores
        The scores.

    Raises
    ------
    ValueError
        If there are no tracks, two of one name, a negative tolerance or an unknown class.
    """
    _validate(tracks, tolerance, classes)
    table = {track.name: _count_track(track, tolerance, classes) for track in tracks}
    rows = tuple(_row(name, [counts[name] for counts in table.values()]) for name in (*classes, MICRO, ONSET))
    return Scores(
        tolerance=tolerance,
        rows=rows,
        macro=_macro(rows[: len(classes)]),
        outside=_score_outside(tracks, tolerance, classes),
        finer=_score_articulations(tracks, tolerance),
        ghosts=_score_ghosts(tracks, tolerance),
        edits=count_edits(tracks, tolerance, classes),
        velocity=score_velocities(tracks, tolerance, classes),
        tracks=table,
        confusions=_count_confusions(tracks, tolerance, classes),
    )


def _validate(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> None:
    if not tracks:
        raise ValueError("there must be at least one track")
    if len({track.name for track in tracks}) < len(tracks):
        raise ValueError("tracks must have different names")
    if not tolerance >= 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance}")
    if unknown := set(classes) - set(INSTRUMENTS):
        raise ValueError(f"classes must be of {', '.join(INSTRUMENTS)}, got {', '.join(sorted(unknown))}")


def _merge(events: Sequence[Event]) -> list[Event]:
    """Return the first of each group of events within `MERGE_SECONDS`."""
    firsts: list[Event] = []
    for event in events:
        if not firsts or event.time - firsts[-1].time >= MERGE_SECONDS:
            firsts.append(event)
    return firsts


def _count_track(track: Track, tolerance: float, classes: Sequence[str]) -> dict[str, Counts]:
    """Count each row."""
    counts = {c: count(select(track.reference, c), select(track.estimate, c), tolerance) for c in classes}
    counts[MICRO] = sum(counts.values(), Counts(0, 0, 0))
    counts[ONSET] = count(_merge(track.reference), _merge(track.estimate), tolerance)
    return counts


def _row(name: str, counts: Sequence[Counts]) -> Row:
    """Make a row from the counts of each track."""
    total = sum(counts, Counts(0, 0, 0))
    offsets = np.array(total.offsets) * 1000
    track_f = [c.f for c in counts if c.reference or c.estimated]
    return Row(
        name,
        total.reference,
        total.estimated,
        total.matched,
        total.precision,
        total.recall,
        total.f,
        *_bootstrap(counts),
        float(np.mean(track_f)) if track_f else NAN,
        len(track_f),
        float(np.median(offsets)) if len(offsets) else NAN,
        float(np.percentile(np.abs(offsets), 90)) if len(offsets) else NAN,
    )


def _bootstrap(counts: Sequence[Counts]) -> tuple[float, float]:
    """Compute the 95 % interval of F over draws of the tracks; NaN for fewer than two tracks."""
    if len(counts) < 2:
        return NAN, NAN
    table = np.array([(c.matched, c.reference + c.estimated) for c in counts])
    draws = np.random.default_rng(0).integers(len(counts), size=(BOOTSTRAP_DRAWS, len(counts)))
    matched, total = table[draws].sum(axis=1).T
    f = 2 * matched[total > 0] / total[total > 0]
    low, high = np.percentile(f, (2.5, 97.5)) if len(f) else (NAN, NAN)
    return float(low), float(high)


def _macro(rows: Sequence[Row]) -> Macro:
    held = [row for row in rows if row.reference]

    def mean(figure: Callable[[Row], float]) -> float:
        return float(np.mean([np.nan_to_num(figure(row)) for row in held])) if held else NAN

    return Macro(mean(lambda r: r.precision), mean(lambda r: r.recall), mean(lambda r: r.f), mean(lambda r: r.track_f))


def _score_outside(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> tuple[Row, ...]:
    """Make a row for each instrument outside the classes that occurs, and one for the sounds outside the vocabulary."""
    rows = []
    for instrument in (*(name for name in INSTRUMENTS if name not in classes), None):
        counts = [
            count(select(track.reference, instrument), select(track.estimate, instrument), tolerance)
            for track in tracks
        ]
        if any(c.reference or c.estimated for c in counts):
            rows.append(_row(instrument or OTHERS, counts))
    return tuple(rows)


def _score_articulations(tracks: Sequence[Track], tolerance: float) -> tuple[Row, ...]:
    """Make a row for each articulation of the instruments with fine labels in the references."""
    rows = []
    for articulation in ARTICULATIONS:
        counts = []
        for track in tracks:
            played = select(track.reference, articulation.instrument)
            if articulation.instrument == "kick" or not all(event.exact for event in played):
                continue
            reference, estimate = (
                [event for event in side if event.articulation == articulation.name]
                for side in (played, track.estimate)
            )
            counts.append(count(reference, estimate, tolerance))
        if any(c.reference for c in counts):
            rows.append(_row(articulation.name, counts))
    return tuple(rows)


def _score_ghosts(tracks: Sequence[Track], tolerance: float) -> Ghosts:
    """Count the ghost notes found, in the same matching as the snare's row."""
    ghosts = sum(event.ghost for track in tracks for event in track.reference)
    found = sum(
        played.ghost
        for track in tracks
        for played, _ in match(select(track.reference, "snare"), select(track.estimate, "snare"), tolerance)
    )
    return Ghosts(ghosts, found, found / ghosts if ghosts else NAN)


def _count_confusions(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> tuple[Confusion, ...]:
    """Match the false events of each class with the missed events of each other class, and count the rest."""
    totals = {(a, b): 0 for a in classes for b in (*classes, OUTSIDE, NOTHING) if a != b}
    for track in tracks:
        false, missed = {}, {OUTSIDE: [event for event in track.reference if event.instrument not in classes]}
        for c in classes:
            played, found = select(track.reference, c), select(track.estimate, c)
            pairs = match(played, found, tolerance)
            taken = {id(event) for pair in pairs for event in pair}
            false[c] = [event for event in found if id(event) not in taken]
            missed[c] = [event for event in played if id(event) not in taken]
        for a in classes:
            on_missed: set[int] = set()
            for b in missed.keys() - {a}:
                pairs = match(missed[b], false[a], tolerance)
                totals[a, b] += len(pairs)
                on_missed |= {id(event) for _, event in pairs}
            totals[a, NOTHING] += len(false[a]) - len(on_missed)
    return tuple(Confusion(a, b, count) for (a, b), count in totals.items() if count)
