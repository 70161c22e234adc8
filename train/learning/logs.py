"""Logs of training: lines of JSON, and event files for TensorBoard."""

import json
from pathlib import Path


class Log:
    """Appends to the logs in a folder.

    The event files are TensorFlow's own, so that TensorBoard need not be installed where models are trained.
    """

    def __init__(self, folder: Path, step: int) -> None:
        import tensorflow as tf

        folder.mkdir(parents=True, exist_ok=True)
        self._lines = folder / "log.jsonl"
        self._events = tf.summary.create_file_writer(str(folder / "tensorboard"), filename_suffix=f".{step}")
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        self._metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin)

    def write(self, step: int, **values: float) -> None:
        """Note named values at a step."""
        import tensorflow as tf

        with open(self._lines, "a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step} | {name: round(value, 7) for name, value in values.items()}) + "\n")
        with self._events.as_default(step=step):
            for name, value in values.items():
                tf.summary.write(name, tf.constant(value, tf.float32), metadata=self._metadata)
        self._events.flush()
