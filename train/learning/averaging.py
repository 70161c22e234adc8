"""Averages of the weights of several checkpoints of one run and its start, which perform better than each.

M. Wortsman et al.: Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time. ICML 2022 (arXiv:2203.05482).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def average_weights(network: Any, fresh: Any, read: Callable[[Any, Path], object], checkpoints: Sequence[Path]) -> None:
    """Set the weights of a network to the mean of its own and those of some shipped checkpoints.

    Averages of batch normalisation are averaged, too; the state of the optimiser stays.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    fresh : keras.Model
        The network as it was before training, into which checkpoints are loaded.
    read : Callable[[keras.Model, Path], object]
        Loads one: `checkpoints.load_seed`, or `growth.begin_with`, which widens a narrower one as at the start of
        training.
    checkpoints : Sequence[Path]
        Shipped checkpoints.

    Raises
    ------
    DrumscribeError
        If `read` refuses a checkpoint.
    """
    sums = network.get_weights()
    for path in checkpoints:
        read(fresh, path)
        sums = [a + b for a, b in zip(sums, fresh.get_weights(), strict=True)]
    network.set_weights([total / (1 + len(checkpoints)) for total in sums])
