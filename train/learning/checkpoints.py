"""Checkpoints: the complete state of training, in a file that is complete at every moment."""

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from drumscribe.errors import DrumscribeError

from ..files import open_whole

CHECKPOINT = "checkpoint.npz"
_DAMAGED = "not a checkpoint, or damaged; delete it to start anew"
_DAMAGES = (OSError, EOFError, ValueError, KeyError, BadZipFile)


def save_checkpoint(
    network: Any, step: int, folder: Path, recipe: dict[str, Any] | None = None, name: str = CHECKPOINT
) -> None:
    """Write weights, optimiser state and step atomically.

    Parameters
    ----------
    network : keras.Model
        The network.
    step : int
        Number of the next step.
    folder : Path
        The folder of the checkpoint.
    recipe : dict[str, Any], optional
        What the weights depend on, see `resuming.recipe_of`; None if that is not known.
    name : str, optional
        Name of the file.
    """
    arrays: dict[str, Any] = {f"v{i}": np.asarray(value) for i, value in enumerate(_state(network))}
    with open_whole(folder / name) as file:
        np.savez(file, step=step, recipe=np.array(json.dumps(recipe or {})), **arrays)


def read_recipe(path: Path) -> tuple[int, dict[str, Any]]:
    """Read the step of a checkpoint, and what its weights depend on.

    Parameters
    ----------
    path : Path
        The checkpoint.

    Returns
    -------
    tuple[int, dict[str, Any]]
        Number of the next step, and the recipe; empty if it is not known.

    Raises
    ------
    DrumscribeError
        If the file is damaged.
    """
    try:
        with np.load(path) as arrays:
            return int(arrays["step"]), json.loads(str(arrays["recipe"])) if "recipe" in arrays.files else {}
    except _DAMAGES:
        raise DrumscribeError(f"{path}: {_DAMAGED}") from None


def load_checkpoint(network: Any, folder: Path, name: str = CHECKPOINT) -> int:
    """Load a checkpoint into a network of the same shape.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    folder : Path
        The folder of the checkpoint.
    name : str, optional
        Name of the file.

    Returns
    -------
    int
        Number of the next step, 0 without a checkpoint.

    Raises
    ------
    DrumscribeError
        If the checkpoint is of another network, or damaged.
    """
    path = folder / name
    if not path.exists():
        return 0
    state = _state(network)
    try:
        with np.load(path) as arrays:
            values = [arrays[f"v{i}"] for i in range(len(arrays.files) - ("recipe" in arrays.files) - 1)]
            step = int(arrays["step"])
    except _DAMAGES:
        raise DrumscribeError(f"{path}: {_DAMAGED}") from None
    if [tuple(variable.shape) for variable in state] != [value.shape for value in values]:
        raise DrumscribeError(f"{path}: of another network; delete it, or give the experiment another name")
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)
    return step


def save_seed(network: Any, step: int, path: Path) -> None:
    """Write a compact checkpoint, in half precision, to be kept with the model.

    The second moments are stored as their roots, which half precision can hold.

    Parameters
    ----------
    network : keras.Model
        The network.
    step : int
        Number of the next step.
    path : Path
        The file.
    """
    arrays: dict[str, Any] = {}
    for i, variable in enumerate(_state(network)):
        value = np.asarray(variable)
        second_moment = "_velocity" in variable.path
        arrays[f"v{i}"] = (np.sqrt(value) if second_moment else value).astype(np.float16) if value.ndim > 1 else value
    with open_whole(path) as file:
        np.savez_compressed(file, step=step, **arrays)


def load_seed(network: Any, path: Path) -> int:
    """Load a checkpoint of `save_seed` into a network of the same shape.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    path : Path
        The file.

    Returns
    -------
    int
        Number of the next step.

    Raises
    ------
    DrumscribeError
        If the file is missing, or of another network.
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
    """Read the first arrays of a checkpoint of `save_seed`.

    Parameters
    ----------
    path : Path
        The file.
    count : int
        Number of variables of the network.

    Returns
    -------
    list[np.ndarray]
        The arrays.

    Raises
    ------
    DrumscribeError
        If the file is missing, or holds fewer.
    """
    with _open_seed(path) as arrays:
        if f"v{count - 1}" not in arrays:
            raise DrumscribeError(f"{path}: of another network; training cannot begin with it")
        values = [arrays[f"v{i}"] for i in range(count)]
    return [value.astype(np.float32) if value.dtype == np.float16 else value for value in values]


def read_leading_weights(path: Path, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Read the first arrays of a checkpoint, as far as they have these shapes.

    Parameters
    ----------
    path : Path
        The file.
    shapes : list[tuple[int, ...]]
        Of the variables of a network.

    Returns
    -------
    list[np.ndarray]
        The arrays, float32.

    Raises
    ------
    DrumscribeError
        If the file is missing.
    """
    found = []
    with _open_seed(path) as arrays:
        for i, shape in enumerate(shapes):
            if f"v{i}" not in arrays or arrays[f"v{i}"].shape != shape:
                break
            found.append(arrays[f"v{i}"].astype(np.float32))
    return found


def _open_seed(path: Path) -> NpzFile:
    if not path.exists():
        raise DrumscribeError(f"{path}: no such checkpoint; train its experiment first")
    return np.load(path)


def _state(network: Any) -> list[Any]:
    return [*network.variables, *network.optimizer.variables]
