"""Folders of training."""

from dataclasses import dataclass
from pathlib import Path

from .experiment import Experiment


@dataclass(frozen=True)
class Places:
    """Folders of training.

    Attributes
    ----------
    data : Path
        Training data, only read.
    cache : Path
        Files that can be made again.
    models : Path
        Shipped models.
    """

    data: Path
    cache: Path
    models: Path

    def run(self, experiment: Experiment) -> Path:
        """Return the folder of an experiment's checkpoint, logs and unshipped model files."""
        return self.cache / "runs" / experiment.name

    def seed(self, experiment: Experiment) -> Path:
        """Return the shipped checkpoint of an experiment, from which training resumes without a newer one."""
        return self.models / f"{experiment.name}.checkpoint.npz"
