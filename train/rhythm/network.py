"""Training of the weights of readings (see `drumscribe.rhythm.readings`), with a network for bars of 4/4.

All readings of a recording compete, and the right ones are to win: a conditional logit model whose utilities are linear
in the features, plus, in 4/4, the output of a small network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drumscribe.rhythm.bar_network import BarNetwork

_UNITS = (16, 32)
"""Of a quarter, and of a bar."""
_EPOCHS = 12
_BATCH = 16
_RATE = 1e-3
_FASTER = 10.0
"""How much faster the weights of features are learnt, which are few."""
_SHRINK = 5e-5
_DROP = 0.3
_LEVELS = ((1, 0.5), (2, 0.5), (3, 1.0))
"""Degrees of agreement (see `readings.agree`), and what reaching them is worth."""
_IMPOSSIBLE = -1e9


@dataclass(frozen=True)
class ReadExample:
    """The readings of a recording; those in 4/4 come first.

    Attributes
    ----------
    features : np.ndarray
        ``(readings, features)``.
    bars : np.ndarray
        ``(readings in 4/4, 4, inputs)``.
    agreement : np.ndarray
        ``(readings,)`` degrees, see `readings.agree`.
    """

    features: np.ndarray
    bars: np.ndarray
    agreement: np.ndarray


@dataclass(frozen=True)
class LearntReadings:
    """Weights of features, and a network; their scores are log odds times a temperature.

    Attributes
    ----------
    weights : np.ndarray
        ``(features,)``.
    network : BarNetwork
        The network of bars.
    """

    weights: np.ndarray
    network: BarNetwork

    def score(self, example: ReadExample) -> np.ndarray:
        """Score readings, ``(readings,)``, before the temperature."""
        scores = example.features @ self.weights
        scores[: len(example.bars)] += self.network.score(example.bars.astype(np.float32))
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that `drumscribe.rhythm.patterns.unpack_tables` reads."""
        return {"reading_weights": self.weights} | self.network.arrays()


def learn_readings(examples: Sequence[ReadExample], seed: int) -> LearntReadings:
    """Learn weights by which the right readings win.

    Parameters
    ----------
    examples : Sequence[ReadExample]
        The readings of many recordings.
    seed : int
        Seed of weights and batches.

    Returns
    -------
    LearntReadings
        The weights.
    """
    import keras

    keras.utils.set_random_seed(seed)
    examples = [example for example in examples if example.agreement.any()]
    scale = np.concatenate([example.features for example in examples]).std(axis=0) + 1e-6
    model = _build(len(scale), examples[0].bars.shape[-1])
    batches = _batches(keras.utils.PyDataset)(examples, _FASTER / scale)
    model.compile(keras.optimizers.Adam(_RATE), _make_loss())
    pace = keras.callbacks.LearningRateScheduler(lambda epoch: _RATE * min(1.0, 2.0 * (1.0 - epoch / _EPOCHS)))
    model.fit(batches, epochs=_EPOCHS, callbacks=[pace], verbose=0)
    layers = {layer.name: [np.asarray(x, np.float32) for x in layer.get_weights()] for layer in model.layers}
    network = BarNetwork(*[*layers["quarter"], *layers["bar"], layers["score"][0][:, 0]])
    return LearntReadings(layers["weights"][0][:, 0] * _FASTER / scale, network)


def find_temperature(learnt: LearntReadings, unknown: Sequence[ReadExample]) -> float:
    """Find the temperature at which the true tempi of unknown recordings are likeliest.

    Parameters
    ----------
    learnt : LearntReadings
        The weights.
    unknown : Sequence[ReadExample]
        Recordings that they were not learnt from.

    Returns
    -------
    float
        The temperature.
    """
    scored = [(learnt.score(example), example.agreement) for example in unknown]

    def loss(temperature: float) -> float:
        total = 0.0
        for scores, agreement in scored:
            odds = np.exp((scores - scores.max()) / temperature)
            total -= np.log(odds[agreement >= 1].sum() / odds.sum() + 1e-3)
        return total

    return float(min(np.geomspace(0.5, 8.0, 29), key=loss))


def _build(features: int, inputs: int) -> Any:
    """Build the network from features, bars, and which readings are in 4/4, to scores.

    Dropout is the same for all readings of a recording.
    """
    from keras import Input, Model, layers, regularizers

    shrink = regularizers.L2(_SHRINK)
    readings, bars, fours = Input((None, features)), Input((None, 4, inputs)), Input((None, 1))
    x = layers.Dropout(_DROP, noise_shape=(None, 1, 1, inputs))(bars)
    x = layers.Dense(_UNITS[0], "relu", kernel_regularizer=shrink, name="quarter")(x)
    x = layers.Reshape((-1, 4 * _UNITS[0]))(x)
    x = layers.Dense(_UNITS[1], "relu", kernel_regularizer=shrink, name="bar")(x)
    x = layers.Dropout(_DROP, noise_shape=(None, 1, _UNITS[1]))(x)
    of_bars = layers.Dense(1, use_bias=False, kernel_regularizer=shrink, name="score")(x)
    linear = layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="weights")(readings)
    return Model([readings, bars, fours], layers.Add()([linear, layers.Multiply()([of_bars, fours])]))


def _make_loss() -> Callable[[Any, Any], Any]:
    """Make the loss: log odds against the right readings at each degree; a degree of -1 means no reading."""
    from keras import ops

    def loss(agreement: Any, scores: Any) -> Any:
        agreement, scores = agreement[..., 0], scores[..., 0]
        scores = ops.where(agreement >= 0, scores, _IMPOSSIBLE)
        total = 0.0
        for degree, worth in _LEVELS:
            right = ops.where(agreement >= degree, scores, _IMPOSSIBLE)
            odds = ops.logsumexp(scores, axis=1) - ops.logsumexp(right, axis=1)
            total += worth * ops.where(ops.any(agreement >= degree, axis=1), odds, 0.0)
        return ops.mean(total)

    return loss


def _batches(dataset: type) -> type:
    """Make the class of batches from keras's own, which is loaded only for training."""

    class Batches(dataset):
        def __init__(self, examples: list[ReadExample], scale: np.ndarray) -> None:
            super().__init__()
            self._examples, self._scale = examples, scale
            self._rng = np.random.default_rng(0)
            self._order = np.arange(len(examples))
            self._longest = max(len(example.agreement) for example in examples)
            self.on_epoch_end()

        def __len__(self) -> int:
            return -(-len(self._examples) // _BATCH)

        def on_epoch_end(self) -> None:
            self._rng.shuffle(self._order)

        def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
            batch = [self._examples[i] for i in self._order[index * _BATCH : (index + 1) * _BATCH]]
            shape = len(batch), self._longest
            features = np.zeros((*shape, len(self._scale)), np.float32)
            bars = np.zeros((*shape, *batch[0].bars.shape[1:]), np.float32)
            fours, agreement = np.zeros((*shape, 1), np.float32), np.full((*shape, 1), -1, np.int32)
            for i, example in enumerate(batch):
                features[i, : len(example.features)] = example.features * self._scale
                bars[i, : len(example.bars)] = example.bars
                fours[i, : len(example.bars)] = 1.0
                agreement[i, : len(example.agreement), 0] = example.agreement
            return (features, bars, fours), agreement

    return Batches
