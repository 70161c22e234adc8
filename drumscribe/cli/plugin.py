"""`drumscribe plugin`: install."""

from pathlib import Path

import click

from .group import Commands
from .options.paths import NamedPath
from .sections import command as sectioned
from .sections import option


@click.group("plugin", cls=Commands)
def command() -> None:
    """Use drumscribe as a plug-in in a host."""


@sectioned("install")
@option(
    "--folder",
    type=NamedPath(path_type=Path, file_okay=False),
    help="Folder of LV2 plug-ins. [default: where hosts look for yours]",
)
def install(folder: Path | None) -> None:
    """Build the LV2 plug-in, and put it where hosts look.

    The plug-in uses this installation of drumscribe as its engine.

    Needs make, a C compiler and the headers of LV2 (Debian, Ubuntu: apt install build-essential lv2-dev).
    """
    from ..live.plugin import default_folder, install

    click.echo(f"{install(folder or default_folder())}: scan for plug-ins in your host, and look for drumscribe")


command.add_command(install)
