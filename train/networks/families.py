"""Network families: trunks that turn frames into features, and the output layers on top of them.

Recurrent layers, convolutions and attention see both directions: an answer may depend on later frames. To add a family,
write one function, and add one line to `FAMILIES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

_MOMENTUM = 0.9
"""Of batch normalisation, so that its averages are settled after some tens of batches."""
_HEADS = 4
"""Of attention."""


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes of a network; a family uses the sizes that apply to it.

    Attributes
    ----------
    family : str, default "cnn-tcn"
        One of `FAMILIES`.
    formulation : str, default "multi-label"
        One of `formulations.FORMULATIONS`.
    filters : tuple[int, ...], optional
        Channels of the 2-D convolutions.
    width : int, default 128
        Channels of dense, recurrent, 1-D convolutional and attention layers.
    depth : int, default 2
        Number of dense, recurrent or attention layers.
    taps : int, default 5
        Frames in the kernel of a dilated 1-D convolution.
    dilations : tuple[int, ...], optional
        Dilations of these convolutions, in order.
    """

    family: str = "cnn-tcn"
    formulation: str = "multi-label"
    filters: tuple[int, ...] = (24, 40, 64, 64)
    width: int = 128
    depth: int = 2
    taps: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Family:
    """A kind of network.

    Attributes
    ----------
    build : Callable[[keras.KerasTensor, NetworkSettings, bool], keras.KerasTensor]
        ``(x, settings, unrolled) -> features``: ``(batch, frames, bands)`` to ``(batch, frames, width)``, or to
        ``(batch, width)`` if it cannot answer per frame; `unrolled` requests unrolled recurrent layers, which
        conversion needs.
    per_frame : bool
        Whether it can answer for each frame, and so can serve passages, too.
    """

    build: Callable[[Any, NetworkSettings, bool], Any]
    per_frame: bool


def _rectified(x: Any, momentum: float = _MOMENTUM) -> Any:
    from keras import layers

    return layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))


def _convolved(x: Any, settings: NetworkSettings, momentum: float = _MOMENTUM) -> Any:
    """Apply 2-D convolutions over time and frequency; all but the last halve the bands, none the frames."""
    from keras import layers

    frames = x.shape[1] or -1
    x = layers.Reshape((frames, x.shape[2], 1))(x)
    for i, filters in enumerate(settings.filters):
        last = i == len(settings.filters) - 1
        kernel, strides = (3, 5 if i == 0 else 3), (1, 1 if last else 2)
        x = _rectified(layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x), momentum)
    return layers.Reshape((frames, x.shape[2] * x.shape[3]))(x)


def _dilated(x: Any, settings: NetworkSettings, momentum: float = _MOMENTUM) -> Any:
    """Apply residual dilated convolutions over time, in both directions (Bai, Kolter & Koltun, arXiv:1803.01271)."""
    from keras import layers

    x = _rectified(layers.Conv1D(settings.width, 1, use_bias=False)(x), momentum)
    for dilation in settings.dilations:
        y = layers.Conv1D(settings.width, settings.taps, padding="same", dilation_rate=dilation, use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization(momentum=momentum)(y)]))
    return x


