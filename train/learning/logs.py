"""Logs of training: lines of JSON, and event files for TensorBoard."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from ..files import open_whole

LINES, TENSORBOARD = "log.jsonl", "tensorboard"
_WAV = b"\x10\x0b"
"""``AudioPluginData(encoding=WAV)``, as TensorBoard reads it."""


class Log:
    """Appends to the logs in a folder; lines of later steps, which a stopped run left there, are taken off.

    The event files are TensorFlow's own, so that TensorBoard need not be installed on the training machine.

    Parameters
    ----------
    folder : Path
        The folder.
    step : int
        The first step, which the name of the event file ends with.
    """

    def __init__(self, folder: Path, step: int) -> None:
        import tensorflow as tf

        folder.mkdir(parents=True, exist_ok=True)
        self._lines = folder / LINES
        self._take_off_after(step)
        self._events = tf.summary.create_file_writer(str(folder / TENSORBOARD), filename_suffix=f".{step}")

    def write(self, step: int, **values: float) -> None:
        """Log named values at a step.

        Parameters
        ----------
        step : int
            Number of the step.
        **values : float
            Values by name.
        """
        import tensorflow as tf

        with open(self._lines, "a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step} | {name: round(value, 7) for name, value in values.items()}) + "\n")
        for name, value in values.items():
            self._add(step, name, tf.constant(value, tf.float32), "scalars")
        self._events.flush()

    def show(self, step: int, name: str, png: bytes) -> None:
        """Show a picture in TensorBoard.

        Parameters
        ----------
        step : int
            Number of the step.
        name : str
            Its name.
        png : bytes
            A PNG file.
        """
        import tensorflow as tf

        width, height = (str(int.from_bytes(png[at : at + 4], "big")) for at in (16, 20))
        self._add(step, name, tf.constant([width.encode(), height.encode(), png]), "images")
        self._events.flush()

    def play(self, step: int, name: str, sounds: Mapping[str, np.ndarray], rate: int) -> None:
        """Offer sounds to listen to in TensorBoard.

        Parameters
        ----------
        step : int
            Number of the step.
        name : str
            Name of all of them.
        sounds : Mapping[str, np.ndarray]
            By what is written beside each, ``(samples,) float32``.
        rate : int
            Samples per second.
        """
        import soundfile as sf
        import tensorflow as tf

        rows = []
        for label, samples in sounds.items():
            file = BytesIO()
            sf.write(file, samples, rate, format="WAV", subtype="PCM_16")
            rows.append([file.getvalue(), label.encode()])
        if rows:
            self._add(step, name, tf.constant(rows), "audio", _WAV)
            self._events.flush()

    def _add(self, step: int, name: str, value: object, plugin: str, content: bytes = b"") -> None:
        import tensorflow as tf

        data = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
        with self._events.as_default(step=step):
            tf.summary.write(name, value, metadata=tf.compat.v1.SummaryMetadata(plugin_data=data))

    def _take_off_after(self, step: int) -> None:
        if not self._lines.exists():
            return
        lines = self._lines.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        if len(kept) < len(lines):
            with open_whole(self._lines) as file:
                file.write("".join(kept).encode())
