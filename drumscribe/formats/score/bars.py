"""Bars: strokes in two voices, as notes and rests with values that can be read.

A bar is divided into beats: quarters; dotted quarters in compound meters; in other meters of eighths or shorter values,
pairs of these, with a group of three at the end if their number is odd. No note crosses from one beat into the next, so
there are no ties: drums do not sustain. A note lasts until the next one or the end of the beat, if one note value is
that long; otherwise a rest fills the time. Thirds of a beat are triplets within that beat.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from ...music.tempo_map import Meter
from .notation import FEET, HANDS, SIGNS
from .strokes import Stroke

_VALUES = tuple(
    (Fraction(length), kind, dots)
    for length, kind, dots in (
        ("4", "whole", 0),
        ("3", "half", 1),
        ("2", "half", 0),
        ("3/2", "quarter", 1),
        ("1", "quarter", 0),
        ("3/4", "eighth", 1),
        ("1/2", "eighth", 0),
        ("3/8", "16th", 1),
        ("1/4", "16th", 0),
        ("1/8", "32nd", 0),
        ("1/16", "64th", 0),
    )
)
"""Note values: quarters, name, dots."""
BEAMS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
"""Number of beams of the values that have any."""
_DIVISIONS = (1, 2, 4, 8)
"""Binary divisions of a quarter."""


@dataclass(frozen=True, slots=True)
class Item:
    """A chord or a rest.

    Attributes
    ----------
    start : Fraction
        Position in quarters from the beginning of the bar.
    length : Fraction
        Duration in quarters.
    kind : str
        Note value, such as "eighth"; "measure" for the rest of a whole bar.
    dots : int
        Number of dots.
    strokes : tuple[Stroke, ...]
        The strokes of the chord, from the bottom up; empty for a rest.
    tuplet : tuple[int, int], optional
        Number of notes, and the number of normal notes whose time they take.
    group : tuple[str, ...]
        "start" and "stop" of a tuplet.
    beams : tuple[str, ...]
        State of each beam, from the first: "begin", "continue", "end", "forward hook" or "backward hook".
    tremolo : bool, default False
        Whether it is a roll.
    hidden : bool, default False
        Whether a rest is not shown.
    """

    start: Fraction
    length: Fraction
    kind: str
    dots: int
    strokes: tuple[Stroke, ...] = ()
    tuplet: tuple[int, int] | None = None
    group: tuple[str, ...] = ()
    beams: tuple[str, ...] = ()
    tremolo: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar.

    Attributes
    ----------
    start : Fraction
        Position in quarters of the tempo map.
    meter : Meter
        Its meter.
    voices : tuple[tuple[int, tuple[Item, ...]], ...]
        Numbers and contents of its voices; an empty voice is left out, except the first.
    """

    start: Fraction
    meter: Meter
    voices: tuple[tuple[int, tuple[Item, ...]], ...]

    @property
    def pattern(self) -> tuple:
        """What is played, without velocities, to compare bars."""
        return tuple(
            (voice, item.start, item.kind, [(s.articulation, s.graces, s.accent, s.ghost) for s in item.strokes])
            for voice, items in self.voices
            for item in items
        )


def make_bar(start: Fraction, meter: Meter, strokes: Sequence[Stroke], one_voice: bool = False) -> Bar:
    """Make a bar of strokes.

    Parameters
    ----------
    start : Fraction
        Position of the bar in quarters of the tempo map.
    meter : Meter
        Its meter.
    strokes : Sequence[Stroke]
        The strokes, all within the bar.
    one_voice : bool, default False
        Whether feet are written in the same voice as hands.

    Returns
    -------
    Bar
        The bar.
    """
    voices: dict[int, list[Stroke]] = {HANDS: []}
    for stroke in strokes:
        voice = HANDS if one_voice else SIGNS[stroke.articulation].voice
        voices.setdefault(voice, []).append(stroke)
    if not voices[HANDS] and FEET in voices:
        del voices[HANDS]  # the bar of a drummer whose hands rest
    beats = beats_of(meter)
    return Bar(start, meter, tuple((v, _voice(own, start, beats, v)) for v, own in sorted(voices.items())))


def beats_of(meter: Meter) -> list[tuple[Fraction, Fraction]]:
    """Divide a bar into beats: positions and lengths in quarters."""
    bar = Fraction(4 * meter.numerator, meter.denominator)
    step = Fraction(3, 2) if meter.compound and meter.denominator == 8 else Fraction(1)
    if meter.compound and meter.denominator == 16:
        step = Fraction(3, 4)
    edges = [step * i for i in range(int(bar / step))] or [Fraction(0)]
    if bar % step and len(edges) > 1 and bar - edges[-1] > 2:
        edges.append(edges[-1] + step)
    return [(a, b - a) for a, b in pairwise([*edges, bar])]


