"""How much each thing says of the rhythm: weights learnt from simulated transcriptions, whose truth is known.

Grooves and varied typed patterns are played at any tempo, begun anywhere in a bar, and heard imperfectly: strokes are
missed, above all soft ones, mistaken for other drums, and invented. The readings of their pulses (see
`drumscribe.rhythm.bars`) train a conditional logit model; together with hits at random and with grooves bent out of
time they train a logistic model that tells playing in time from playing in free time.
"""

from dataclasses import dataclass

import numpy as np

from drumscribe.rhythm.analysis import PULSE_RANGE, TEMPO_RANGE, unevenness
from drumscribe.rhythm.bars import Reading, list_readings
from drumscribe.rhythm.patterns import CLASSES, Tables, classify, measure_accents
from drumscribe.rhythm.tempo_map import Meter
from drumscribe.rhythm.tracking import track_pulses

from .data.sources import Groove
from .rhythm_network import ReadExample, learn_readings
from .rhythm_patterns import LETTERS, TYPED, parse_pattern

_TEMPI = (50.0, 220.0)
_TYPED_SHARE = 0.3
_ARTICULATION = {
    "closed": "hihat_closed",
    "open": "hihat_open",
    "pedal": "hihat_pedal",
    "ghost": "snare",
    "tom": "tom_low",
}
_VELOCITY = {"kick": 100, "snare": 105, "ghost": 35, "closed": 70, "open": 75, "pedal": 60, "ride": 70, "tom": 90}
_MISHEARD = {
    "hihat_closed": ("hihat_open", "ride", "hihat_pedal"),
    "hihat_open": ("crash", "hihat_closed"),
    "hihat_pedal": ("hihat_closed",),
    "ride": ("crash", "hihat_closed"),
    "kick": ("tom_low",),
    "snare": ("rimshot", "tom_mid"),
}


@dataclass(frozen=True)
class Heard:
    """A simulated transcription and its truth.

    Attributes
    ----------
    seconds, classes, accents : of the hits.
    meter, tempo : as played, the tempo in quarters per minute.
    bars : where bars begin, in seconds.
    """

    seconds: np.ndarray
    classes: np.ndarray
    accents: np.ndarray
    meter: Meter
    tempo: float
    bars: np.ndarray


@dataclass(frozen=True)
class Scene:
    """The readings of a simulated transcription.

    Attributes
    ----------
    features : ``(readings, features)``.
    bars : ``(readings in 4/4, inputs) float16``, see `Reading.bar`; they come first.
    agreement : ``(readings,)``, see `agree`.
    repetitions : ``(readings,)``, see `Reading.repetition`.
    unevenness : of the pulses.
    metrical : whether it was played in time.
    """

    features: np.ndarray
    bars: np.ndarray
    agreement: np.ndarray
    repetitions: np.ndarray
    unevenness: float
    metrical: bool


def type_groove(rng: np.random.Generator) -> Groove:
    """Bars of a typed pattern, varied, with fills, ghost notes, crashes, and human jitter."""
    names = list(TYPED)
    name = names[rng.choice(len(names), p=[0.4, *[0.6 / (len(names) - 1)] * (len(names) - 1)])]
    meter = Meter.parse(name)
    rows = [(letter, steps.copy()) for letter, steps in parse_pattern(str(rng.choice(TYPED[name])))]
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
        for i in range(round(sixteenths * fill_from), sixteenths):
            if rng.random() < 0.7:
                strokes.append((start + i / 4, str(rng.choice(["snare", "tom"])), 95))
        if bar % 4 == 0 and rng.random() < 0.3:
            strokes.append((start, "crash", 110))
    strokes.sort()
    beats = np.array([beat for beat, _, _ in strokes])
    return Groove(
        f"typed_{name.replace('/', '-')}",
        "typed",
        False,
        100.0,
        meter.bar_quarters,
        bars,
        beats + rng.normal(0.0, jitter, len(beats)),
        tuple(_ARTICULATION.get(row, row) for _, row, _ in strokes),
        np.clip([v + rng.normal(0.0, 10.0) for _, _, v in strokes], 10, 127).astype(int),
    )


