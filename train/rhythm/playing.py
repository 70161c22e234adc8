"""Performances to learn rhythm from: typed patterns, and grooves with other voices or another one's timekeeping."""

from dataclasses import replace

import numpy as np

from drumscribe.music.tempo_map import Meter

from ..data.sources import Groove
from ..rendering.scores import TIMEKEEPING
from .patterns import LETTERS, Typed, parse_pattern

_FEWEST = 12
"""Hits that are left of a groove at least."""
_ARTICULATION = {
    "closed": "hihat_closed",
    "open": "hihat_open",
    "pedal": "hihat_pedal",
    "ghost": "snare",
    "tom": "tom_low",
}
_VELOCITY = {"kick": 100, "snare": 105, "ghost": 35, "closed": 70, "open": 75, "pedal": 60, "ride": 70, "tom": 90}
_REVOICED = (
    (0.15, {"hihat_closed": "ride", "hihat_open": "ride"}),
    (0.15, {"ride": "hihat_closed", "ride_bell": "hihat_closed"}),
    (0.08, {"hihat_closed": "hihat_open"}),
    (0.04, {"hihat_closed": "crash", "ride": "crash"}),
    (0.04, {"hihat_closed": "tom_low", "ride": "tom_low"}),
)
"""Which other voice keeps time, and how often."""
_ABSENT = (
    (0.30, ("hihat_pedal",)),
    (0.20, ("crash",)),
    (0.06, ("hihat_closed", "hihat_open", "ride", "ride_bell")),
    (0.03, ("kick",)),
    (0.03, ("snare", "rimshot", "side_stick")),
)
"""What is left out, and how often."""


def keeps_time(groove: Groove) -> bool:
    """Return whether most strokes fall on quarters, eighths or sixteenths: some grooves do not follow the ticks."""
    return max(abs(np.exp(2j * np.pi * parts * groove.beats).mean()) for parts in (1, 2, 4)) > 0.3


def type_groove(rng: np.random.Generator, typed: Typed) -> Groove:
    """Play bars of a typed pattern, varied, with fills, ghost notes, crashes, and human jitter.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    typed : Typed
        The patterns.

    Returns
    -------
    Groove
        The performance.
    """
    names = list(typed)
    name = names[rng.choice(len(names), p=[0.4, *[0.6 / (len(names) - 1)] * (len(names) - 1)])]
    meter = Meter.parse(name)
    rows = [(letter, steps.copy()) for letter, steps in parse_pattern(str(rng.choice(typed[name])))]
    hat = str(rng.choice(["h", "h", "r", "o", "p"]))
    varied = []
    for letter, steps in rows:
        if letter == "h":
            letter = hat
            if rng.random() < 0.2 and len(steps) % 2 == 0:
                steps[1::2] = False
        else:
            steps[1:] ^= rng.random(len(steps) - 1) < 0.06
        varied.append((LETTERS[letter], steps))
    sixteenths = round(meter.bar_quarters * 4)
    if rng.random() < 0.2:
        varied.append(("pedal", np.arange(meter.beats_per_bar) % 2 == 1))
    if rng.random() < 0.4:
        varied.append(("ghost", (rng.random(sixteenths) < 0.12) & (np.arange(sixteenths) % 2 == 1)))
    jitter = rng.uniform(0.003, 0.014) * 100.0 / 60.0
    fills_every = int(rng.choice([4, 8, 1000]))
    strokes: list[tuple[float, str, int]] = []
    bars = 40
    for bar in range(bars):
        start, fill_from = bar * meter.bar_quarters, 0.6 if bar % fills_every == fills_every - 1 else 1.0
        for row, steps in varied:
            for i in np.flatnonzero(steps & (rng.random(len(steps)) > 0.03)):
                if i / len(steps) < fill_from:
                    strokes.append((start + i / len(steps) * meter.bar_quarters, row, _VELOCITY[row]))
        for sixteenth in range(round(sixteenths * fill_from), sixteenths):
            if rng.random() < 0.7:
                strokes.append((start + sixteenth / 4, str(rng.choice(["snare", "tom"])), 95))
        if bar % 4 == 0 and rng.random() < 0.3:
            strokes.append((start, "crash", 110))
    strokes.sort()
    beats = np.array([beat for beat, _, _ in strokes])
    return Groove(
        f"typed_{name.replace('/', '-')}",
        "typed",
        "typed",
        False,
        100.0,
        meter.bar_quarters,
        bars,
        beats + rng.normal(0.0, jitter, len(beats)),
        tuple(_ARTICULATION.get(row, row) for _, row, _ in strokes),
        np.clip([v + rng.normal(0.0, 10.0) for _, _, v in strokes], 10, 127).astype(int),
    )


def revoice(groove: Groove, rng: np.random.Generator) -> Groove:
    """Return the groove with its time kept by another voice, or without some voices.

    Parameters
    ----------
    groove : Groove
        The performance.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Groove
        The changed performance.
    """
    chances = [chance for chance, _ in _REVOICED]
    chosen = rng.choice(len(_REVOICED) + 1, p=[*chances, 1.0 - sum(chances)])
    names = {} if chosen == len(_REVOICED) else _REVOICED[chosen][1]
    voices = [names.get(voice, voice) for voice in groove.articulations]
    absent = {voice for chance, those in _ABSENT if rng.random() < chance for voice in those}
    soft = 45 if rng.random() < 0.2 else 0  # no ghost notes
    heard = zip(voices, groove.velocities.tolist(), strict=True)
    kept = [i for i, (voice, loud) in enumerate(heard) if voice not in absent and (voice != "snare" or loud >= soft)]
    return _cut(groove, voices, kept) if len(kept) >= _FEWEST else groove


def combine(drums: Groove, timekeeping: Groove, rng: np.random.Generator) -> Groove | None:
    """Combine the drums of one groove with the timekeeping of another, bar by bar.

    Parameters
    ----------
    drums, timekeeping : Groove
        The two performances.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Groove | None
        The new performance; None if too little is left.
    """
    bars = min(drums.bars, timekeeping.bars)
    strokes: list[tuple[float, str, int]] = []
    for groove, keeps in ((drums, False), (timekeeping, True)):
        first = int(rng.integers(groove.bars - bars + 1)) * groove.beats_per_bar
        played = zip(groove.beats.tolist(), groove.articulations, groove.velocities.tolist(), strict=True)
        strokes += [(beat - first, voice, v) for beat, voice, v in played if (voice in TIMEKEEPING) == keeps]
    length = bars * drums.beats_per_bar
    strokes = sorted(stroke for stroke in strokes if -0.1 <= stroke[0] < length - 0.1)
    if len(strokes) < _FEWEST:
        return None
    beats, voices, velocities = zip(*strokes, strict=True)
    return replace(drums, bars=bars, beats=np.array(beats), articulations=voices, velocities=np.array(velocities))


def is_ternary(groove: Groove) -> bool:
    """Return whether strokes off the eighths are nearer to triplets than to sixteenths."""
    eighths, sixteenths, triplets = (np.abs(groove.beats * n - np.rint(groove.beats * n)) / n for n in (2, 4, 3))
    off = eighths > 0.06
    return bool(off.any() and (triplets[off] < sixteenths[off]).mean() > 0.5)


def _cut(groove: Groove, voices: list[str], kept: list[int]) -> Groove:
    articulations = tuple(voices[i] for i in kept)
    return replace(groove, beats=groove.beats[kept], articulations=articulations, velocities=groove.velocities[kept])
