"""A network that begins with what another knows: the same weights, or, where it is wider, those and more.

As in T. Chen, I. Goodfellow & J. Shlens: Net2Net: accelerating learning via knowledge transfer, ICLR 2016
(arXiv:1511.05641), the wider network answers at first as the other does. Its new channels are not copies, though: they
listen from the start, at random, and have no say in the channels that were there before.
"""

from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError

from .checkpoints import read_seed_weights


def begin_with(network, path: Path) -> None:
    """Put the weights of a shipped checkpoint into a network that has the same layers, at least as wide.

    Raises
    ------
    DrumscribeError : where there is no such checkpoint, or one of other layers.
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


def _widened(fresh: np.ndarray, known: np.ndarray, before: tuple[int, int]) -> np.ndarray:
    """Weights in the corner of larger ones; `before` are the channels of both that the layer listens to.

    Raises
    ------
    ValueError : where they do not fit.
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