def _cnn_tcn(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    """Apply 2-D convolutions, which detect the shapes of attacks, and dilated convolutions, which see their context."""
    return _dilated(_convolved(x, settings, momentum=0.99), settings, momentum=0.99)


def _tcn(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    return _dilated(x, settings)


def _dense(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    from keras import layers

    x = layers.Flatten()(x)
    for _ in range(settings.depth):
        x = _rectified(layers.Dense(settings.width, use_bias=False)(x))
    return x


def _cnn(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    """Apply 2-D convolutions that halve frames and bands alike."""
    from keras import layers

    x = layers.Reshape((*x.shape[1:], 1))(x)
    for i, filters in enumerate(settings.filters):
        x = _rectified(layers.Conv2D(filters, (3, 5 if i == 0 else 3), 2, padding="same", use_bias=False)(x))
    return _rectified(layers.Dense(settings.width, use_bias=False)(layers.Flatten()(x)))


def _recurrent(name: str) -> Callable[[Any, NetworkSettings, bool], Any]:
    def build(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
        from keras import layers

        for _ in range(settings.depth):
            layer = getattr(layers, name)(settings.width // 2, return_sequences=True, unroll=unrolled)
            x = layers.Bidirectional(layer)(x)
        return x

    return build


def _crnn(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    return _recurrent("GRU")(_convolved(x, settings), settings, unrolled)


def _transformer(x: Any, settings: NetworkSettings, unrolled: bool) -> Any:
    """Apply attention, normalised before each layer (arXiv:1706.03762, arXiv:2002.04745).

    A convolution encodes positions (Baevski et al., arXiv:2006.11477), so any number of frames is possible.
    """
    from keras import layers

    x = layers.Dense(settings.width)(x)
    x = layers.Add()([x, layers.DepthwiseConv1D(9, padding="same", activation="gelu")(x)])
    for _ in range(settings.depth):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(_HEADS, max(1, settings.width // _HEADS), dropout=0.1)(y, y)
        x = layers.Add()([x, y])
        y = layers.Dense(2 * settings.width, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(settings.width)(y)])
    return layers.LayerNormalization()(x)


FAMILIES = {
    "dense": Family(_dense, per_frame=False),
    "rnn": Family(_recurrent("SimpleRNN"), per_frame=True),
    "lstm": Family(_recurrent("LSTM"), per_frame=True),
    "gru": Family(_recurrent("GRU"), per_frame=True),
    "tcn": Family(_tcn, per_frame=True),
    "cnn": Family(_cnn, per_frame=False),
    "crnn": Family(_crnn, per_frame=True),
    "transformer": Family(_transformer, per_frame=True),
    "cnn-tcn": Family(_cnn_tcn, per_frame=True),
}


def build_passage_network(
    settings: NetworkSettings, bands: int, answers: int, frames: int | None = None, batch: int | None = None
) -> Any:
    """Build a Keras model ``(batch, frames, bands)`` to ``(batch, frames, answers)``, all between 0 and 1.

    Parameters
    ----------
    settings : NetworkSettings
        Family and sizes.
    bands : int
        Bands of a frame.
    answers : int
        Answers per frame.
    frames, batch : int, optional
        Fixed numbers of frames and passages (for conversion), or None.

    Returns
    -------
    keras.Model
        The network.
    """
    import keras
    from keras import layers

    inputs = layers.Input(batch_shape=(batch, frames, bands), name="frames")
    x = FAMILIES[settings.family].build(inputs, settings, False)
    x = layers.SpatialDropout1D(0.1)(x)
    x = layers.Dense(answers, bias_initializer=keras.initializers.Constant(-3.0), name="answer")(x)
    return keras.Model(inputs, layers.Activation("sigmoid", dtype="float32", name="answers")(x))


def find_embedding(network: Any) -> Any | None:
    """Find the input of the first convolution over time alone: the features of one frame, without its context.

    None if there is no such convolution, or if its input is the frames themselves.
    """
    from keras import layers

    for layer in network.layers:
        if isinstance(layer, layers.Conv1D) and layer.kernel_size[0] > 1:
            return layer.input
    return None


def build_window_network(
    settings: NetworkSettings,
    frames: int,
    bands: int,
    answers: int,
    batch: int | None = None,
    unrolled: bool = False,
) -> Any:
    """Build a Keras model ``(batch, frames, bands)`` to ``(batch, answers)``, all between 0 and 1.

    If the formulation has separate networks, there is one for each answer, sharing only the input.

    Parameters
    ----------
    settings : NetworkSettings
        Family and sizes.
    frames : int
        Frames of a window.
    bands : int
        Bands of a frame.
    answers : int
        Number of answers.
    batch : int, optional
        A fixed number of windows (for conversion), or None.
    unrolled : bool, default False
        Whether to unroll recurrent layers (for conversion).

    Returns
    -------
    keras.Model
        The network.
    """
    import keras
    from keras import layers

    from .formulations import FORMULATIONS

    formulation = FORMULATIONS[settings.formulation]
    inputs = layers.Input(batch_shape=(batch, frames, bands), name="frames")
    towers = []
    for _ in range(answers if formulation.separate else 1):
        x = FAMILIES[settings.family].build(inputs, settings, unrolled)
        x = layers.GlobalAveragePooling1D()(x) if len(x.shape) == 3 else x
        towers.append(layers.Dense(1 if formulation.separate else answers)(layers.Dropout(0.2)(x)))
    x = layers.Concatenate()(towers) if formulation.separate else towers[0]
    return keras.Model(inputs, layers.Activation(formulation.activation, dtype="float32", name="answers")(x))


def receptive_field(network: Any) -> int | None:
    """Return how many frames of the input one frame of a Keras model's output depends on; None for all of them."""
    reach: dict[str, tuple[int, int] | None] = {}
    for layer in network.layers:
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        before = [reach[source._keras_history.operation.name] for source in sources]  # noqa: SLF001
        kind = type(layer).__name__
        if None in before or kind in ("Bidirectional", "MultiHeadAttention", "Flatten", "GlobalAveragePooling1D"):
            reach[layer.name] = None
            continue
        frames, jump = max(cast(list[tuple[int, int]], before), default=(1, 1))
        if kind in ("Conv1D", "Conv2D", "DepthwiseConv1D"):
            frames += (layer.kernel_size[0] - 1) * layer.dilation_rate[0] * jump
            jump *= layer.strides[0]
        reach[layer.name] = frames, jump
    last = reach[network.layers[-1].name]
    return last[0] if last else None
