"""Growth: a network that starts from another's weights, the same ones or, in wider layers, those and more.

As in T. Chen, I. Goodfellow & J. Shlens: Net2Net: accelerating learning via knowledge transfer, ICLR 2016
(arXiv:1511.05641), the wider network at first answers as the other does. Its new channels are not copies, though: they
have random inputs from the start, and no influence on the channels that were there before.
"""

from pathlib import Path
from typing import Any

import numpy as np

from drumscribe.errors import DrumscribeError

from .checkpoints import read_leading_weights, read_seed_weights


def begin_with(network: Any, path: Path) -> None:
    """Load a shipped checkpoint into a network that has the same layers, at least as wide.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    path : Path
        The checkpoint.

    Raises
    ------
    DrumscribeError
        If the checkpoint is missing, or has other layers.
    """
    known = read_seed_weights(path, len(network.variables))
    grown, before = [], (1, 1)
    for variable, weights in zip(network.variables, known, strict=True):
        fresh = np.asarray(variable)
        try:
            grown.append(_widened(fresh, weights, before))
        except ValueError:
            raise DrumscribeError(f"{path}: of another network; training cannot begin with it") from None
        if weights.ndim > 1:
            before = weights.shape[-1], fresh.shape[-1]
    for variable, weights in zip(network.variables, grown, strict=True):
        variable.assign(weights)


def begin_partly(network: Any, path: Path) -> int:
    """Load the first layers of a checkpoint, as far as they are of the same shape: another task may follow them.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    path : Path
        Any checkpoint, shipped or not.

    Returns
    -------
    int
        Number of arrays that were taken.

    Raises
    ------
    DrumscribeError
        If the checkpoint is missing, or not even its first layer fits.
    """
    weights = read_leading_weights(path, [tuple(variable.shape) for variable in network.variables])
    if not weights:
        raise DrumscribeError(f"{path}: its first layer is of another shape; give [network] the same family and sizes")
    for variable, value in zip(network.variables, weights, strict=False):
        variable.assign(value)
    return len(weights)


def _widened(fresh: np.ndarray, known: np.ndarray, before: tuple[int, int]) -> np.ndarray:
    """Place weights in the corner of larger ones; `before` are the input channels of both layers.

    Raises
    ------
    ValueError
        If they do not fit.
    """
    if fresh.ndim != known.ndim or any(a < b for a, b in zip(fresh.shape, known.shape, strict=True)):
        raise ValueError
    if fresh.shape == known.shape:
        return known
    wide = fresh.copy()
    if known.ndim == 1:
        wide[: len(known)] = known
        return wide
    inputs, outputs = known.shape[-2:]
    groups = inputs // before[0]  # the bands, where channels of all of them come in one row
    if (groups * before[0], groups * before[1]) != (inputs, fresh.shape[-2]):
        raise ValueError
    by_group = wide.reshape(*fresh.shape[:-2], groups, before[1], fresh.shape[-1])
    by_group[..., before[0] :, :outputs] = 0.0
    by_group[..., : before[0], :outputs] = known.reshape(*known.shape[:-2], groups, before[0], outputs)
    return wide
