"""TFLite networks, on any TFLite runtime that is installed."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from ..runtime import native_chatter_dropped


def eight_bit_kinds() -> tuple[str, ...]:
    """List the kinds of 8-bit model files that the installed runtime can run.

    Runtimes older than ai-edge-litert cannot compute ranges for each input.

    Returns
    -------
    tuple of str
        The more exact kind first.
    """
    try:
        present = find_spec("ai_edge_litert") is not None
    except ModuleNotFoundError:
        present = False
    return ("dynamic", "int8") if present else ("int8",)


def _open_interpreter(path: Path) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            from tflite_runtime.interpreter import Interpreter
        except ImportError:
            raise ModelError("no TFLite runtime is installed; pip install ai-edge-litert") from None
    try:
        with native_chatter_dropped():
            interpreter = Interpreter(model_path=str(path), num_threads=1)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, SystemError) as error:  # RuntimeError: it was built for another numpy
        raise ModelError(f"{path}: this TFLite runtime cannot run the model: {str(error).splitlines()[0]}") from None
    return interpreter


def _outputs_in_order(interpreter: Any) -> list[dict]:
    """Return the outputs in the order of the converted network, which only their names keep."""
    outputs = interpreter.get_output_details()
    if len(outputs) == 1:
        return outputs
    named = interpreter.get_signature_runner().get_output_details()
    return [named[name] for name in sorted(named)]


class TfliteNetwork:
    """A TFLite network with one input; input and outputs are float32, whatever the network computes with.

    Parameters
    ----------
    path : Path
        A ``.tflite`` file.

    Attributes
    ----------
    shapes : tuple of tuples of int
        Shapes of the input and the outputs, with a batch of one.

    Raises
    ------
    ModelError
        If no runtime is installed, or it cannot run the network.
    """

    def __init__(self, path: Path) -> None:
        self._interpreter = _open_interpreter(path)
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = _outputs_in_order(self._interpreter)
        self.shapes = tuple(tuple(tensor["shape"].tolist()) for tensor in (self._input, *self._outputs))

    def run(self, values: np.ndarray) -> np.ndarray:
        """Run the network.

        Parameters
        ----------
        values : np.ndarray
            The input, float32, without the batch axis.

        Returns
        -------
        np.ndarray
            The first output, float32, without the batch axis.
        """
        self._interpreter.set_tensor(self._input["index"], _quantised(values, self._input)[None])
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"the network cannot be run: {str(error).splitlines()[0]}") from None
        return self.output(0)

    def output(self, number: int) -> np.ndarray:
        """Return an output for the last input.

        Parameters
        ----------
        number : int
            Number of the output, from 0.

        Returns
        -------
        np.ndarray
            The output, float32, without the batch axis.
        """
        tensor = self._outputs[number]
        values = self._interpreter.get_tensor(tensor["index"])[0]
        scale, zero = tensor["quantization"]
        return values if values.dtype == np.float32 else (values.astype(np.float32) - zero) * np.float32(scale)


def _quantised(values: np.ndarray, tensor: dict) -> np.ndarray:
    if tensor["dtype"] == np.float32:
        return values
    scale, zero = tensor["quantization"]
    return np.clip(np.rint(values / np.float32(scale)) + zero, -128, 127).astype(np.int8)
