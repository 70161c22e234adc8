"""Learns how readings of pulses are weighed (see `drumscribe.rhythm.bars`), a network for bars of 4/4 among it.

All readings of a recording compete, and those that are right are to win: a conditional logit model whose utilities are
linear in the features, and a small network's of the bar besides, by Adam (D. P. Kingma, J. Ba, 2015) with dropout.
"""

from dataclasses import dataclass, field

import numpy as np

from drumscribe.rhythm.bar_network import BarNetwork

_HIDDEN = 32
_EPOCHS = 14
_BATCH = 16
_RATES = (1e-2, 1e-3, 1e-3, 1e-3)
"""Of the weights of features, which are few, and of the network's three layers of them."""
_SHRINK = 1e-4
_DROP = 0.3
_LEVELS = ((1, 0.5), (2, 0.5), (3, 1.0))
"""Degrees of agreement (see `rhythm_weights.agree`), and what reaching them is worth."""


@dataclass(frozen=True)
class ReadExample:
    """The readings of a recording: ``(readings, features)``, ``(readings in 4/4, inputs)``, ``(readings,)`` degrees."""

    features: np.ndarray
    bars: np.ndarray
    agreement: np.ndarray


@dataclass
class LearntReadings:
    """Weights of features and a network, and the temperature that makes their scores log odds."""

    weights: np.ndarray
    network: BarNetwork
    temperature: float = 1.0
    _moments: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def score(self, example: ReadExample) -> np.ndarray:
        """``(readings,)``, before the temperature."""
        scores = example.features @ self.weights
        scores[: len(example.bars)] += self.network.score(example.bars.astype(np.float32))
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        """As `drumscribe.rhythm.patterns.unpack_tables` takes them."""
        layers = {f"network_{name}": getattr(self.network, name) for name in ("into", "offsets", "out")}
        halves = {name: layer.astype(np.float16) for name, layer in layers.items()}
        return {"reading_weights": self.weights, "temperature": np.array(self.temperature), **halves}


def learn_readings(examples: list[ReadExample], unknown: list[ReadExample], rng: np.random.Generator) -> LearntReadings:
    """Weights by which the right readings win; `unknown` examples tell how sure they are."""
    examples = [example for example in examples if example.agreement.any()]
    scale = np.concatenate([example.features for example in examples]).std(axis=0) + 1e-6
    inputs = examples[0].bars.shape[1]
    into = rng.normal(0.0, 0.5 * np.sqrt(2.0 / inputs), (inputs, _HIDDEN)).astype(np.float32)
    network = BarNetwork(into, np.zeros(_HIDDEN, np.float32), rng.normal(0.0, 0.1, _HIDDEN).astype(np.float32))
    learnt = LearntReadings(np.zeros(len(scale), np.float32), network)
    scaled = [ReadExample(e.features / scale, e.bars, e.agreement) for e in examples]
    step = 0
    for epoch in range(_EPOCHS):
        pace = 1.0 if epoch < 0.5 * _EPOCHS else 0.3 if epoch < 0.8 * _EPOCHS else 0.1
        order = rng.permutation(len(scaled))
        for first in range(0, len(order), _BATCH):
            step += 1
            _descend(learnt, [scaled[i] for i in order[first : first + _BATCH]], step, pace, rng)
    learnt.weights = learnt.weights / scale
    learnt.temperature = _find_temperature([(learnt.score(e), e.agreement) for e in unknown])
    return learnt


def _descend(learnt: LearntReadings, batch: list[ReadExample], step: int, pace: float, rng) -> None:
    network, counts = learnt.network, [len(example.bars) for example in batch]
    bars = np.concatenate([example.bars for example in batch]).astype(np.float32)
    bars *= np.repeat(_kept(len(batch), bars.shape[1], rng), counts, axis=0)
    rectified = np.maximum(bars @ network.into + network.offsets, 0.0)
    rectified *= np.repeat(_kept(len(batch), _HIDDEN, rng), counts, axis=0)
    utilities = np.split(rectified @ network.out, np.cumsum(counts)[:-1])
    slopes = [_slope(e, learnt.weights, utility) for e, utility in zip(batch, utilities, strict=True)]
    of_bars = np.concatenate([slope[:count] for slope, count in zip(slopes, counts, strict=True)])
    # Dropped units are zero, as are those that the rectifier holds back: no slope goes through either.
    inner = of_bars[:, None] * network.out * (rectified > 0) / (1.0 - _DROP)
    of_weights = sum(slope @ example.features for slope, example in zip(slopes, batch, strict=True))
    gradients = (of_weights, bars.T @ inner, inner.sum(axis=0), rectified.T @ of_bars)
    layers = learnt.weights, network.into, network.offsets, network.out
    for i, (values, gradient, rate) in enumerate(zip(layers, gradients, _RATES, strict=True)):
        gradient = gradient / len(batch) + _SHRINK * values
        mean, square = learnt._moments.get(i, (np.zeros_like(values), np.zeros_like(values)))
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        learnt._moments[i] = mean, square
        values -= (pace * rate * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)).astype(
            np.float32
        )


def _kept(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """What dropout leaves, the same for all readings of a recording."""
    return ((rng.random((rows, columns)) > _DROP) / (1.0 - _DROP)).astype(np.float32)


def _slope(example: ReadExample, weights: np.ndarray, utility: np.ndarray) -> np.ndarray:
    """The slope of the loss with respect to the score of each reading."""
    scores = example.features @ weights
    scores[: len(utility)] += utility
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    slope = np.zeros(len(odds), np.float32)
    for level, worth in _LEVELS:
        right = example.agreement >= level
        if right.any():
            slope += worth * (odds - odds * right / (odds[right].sum() + 1e-9))
    return slope


def _find_temperature(scored: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The temperature at which the tempi of recordings are likeliest."""

    def loss(temperature: float) -> float:
        total = 0.0
        for scores, agreement in scored:
            odds = np.exp((scores - scores.max()) / temperature)
            total -= np.log(odds[agreement >= 1].sum() / odds.sum() + 1e-3)
        return total

    return float(min(np.geomspace(0.5, 8.0, 29), key=loss))
