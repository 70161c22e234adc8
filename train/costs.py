"""Costs of a network, computed from its layers: parameters, multiply-adds, and receptive field."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

from .experiment import COLUMNS, Experiment
from .networks.families import FAMILIES, build_passage_network, build_window_network, receptive_field

_FREE = frozenset(
    {"InputLayer", "Reshape", "Flatten", "Concatenate", "Add", "Activation", "ReLU", "Dropout", "SpatialDropout1D"}
    | {"GlobalAveragePooling1D", "BatchNormalization", "LayerNormalization"}
)
"""Layers without a product of matrices; what they add is not counted."""
_SECONDS = 10.0
"""Of the passage that costs are taken from."""


@dataclass(frozen=True)
class Costs:
    """Costs of a network.

    Attributes
    ----------
    parameters : int
        Number of parameters of all layers.
    multiply_adds : int | None
        Per second of sound; None if a kind of layer is not known here.
    frames : int | None
        Frames that an answer depends on; None for all.
    milliseconds : float | None
        Time from the first to the last of those, or None.
    """

    parameters: int
    multiply_adds: int | None
    frames: int | None
    milliseconds: float | None


def costs_of(experiment: Experiment) -> Costs:
    """Compute the costs of an experiment's network."""
    rate, bands, settings = experiment.spectrogram.frame_rate, experiment.spectrogram.bands, experiment.network
    if experiment.is_passage:
        count = round(_SECONDS * rate)
        network = build_passage_network(settings, bands, len(COLUMNS), count)
        frames = receptive_field(network)
    else:
        count = experiment.window_frames
        network = build_window_network(settings, count, bands, len(experiment.samples.classes))
        frames = count
    milliseconds = None if frames is None else (frames - 1) / rate * 1000
    counted = multiply_adds(network)
    per_second = None if counted is None else round(counted * rate / count)
    return Costs(network.count_params(), per_second, frames, milliseconds)


def compare_families(experiment: Experiment) -> Iterator[str]:
    """Yield the lines of a table: the costs of each family with the input, sizes and formulation of an experiment."""
    yield f"{'family':<12}{'parameters':>12}{'multiply-adds/s':>18}{'sees':>12}  per frame"
    for name, family in FAMILIES.items():
        if experiment.is_passage and not family.per_frame:
            continue
        costs = costs_of(replace(experiment, network=replace(experiment.network, family=name)))
        sees = "everything" if costs.milliseconds is None else f"{costs.milliseconds:.0f} ms"
        per_frame = "yes" if family.per_frame else "no"
        counted = "?" if costs.multiply_adds is None else f"{costs.multiply_adds:,}"
        yield f"{name:<12}{costs.parameters:>12,}{counted:>18}{sees:>12}  {per_frame}"


def multiply_adds(network: Any) -> int | None:
    """Count the multiply-adds of one pass of a Keras model of fixed length, without biases or activations.

    Layers without weights cost nothing; None if there is one with weights whose kind is not known.
    """
    counts = [_multiply_adds(layer) for layer in network.layers]
    return None if None in counts else sum(cast(list[int], counts))


def _multiply_adds(layer: Any) -> int | None:
    kind = type(layer).__name__
    if kind in _FREE or not layer.weights:
        return 0
    if kind in ("Conv1D", "Conv2D", "DepthwiseConv1D", "Dense"):
        return prod(layer.kernel.shape) * prod(layer.output.shape[1:-1])
    if kind == "Bidirectional":
        weights = (weight for weight in layer.weights if len(weight.shape) == 2 and "bias" not in weight.name)
        return sum(prod(weight.shape) for weight in weights) * layer.output.shape[1]
    if kind == "MultiHeadAttention":
        frames, heads, size = layer.output.shape[1], layer.num_heads, layer.key_dim
        projections = sum(prod(weight.shape) for weight in layer.weights if len(weight.shape) == 3)
        return projections * frames + 2 * frames * frames * heads * size
    return None
