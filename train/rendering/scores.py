"""What is played in a clip: grooves joined at bar lines and varied, or patterns of electronic styles."""

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np

from ..data.sources import PERCUSSION, Groove


@dataclass(frozen=True)
class Score:
    """The strokes of one clip, in order of time.

    Attributes
    ----------
    times : ``(strokes,)`` seconds.
    roles : an articulation, ``clap`` or ``percussion`` each.
    velocities : ``(strokes,)``, 0 to 1.
    beat : seconds per quarter note.
    beats_per_bar : quarter notes in a bar.
    electronic : whether a drum machine is to play it.
    """

    times: np.ndarray
    roles: tuple[str, ...]
    velocities: np.ndarray
    beat: float
    beats_per_bar: float
    electronic: bool = False


def _score(
    strokes: list[tuple[float, str, float]], beat: float, per_bar: float, electronic: bool, seconds: float
) -> Score:
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
    """Human performances to draw clips from."""

    def __init__(self, grooves: list[Groove]) -> None:
        self._beats = [groove for groove in grooves if not groove.fill]
        self._fills = [groove for groove in grooves if groove.fill]
        self._weights = np.sqrt([groove.bars for groove in self._beats])
        self._weights /= self._weights.sum()

    def draw(self, rng: np.random.Generator, seconds: float, tempo_range: tuple[float, float] = (0.75, 1.35)) -> Score:
        """A score of `seconds`: bars of one groove, fills of any at its tempo, now and then only fills."""
        main = self._beats[rng.choice(len(self._beats), p=self._weights)]
        beat = 60.0 / (main.tempo * np.exp(rng.uniform(*np.log(tempo_range))))
        fill_share = rng.choice([0.1, 0.3, 1.0], p=[0.6, 0.3, 0.1])
        fills = [fill for fill in self._fills if fill.beats_per_bar == main.beats_per_bar]
        strokes: list[tuple[float, str, float]] = []
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
        return _score(strokes, beat, main.beats_per_bar, electronic, seconds)


def electronic_pattern(rng: np.random.Generator, seconds: float) -> Score:
    """A pattern of a drum machine: four on the floor, trap, breakbeat or a random one; steps are sixteenth notes."""
    style = str(rng.choice(["four", "trap", "break", "random"]))
    tempo = {"four": rng.uniform(112, 160), "trap": rng.uniform(120, 160), "break": rng.uniform(150, 182)}.get(
        style, rng.uniform(70, 170)
    )
    step = 60.0 / tempo / 4.0
    backbeat = str(rng.choice(["snare", "clap", "both", "side_stick"], p=[0.55, 0.15, 0.2, 0.1]))
    grid: list[tuple[float, str, float]] = []
    if style == "four":
        grid += [(s, "kick", 1.0) for s in (0, 4, 8, 12)]
        grid += [(s, "back", 1.0) for s in (4, 12)] if rng.random() < 0.75 else []
        grid += [(s, "hihat_open", 0.8) for s in (2, 6, 10, 14)] if rng.random() < 0.6 else []
        every = int(rng.choice([1, 2, 4]))
        grid += [(s, "hihat_closed", 0.85 if s % 4 == 2 else 0.6) for s in range(0, 16, every)]
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
    else:
        for role, density in (("kick", 0.3), ("back", 0.15), ("hihat_closed", 0.45), ("hihat_open", 0.08)):
            grid += [(s, role, rng.uniform(0.4, 1.0)) for s in range(16) if rng.random() < density]
        for role in ("tom_low", "tom_mid", "tom_high", "side_stick", "crash", "ride", "rimshot"):
            grid += (
                [(int(s), role, rng.uniform(0.4, 1.0)) for s in rng.integers(0, 16, 2)] if rng.random() < 0.25 else []
            )
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
    return _score(strokes, 4 * step, 4.0, True, seconds)


def _renamed(score: Score, names: dict[str, str]) -> Score:
    return replace(score, roles=tuple(names.get(role, role) for role in score.roles))


def _kept(score: Score, keep: np.ndarray) -> Score:
    roles = tuple(role for role, kept in zip(score.roles, keep, strict=True) if kept)
    return replace(score, times=score.times[keep], roles=roles, velocities=score.velocities[keep])


def _strokes(score: Score) -> list[tuple[float, str, float]]:
    return list(zip(score.times.tolist(), score.roles, score.velocities.tolist(), strict=True))


def _with(score: Score, strokes: list[tuple[float, str, float]], seconds: float) -> Score:
    return _score(_strokes(score) + strokes, score.beat, score.beats_per_bar, score.electronic, seconds)


