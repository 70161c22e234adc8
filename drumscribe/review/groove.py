"""Groove: how far from the grid each drum plays, by its place in the bar.

Offsets are seconds after the line that a stroke is meant for: positive behind the beat, negative ahead of it. Lines
follow the tempo map and the swing of the playing, so that neither counts as an offset.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DrumscribeError, RhythmError
from ..files import written_whole
from ..music.tempo_map import Meter, TempoMap
from ..music.transcription import Transcription
from ..quantisation.alignment import place
from ..quantisation.grid import Grid
from ..quantisation.ornaments import drum_of, find_ornaments

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = (".png", ".svg", ".pdf")
FIELDS = ("drum", "position", "quarter", "count", "mean_ms", "spread_ms", "velocity")
_COUNTED = {0.0: "", 0.25: " e", 0.5: " &", 0.75: " a", 0.333: " 1/3", 0.667: " 2/3"}
"""Names that drummers use for the parts of a beat."""
_EVERYWHERE = "all"


class GrooveError(DrumscribeError):
    """A groove cannot be written."""


@dataclass(frozen=True, slots=True)
class Place:
    """The strokes of a drum at one place of the bar.

    Attributes
    ----------
    drum : str
        The drum.
    quarter : float, optional
        The place in quarters from the beginning of the bar; None for all places.
    position : str
        The place as drummers count it, such as "2 &".
    offsets : np.ndarray
        ``(strokes,)`` in seconds after the line.
    velocity : float
        Mean MIDI velocity.
    """

    drum: str
    quarter: float | None
    position: str
    offsets: np.ndarray
    velocity: float

    @property
    def mean(self) -> float:
        """Mean offset in seconds."""
        return float(self.offsets.mean())

    @property
    def spread(self) -> float:
        """Standard deviation of the offsets in seconds."""
        return float(self.offsets.std())


@dataclass(frozen=True, slots=True)
class Groove:
    """The groove of a recording.

    Attributes
    ----------
    places : tuple[Place, ...]
        Each drum as a whole, and after it at each place.
    swing : float
        Share of a pair of notes that the first one takes, 0.5 if they are even.
    """

    places: tuple[Place, ...]
    swing: float


def measure_groove(transcription: Transcription, grid: Grid) -> Groove:
    """Measure a groove.

    Parameters
    ----------
    transcription : Transcription
        Hits and rhythm.
    grid : Grid
        The lines.

    Returns
    -------
    Groove
        Offsets of the hits that have a line; flams and rolls are left out.

    Raises
    ------
    RhythmError
        If nothing is played, or in free time.
    """
    rhythm, hits = transcription.rhythm, transcription.hits
    if not hits:
        raise RhythmError("no hits were heard: there is no groove to measure")
    if rhythm is None or rhythm.tempo_map is None:
        raise RhythmError("played in free time, without a grid to measure from: give the tempo or the beats")
    seconds, drums = np.array([hit.time for hit in hits]), [drum_of(hit) for hit in hits]
    velocities = np.array([hit.velocity for hit in hits])
    found = find_ornaments(seconds, velocities, drums, rhythm.tempo_map, grid)
    free = np.flatnonzero(found.free)
    placed = place(seconds[free], [drums[i] for i in free], rhythm.tempo_map, grid)
    offsets = seconds[free] - rhythm.tempo_map.seconds_at(placed.quarters())
    lines = _wrapped(placed.bars, placed.lines, rhythm.tempo_map)
    names = np.array([drums[i] for i in free])
    meter = rhythm.tempo_map.meters[0].meter
    places = []
    for drum in sorted(set(drums), key=lambda name: -int(np.sum(names == name))):
        own = names == drum
        if not own.any():
            continue
        places.append(Place(drum, None, _EVERYWHERE, offsets[own], float(velocities[free][own].mean())))
        for line in np.unique(lines[own]).tolist():
            at = own & (lines == line)
            counted = count_position(line, meter)
            places.append(Place(drum, line, counted, offsets[at], float(velocities[free][at].mean())))
    return Groove(tuple(places), placed.swing.share)


def _wrapped(bars: np.ndarray, lines: np.ndarray, tempo_map: TempoMap) -> np.ndarray:
    """Return places in bars, ``(hits,)`` in quarters; hits on the next bar line are at the beginning of that bar."""
    lengths = np.array([_bar_length(tempo_map, float(bar)) for bar in np.unique(bars)])
    own = lengths[np.searchsorted(np.unique(bars), bars)]
    return np.where(lines > own - 1e-6, lines - own, lines).round(3) + 0.0


def _bar_length(tempo_map: TempoMap, bar: float) -> float:
    held = [c.meter for i, c in enumerate(tempo_map.meters) if i == 0 or c.quarter <= bar + 1e-6]
    return held[-1].bar_quarters


def count_position(quarter: float, meter: Meter) -> str:
    """Count a place in a bar as drummers do: "1", "1 e", "1 &", "1 a" in sixteenths.

    Parameters
    ----------
    quarter : float
        The place in quarters from the beginning of the bar.
    meter : Meter
        The meter.

    Returns
    -------
    str
        Beat and part of it.
    """
    beat, part = divmod(quarter / meter.beat_quarters + 1e-6, 1.0)
    part = round(float(part), 3)
    nearest = min(_COUNTED, key=lambda known: abs(known - part))
    return f"{int(beat) + 1}{_COUNTED[nearest] if abs(nearest - part) < 0.01 else f' +{part:g}'}"


def write_csv(groove: Groove, path: Path) -> None:
    """Write a groove as CSV: a line for each drum, and for each place of it.

    Parameters
    ----------
    groove : Groove
        The groove.
    path : Path
        The file to write.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with written_whole(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(row_of(each) for each in groove.places)


def row_of(place: Place) -> tuple:
    """Return the values of `FIELDS`."""
    quarter = "" if place.quarter is None else place.quarter
    mean, spread = round(1000 * place.mean, 2), round(1000 * place.spread, 2)
    return (place.drum, place.position, quarter, len(place.offsets), mean, spread, round(place.velocity, 1))


def write_picture(groove: Groove, path: Path, title: str = "") -> None:
    """Draw a groove: a lane for each drum, the bar from left to right, strokes above the line behind the beat.

    Parameters
    ----------
    groove : Groove
        The groove.
    path : Path
        A .png, .svg or .pdf file.
    title : str, default ""
        The title.

    Raises
    ------
    GrooveError
        If matplotlib is missing.
    OSError
        If the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GrooveError('pictures of grooves need matplotlib: pip install "drumscribe[plot]"') from error
    drums = list(dict.fromkeys(place.drum for place in groove.places))
    figure = Figure(figsize=(10, 1 + 1.3 * len(drums)), layout="constrained")
    axes = figure.subplots(len(drums), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    placed = [place for place in groove.places if place.quarter is not None]
    for lane, drum in zip(axes, drums, strict=True):
        _draw_lane(lane, drum, [place for place in placed if place.drum == drum])
    ticks = sorted({(place.quarter, place.position) for place in placed})
    axes[-1].set_xticks([quarter for quarter, _ in ticks], [position for _, position in ticks], fontsize=8)
    figure.supylabel("ms after the line", fontsize=9)
    figure.suptitle(title, fontsize=11)
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _draw_lane(lane: "Axes", drum: str, places: Sequence[Place]) -> None:
    lane.axhline(0.0, color="#888888", linewidth=0.8)
    for each in places:
        at = np.full(len(each.offsets), each.quarter)
        lane.scatter(at, 1000 * each.offsets, s=9, alpha=0.35, color="#2471a3", linewidths=0)
    quarters = [each.quarter for each in places if each.quarter is not None]
    means, spreads = [1000 * each.mean for each in places], [1000 * each.spread for each in places]
    lane.errorbar(quarters, means, yerr=spreads, fmt="_", color="#c0392b", markersize=11, capsize=3, linewidth=1)
    lane.set_ylabel(drum.replace("_", " "), rotation=0, ha="right", va="center", fontsize=9)
    lane.tick_params(labelsize=8)
    lane.spines[["top", "right"]].set_visible(False)