def hear(groove: Groove, rng: np.random.Generator, bend: float = 0.0) -> Heard | None:
    """Some 20 to 30 s of a groove as a transcriber might hear them; None where hardly anything is played.

    Parameters
    ----------
    bend : standard deviation of the change of tempo, as a logarithm, from beat to beat.
    """
    meter = Meter.parse(groove.name.split("_")[-1].replace("-", "/"))
    tempo = float(np.exp(rng.uniform(*np.log(_TEMPI))))
    length = rng.uniform(20.0, 30.0) * tempo / 60.0
    start = rng.uniform(0.0, max(0.0, groove.beats[-1] - length))
    held = np.flatnonzero((groove.beats >= start) & (groove.beats < start + length))
    held = held[rng.random(len(held)) > np.where(groove.velocities[held] < 40, 0.35, 0.06)]
    if len(held) < 12:
        return None
    walk = np.concatenate([[0.0], np.cumsum(rng.normal(0.0, bend, int(length) + 1))])
    walk -= np.linspace(0.0, walk[-1], len(walk))
    at_beat = np.concatenate([[0.0], np.cumsum(60.0 / tempo * np.exp(walk))])
    seconds = np.interp(groove.beats[held] - start, np.arange(len(at_beat)), at_beat)
    articulations = [groove.articulations[i] for i in held]
    for i in np.flatnonzero(rng.random(len(held)) < 0.08):
        articulations[i] = str(rng.choice(_MISHEARD.get(articulations[i], (articulations[i],))))
    false = rng.integers(0, len(held), rng.poisson(0.05 * len(held)))
    astray = np.where(rng.random(len(false)) < 0.6, 0.0, rng.uniform(-0.3, 0.3, len(false)))
    seconds = np.concatenate([seconds, seconds[false] + astray])
    articulations += [str(a) for a in rng.choice(["tom_low", "hihat_closed", "snare", "crash"], len(false))]
    velocities = np.concatenate([groove.velocities[held], rng.integers(20, 90, len(false))])
    order = np.argsort(seconds)
    velocities = np.clip(velocities[order] * np.exp(rng.normal(0.0, 0.15, len(order))), 1.0, 127.0)
    classes = classify([articulations[i] for i in order], velocities)
    bars = np.arange(np.ceil(start / meter.bar_quarters), (start + length) / meter.bar_quarters) * meter.bar_quarters
    heard = seconds[order] + rng.normal(0.0, 0.003, len(order)) + 1.0
    accents = measure_accents(classes, velocities)
    return Heard(np.sort(heard), classes, accents, meter, tempo, (bars - start) * 60.0 / tempo + 1.0)


def hear_anything(rng: np.random.Generator) -> Heard:
    """Hits at random."""
    seconds = np.exp(rng.uniform(*np.log((12.0, 90.0))))
    count = max(20, rng.poisson(seconds * np.exp(rng.uniform(*np.log((2.0, 14.0))))))
    classes = rng.choice(len(CLASSES), count, p=rng.dirichlet([1.6, 1.6, 0.8, 1.6, 0.4, 0.4, 0.8, 0.2, 0.6]))
    accents = np.clip(rng.normal(0.0, 0.3, count), -1.0, 1.0)
    return Heard(np.sort(rng.uniform(0.0, seconds, count)), classes, accents, Meter(), 100.0, np.zeros(0))


def read(heard: Heard, tables: Tables, metrical: bool) -> Scene:
    """All readings of what was heard."""
    starts = track_pulses(heard.seconds, heard.classes, tables.phases, 60.0 / PULSE_RANGE[1], 60.0 / PULSE_RANGE[0])
    pulses = np.interp(heard.seconds, starts, np.arange(len(starts)))
    pulse_tempo = 60.0 / float(np.median(np.diff(starts)))
    readings = list_readings(pulses, heard.classes, heard.accents, pulse_tempo, tables, TEMPO_RANGE)
    return Scene(
        np.array([reading.features for reading in readings], np.float32),
        np.array([reading.bar for reading in readings if reading.bar is not None], np.float16),
        np.array([agree(reading, starts, heard) if metrical else 0 for reading in readings]),
        np.array([reading.repetition for reading in readings]),
        unevenness(starts),
        metrical,
    )


