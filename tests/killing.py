"""Training that is killed in the middle, without a word."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def fit_and_kill(arguments: list[str], checkpoint: Path) -> int:
    """Run ``drumscribe-train`` and kill it once a checkpoint is there; the step of that."""
    code = "from drumscribe.training.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    try:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    with np.load(checkpoint) as arrays:
        return int(arrays["step"])


def assert_equal_checkpoints(path: Path, other: Path) -> None:
    """All the weights, the optimiser's state and the step are the same to the bit."""
    with np.load(path) as resumed, np.load(other) as whole:
        assert resumed.files == whole.files
        for name in whole.files:
            np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
