"""Conversion of a trained network to model files of several kinds, each compared with the network itself."""

import hashlib
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.network.tflite import TfliteNetwork
from drumscribe.runtime import native_chatter_dropped

from ..experiment import COLUMNS, Experiment
from ..features.targets import answer_width
from ..files import open_whole
from ..networks.families import build_passage_network, build_window_network, find_embedding

CHUNK = 2048
"""Frames of a passage that a model file takes at once, unless it is made for streams."""
TOLERANCES = {"float32": 1e-4, "float16": 1e-2, "dynamic": 1e-2, "int8": 0.02}
"""Mean absolute deviation from the network's answers that is accepted, on real frames."""
KINDS = tuple(TOLERANCES)
"""Weights of 32 bits, of 16, of 8 with ranges of the rest taken from each input anew, and 8 bits throughout."""


class ConversionError(DrumscribeError):
    """The tools refuse a conversion, or it changes the answers of the network."""


@dataclass(frozen=True)
class Conversion:
    """The result of a conversion.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    deviation : float | None
        Mean absolute deviation from the network on held-out frames; None without a file.
    reason : str, default ""
        Why there is no file, or "".
    """

    kind: str
    deviation: float | None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.deviation:.5f}" if not self.reason else f"{self.kind} refused: {self.reason}"


def chunk_of(experiment: Experiment) -> int:
    """Return how many frames of a passage the model files of an experiment take at once."""
    return experiment.live.window or CHUNK


def deployable(experiment: Experiment, trained: Any, kind: str) -> Any:
    """Rebuild the network for an input of fixed length, in float32.

    A network of passages returns the embedding of each frame as a second output, if its family has one; one of
    recordings also the activation of percussion outside the vocabulary, as the last output, which one for streams
    lacks. Recurrent layers are loops over a batch of one, which the converter needs; in 8 bits it needs them unrolled.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    trained : keras.Model
        The network.
    kind : str
        One of `KINDS`.

    Returns
    -------
    keras.Model
        The network to convert.

    Raises
    ------
    ConversionError
        If recurrent layers would have to be unrolled over a whole passage.
    """
    import keras

    keras.mixed_precision.set_global_policy("float32")
    settings, bands = experiment.network, experiment.spectrogram.bands
    recurrent = any(isinstance(layer, keras.layers.Bidirectional) for layer in trained.layers)
    unrolled = recurrent and kind == "int8"
    if experiment.is_passage and unrolled:
        raise ConversionError(f"recurrent layers in 8 bits are written out step by step, and {CHUNK} are too many")
    batch = 1 if recurrent else None
    if experiment.is_passage:
        answers = len(COLUMNS) if experiment.live.window else answer_width(COLUMNS)
        network = build_passage_network(settings, bands, answers, chunk_of(experiment), batch)
    else:
        classes = len(experiment.samples.classes)
        network = build_window_network(settings, experiment.window_frames, bands, classes, batch, unrolled)
    for target, source in zip(network.layers, trained.layers, strict=True):
        weights = source.get_weights()
        if target.name == "answer":
            weights = [weight[..., : target.units] for weight in weights]
        target.set_weights(weights)
    if not experiment.is_passage:
        return network
    answers, embedding = network.output, find_embedding(network)
    outputs = [answers[..., : len(COLUMNS)]] if answers.shape[-1] > len(COLUMNS) else [answers]
    outputs += [embedding] if embedding is not None else []
    outputs += [answers[..., len(COLUMNS) :]] if answers.shape[-1] > len(COLUMNS) else []
    return keras.Model(network.input, outputs)


def fingerprint(trained: Any) -> str:
    """Return a digest of the weights of a trained network."""
    digest = hashlib.sha256()
    for weight in trained.get_weights():
        digest.update(weight.astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def convert(network: Any, kind: str, examples: np.ndarray) -> bytes:
    """Convert a network to a flatbuffer.

    Parameters
    ----------
    network : keras.Model
        The network, see `deployable`.
    kind : str
        One of `KINDS`.
    examples : np.ndarray
        ``(examples, frames, bands) float32``, real frames, from which ranges for ``int8`` are taken.

    Returns
    -------
    bytes
        The flatbuffer.

    Raises
    ------
    ConversionError
        With the converter's reason.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":
        converter.representative_dataset = lambda: ([example[None]] for example in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    try:
        with native_chatter_dropped(), redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return converter.convert()
    except Exception as error:  # the converter has no exception of its own for all that it refuses
        raise ConversionError(str(error).strip().splitlines()[0][:200]) from error


def convert_checked(
    experiment: Experiment,
    trained: Any,
    kinds: tuple[str, ...],
    examples: np.ndarray,
    held_out: np.ndarray,
    write: Callable[[bytes, str, Path], None],
    folder: Path,
) -> tuple[Conversion, ...]:
    """Write ``NAME.KIND.tflite`` for each kind that the tools can convert and that answers as the network does.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    trained : keras.Model
        The network.
    kinds : tuple[str, ...]
        Some of `KINDS`.
    examples, held_out : np.ndarray
        ``(inputs, frames, bands) float32``, to take ranges from and to compare on.
    write : Callable[[bytes, str, Path], None]
        Writes a file, given a flatbuffer, a kind and a path.
    folder : Path
        The folder to write to.

    Returns
    -------
    tuple[Conversion, ...]
        The result of each kind.
    """
    results = []
    for kind in kinds:
        path = folder / f"{experiment.name}.{kind}.tflite"
        try:
            network = deployable(experiment, trained, kind)
            deviation = _write(network, kind, examples, held_out, write, path)
            results.append(Conversion(kind, deviation))
        except ConversionError as error:
            path.unlink(missing_ok=True)  # an older one would pass for this one
            results.append(Conversion(kind, None, str(error)))
    return tuple(results)


def _write(
    network: Any,
    kind: str,
    examples: np.ndarray,
    held_out: np.ndarray,
    write: Callable[[bytes, str, Path], None],
    path: Path,
) -> float:
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / path.name
        write(convert(network, kind, examples), kind, made)
        runtime = TfliteNetwork(made)
        expected = np.concatenate([_answers(network, frames[None]) for frames in held_out])
        deviation = float(np.mean(np.abs(np.stack([runtime.run(frames) for frames in held_out]) - expected)))
        if not deviation <= TOLERANCES[kind]:
            raise ConversionError(f"deviates by {deviation:.4f} on the mean, more than {TOLERANCES[kind]}")
        with open_whole(path) as file:
            file.write(made.read_bytes())
    return deviation


def _answers(network: Any, frames: np.ndarray) -> np.ndarray:
    outputs = network.predict_on_batch(frames)
    return outputs[0] if isinstance(outputs, list) else outputs