def _voice(
    strokes: Iterable[Stroke], start: Fraction, beats: Sequence[tuple[Fraction, Fraction]], voice: int
) -> tuple[Item, ...]:
    chords: dict[Fraction, list[Stroke]] = {}
    for stroke in strokes:
        chords.setdefault(stroke.quarter - start, []).append(stroke)
    if not chords:
        whole = beats[-1][0] + beats[-1][1]
        return (Item(Fraction(0), whole, "measure", 0),)
    items: list[Item] = []
    rolled: tuple[Stroke, ...] = ()
    for begin, length in beats:
        own = {at: tuple(chord) for at, chord in sorted(chords.items()) if begin <= at < begin + length}
        if rolled and begin not in own:
            own = {begin: rolled, **own}
        items += _with_beams(_beat(own, begin, length))
        rolled = _going_on(own, begin + length)
    return tuple(_merged_rests(items, beats, voice))


def _going_on(chords: dict[Fraction, tuple[Stroke, ...]], end: Fraction) -> tuple[Stroke, ...]:
    """Return the rest of rolls that go on after a beat, as strokes of the next beat."""
    at = max(chords, default=end)
    return tuple(
        replace(stroke, roll=at + stroke.roll - end, graces=0, accent=False)
        for stroke in chords.get(at, ())
        if at + stroke.roll > end
    )


def _beat(chords: dict[Fraction, tuple[Stroke, ...]], begin: Fraction, length: Fraction) -> list[Item]:
    """Make the items of one beat."""
    tuplet = _tuplet_of([at - begin for at in chords], length)
    ratio = Fraction(*tuplet) if tuplet else Fraction(1)
    edges = [*([begin] if begin not in chords else []), *chords, begin + length]
    items: list[Item] = []
    for at, following in pairwise(edges):
        chord = chords.get(at, ())
        pieces = _values((following - at) * ratio)
        if not chord:
            pieces = pieces[::-1]  # small rests lead to the beat's next line
        for i, (value, kind, dots) in enumerate(pieces):
            struck = chord if i == 0 else ()
            rolled = any(stroke.roll for stroke in struck)
            items.append(Item(at, value / ratio, kind, dots, struck, tuplet, tremolo=rolled))
            at += value / ratio
    if tuplet:
        items[0] = replace(items[0], group=("start",))
        items[-1] = replace(items[-1], group=(*items[-1].group, "stop"))
    return items


def _tuplet_of(positions: Sequence[Fraction], length: Fraction) -> tuple[int, int] | None:
    """Return the tuplet of a beat (number of notes, number of normal notes), or None."""
    binary = [length / part for part in _DIVISIONS] if length.numerator != 3 else [Fraction(1, 2), Fraction(1, 8)]
    if all(any((at / step).denominator == 1 for step in binary) for at in positions):
        return None
    return (3, 2)


def _values(length: Fraction) -> list[tuple[Fraction, str, int]]:
    """Divide a length into note values, the longest one first."""
    pieces = []
    while length > 0:
        piece = next((value for value in _VALUES if value[0] <= length), _VALUES[-1])
        pieces.append(piece)
        length -= piece[0]
    return pieces


def _with_beams(items: list[Item]) -> list[Item]:
    """Beam the notes of a beat."""
    runs: list[list[int]] = [[]]
    for i, item in enumerate(items):
        if item.strokes and item.kind in BEAMS:
            runs[-1].append(i)
        elif item.strokes or not runs[-1]:
            runs.append([])
    out = list(items)
    for run in runs:
        counts = [BEAMS[items[i].kind] for i in run]
        if len(run) > 1:
            for n, i in enumerate(run):
                out[i] = replace(out[i], beams=tuple(_beam(counts, n, level) for level in range(1, counts[n] + 1)))
    return out


def _beam(counts: Sequence[int], n: int, level: int) -> str:
    before = n > 0 and counts[n - 1] >= level
    after = n + 1 < len(counts) and counts[n + 1] >= level
    if before and after:
        return "continue"
    if after:
        return "begin"
    if before:
        return "end"
    return "backward hook" if n else "forward hook"


def _merged_rests(items: Sequence[Item], beats: Sequence[tuple[Fraction, Fraction]], voice: int) -> list[Item]:
    """Join the rests of whole beats in pairs that begin on an odd beat; those of the feet are not shown."""
    whole = dict(beats)
    number = {begin: i for i, (begin, _) in enumerate(beats)}
    out: list[Item] = []
    for item in items:
        last = out[-1] if out else None
        if (
            last is not None
            and not item.strokes
            and not last.strokes
            and item.length == whole.get(item.start) == whole.get(last.start) == last.length == 1
            and number[last.start] % 2 == 0
        ):
            out[-1] = replace(last, length=Fraction(2), kind="half")
        else:
            out.append(item)
    if voice != FEET:
        return out
    return [replace(item, hidden=not item.strokes and item.length >= 1) for item in out]
