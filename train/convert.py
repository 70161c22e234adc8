"""A trained network to model files: float32, float16 and int8, each held against the network itself."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from drumscribe.classifier import Classifier, ModelInfo, write_model
from drumscribe.errors import DrumscribeError

from .experiment import COLUMNS
from .networks import NetworkSettings, build_network

CHUNK = 2048
"""Frames that a model file takes at once."""
TOLERANCES = {"float32": 1e-4, "float16": 1e-2, "int8": 0.02}
"""Mean absolute deviation from the network's activations that is accepted, on real frames."""


def deployable(trained, settings: NetworkSettings, bands: int):
    """The network for one chunk of fixed length, in float32, without the answer that only training needs."""
    import keras

    keras.mixed_precision.set_global_policy("float32")
    network = build_network(settings, bands, len(COLUMNS), CHUNK)
    for target, source in zip(network.layers, trained.layers, strict=True):
        weights = source.get_weights()
        if target.name.startswith("dense"):
            weights = [weight[..., : len(COLUMNS)] for weight in weights]
        target.set_weights(weights)
    return network


def convert(network, kind: str, examples: np.ndarray) -> bytes:
    """The flatbuffer of a network: `kind` is ``float32``, ``float16`` or ``int8`` (with ranges from the examples).

    Parameters
    ----------
    examples : ``(chunks, CHUNK, bands) float32``, real frames.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":
        converter.representative_dataset = lambda: ([chunk[None]] for chunk in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    return converter.convert()


def write_checked(
    network, info: ModelInfo, folder: Path, examples: np.ndarray, held_out: np.ndarray
) -> dict[str, float]:
    """Write the model in all its kinds; the mean deviation of each from the network on held-out frames.

    Raises
    ------
    DrumscribeError : where a kind deviates by more than is accepted; it is not written.
    """
    expected = np.asarray(network.predict(held_out, batch_size=4, verbose=0))
    deviations = {}
    for kind, tolerance in TOLERANCES.items():
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / f"{info.name}.{kind}.tflite"
            write_model(convert(network, kind, examples), replace(info, quantisation=kind), path)
            classifier = Classifier(path)
            answers = np.stack([classifier._network.run(chunk) for chunk in held_out])
            deviations[kind] = float(np.mean(np.abs(answers - expected)))
            if deviations[kind] > tolerance:
                raise DrumscribeError(f"{path.name} deviates by {deviations[kind]:.4f} on the mean; not written")
            (folder / path.name).write_bytes(path.read_bytes())
    return deviations
