"""What drummers play where: the tables that beats and bars are found with.

    python -m drumscribe.training.rhythm DATA OUT

DATA is the folder that holds ``grooves`` (the Groove MIDI Dataset by J. Gillick, A. Roberts, J. Engel, D. Eck and
D. Bamman, CC BY 4.0), whose training split is read; OUT is the file that `drumscribe.rhythm.patterns` reads. Bars of
4/4 are learnt from it; those of other meters, of which it has next to nothing, are typed.
"""

import argparse
from pathlib import Path

import numpy as np

from drumscribe.rhythm.patterns import CELLS, CLASSES, PHASES, classify, meter_key, unpack_tables
from drumscribe.rhythm.tempo_map import Meter

from .data.sources import Groove, read_grooves
from .rhythm_patterns import LETTERS, TYPED, parse_pattern
from .rhythm_weights import learn_weights, simulate_scenes

_PATTERNS = 24
_SCENES = 1600
_BARS_PER_SAMPLE = 8
_TEMPI = (50.0, 220.0)
_PULSE_TEMPO_MAX = 140.0


def _aligned(groove: Groove) -> np.ndarray:
    """The beats of a groove without its player's lead or lag against the click."""
    sixteenths = groove.beats * 4.0
    return groove.beats - np.median(sixteenths - np.round(sixteenths)) / 4.0


def learn_phases(grooves: list[Groove], rng: np.random.Generator) -> np.ndarray:
    """``(classes, phases) float32``: log odds of a hit at a phase of a pulse between 70 and 140 per minute."""
    counts = np.zeros((len(CLASSES), PHASES))
    for groove in grooves:
        classes = classify(groove.articulations, groove.velocities)
        for _ in range(2):
            tempo = np.exp(rng.uniform(*np.log(_TEMPI)))
            pulses = 2.0 ** np.floor(np.log2(_PULSE_TEMPO_MAX / tempo))
            phases = np.rint(_aligned(groove) * pulses * PHASES).astype(int) % PHASES
            np.add.at(counts, (classes, phases), 1.0 / len(classes))
    counts /= counts.mean(axis=1, keepdims=True)
    return np.log(0.05 + 0.95 * counts).astype(np.float32)


def _bars(groove: Groove) -> tuple[np.ndarray, np.ndarray]:
    """``(samples, classes, cells)`` counts of hits in a few bars each, and how many bars those are."""
    classes = classify(groove.articulations, groove.velocities)
    cells = np.rint(_aligned(groove) * CELLS).astype(int)
    per_bar = round(groove.beats_per_bar * CELLS)
    sample = np.clip(cells // per_bar // _BARS_PER_SAMPLE, 0, None)
    counts = np.zeros((sample.max() + 1, len(CLASSES), per_bar))
    np.add.at(counts, (sample, classes, cells % per_bar), 1.0)
    bars = np.minimum(_BARS_PER_SAMPLE, groove.bars - _BARS_PER_SAMPLE * np.arange(len(counts)))
    whole = bars >= 3
    return counts[whole], bars[whole]


def learn_patterns(grooves: list[Groove], count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rates ``(patterns, classes, cells)`` of hits per bar, and shares of the patterns: a mixture of Poisson models.

    Expectation maximisation; likelihoods are tempered, because hits of one player are far from independent.
    """
    samples = [_bars(groove) for groove in grooves]
    counts = np.concatenate([c for c, _ in samples])
    bars = np.concatenate([b for _, b in samples]).astype(float)
    shape = counts.shape[1:]
    counts = counts.reshape(len(counts), -1)
    mean = counts.sum(axis=0) / bars.sum()
    first = rng.choice(len(counts), count, replace=False)
    rates, shares = 0.5 * counts[first] / bars[first, None] + 0.5 * mean, np.full(count, 1.0 / count)
    for _ in range(40):
        fits = 0.2 * (counts @ np.log(rates + 1e-3).T - bars[:, None] * rates.sum(axis=1)) + np.log(shares)
        belongs = np.exp(fits - fits.max(axis=1, keepdims=True))
        belongs /= belongs.sum(axis=1, keepdims=True)
        rates = (belongs.T @ counts + 1.0 * mean) / (belongs.T @ bars + 1.0)[:, None]
        shares = (belongs.sum(axis=0) + 1.0) / (len(counts) + count)
    return rates.reshape(count, *shape), shares


def typed_rates(pattern: str, meter: Meter, rename: dict[str, str]) -> np.ndarray:
    """``(classes, cells)`` rates of a typed pattern, with a little everywhere."""
    cells = round(meter.bar_quarters * CELLS)
    rates = np.zeros((len(CLASSES), cells))
    for letter, steps in parse_pattern(pattern):
        row = rates[CLASSES.index(LETTERS[rename.get(letter, letter)])]
        row[np.flatnonzero(steps) * (cells // len(steps))] = 0.8
    rates = 0.8 * rates + 0.1 * np.roll(rates, 1, axis=1) + 0.1 * np.roll(rates, -1, axis=1)
    rates[CLASSES.index("crash"), 0] += 0.1
    return rates + np.where(np.arange(cells) % (CELLS // 2) == 0, 0.02, 0.0)


def make_patterns(grooves: list[Groove], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The arrays of the table file but for the weights."""
    common = [groove for groove in grooves if groove.name.endswith("4-4") and groove.bars >= 4]
    rates, shares = learn_patterns(common, _PATTERNS, rng)
    tables = {"phases": learn_phases(grooves, rng)}
    for name, patterns in TYPED.items():
        meter = Meter.parse(name)
        typed = np.stack([typed_rates(p, meter, names) for p in patterns for names in ({}, {"h": "r"}, {"h": "o"})])
        typed_shares = np.full(len(typed), 1.0 / len(typed))
        if meter == Meter(4, 4):
            typed, typed_shares = np.concatenate([rates, typed]), np.concatenate([0.7 * shares, 0.3 * typed_shares])
        tables |= {f"rates_{meter_key(meter)}": typed, f"shares_{meter_key(meter)}": typed_shares}
    return {name: np.round(table, 4).astype(np.float16) for name, table in tables.items()}


def make_tables(grooves: list[Groove]) -> dict[str, np.ndarray]:
    """The arrays of the table file.

    The weights are learnt on grooves that the patterns which they weigh have not seen: else those would be trusted
    too much.
    """
    rng = np.random.default_rng(1)
    beats = [groove for groove in grooves if not groove.fill]
    unknown = beats[::8]
    known = [groove for i, groove in enumerate(beats) if i % 8]
    halves = known[::2], known[1::2]
    scenes = []
    for patterns_of, played in (halves, halves[::-1]):
        tables = unpack_tables(make_patterns(patterns_of, rng))
        scenes += simulate_scenes(played, tables, _SCENES // 2, rng)
    tables = unpack_tables(make_patterns(known, rng))
    return make_patterns(beats, rng) | learn_weights(scenes, simulate_scenes(unknown, tables, _SCENES // 8, rng))


def main() -> None:
    """Learn the tables and write them."""
    parser = argparse.ArgumentParser(description="Learn where in a bar drums are struck.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    np.savez_compressed(arguments.out, **make_tables(read_grooves(arguments.data / "grooves", "train")))


if __name__ == "__main__":
    main()
