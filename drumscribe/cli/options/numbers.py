"""Numbers as values of options."""

import math
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """A number within bounds. NaN, which no comparison finds outside them, is refused, and so is infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number that was typed.

        Parameters
        ----------
        value : Any
            What was typed.
        param : click.Parameter, optional
            The option.
        ctx : click.Context, optional
            Of the command.

        Returns
        -------
        float
            It.
        """
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number
