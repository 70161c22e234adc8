"""The networks: frames to answers, fully convolutional in time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSettings:
    """The sizes of a network.

    Attributes
    ----------
    filters : of the 2-D convolutions; all but the last halve the bands.
    width : channels of the dilated 1-D convolutions.
    taps : frames that each of those sees.
    dilations : of those, in order.
    """

    filters: tuple[int, ...] = (24, 40, 64, 64)
    width: int = 128
    taps: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)

    @property
    def context(self) -> int:
        """Frames on each side that an answer depends on."""
        return len(self.filters) + (self.taps // 2) * sum(self.dilations)


def build_network(settings: NetworkSettings, bands: int, answers: int, frames: int | None = None):
    """A Keras model ``(batch, frames, bands)`` to ``(batch, frames, answers)``, all between 0 and 1.

    2-D convolutions over time and frequency find the shapes of attacks; residual dilated convolutions over time (Bai,
    Kolter & Koltun, arXiv:1803.01271, here looking both ways) compare them with what is around.

    Parameters
    ----------
    frames : a fixed number of frames (for conversion), or None.
    """
    import keras
    from keras import layers

    def rectified(x):
        return layers.ReLU()(layers.BatchNormalization()(x))

    inputs = layers.Input((frames, bands), name="frames")
    x = layers.Reshape((-1 if frames is None else frames, bands, 1))(inputs)
    for i, filters in enumerate(settings.filters):
        last = i == len(settings.filters) - 1
        kernel, strides = (3, 5 if i == 0 else 3), (1, 1 if last else 2)
        x = rectified(layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x))
    x = layers.Reshape((-1 if frames is None else frames, x.shape[2] * x.shape[3]))(x)
    x = rectified(layers.Conv1D(settings.width, 1, use_bias=False)(x))
    for dilation in settings.dilations:
        y = layers.Conv1D(settings.width, settings.taps, padding="same", dilation_rate=dilation, use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)]))
    x = layers.SpatialDropout1D(0.1)(x)
    x = layers.Dense(answers, bias_initializer=keras.initializers.Constant(-3.0))(x)
    outputs = layers.Activation("sigmoid", dtype="float32", name="answers")(x)
    return keras.Model(inputs, outputs)
