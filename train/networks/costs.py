"""What a network costs, read off its layers: parameters, multiply-adds, and how far an answer looks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from ..experiment import COLUMNS, Experiment
from .families import FAMILIES, build_passage_network, build_window_network

_FREE = frozenset(
    {"InputLayer", "Reshape", "Flatten", "Concatenate", "Add", "Activation", "ReLU", "Dropout", "SpatialDropout1D"}
    | {"GlobalAveragePooling1D", "BatchNormalization", "LayerNormalization"}
)
"""Layers without a product of matrices; what they add is not counted."""
_SECONDS = 10.0
"""Of the passage that costs are taken from."""


@dataclass(frozen=True)
class Costs:
    """What a network costs.

    Attributes
    ----------
    parameters : of all layers.
    multiply_adds : for each second of sound.
    frames : that an answer depends on, or None for all there are.
    milliseconds : from the first to the last of those, or None.
    """

    parameters: int
    multiply_adds: int
    frames: int | None
    milliseconds: float | None


def costs_of(experiment: Experiment) -> Costs:
    """What the network of an experiment costs."""
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
    return Costs(network.count_params(), round(multiply_adds(network) * rate / count), frames, milliseconds)


def compare_families(experiment: Experiment) -> Iterator[str]:
    """A table, line by line, of what each family would cost with the input, sizes and formulation of an experiment."""
    yield f"{'family':<12}{'parameters':>12}{'multiply-adds/s':>18}{'sees':>12}  per frame"
    for name, family in FAMILIES.items():
        if experiment.is_passage and not family.per_frame:
            continue
        costs = costs_of(replace(experiment, network=replace(experiment.network, family=name)))
        sees = "everything" if costs.milliseconds is None else f"{costs.milliseconds:.0f} ms"
        per_frame = "yes" if family.per_frame else "no"
        yield f"{name:<12}{costs.parameters:>12,}{costs.multiply_adds:>18,}{sees:>12}  {per_frame}"


def multiply_adds(network) -> int:
    """Multiply-adds of one pass of a Keras model of fixed length, biases, normalisation and activations aside."""
    return sum(_multiply_adds(layer) for layer in network.layers)


def _multiply_adds(layer) -> int:
    kind = type(layer).__name__
    if kind in _FREE:
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
    raise TypeError(f"it is not known what a layer of kind {kind} costs")


def receptive_field(network) -> int | None:
    """Frames of the input that one frame of a Keras model's output depends on; None for all of them."""
    reach: dict[str, tuple[int, int] | None] = {}
    for layer in network.layers:
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        before = [reach[source._keras_history.operation.name] for source in sources]
        kind = type(layer).__name__
        if None in before or kind in ("Bidirectional", "MultiHeadAttention", "Flatten", "GlobalAveragePooling1D"):
            reach[layer.name] = None
            continue
        frames, jump = max(before, default=(1, 1))
        if kind in ("Conv1D", "Conv2D", "DepthwiseConv1D"):
            frames += (layer.kernel_size[0] - 1) * layer.dilation_rate[0] * jump
            jump *= layer.strides[0]
        reach[layer.name] = frames, jump
    last = reach[network.layers[-1].name]
    return last[0] if last else None
