"""Variations of scores: other cymbals, looser hats, side sticks, even velocities, rolls, percussion.

Which are applied is a table, `VARIATIONS`. The order of its lines is part of a corpus: clips are the same for the same
seed only if random numbers are drawn in the same order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from ..data.sources import PERCUSSION
from .scores import TIMEKEEPING, Score, Stroke

Change = Callable[[Score, np.random.Generator, float], Score]
"""Changes a score of so many seconds."""

_TOMS = ("tom_low", "tom_mid", "tom_high")
_AT_ONCE_S = 0.03
"""Strokes closer than this are one moment."""


@dataclass(frozen=True)
class Variation:
    """A change that is made now and then.

    Attributes
    ----------
    probability : float
        How often, 0 to 1 (by hand).
    change : Change
        Makes the change.
    on_machines : float, optional
        How often if a drum machine plays; the same if None.
    """

    probability: float
    change: Change
    on_machines: float | None = None

    def happens(self, score: Score, rng: np.random.Generator) -> bool:
        """Draw whether to make the change.

        Parameters
        ----------
        score : Score
            The score.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        bool
            Whether to make it.
        """
        machine = score.electronic and self.on_machines is not None
        return rng.random() < (cast(float, self.on_machines) if machine else self.probability)


def vary(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Change a score at random.

    Parameters
    ----------
    score : Score
        The score.
    rng : np.random.Generator
        Source of randomness.
    seconds : float
        Length.

    Returns
    -------
    Score
        The changed score.
    """
    draw = rng.random()
    change = next((change for limit, change in _TIMEKEEPERS if draw < limit), None)
    if change is not None:
        score = change(score, rng, seconds)
    for alternatives in VARIATIONS:
        for variation in alternatives:
            if variation.happens(score, rng):
                score = variation.change(score, rng, seconds)
                break
    return _with_one_stroke_of_the_snare_drum(score)


def _with_one_stroke_of_the_snare_drum(score: Score) -> Score:
    """Leave out side sticks beside a stroke on the head of the same drum: nobody plays both at once."""
    heads = score.times[score.struck({"snare", "rimshot"})]
    beside = np.abs(score.times[:, None] - heads).min(axis=1, initial=np.inf) < _AT_ONCE_S
    return score.kept(~(score.struck({"side_stick"}) & beside))


def _renaming(**names: str) -> Change:
    """Make a change that gives strokes to other articulations."""
    return lambda score, rng, seconds: score.renamed(names)


def _adding(strokes: Callable[[Score, np.random.Generator, float], list[Stroke]]) -> Change:
    """Make a change that adds strokes."""
    return lambda score, rng, seconds: score.joined(strokes(score, rng, seconds), seconds)


