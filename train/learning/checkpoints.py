"""Checkpoints: all that training needs to go on to the bit, in a file that is whole at every moment."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from drumscribe.errors import DrumscribeError

from ..files import written_whole

CHECKPOINT = "checkpoint.npz"


def save_checkpoint(network, step: int, folder: Path) -> None:
    """Write weights, optimiser state and step so that either the old or the new checkpoint is whole."""
    arrays = {f"v{i}": np.asarray(value) for i, value in enumerate(_state(network))}
    with written_whole(folder / CHECKPOINT) as file:
        np.savez(file, step=step, **arrays)


def load_checkpoint(network, folder: Path) -> int:
    """Put a checkpoint into a network of the same shape; the step that comes next, 0 where there is none.

    Raises
    ------
    DrumscribeError : where it is a checkpoint of another network, or damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return 0
    state = _state(network)
    try:
        with np.load(path) as arrays:
            values = [arrays[f"v{i}"] for i in range(len(arrays.files) - 1)]
            step = int(arrays["step"])
    except (OSError, ValueError, KeyError, BadZipFile):
        raise DrumscribeError(f"{path}: not a checkpoint, or damaged; delete it to start anew") from None
    if [tuple(variable.shape) for variable in state] != [value.shape for value in values]:
        raise DrumscribeError(f"{path}: of another network; delete it, or give the experiment another name")
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)
    return step


def save_seed(network, step: int, path: Path) -> None:
    """Write a checkpoint compactly, to be kept with the model: in half precision.

    The second moments are stored as their roots, which half precision can hold.
    """
    arrays = {}
    for i, variable in enumerate(_state(network)):
        value = np.asarray(variable)
        second_moment = "_velocity" in variable.path
        arrays[f"v{i}"] = (np.sqrt(value) if second_moment else value).astype(np.float16) if value.ndim > 1 else value
    with written_whole(path) as file:
        np.savez_compressed(file, step=step, **arrays)


def load_seed(network, path: Path) -> int:
    """Put what `save_seed` wrote into a network of the same shape; the step that comes next.

    Raises
    ------
    DrumscribeError : where there is nothing, or the checkpoint of another network.
    """
    with _open_seed(path) as arrays:
        for i, variable in enumerate(_state(network)):
            value = arrays.get(f"v{i}")
            if value is None or value.shape != tuple(variable.shape):
                raise DrumscribeError(f"{path}: of another network; training cannot begin with it")
            if value.dtype == np.float16:
                value = value.astype(np.float32)
                value = np.square(value) if "_velocity" in variable.path else value
            variable.assign(value)
        return int(arrays["step"])


def read_seed_weights(path: Path, count: int) -> list[np.ndarray]:
    """The first `count` arrays that `save_seed` wrote: those of a network with so many variables.

    Raises
    ------
    DrumscribeError : where there is no such file, or there are fewer.
    """
    with _open_seed(path) as arrays:
        if f"v{count - 1}" not in arrays:
            raise DrumscribeError(f"{path}: of another network; training cannot begin with it")
        values = [arrays[f"v{i}"] for i in range(count)]
    return [value.astype(np.float32) if value.dtype == np.float16 else value for value in values]


def _open_seed(path: Path):
    if not path.exists():
        raise DrumscribeError(f"{path}: no such checkpoint; train its experiment first")
    return np.load(path)


def _state(network) -> list:
    return [*network.variables, *network.optimizer.variables]
