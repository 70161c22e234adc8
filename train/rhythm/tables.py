"""Tables of rhythm analysis: phases of the pulse, patterns of bars, and weights of all evidence."""

from collections.abc import Callable
from itertools import chain

import numpy as np

from drumscribe.music.tempo_map import Meter
from drumscribe.rhythm.patterns import CELLS, CLASSES, PHASES, classify, meter_key, unpack_tables

from ..data.sources import Groove
from .network import ReadExample, find_temperature, learn_readings
from .patterns import LETTERS, TYPED, Typed, parse_pattern
from .playing import keeps_time
from .readings import Scene, simulate

_PATTERNS = 24
_SCENES = 3600
_FOLDS = 4
_BARS_PER_SAMPLE = 8
_TEMPI = (50.0, 220.0)
_PULSE_TEMPO_MAX = 140.0


def _aligned(groove: Groove) -> np.ndarray:
    """Return the beats of a groove without its player's lead or lag against the click."""
    sixteenths = groove.beats * 4.0
    return groove.beats - np.median(sixteenths - np.round(sixteenths)) / 4.0


def learn_phases(grooves: list[Groove], rng: np.random.Generator) -> np.ndarray:
    """Learn the log odds of a hit at a phase of a pulse between 70 and 140 per minute.

    Parameters
    ----------
    grooves : list[Groove]
        Performances.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(classes, phases) float32``.
    """
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
    """Return ``(samples, classes, cells)`` counts of hits in a few bars each, and the numbers of these bars."""
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
    """Learn a mixture of Poisson models of bars, by expectation maximisation.

    Likelihoods are tempered, because the hits of one player are far from independent.

    Parameters
    ----------
    grooves : list[Groove]
        Performances.
    count : int
        Number of patterns.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Rates ``(patterns, classes, cells)`` in hits per bar, and shares of the patterns.
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
    """Compute the rates of a typed pattern, with a little everywhere.

    Parameters
    ----------
    pattern : str
        The pattern.
    meter : Meter
        Its meter.
    rename : dict[str, str]
        Other classes for some letters.

    Returns
    -------
    np.ndarray
        ``(classes, cells)`` hits per bar.
    """
    cells = round(meter.bar_quarters * CELLS)
    rates = np.zeros((len(CLASSES), cells))
    for letter, steps in parse_pattern(pattern):
        row = rates[CLASSES.index(LETTERS[rename.get(letter, letter)])]
        row[np.flatnonzero(steps) * (cells // len(steps))] = 0.8
    rates = 0.8 * rates + 0.1 * np.roll(rates, 1, axis=1) + 0.1 * np.roll(rates, -1, axis=1)
    rates[CLASSES.index("crash"), 0] += 0.1
    return rates + np.where(np.arange(cells) % (CELLS // 2) == 0, 0.02, 0.0)


def make_patterns(grooves: list[Groove], typed: Typed, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Make the arrays of the table file without the weights.

    Parameters
    ----------
    grooves : list[Groove]
        Performances.
    typed : Typed
        Typed patterns.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    dict[str, np.ndarray]
        The arrays by name.
    """
    common = [groove for groove in grooves if groove.name.endswith("4-4") and groove.bars >= 4]
    rates, shares = learn_patterns(common, _PATTERNS, rng)
    tables = {"phases": learn_phases(grooves, rng)}
    for name, patterns in typed.items():
        meter = Meter.parse(name)
        rows = np.stack([typed_rates(p, meter, names) for p in patterns for names in ({}, {"h": "r"}, {"h": "o"})])
        row_shares = np.full(len(rows), 1.0 / len(rows))
        if meter == Meter(4, 4):
            rows, row_shares = np.concatenate([rates, rows]), np.concatenate([0.7 * shares, 0.3 * row_shares])
        tables |= {f"rates_{meter_key(meter)}": rows, f"shares_{meter_key(meter)}": row_shares}
    return {name: np.round(table, 4).astype(np.float16) for name, table in tables.items()}


