"""How commands are found, and how they end: in one line, not a traceback, whatever the user did."""

import glob
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..errors import DrumscribeError, did_you_mean, printable
from .sections import files_told_from_options

_DEFAULT = "transcribe"


class Failure(click.ClickException):
    """An error the user can mend: one line, and the exit code.

    Parameters
    ----------
    error : DrumscribeError
        What was wrong.
    exit_code : int
        How the process ends.
    """

    def __init__(self, error: DrumscribeError, exit_code: int = 1) -> None:
        super().__init__(printable(error))
        self._code = exit_code

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """How the process ends."""
        return self._code


@contextmanager
def before_work() -> Iterator[None]:
    """End with exit code 2, as click does for wrong usage, if a mistake is found before anything is begun."""
    try:
        yield
    except DrumscribeError as error:
        raise Failure(error, 2) from error


def print_any_name() -> None:
    """Let names be printed that are not in the alphabet of standard output."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


class Commands(click.Group):
    """A group whose commands end in one line, not a traceback, whatever the user did."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:  # a standard output that cannot be written to ends it in one line
            try:
                with _warnings_in_one_line():
                    return super().main(*args, **kwargs)
            finally:
                print(end="", flush=True)
        except OSError as error:
            if not _stdout_fails():
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it does not fail again
            if not isinstance(error, BrokenPipeError):  # nobody reads any more, as after | head
                click.echo(f"Error: standard output cannot be written to: {error.strerror}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise Failure(error) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(130)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of their use

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest.

        Parameters
        ----------
        ctx : click.Context
            Of the group.
        args : list[str]
            What was typed.

        Returns
        -------
        tuple
            As of `click.Group.resolve_command`.
        """
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"no such command or file: {args[0]}{did_you_mean(args[0], known)}")
        return super().resolve_command(ctx, args)


class Root(Commands):
    """The program itself, which transcribes where it is given recordings instead of a command.

    Parameters
    ----------
    *args : Any
        As of `click.Group`.
    lazily : Mapping[str, tuple[str, str]]
        For each command its module, which has it by its name or as ``command``, and the first sentence of its help.
    **kwargs : Any
        As of `click.Group`.
    """

    def __init__(self, *args: Any, lazily: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazily = lazily

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazily)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazily:
            return None
        module = import_module(f".{self.lazily[cmd_name][0]}", __package__)
        return getattr(module, cmd_name, None) or module.command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them.

        Parameters
        ----------
        ctx : click.Context
            Of the group.
        formatter : click.HelpFormatter
            Takes the list.
        """
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in self.lazily.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command first if no command is named.

        Parameters
        ----------
        ctx : click.Context
            Of the group.
        args : list[str]
            What was typed.

        Returns
        -------
        list[str]
            As of `click.Group.parse_args`.
        """
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if args and args[0] not in self.lazily and args[0] not in own:
            asked = args if args[0].startswith("-") else args[:1]
            if any(map(_may_be_recording, asked)):
                args = [_DEFAULT, *args]
        with files_told_from_options(list(args), ctx):
            return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]


def _may_be_recording(text: str) -> bool:
    """Whether it is a path, or looks like one, a pattern or an address, and cannot be a mistyped command."""
    return not text.startswith("-") and (
        bool(Path(text).suffix) or glob.has_magic(text) or "/" in text or os.sep in text or os.path.lexists(text)
    )


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Tell what is wrong with a recording to its user, once, and not where in the program it was found."""
    usual, told = warnings.showwarning, set()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, UserWarning):
            usual(message, category, *place, **more)
        elif (line := printable(f"warning: {message}")) not in told:
            told.add(line)
            click.echo(line, err=True)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def _stdout_fails() -> bool:
    try:
        print(end="", flush=True)
    except OSError:
        return True
    return False
