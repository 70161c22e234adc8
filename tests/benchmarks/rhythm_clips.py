"""Recordings whose rhythm is known: grooves at any tempo, typed patterns in other meters, tempi that change.

Drums are those of the validation split, so are the grooves; what is played depends on the seed alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap

TEMPI = (50.0, 220.0)
JITTER = 0.010
"""Standard deviation of typed strokes, in seconds."""

TYPED = {
    "3/4": (
        "kick x..... snare ..x.xx hihat_closed x.xxx.",
        "kick x....x snare ..x... hihat_closed xxxxxx hihat_open .....x",
        "kick x..x.. snare ..x.x. ride x.x.xx",
        "kick x.......x... snare ....x......x hihat_closed x.x.xxx.x.x.",
    ),
    "6/8": (
        "kick x....x snare ...x.x hihat_closed xxxxxx",
        "kick x..... snare ...x.. ride xxxxxx hihat_pedal ...x..",
        "kick x.xx.. snare ...x.. hihat_closed x.xx.x",
        "kick x...x....... snare ......x..x.. hihat_closed x.x.x.x.x.x.",
    ),
    "12/8": (
        "kick x.x...x..... snare ...x.....x.x hihat_closed xxxxxxxxxxxx",
        "kick x.....xx.... snare ...x.....x.. ride xxxxxxxxxxxx",
        "kick x....x.x.... snare ...x.....x.. hihat_closed xxxxxxxxxxxx hihat_open ...........x",
        "kick x.......x..x snare ......x..... hihat_closed xxxxxxxxxxxx",
    ),
    "5/4": (
        "kick x...x.x... snare ..x.....x. ride xxxxxxxxxx",
        "kick x..x..x... snare ....x....x hihat_closed xxxxxxxxxx",
        "kick x.....xx.. snare ....x...x. hihat_closed x.x.x.x.x.",
        "kick x....x.... snare ...x....x. ride x.xxx.x.x.",
    ),
    "7/8": (
        "kick x.x.x.. snare ..x...x hihat_closed xxxxxxx",
        "kick x...xx. snare ..x..x. ride xxxxxxx",
        "kick x..x..x snare ..x..x. hihat_closed x.xx.x.",
        "kick x....x. snare ...x... hihat_closed xxxxxxx",
    ),
}
"""Patterns of a bar, none of which any table was made from."""


@dataclass(frozen=True)
class Played:
    """Strokes and the rhythm that they were played in.

    Attributes
    ----------
    kind : the row of the table that it counts for.
    strokes : (seconds, articulation, velocity from 0 to 1).
    first, last : seconds between which beats are to be found.
    keeps_time : whether the strokes of the groove fall on its own ticks at all.
    length : of the recording, in seconds; None where it ends a second after the last stroke.
    """

    kind: str
    name: str
    tempo_map: TempoMap
    strokes: tuple[tuple[float, str, float], ...]
    first: float
    last: float
    keeps_time: bool = True
    length: float | None = None


def _warp(kind: str, name: str, tempo_map: TempoMap, quarters, articulations, velocities, jitter=None) -> Played:
    seconds = tempo_map.seconds_at(np.asarray(quarters, float))
    if jitter is not None:
        seconds = np.maximum(seconds + jitter, 0.0)
    strokes = sorted(zip(seconds.tolist(), articulations, np.asarray(velocities, float).tolist(), strict=True))
    return Played(kind, name, tempo_map, tuple(strokes), strokes[0][0] - 0.05, strokes[-1][0] + 0.05)


def play_grooves(folder: Path, count: int, rng: np.random.Generator, kind: str = "grooves") -> Iterator[Played]:
    """Validation grooves of at least 10 s, begun anywhere in a bar, after up to 3 s of silence.

    Those of kind "grooves" are at any tempo, others at their own.
    """
    from drumscribe.training.data.sources import read_grooves
    from drumscribe.training.rhythm.playing import keeps_time

    grooves = [g for g in read_grooves(folder, "validation") if not g.fill and g.beats[-1] * 60 / g.tempo >= 10]
    order = np.concatenate([rng.permutation(len(grooves)) for _ in range(-(-count // len(grooves)))])[:count]
    for index in order:
        groove = grooves[index]
        meter = Meter.parse(groove.name.split("_")[-1].replace("-", "/"))
        tempo = float(np.exp(rng.uniform(*np.log(TEMPI))))
        tempo = tempo if kind == "grooves" else groove.tempo
        length = rng.uniform(20.0, 30.0) * tempo / 60
        start = rng.uniform(0.0, max(0.0, groove.beats[-1] - length))
        held = np.flatnonzero((groove.beats >= start) & (groove.beats < start + length))
        bar = np.ceil(start / meter.bar_quarters) * meter.bar_quarters
        lead = rng.uniform(0.0, 3.0)
        tempo_map = TempoMap.steady(tempo, lead + (bar - start) * 60 / tempo, meter)
        articulations = [groove.articulations[i] for i in held]
        name = f"{groove.name} at {tempo:.1f}"
        strokes = groove.beats[held] - bar, articulations, groove.velocities[held] / 127
        yield replace(_warp(kind, name, tempo_map, *strokes), keeps_time=keeps_time(groove))


def _bars(pattern: str, meter: Meter, bars: int, rng: np.random.Generator):
    """Quarters, articulations and velocities of a typed pattern, some of its strokes left out, a crash now and then."""
    words = pattern.split()
    out = []
    for bar in range(bars):
        for articulation, steps in zip(words[::2], words[1::2], strict=True):
            loud = {"kick": 0.85, "snare": 0.85}.get(articulation, 0.55)
            out += [
                ((bar + i / len(steps)) * meter.bar_quarters, articulation, np.clip(rng.normal(loud, 0.08), 0.1, 1))
                for i, step in enumerate(steps)
                if step == "x" and rng.random() > 0.03
            ]
        if bar % 4 == 0 and rng.random() < 0.4:
            out.append((bar * meter.bar_quarters, "crash", 0.9))
    return zip(*out, strict=True)


def play_typed(rng: np.random.Generator) -> Iterator[Played]:
    """Each typed pattern for some 25 s, with human jitter."""
    for text, patterns in TYPED.items():
        meter = Meter.parse(text)
        for i, pattern in enumerate(patterns):
            tempo = float(np.exp(rng.uniform(*np.log((80.0, 200.0)))))
            quarters, articulations, velocities = _bars(
                pattern, meter, round(25 * tempo / 60 / meter.bar_quarters), rng
            )
            quarters = np.array(quarters)
            keep = np.flatnonzero(quarters >= rng.uniform(0.0, meter.bar_quarters))
            tempo_map = TempoMap.steady(tempo, rng.uniform(0.0, 2.0), meter)
            chosen = [articulations[k] for k in keep], np.array(velocities)[keep]
            jitter = rng.normal(0.0, JITTER, len(keep))
            yield _warp(
                f"typed {text}", f"{text} no. {i + 1} at {tempo:.1f}", tempo_map, quarters[keep], *chosen, jitter
            )


def _curve(kind: str, rng: np.random.Generator) -> TempoMap:
    """Forty seconds of 4/4 whose tempo slows down at the end, wanders, or changes at once in the middle."""
    tempo = float(rng.uniform(80.0, 160.0))
    beats = np.arange(round(40 * tempo / 60))
    if kind == "ritardando":
        tempi = tempo * np.interp(beats, [len(beats) - 16, len(beats)], [1.0, 0.65])
    elif kind == "drift":
        tempi = tempo * (1 + 0.06 * np.sin(2 * np.pi * beats / rng.uniform(40, 80) + rng.uniform(0, 6)))
    else:
        bar = 4 * (len(beats) // 8)
        tempi = np.where(beats < bar, tempo, tempo * rng.choice([0.8, 1.2]))
    seconds = 0.5 + np.concatenate([[0.0], np.cumsum(60 / tempi)])
    return TempoMap(tuple(seconds), tuple(np.arange(len(seconds), dtype=float)), (MeterChange(0.0, Meter()),))


def play_curves(folder: Path, rng: np.random.Generator) -> Iterator[Played]:
    """Validation grooves in 4/4 along tempo curves."""
    from drumscribe.training.data.sources import read_grooves

    grooves = [g for g in read_grooves(folder, "validation") if not g.fill and g.name.endswith("4-4") and g.bars >= 24]
    for kind in ("ritardando", "drift", "sudden change"):
        for _ in range(6):
            groove, tempo_map = grooves[rng.integers(len(grooves))], _curve(kind, rng)
            held = np.flatnonzero((groove.beats >= 0) & (groove.beats < tempo_map.quarters[-1]))
            articulations = [groove.articulations[i] for i in held]
            velocities = groove.velocities[held] / 127
            yield _warp(kind, f"{kind}, {groove.name}", tempo_map, groove.beats[held], articulations, velocities)


def play_loops(folder: Path, rng: np.random.Generator) -> Iterator[Played]:
    """Validation grooves cut into loops of one, two, four and eight bars, ten each."""
    from drumscribe.training.data.sources import read_grooves
    from drumscribe.training.rhythm.playing import keeps_time

    grooves = [g for g in read_grooves(folder, "validation") if not g.fill and g.bars >= 8 and keeps_time(g)]
    for bars in (1, 2, 4, 8):
        for _ in range(10):
            while True:
                groove = grooves[rng.integers(len(grooves))]
                meter = Meter.parse(groove.name.split("_")[-1].replace("-", "/"))
                tempo_map = TempoMap.steady(float(rng.uniform(70.0, 180.0)), 0.0, meter)
                start, length = rng.integers(groove.bars - bars + 1) * meter.bar_quarters, bars * meter.bar_quarters
                # What is played a little before a bar line belongs to it; its loop begins with it.
                quarters = np.maximum(groove.beats - start, np.where(groove.beats - start > -0.1, 0.0, -1.0))
                held = np.flatnonzero((quarters >= 0.0) & (quarters < length - 0.1))
                if len(held) >= 6:
                    break
            articulations, velocities = [groove.articulations[i] for i in held], groove.velocities[held] / 127
            loop = _warp("loops", f"{bars} bars of {groove.name}", tempo_map, quarters[held], articulations, velocities)
            yield replace(loop, length=float(tempo_map.seconds_at(length)))


def play_changes(folder: Path, rng: np.random.Generator) -> Iterator[Played]:
    """Validation grooves with a bar of 2/4, and grooves that follow, or are followed by, a typed pattern in 3/4."""
    from drumscribe.training.data.sources import read_grooves
    from drumscribe.training.rhythm.playing import keeps_time

    four, three, two = Meter(4, 4), Meter(3, 4), Meter(2, 4)
    grooves = [g for g in read_grooves(folder, "validation") if not g.fill and g.bars >= 12 and keeps_time(g)]
    grooves = [g for g in grooves if g.beats_per_bar == 4.0]
    for i in range(24):
        groove = grooves[rng.integers(len(grooves))]
        tempo, lead = float(rng.uniform(80.0, 170.0)), float(rng.uniform(0.2, 2.0))
        bars = int(rng.integers(10, min(groove.bars, 16) + 1))
        quarters = groove.beats - 4.0 * rng.integers(groove.bars - bars + 1)
        inside = (quarters >= -0.05) & (quarters < 4.0 * bars - 0.05)
        if i % 2:
            cut = 4.0 * rng.integers(4, bars - 3) + 2.0  # half of this bar is left out
            inside &= (quarters < cut - 0.05) | (quarters >= cut + 1.95)
            quarters = np.where(quarters >= cut + 1.95, quarters - 2.0, quarters)
            meters = (MeterChange(0.0, four), MeterChange(cut - 2.0, two), MeterChange(cut, four))
            added: tuple = ((), (), ())
            kind = "2/4 in 4/4"
        else:
            other = int(rng.integers(6, 11))
            added = tuple(_bars(str(rng.choice(TYPED["3/4"])), three, other, rng))
            before = bool(rng.integers(2))
            quarters = quarters + (3.0 * other if before else 0.0)
            changes = ((0.0, three), (3.0 * other, four)) if before else ((0.0, four), (4.0 * bars, three))
            meters = tuple(MeterChange(*change) for change in changes)
            added = (np.array(added[0]) + (0.0 if before else 4.0 * bars), *added[1:])
            kind = "3/4 and 4/4"
        held = np.flatnonzero(inside)
        seconds, at = (lead, lead + 60.0 / tempo), (0.0, 1.0)
        places = np.concatenate([quarters[held], np.array(added[0], float)])
        names = [groove.articulations[k] for k in held] + list(added[1])
        loud = np.concatenate([groove.velocities[held] / 127, np.array(added[2], float)])
        yield _warp(kind, f"{kind}, {groove.name}", TempoMap(seconds, at, meters), places, names, loud)


def render(played: Played, kits, rng: np.random.Generator) -> np.ndarray:
    """The sound, on a kit of the validation split."""
    from drumscribe.training.rendering.performances import render_drums
    from drumscribe.training.rendering.scores import Score

    times, roles, velocities = zip(*played.strokes, strict=True)
    score = Score(np.array(times), roles, np.array(velocities), 0.5, 4.0)
    length = played.last + 1.0 if played.length is None else played.length
    sound = render_drums(score, kits.make(rng, bool(rng.random() < 0.3), plain=True), rng, length)
    return (0.7 * sound / max(float(np.max(np.abs(sound))), 1e-6)).astype(np.float32)
