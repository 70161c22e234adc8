"""The mean of the weights of several checkpoints of one run, what it began with among them: it hears better than each.

M. Wortsman et al.: Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time. ICML 2022 (arXiv:2203.05482).
"""

from collections.abc import Callable, Sequence
from pathlib import Path


def average_weights(network, fresh, read: Callable, checkpoints: Sequence[Path]) -> None:
    """Make the weights of a network the mean of its own and of those in some shipped checkpoints.

    Averages of batch normalisation are averaged, too; the state of the optimiser stays.

    Parameters
    ----------
    fresh : the network as it was before training, into which checkpoints are put.
    read : puts one into it: `checkpoints.load_seed`, or `growth.begin_with`, by which a narrower one grows as it did
        when training began with it.

    Raises
    ------
    DrumscribeError : for what `read` refuses.
    """
    sums = network.get_weights()
    for path in checkpoints:
        read(fresh, path)
        sums = [a + b for a, b in zip(sums, fresh.get_weights(), strict=True)]
    network.set_weights([total / (1 + len(checkpoints)) for total in sums])
