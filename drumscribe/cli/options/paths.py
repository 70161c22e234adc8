"""Names of files and folders as values of arguments and options."""

import os
from typing import Any

import click


class NamedPath(click.Path):
    """A path that is not empty: `Path` takes an empty one for the current folder, and all in it would be meant."""

    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path that was typed.

        Parameters
        ----------
        value : str or path
            What was typed.
        param : click.Parameter, optional
            The argument or option.
        ctx : click.Context, optional
            Of the command.

        Returns
        -------
        str or Path
            It.
        """
        if not os.fspath(value):
            self.fail("an empty name: write . for the current folder", param, ctx)
        return super().convert(value, param, ctx)