def _time_on_ride(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    score = score.renamed({"hihat_closed": "ride", "hihat_open": "ride_bell" if rng.random() < 0.3 else "ride"})
    return score.joined(_pedal_pattern(score, rng, seconds), seconds) if rng.random() < 0.25 else score


def _time_on_crash(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Move the time to crashes, on every stroke or every other one: they are struck while they ring."""
    return score.renamed({"hihat_closed": "crash", "ride": "crash"} if rng.random() < 0.5 else {"ride": "crash"})


def _time_on_toms(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    return score.renamed({"hihat_closed": str(rng.choice(_TOMS)), "ride": str(rng.choice(_TOMS))})


def _without_pedal(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Rest the foot: a ride does not imply it."""
    return score.without(("hihat_pedal",))


def _with_loose_foot(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Move the foot before or after the hands."""
    early = {"hihat_pedal": rng.normal(0.0, 0.02)}
    return score.without(early).joined(_shifted(score, early), seconds)


def _with_rests_beside_drums(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Leave the time to the other drum where one is struck."""
    alone = ("kick",) if rng.random() < 0.25 else ("snare", "rimshot", "side_stick")
    return score.kept(~_beside(score, alone) | (rng.random(len(score.roles)) > rng.uniform(0.4, 1.0)))


def _with_even_velocities(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Make every stroke of a drum as loud as the next, as in typed patterns."""
    levels = {role: rng.uniform(0.5, 1.0) for role in sorted(set(score.roles))}
    return replace(score, velocities=np.array([levels[role] for role in score.roles]))


def _with_another_hand(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Play with a heavier or a lighter hand."""
    return replace(score, velocities=score.velocities ** rng.uniform(0.5, 1.5))


def _without_some_drums(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    absent = {role for role in sorted(set(score.roles)) if rng.random() < 0.5}
    return score.without(absent)


def _with_a_break(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Silence the timekeeping, or all drums, for some time."""
    silent = TIMEKEEPING if rng.random() < 0.6 else frozenset(score.roles)
    start = rng.uniform(-0.5, 0.9) * seconds
    during = (score.times >= start) & (score.times < start + rng.uniform(0.15, 0.7) * seconds)
    return score.kept(~(during & score.struck(silent)))


def _with_claps(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    snares = score.times[score.struck(("snare", "rimshot"))].tolist()
    return score.joined([(t + rng.uniform(0, 0.012), "clap", rng.uniform(0.5, 1.0)) for t in snares], seconds)


_UNITED = ("kick", "snare", *_TOMS, "crash", "ride", "hihat_open", "hihat_closed", "side_stick")


def _unisons(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Strike one or two other drums together with some strokes of a drum: any pair, any three."""
    leader = _one_of(score, _UNITED, rng)
    others = rng.choice([role for role in _UNITED if role != leader], int(rng.choice([1, 1, 2])), False)
    return score.joined(_beside_some(score, leader, others, rng, rng.choice([0.25, 0.6, 1.0])), seconds)


def _always_together(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Strike two or three drums only together, where one of them is struck: mostly kick and snare."""
    drums = ("kick", "snare", *_TOMS)
    leader = _one_of(score, drums, rng)
    pair = ["kick", "snare"] if rng.random() < 0.7 else rng.choice(drums, 2, False)
    third = [rng.choice(_TOMS)] if rng.random() < 0.25 else []
    united = sorted({str(role) for role in (*pair, *third)})
    return score.without(united).joined(_beside_some(score, leader, united, rng), seconds)


def _one_of(score: Score, roles: tuple[str, ...], rng: np.random.Generator) -> str | None:
    """Draw one of the roles that are played; None if none is."""
    played = [role for role in roles if role in score.roles]
    return str(rng.choice(played)) if played else None


def _beside_some(
    score: Score, leader: str | None, others: Iterable[str], rng: np.random.Generator, share: float = 1.0
) -> list[Stroke]:
    """Return strokes of other drums together with a share of a drum's louder strokes."""
    return [
        (float(t + rng.normal(0.0, 0.004)), str(other), float(np.clip(v * rng.uniform(0.6, 1.3), 0.1, 1.0)))
        for t, role, v in score.strokes
        if role == leader and v > 0.25 and rng.random() < share
        for other in others
    ]


def _with_two_bass_drums(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Add runs of kicks, 7 to 15 a second: sixteenths or triplets through some beats."""
    parts = next((n for n in rng.permutation([3, 4, 6, 8]) if 7.0 <= n / score.beat <= 15.0), None)
    if parts is None:
        return score
    step, share = score.beat / parts, rng.choice([0.3, 0.7, 1.0])
    beats = np.flatnonzero(rng.random(int(seconds / score.beat) + 1) < share)
    level = rng.uniform(0.5, 1.0)
    run = [
        (float((beat * parts + i) * step + rng.normal(0.0, 0.004)), "kick", float(level * rng.uniform(0.8, 1.0)))
        for beat in beats
        for i in range(int(parts))
    ]
    inside = np.isin((score.times / score.beat + 0.1).astype(int), beats)
    score = score.kept(~(inside & score.struck({"kick"})))
    if rng.random() < 0.3:
        score = score.without(TIMEKEEPING)
    return score.joined(run, seconds)


def _off_some_places(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Drop the timekeeping on some eighths of each bar: on the beats, say, or on one of them."""
    eighths = max(2, round(2 * score.beats_per_bar))
    on_beats = rng.random() < 0.5
    left_out = np.arange(0, eighths, 2) if on_beats else np.flatnonzero(rng.random(eighths) < rng.uniform(0.1, 0.6))
    place = np.rint(score.times / score.beat * 2.0).astype(int) % eighths
    return score.kept(~(score.struck(TIMEKEEPING) & np.isin(place, left_out)))


def _shifted(score: Score, shifts: dict[str, float]) -> list[Stroke]:
    """Return the strokes of some roles, each later by so many seconds."""
    return [(t + shifts[role], role, v) for t, role, v in score.strokes if role in shifts]


def _beside(score: Score, roles: tuple[str, ...]) -> np.ndarray:
    """Return which strokes keep time together with one of the roles, ``(strokes,) bool``."""
    own = score.times[score.struck(roles)]
    apart = np.abs(score.times[:, None] - own).min(axis=1, initial=np.inf)
    return (apart < 0.04) & score.struck(TIMEKEEPING)


def _grace_notes(score: Score, rng: np.random.Generator, seconds: float) -> list[Stroke]:
    """Return soft strokes 15 to 45 ms before others, which make flams of them."""
    share, gap = rng.uniform(0.1, 0.6), rng.uniform(0.015, 0.045)
    return [
        (t - gap * rng.uniform(0.8, 1.2), role, v * rng.uniform(0.3, 0.95))
        for t, role, v in score.strokes
        if role in ("snare", "rimshot", *_TOMS) and v > 0.4 and rng.random() < share
    ]


def _ghost_notes(score: Score, rng: np.random.Generator, seconds: float) -> list[Stroke]:
    """Return soft strokes of the snare on free sixteenths, sometimes two or three in quick succession."""
    step, share, level = score.beat / 4.0, rng.uniform(0.1, 0.6), rng.uniform(0.06, 0.3)
    snares = score.times[score.struck(("snare", "rimshot"))]
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


def _with_fill(score: Score, rng: np.random.Generator, seconds: float) -> Score:
    """Add a fill, two to four strokes a beat, or a roll of 9 to 28 a second; often both hands play it."""
    role = str(rng.choice(["snare"] * 5 + ["kick", *_TOMS, "crash", "ride"]))
    start = score.beat * int(rng.integers(max(1, int(seconds / score.beat))))
    stop = start + score.beat * rng.choice([0.5, 1.0, 2.0, 4.0])
    fastest = {"kick": 18.0, "crash": 14.0, "ride": 14.0}.get(role, 28.0)  # two feet; swells of cymbals
    in_time = rng.random() < 0.6
    rate = rng.choice([2, 3, 4, 4]) / score.beat if in_time else rng.uniform(9.0, fastest)
    times = np.arange(start, stop, 1.0 / rate)
    times = times + rng.normal(0.0, 0.003, len(times))
    levels = np.linspace(rng.uniform(0.15, 0.9), rng.uniform(0.15, 0.9), len(times)) * rng.uniform(0.8, 1.2, len(times))
    resting = {role} | (TIMEKEEPING if rng.random() < 0.8 else set())
    elsewhere = (score.times < start - 0.02) | (score.times > stop)
    score = score.kept(elsewhere | ~score.struck(resting))
    roll = [(float(t), role, float(min(1.0, v))) for t, v in zip(times, levels, strict=True)]
    return score.joined(roll, seconds)


def _pedal_pattern(score: Score, rng: np.random.Generator, seconds: float) -> list[Stroke]:
    """Return a hihat pedal on every beat, or on the second and fourth."""
    first, every = (0, 1) if rng.random() < 0.3 else (1, 2)
    level = rng.uniform(0.3, 0.9)
    return [
        (i * score.beat + rng.normal(0.0, 0.008), "hihat_pedal", float(level * rng.uniform(0.7, 1.1)))
        for i in range(first, int(seconds / score.beat), every)
    ]


def _percussion_pattern(score: Score, rng: np.random.Generator, seconds: float) -> list[Stroke]:
    if rng.random() < 0.3:  # a tambourine or clap with the backbeat
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


_TIMEKEEPERS: tuple[tuple[float, Change], ...] = (
    (0.10, _time_on_ride),
    (0.16, _time_on_crash),
    (0.27, _renaming(hihat_closed="hihat_open")),
    (0.35, _renaming(ride="hihat_closed", ride_bell="hihat_open")),
    (0.40, _time_on_toms),
)
"""Other voices that keep the time; at most one is drawn, by cumulative probabilities (by hand)."""

VARIATIONS: tuple[tuple[Variation, ...], ...] = (
    (Variation(0.4, _without_pedal),),
    (Variation(0.16, _renaming(snare="side_stick", rimshot="side_stick")), Variation(0.06, _renaming(snare="rimshot"))),
    (Variation(0.16, _unisons),),
    (Variation(0.06, _with_two_bass_drums),),
    (Variation(0.14, _off_some_places),),
    (Variation(0.25, _with_loose_foot),),
    (Variation(0.28, _with_rests_beside_drums),),
    (Variation(0.12, _adding(_grace_notes)),),
    (Variation(0.30, _adding(_ghost_notes)),),
    (Variation(0.25, _with_fill),),
    (Variation(0.15, _with_even_velocities), Variation(0.30, _with_another_hand)),
    (Variation(0.18, _without_some_drums),),
    (Variation(0.30, _with_a_break),),
    (Variation(0.07, _always_together),),
    (Variation(0.06, _with_claps, on_machines=0.25),),
    (Variation(0.36, _adding(_percussion_pattern)),),
)
"""Changes in the order in which they are drawn; of the alternatives in a line, the first one drawn is made."""
