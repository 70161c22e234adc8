"""The mean of the weights of several checkpoints of one run, which hears better than each of them.

M. Wortsman et al.: Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time. ICML 2022 (arXiv:2203.05482).
"""

from collections.abc import Sequence
from pathlib import Path

from .checkpoints import load_seed


def average_weights(network, checkpoints: Sequence[Path]) -> None:
    """Make the weights of a network the mean of its own and of those in some shipped checkpoints.

    Averages of batch normalisation are averaged, too; the state of the optimiser stays.

    Raises
    ------
    DrumscribeError : for what is not the checkpoint of such a network.
    """
    optimiser = [variable.numpy() for variable in network.optimizer.variables]
    sums = network.get_weights()
    for path in checkpoints:
        load_seed(network, path)
        sums = [a + b for a, b in zip(sums, network.get_weights(), strict=True)]
    network.set_weights([total / (1 + len(checkpoints)) for total in sums])
    for variable, value in zip(network.optimizer.variables, optimiser, strict=True):
        variable.assign(value)