def make_tables(grooves: list[Groove]) -> dict[str, np.ndarray]:
    """Make the arrays of the table file.

    The weights are learnt on playing that the patterns they weigh have not seen, not even in the same session:
    otherwise the patterns would be trusted too much. So there are several sets of patterns, each without some sessions
    and without half of the typed patterns. Grooves that do not keep to their own ticks are left out.
    """
    rng = np.random.default_rng(1)
    grooves = [groove for groove in grooves if not groove.fill and keeps_time(groove)]
    folds = []
    for fold, sessions in enumerate(_share_out(grooves)):
        halves = [{name: patterns[half::2] for name, patterns in TYPED.items()} for half in (fold % 2, 1 - fold % 2)]
        others = [groove for groove in grooves if groove.session not in sessions]
        tables = unpack_tables(make_patterns(others, halves[0], rng))
        own = [groove for groove in grooves if groove.session in sessions]
        folds.append(simulate(own, halves[1], tables, _SCENES // _FOLDS, rng))
    return make_patterns(grooves, TYPED, rng) | learn_weights(folds)


def learn_weights(folds: list[list[Scene]], report: Callable[[str], None] = print) -> dict[str, np.ndarray]:
    """Learn the weights of readings, and of the evidence for playing in time.

    Their reliability is measured on the last fold, with weights learnt on the others, and their accuracy there is
    reported.

    Parameters
    ----------
    folds : list[list[Scene]]
        Simulated transcriptions.
    report : Callable[[str], None], optional
        Receives the accuracy.

    Returns
    -------
    dict[str, np.ndarray]
        The arrays by name.
    """
    examples = [[ReadExample(s.features, s.bars, s.agreement) for s in fold if s.metrical] for fold in folds]
    partial, left_out = learn_readings(list(chain(*examples[:-1])), 2), examples[-1]
    temperature = find_temperature(partial, left_out)
    reached = np.array([example.agreement[np.argmax(partial.score(example))] for example in left_out])
    tempo, beats, bars = ((reached >= degree).mean() for degree in (1, 2, 3))
    report(f"of {len(left_out)} left out: tempo right in {tempo:.3f}, most beats {beats:.3f}, most bars {bars:.3f}")
    learnt = learn_readings(list(chain(*examples)), 2)
    scenes = list(chain(*folds))
    evidence = []
    for scene in scenes:
        scores = learnt.score(ReadExample(scene.features, scene.bars, scene.agreement))
        evidence.append((scene.unevenness, scene.repetitions[np.argmax(scores)], 1.0))
    metrical = np.array([scene.metrical for scene in scenes], float)
    weights = learn_metrical_weights(np.array(evidence), metrical)
    return learnt.arrays() | {"temperature": np.array(temperature), "metrical_weights": weights}


def _share_out(grooves: list[Groove]) -> list[set[str]]:
    """Distribute the sessions to folds of about as many bars each."""
    bars: dict[str, int] = {}
    for groove in grooves:
        bars[groove.session] = bars.get(groove.session, 0) + groove.bars
    folds: list[set[str]] = [set() for _ in range(_FOLDS)]
    for session in sorted(bars, key=lambda session: (-bars[session], session)):
        min(folds, key=lambda fold: sum(bars[other] for other in fold)).add(session)
    return folds


def learn_metrical_weights(features: np.ndarray, metrical: np.ndarray) -> np.ndarray:
    """Fit a logistic model by Newton's method.

    Parameters
    ----------
    features : np.ndarray
        ``(examples, features)``, the last one 1.
    metrical : np.ndarray
        ``(examples,)``, whether an example is in time.

    Returns
    -------
    np.ndarray
        ``(features,)``.
    """
    weights = np.zeros(features.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-features @ weights))
        slope = features.T @ (metrical - p) - 1e-3 * weights
        curve = features.T @ (features * (p * (1 - p))[:, None]) + 1e-3 * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights
