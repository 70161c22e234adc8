"""Scores of clips: grooves joined at bar lines and varied, or patterns of electronic styles."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..data.sources import Groove

Stroke = tuple[float, str, float]
"""Seconds, role, and velocity from 0 to 1."""

TIMEKEEPING = frozenset(("hihat_closed", "hihat_open", "hihat_pedal", "ride", "ride_bell", "crash"))
"""Articulations that keep time."""


@dataclass(frozen=True)
class Score:
    """The strokes of one clip, in order of time.

    Attributes
    ----------
    times : np.ndarray
        ``(strokes,)`` seconds.
    roles : tuple[str, ...]
        An articulation, ``clap`` or ``percussion`` each.
    velocities : np.ndarray
        ``(strokes,)``, 0 to 1.
    beat : float
        Seconds per quarter note.
    beats_per_bar : float
        Quarter notes in a bar.
    electronic : bool, default False
        Whether a drum machine is to play it.
    """

    times: np.ndarray
    roles: tuple[str, ...]
    velocities: np.ndarray
    beat: float
    beats_per_bar: float
    electronic: bool = False

    @property
    def strokes(self) -> list[Stroke]:
        """The strokes, in order of time."""
        return list(zip(self.times.tolist(), self.roles, self.velocities.tolist(), strict=True))

    def struck(self, roles: Container[str]) -> np.ndarray:
        """Return which strokes are of some roles, ``(strokes,) bool``."""
        return np.array([role in roles for role in self.roles], bool)

    def kept(self, keep: np.ndarray) -> "Score":
        """Return the score of some strokes, ``(strokes,) bool``."""
        roles = tuple(role for role, kept in zip(self.roles, keep, strict=True) if kept)
        return replace(self, times=self.times[keep], roles=roles, velocities=self.velocities[keep])

    def without(self, roles: Container[str]) -> "Score":
        """Return the score without some roles."""
        return self.kept(~self.struck(roles))

    def renamed(self, names: Mapping[str, str]) -> "Score":
        """Return the score with other drums in place of some."""
        return replace(self, roles=tuple(names.get(role, role) for role in self.roles))

    def joined(self, strokes: list[Stroke], seconds: float) -> "Score":
        """Return the score with more strokes; those outside ``[0, seconds)`` are dropped.

        Parameters
        ----------
        strokes : list[Stroke]
            The strokes, in any order.
        seconds : float
            Length.

        Returns
        -------
        Score
            The score.
        """
        return score_of(self.strokes + strokes, self.beat, self.beats_per_bar, self.electronic, seconds)


def score_of(strokes: list[Stroke], beat: float, per_bar: float, electronic: bool, seconds: float) -> Score:
    """Make a score of strokes; those outside ``[0, seconds)`` are dropped.

    Parameters
    ----------
    strokes : list[Stroke]
        The strokes, in any order.
    beat : float
        Seconds per quarter note.
    per_bar : float
        Quarter notes in a bar.
    electronic : bool
        Whether a drum machine is to play it.
    seconds : float
        Length.

    Returns
    -------
    Score
        The score.
    """
    strokes = sorted((t, role, v) for t, role, v in strokes if 0.0 <= t < seconds - 0.05)
    return Score(
        np.array([t for t, _, _ in strokes]),
        tuple(role for _, role, _ in strokes),
        np.array([v for _, _, v in strokes]),
        beat,
        per_bar,
        electronic,
    )


class GrooveBook:
    """Human performances to draw clips from.

    Parameters
    ----------
    grooves : list[Groove]
        The performances.
    """

    def __init__(self, grooves: list[Groove]) -> None:
        self._beats = [groove for groove in grooves if not groove.fill]
        self._fills = [groove for groove in grooves if groove.fill]
        self._weights = np.sqrt([groove.bars for groove in self._beats])
        self._weights /= self._weights.sum()

    def draw(self, rng: np.random.Generator, seconds: float, tempo_range: tuple[float, float] = (0.75, 1.35)) -> Score:
        """Draw a score: bars of one groove, fills of any at its tempo, sometimes only fills.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.
        tempo_range : tuple[float, float], optional
            Slowest and fastest tempo, relative to that of the groove.

        Returns
        -------
        Score
            The score.
        """
        main = self._beats[rng.choice(len(self._beats), p=self._weights)]
        return self._play(main, 60.0 / (main.tempo * np.exp(rng.uniform(*np.log(tempo_range)))), rng, seconds)

    def draw_at(self, rng: np.random.Generator, seconds: float, beat: float, beats_per_bar: float) -> Score:
        """Draw a score in a given tempo and meter: a groove that was played at about that tempo, or half of it.

        Of several candidates the groove that must be stretched least is taken, so that slow ones are not rushed.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.
        beat : float
            Seconds per quarter note.
        beats_per_bar : float
            Quarter notes in a bar.

        Returns
        -------
        Score
            The score.
        """
        fitting = [i for i, groove in enumerate(self._beats) if groove.beats_per_bar == beats_per_bar]
        fitting = fitting or list(range(len(self._beats)))
        weights = self._weights[fitting] / self._weights[fitting].sum()
        candidates = [self._beats[i] for i in rng.choice(fitting, 4, p=weights)]
        choices = [
            (abs(np.log(60.0 / (b * g.tempo))), i, b) for i, g in enumerate(candidates) for b in (beat, 2 * beat)
        ]
        _, chosen, length = min(choices)
        score = self._play(candidates[chosen], length, rng, seconds)
        return replace(score, beat=beat, beats_per_bar=beats_per_bar)

    def _play(self, main: Groove, beat: float, rng: np.random.Generator, seconds: float) -> Score:
        fill_share = rng.choice([0.1, 0.3, 1.0], p=[0.6, 0.3, 0.1])
        fills = [fill for fill in self._fills if fill.beats_per_bar == main.beats_per_bar]
        strokes: list[Stroke] = []
        at = 0.0
        position = int(rng.integers(main.bars))
        while at < seconds:
            if fills and rng.random() < fill_share:
                groove = fills[rng.integers(len(fills))]
                first, bars = 0, groove.bars
            else:
                groove, first = main, position
                bars = min(int(rng.integers(2, 9)), main.bars - first)
                position = (first + bars) % main.bars
            start = first * groove.beats_per_bar
            stop = start + bars * groove.beats_per_bar
            for i in np.flatnonzero((groove.beats >= start - 0.1) & (groove.beats < stop - 0.1)):
                time = at + (groove.beats[i] - start) * beat
                strokes.append((time, groove.articulations[i], groove.velocities[i] / 127.0))
            at += bars * groove.beats_per_bar * beat
        electronic = bool(rng.random() < (0.5 if main.style in ("hiphop", "dance") else 0.2))
        return score_of(strokes, beat, main.beats_per_bar, electronic, seconds)


def electronic_pattern(rng: np.random.Generator, seconds: float, beat: float | None = None) -> Score:
    """Draw a programmed pattern: four on the floor, trap, breakbeat, metal or a random one; steps are sixteenth notes.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    seconds : float
        Length.
    beat : float, optional
        Seconds per quarter note; a tempo of the style if None.

    Returns
    -------
    Score
        The score.
    """
    style = str(rng.choice(["four", "trap", "break", "metal", "random"], p=[0.3, 0.18, 0.18, 0.12, 0.22]))
    tempo = {
        "four": rng.uniform(112, 160),
        "trap": rng.uniform(120, 160),
        "break": rng.uniform(150, 182),
        "metal": rng.uniform(140, 220),
    }.get(style, rng.uniform(70, 170))
    step = (beat or 60.0 / tempo) / 4.0
    backbeat = str(rng.choice(["snare", "clap", "both", "side_stick"], p=[0.55, 0.15, 0.2, 0.1]))
    grid: list[Stroke] = []
    if style == "four":
        grid += [(s, "kick", 1.0) for s in (0, 4, 8, 12)]
        grid += [(s, "back", 1.0) for s in (4, 12)] if rng.random() < 0.75 else []
        grid += [(s, "hihat_open", 0.8) for s in (2, 6, 10, 14)] if rng.random() < 0.6 else []
        places = _FOUR_HATS[int(rng.integers(len(_FOUR_HATS)))]
        grid += [(s, "hihat_closed", 0.85 if s % 4 == 2 else 0.6) for s in range(16) if s % 4 in places]
        grid += [(s, "ride", 0.7) for s in range(0, 16, 2)] if rng.random() < 0.15 else []
    elif style == "trap":
        grid += [(0, "kick", 1.0), *((int(s), "kick", 0.9) for s in rng.choice(np.arange(3, 16), 3, replace=False))]
        grid += [(8, "back", 1.0)]
        grid += [(s, "hihat_closed", rng.uniform(0.5, 0.9)) for s in range(0, 16, 2)]
        for start in rng.choice(np.arange(0, 14, 2), 2, replace=False):  # rolls of 1/24 to 1/32 notes
            parts = int(rng.choice([3, 4, 6]))
            grid += [(start + 2 * i / parts, "hihat_closed", 0.4 + 0.4 * i / parts) for i in range(1, parts)]
        grid += [(int(rng.integers(16)), "hihat_open", 0.7)]
    elif style == "break":
        grid += [(s, "kick", 1.0) for s in (0, 2, 10, 11)][: int(rng.integers(2, 5))]
        grid += [(s, "back", 1.0) for s in (4, 12)] + [(int(s), "snare", 0.35) for s in rng.choice([1, 7, 9, 15], 2)]
        grid += [(s, str(rng.choice(["hihat_closed", "ride"], p=[0.8, 0.2])), 0.8) for s in range(0, 16, 2)]
    elif style == "metal":
        grid += _metal(rng)
    else:
        for role, density in (("kick", 0.3), ("back", 0.15), ("hihat_closed", 0.45), ("hihat_open", 0.08)):
            grid += [(s, role, rng.uniform(0.4, 1.0)) for s in range(16) if rng.random() < density]
        for role in ("tom_low", "tom_mid", "tom_high", "side_stick", "crash", "ride", "rimshot"):
            grid += (
                [(int(s), role, rng.uniform(0.4, 1.0)) for s in rng.integers(0, 16, 2)] if rng.random() < 0.25 else []
            )
    grid = _thinned(grid, rng)
    strokes = []
    for bar in range(int(seconds / (16 * step)) + 2):
        if bar % 4 == 0 and rng.random() < 0.4:
            strokes.append((bar * 16 * step, "crash", 0.9))
        for s, role, velocity in grid:
            if rng.random() < 0.03:
                continue
            names = {"snare": ["snare"], "clap": ["clap"], "both": ["snare", "clap"], "side_stick": ["side_stick"]}
            for name in names[backbeat] if role == "back" else [role]:
                strokes.append(((bar * 16 + s) * step, name, float(np.clip(velocity, 0.05, 1.0))))
    return score_of(strokes, 4 * step, 4.0, style != "metal" or bool(rng.random() < 0.3), seconds)


# Sixteenths of each beat on which hats keep time over four kicks; the first three fall on the kicks, too.
_FOUR_HATS = ((0, 1, 2, 3), (0, 2), (0,), (2,), (2,), (2, 3), (1, 2, 3), (1, 3))


def _metal(rng: np.random.Generator) -> list[Stroke]:
    """Draw a bar of two bass drums, or of a blast beat, with or without cymbals."""
    cymbal = str(rng.choice(["hihat_open", "ride", "ride_bell", "crash", "none"], p=[0.25, 0.25, 0.1, 0.25, 0.15]))
    every = int(rng.choice([2, 4, 4, 8]))
    grid: list[Stroke] = [(s, cymbal, 0.8) for s in range(0, 16, every)] if cymbal != "none" else []
    if rng.random() < 0.35:  # a blast: kick and snare in turn, or together
        offset = int(rng.choice([0, 1]))
        grid += [(s, "kick", 0.9) for s in range(0, 16, 2)]
        grid += [(s, "back", 0.8) for s in range(offset, 16, 2)]
        return grid
    runs = rng.random(4) < rng.choice([0.4, 0.8, 1.0])
    runs[int(rng.integers(4))] = True
    grid += [(4 * beat + i, "kick", 0.85) for beat in range(4) if runs[beat] for i in range(4)]
    grid += [(4 * beat, "kick", 0.9) for beat in range(4) if not runs[beat] and rng.random() < 0.6]
    grid += [(s, "back", 1.0) for s in ((8,) if rng.random() < 0.4 else (4, 12))]
    return grid


def _thinned(grid: list[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Drop the timekeeping on some positions, sometimes, so that no two drums always sound together."""
    if rng.random() < 0.6:
        return grid
    left_out = set(np.flatnonzero(rng.random(16) < rng.uniform(0.1, 0.6)).tolist())
    return [(s, role, v) for s, role, v in grid if role not in TIMEKEEPING or s not in left_out]
