"""Commands whose help shows their options in sections, each with its defaults."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

_LAST = "Other"


class Option(click.Option):
    """An option that belongs to a section of the help.

    Parameters
    ----------
    *args : Any
        As of `click.Option`.
    section : str, default "Other"
        The heading.
    **kwargs : Any
        As of `click.Option`.
    """

    def __init__(self, *args: Any, section: str = _LAST, **kwargs: Any) -> None:
        super().__init__(*args, **{"show_default": True, **kwargs})
        self.section = section


@contextmanager
def files_told_from_options(args: Sequence[str], ctx: click.Context) -> Iterator[None]:
    """Tell how to write the name of a file that begins with a dash, where it was taken for an option.

    Parameters
    ----------
    args : sequence of str
        What was typed.
    ctx : click.Context
        Of the command.

    Yields
    ------
    None
        While it is parsed.

    Raises
    ------
    click.UsageError
        Where an option is not known, or an argument missing, and there is a file of such a name.
    """
    given = [arg for arg in args if arg.startswith("-") and os.path.lexists(arg)]
    try:
        yield
    except (click.NoSuchOption, click.MissingParameter) as error:
        if not given:
            raise
        raise click.UsageError(f"{given[0]}: a name that begins with a dash: write ./{given[0]}", ctx) from error


class Command(click.Command):
    """A command that lists its options by section, in the order in which sections first appear, other ones last."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what was typed.

        Parameters
        ----------
        ctx : click.Context
            Of the command.
        args : list[str]
            What was typed.

        Returns
        -------
        list[str]
            As of `click.Command.parse_args`.
        """
        with files_told_from_options(list(args), ctx):
            return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
                sections.setdefault(param.section if isinstance(param, Option) else _LAST, []).append(record)
        last = sections.pop(_LAST)
        for heading, records in {**sections, (_LAST if sections else "Options"): last}.items():
            with formatter.section(heading):
                formatter.write_dl(records)


command = partial(click.command, cls=Command)
option = partial(click.option, cls=Option)