_TOMS = ("tom_low", "tom_mid", "tom_high")
TIMEKEEPING = frozenset(("hihat_closed", "hihat_open", "hihat_pedal", "ride", "ride_bell", "crash"))
"""What keeps time."""


def vary(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Now and then change what is played: other cymbals, looser hats, side sticks, even velocities, percussion."""
    draw = rng.random()
    if draw < 0.10:
        score = _renamed(score, {"hihat_closed": "ride", "hihat_open": "ride_bell" if rng.random() < 0.3 else "ride"})
        if rng.random() < 0.5:
            score = _with(score, _pedal_pattern(score, rng, seconds), seconds)
    elif draw < 0.15:
        score = _renamed(score, {"hihat_closed": "crash"})
    elif draw < 0.27:
        score = _renamed(score, {"hihat_closed": "hihat_open"})
    elif draw < 0.35:
        score = _renamed(score, {"ride": "hihat_closed", "ride_bell": "hihat_open"})
    elif draw < 0.40:
        score = _renamed(score, {"hihat_closed": str(rng.choice(_TOMS)), "ride": str(rng.choice(_TOMS))})
    if rng.random() < 0.25:  # the foot rests: a ride does not imply it
        score = _without(score, ("hihat_pedal",))
    if rng.random() < 0.16:
        score = _renamed(score, {"snare": "side_stick", "rimshot": "side_stick"})
    elif rng.random() < 0.06:
        score = _renamed(score, {"snare": "rimshot"})
    if rng.random() < 0.06:  # a tom along with another drum
        tom, with_drum = str(rng.choice(_TOMS)), str(rng.choice(["snare", "kick"]))
        doubled = [(t, tom, v) for t, role, v in _strokes(score) if role == with_drum and v > 0.3]
        score = _with(score, doubled, seconds)
    if rng.random() < 0.25:  # a foot that comes before or after the hands
        early = {"hihat_pedal": rng.normal(0.0, 0.02)}
        score = _with(_without(score, early), _shifted(score, early), seconds)
    if rng.random() < 0.2:  # hands that leave the time to the other drum
        alone = ("kick",) if rng.random() < 0.25 else ("snare", "rimshot", "side_stick")
        score = _kept(score, ~_beside(score, alone) | (rng.random(len(score.roles)) > rng.uniform(0.4, 1.0)))
    if rng.random() < 0.12:
        score = _with(score, _grace_notes(score, rng), seconds)
    if rng.random() < 0.3:
        score = _with(score, _ghost_notes(score, rng, seconds), seconds)
    if rng.random() < 0.08:
        score = _with_roll(score, rng, seconds)
    if rng.random() < 0.15:  # typed: every stroke of a drum as loud as the next
        levels = {role: rng.uniform(0.5, 1.0) for role in sorted(set(score.roles))}
        score = replace(score, velocities=np.array([levels[role] for role in score.roles]))
    elif rng.random() < 0.3:  # a heavier or a lighter hand
        score = replace(score, velocities=score.velocities ** rng.uniform(0.5, 1.5))
    if rng.random() < 0.12:  # some drums pause
        absent = {role for role in sorted(set(score.roles)) if rng.random() < 0.5}
        score = _without(score, absent)
    if rng.random() < 0.3:  # bars without the hands' timekeeping, or without drums
        silent = TIMEKEEPING if rng.random() < 0.6 else frozenset(score.roles)
        start = rng.uniform(-0.5, 0.9) * seconds
        during = (score.times >= start) & (score.times < start + rng.uniform(0.15, 0.7) * seconds)
        score = _kept(score, np.array([role not in silent for role in score.roles], bool) | ~during)
    if rng.random() < (0.25 if score.electronic else 0.06):
        snares = [t for t, role in zip(score.times, score.roles, strict=True) if role in ("snare", "rimshot")]
        score = _with(score, [(t + rng.uniform(0, 0.012), "clap", rng.uniform(0.5, 1.0)) for t in snares], seconds)
    if rng.random() < 0.3:
        score = _with(score, _percussion_pattern(score, rng, seconds), seconds)
    return score


def _without(score: Score, roles: Container[str]) -> Score:
    return _kept(score, np.array([role not in roles for role in score.roles], bool))


def _shifted(score: Score, shifts: dict[str, float]) -> list[tuple[float, str, float]]:
    """The strokes of some roles, each later by so many seconds."""
    return [(t + shifts[role], role, v) for t, role, v in _strokes(score) if role in shifts]


def _beside(score: Score, roles: tuple[str, ...]) -> np.ndarray:
    """Which strokes keep time along with one of the roles: ``(strokes,) bool``."""
    own = np.array([t for t, role, _ in _strokes(score) if role in roles])
    apart = np.abs(score.times[:, None] - own).min(axis=1, initial=np.inf)
    return (apart < 0.04) & np.array([role in TIMEKEEPING for role in score.roles], bool)


def _grace_notes(score: Score, rng: np.random.Generator) -> list[tuple[float, str, float]]:
    """Soft strokes 15 to 45 ms before others, which make flams of them."""
    share, gap = rng.uniform(0.1, 0.6), rng.uniform(0.015, 0.045)
    return [
        (t - gap * rng.uniform(0.8, 1.2), role, v * rng.uniform(0.3, 0.95))
        for t, role, v in _strokes(score)
        if role in ("snare", "rimshot", *_TOMS) and v > 0.4 and rng.random() < share
    ]


def _ghost_notes(score: Score, rng: np.random.Generator, seconds: float) -> list[tuple[float, str, float]]:
    """Soft strokes of the snare on sixteenths that it leaves out, now and then two or three in quick succession."""
    step, share, level = score.beat / 4.0, rng.uniform(0.1, 0.6), rng.uniform(0.06, 0.3)
    snares = np.array([t for t, role, _ in _strokes(score) if role in ("snare", "rimshot")])
    ghosts = []
    for at in np.arange(0.0, seconds, step):
        if rng.random() > share or np.abs(snares - at).min(initial=np.inf) < 0.06:
            continue
        strokes, gap = int(rng.choice([1, 2, 3], p=[0.75, 0.2, 0.05])), rng.uniform(0.035, 0.07)
        ghosts += [
            (float(at + i * gap + rng.normal(0.0, 0.006)), "snare", float(level * rng.uniform(0.5, 1.5)))
            for i in range(strokes)
        ]
    return ghosts


def _with_roll(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """The score with a roll of 9 to 28 strokes a second in it, rising or falling."""
    role = str(rng.choice(["snare", "snare", "kick", *_TOMS]))
    start = score.beat * int(rng.integers(max(1, int(seconds / score.beat))))
    stop = start + score.beat * rng.choice([0.5, 1.0, 2.0])
    fastest = 18.0 if role == "kick" else 28.0  # two feet
    times = np.arange(start, stop, 1.0 / rng.uniform(9.0, fastest))
    times = times + rng.normal(0.0, 0.003, len(times))
    levels = np.linspace(rng.uniform(0.15, 0.9), rng.uniform(0.15, 0.9), len(times)) * rng.uniform(0.8, 1.2, len(times))
    elsewhere = (score.times < start - 0.02) | (score.times > stop)
    score = _kept(score, elsewhere | np.array([other != role for other in score.roles], bool))
    roll = [(float(t), role, float(min(1.0, v))) for t, v in zip(times, levels, strict=True)]
    return _with(score, roll, seconds)


def _pedal_pattern(score: Score, rng: np.random.Generator, seconds: float) -> list[tuple[float, str, float]]:
    """The foot on the hihat: on every beat, or on the second and fourth."""
    first, every = (0, 1) if rng.random() < 0.3 else (1, 2)
    level = rng.uniform(0.3, 0.9)
    return [
        (i * score.beat + rng.normal(0.0, 0.008), "hihat_pedal", float(level * rng.uniform(0.7, 1.1)))
        for i in range(first, int(seconds / score.beat), every)
    ]


def _percussion_pattern(score: Score, rng: np.random.Generator, seconds: float) -> list[tuple[float, str, float]]:
    if rng.random() < 0.2:  # a tambourine or clap with the backbeat
        level = rng.uniform(0.4, 1.0)
        return [
            (float(t + rng.normal(0.0, 0.008)), PERCUSSION, level)
            for t, role, v in zip(score.times, score.roles, score.velocities, strict=True)
            if role in ("snare", "rimshot", "side_stick") and v > 0.4
        ]
    step = score.beat / float(rng.choice([1, 2, 2, 4]))
    accents = rng.uniform(0.2, 1.0, 8)
    present = rng.random(8) < rng.choice([0.4, 0.7, 1.0])
    role = "clap" if rng.random() < 0.15 else PERCUSSION
    return [
        (float(i * step + rng.normal(0.0, 0.006)), role, float(accents[i % 8] * rng.uniform(0.8, 1.0)))
        for i in range(int(seconds / step))
        if present[i % 8]
    ]
