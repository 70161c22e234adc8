"""A head tried out: how it does, in cross-validation, at the moments that it is to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..network.model_card import ModelInfo
from .background import Background
from .examples import with_background
from .naming import Naming
from .regression import Examples, cross_validate


@dataclass(frozen=True, eq=False)
class Task:
    """The kit that is to be made.

    Attributes
    ----------
    naming : Naming
        The names of the kit and its sounds.
    info : ModelInfo
        The model that it is for.
    background : Background or None
        The moments that are bundled with that model.
    """

    naming: Naming
    info: ModelInfo
    background: Background | None


@dataclass(frozen=True, eq=False)
class Trial:
    """Moments that a kit is learned from, and how a head does in cross-validation.

    Attributes
    ----------
    examples : Examples
        All moments, the player's first, then those of the background.
    odds : np.ndarray
        ``(moments, sounds) float32``, log odds by a head that has not learned from their fold.
    by_model : np.ndarray
        ``(player's moments, instruments) float32``, the model's log odds beyond what it needs for a hit.
    """

    examples: Examples
    odds: np.ndarray
    by_model: np.ndarray

    @classmethod
    def of(cls, played: Examples, by_model: np.ndarray, names: Sequence[str], task: Task) -> "Trial":
        """Try out what can be learned from the player's moments and the background.

        Parameters
        ----------
        played : Examples
            The player's moments.
        by_model : np.ndarray
            ``(moments, instruments) float32``, the model's log odds at them.
        names : sequence of str
            The sounds.
        task : Task
            The kit that is to be made.

        Returns
        -------
        Trial
            The result of cross-validation.
        """
        examples = with_background(played, task.background, names, task.naming.only)
        return cls(examples, cross_validate(examples), by_model)

    @property
    def played(self) -> Examples:
        """The player's moments."""
        return self.examples[: len(self.by_model)]

    def without(self, wrong: np.ndarray) -> "Trial":
        """Try it out once more without some of the player's moments.

        Parameters
        ----------
        wrong : np.ndarray
            ``(player's moments,) bool``.

        Returns
        -------
        Trial
            The result of another cross-validation.
        """
        right = np.concatenate([~wrong, np.ones(len(self.examples) - len(wrong), bool)])
        examples = self.examples[right]
        return Trial(examples, cross_validate(examples), self.by_model[~wrong])
