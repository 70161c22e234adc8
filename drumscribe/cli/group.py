"""How commands end: in one line, not a traceback, whatever the user did."""

import click

from ..errors import DrumscribeError


class Failure(click.ClickException):
    """An error the user can mend: one line, and the exit code."""

    def __init__(self, error: DrumscribeError, exit_code: int = 1):
        super().__init__(str(error))
        self.exit_code = exit_code


class Commands(click.Group):
    """A group whose commands end in one line, not a traceback, whatever the user did."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise Failure(error) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(130)