def agree(reading: Reading, starts: np.ndarray, heard: Heard) -> int:
    """How much of a reading is right: 0 nothing, 1 the tempo, 2 most beats, too, 3 the meter and most bars, too."""
    length = (starts[-1] - starts[0]) / (len(starts) - 1)
    tempo = 60.0 / length / reading.pulses_per_quarter
    if abs(tempo / heard.tempo - 1.0) > 0.04:
        return 0
    bar, beat = heard.meter.bar_quarters, heard.meter.beat_quarters
    quarters = (heard.bars[0] - 1.0) * heard.tempo / 60.0 if len(heard.bars) else 0.0
    length = (starts[-1] - 1.0) * heard.tempo / 60.0
    if reading.meter.beat_quarters != beat or not _meet(reading, starts, heard, beat, quarters % beat, length):
        return 1
    return 3 if reading.meter == heard.meter and _meet(reading, starts, heard, bar, quarters % bar, length) else 2


def _meet(reading: Reading, starts: np.ndarray, heard: Heard, step: float, first: float, length: float) -> bool:
    """Whether a reading has most of the lines `step` quarters apart from quarter `first` until `length`."""
    true = np.arange(first, length, step) * 60.0 / heard.tempo + 1.0
    true = true[(true > starts[0]) & (true < starts[-1])]
    pulses = reading.pulses_per_quarter * step
    lines = np.arange(np.ceil(-reading.downbeat / pulses), (len(starts) - 1 - reading.downbeat) / pulses)
    found = np.interp(lines * pulses + reading.downbeat, np.arange(len(starts)), starts)
    near = np.abs(found[:, None] - true).min(axis=0, initial=np.inf) < 0.07
    return bool(len(true) and near.mean() > 0.7)


def learn_metrical_weights(features: np.ndarray, metrical: np.ndarray) -> np.ndarray:
    """Weights of a logistic model (by Newton's method); the last feature is one."""
    weights = np.zeros(features.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-features @ weights))
        slope = features.T @ (metrical - p) - 1e-3 * weights
        curve = features.T @ (features * (p * (1 - p))[:, None]) + 1e-3 * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def simulate_scenes(grooves: list[Groove], tables: Tables, count: int, rng: np.random.Generator) -> list[Scene]:
    """So many transcriptions of playing in time, and two fifths as many of playing in free time."""
    long = [groove for groove in grooves if not groove.fill and groove.beats[-1] * 60.0 / groove.tempo >= 10.0]
    heard: list[tuple[Heard, bool]] = []
    while len(heard) < count:
        groove = type_groove(rng) if rng.random() < _TYPED_SHARE else long[rng.integers(len(long))]
        if (one := hear(groove, rng)) is not None:
            heard.append((one, True))
    for _ in range(count // 5):
        heard.append((hear_anything(rng), False))
        if (one := hear(long[rng.integers(len(long))], rng, bend=0.12)) is not None:
            heard.append((one, False))
    return [read(one, tables, metrical) for one, metrical in heard]


def learn_weights(scenes: list[Scene], unknown: list[Scene]) -> dict[str, np.ndarray]:
    """The weights of readings, and of what tells playing in time from playing in free time.

    Parameters
    ----------
    unknown : of other grooves: they tell how far the weights are to be trusted.
    """
    played = [ReadExample(scene.features, scene.bars, scene.agreement) for scene in scenes if scene.metrical]
    others = [ReadExample(scene.features, scene.bars, scene.agreement) for scene in unknown if scene.metrical]
    learnt = learn_readings(played, others, np.random.default_rng(2))
    evidence = []
    for scene in scenes:
        scores = learnt.score(ReadExample(scene.features, scene.bars, scene.agreement))
        evidence.append((scene.unevenness, scene.repetitions[np.argmax(scores)], 1.0))
    metrical = np.array([scene.metrical for scene in scenes], float)
    return learnt.arrays() | {"metrical_weights": learn_metrical_weights(np.array(evidence), metrical)}
