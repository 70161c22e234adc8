"""Commands whose help shows their options in sections, each with its defaults."""

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


class Command(click.Command):
    """A command that lists its options by section, in the order in which sections first appear, other ones last."""

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
