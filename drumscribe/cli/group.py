"""How commands end: in one line, not a traceback, whatever the user did."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..errors import DrumscribeError


class Failure(click.ClickException):
    """An error the user can mend: one line, and the exit code."""

    def __init__(self, error: DrumscribeError, exit_code: int = 1):
        super().__init__(str(error))
        self.exit_code = exit_code


@contextmanager
def before_work() -> Iterator[None]:
    """What a user did wrong is found before anything is begun: the exit code is 2, as click's own for wrong usage."""
    try:
        yield
    except DrumscribeError as error:
        raise Failure(error, 2) from error


class Commands(click.Group):
    """A group whose commands end in one line, not a traceback, whatever the user did."""

    def main(self, *args, **kwargs):
        try:
            try:
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

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise Failure(error) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(130)


def _stdout_fails() -> bool:
    try:
        print(end="", flush=True)
    except OSError:
        return True
    return False
