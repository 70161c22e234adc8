"""`drumscribe kits`: list, show, remove."""

import sys

import click

from .group import Commands


@click.group("kits", cls=Commands)
def command() -> None:
    """List, show or remove the kits that finetune made."""


@command.command("list")
def list_() -> None:
    """The kits there are, and what they hear."""
    from ..errors import DrumscribeError
    from ..kits import library
    from ..kits.kit import read_kit

    sys.stdout.reconfigure(errors="replace")
    files = library.kit_files()
    for path in files:
        try:
            kit = read_kit(path)
            click.echo(f"{path.stem}: {', '.join(sound.name for sound in kit.sounds)}{', only' if kit.only else ''}")
        except DrumscribeError as error:
            click.echo(f"{path.stem}: cannot be used: {error}")
    if not files:
        click.echo(f"none yet in {library.folder()}; drumscribe finetune makes one")


@command.command()
@click.argument("kit")
def show(kit: str) -> None:
    """What a kit hears, and where it comes from. KIT is a name, or a file that ends in .kit."""
    from rich.console import Console

    from ..kits import library

    found = library.load(kit)
    sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False, markup=False)
    console.print(table_of(found))
    console.print(f"learned from {found.source}, {found.made}", soft_wrap=True)
    console.print(f"for the model {found.model} ({found.fingerprint})", soft_wrap=True)
    console.print("heard alone" if found.only else "heard beside the model's other drums")


@command.command()
@click.argument("kit")
def remove(kit: str) -> None:
    """Delete a kit. KIT is a name, or a file that ends in .kit."""
    from ..kits import library
    from ..kits.kit import KitError

    path = library.existing(kit)
    try:
        path.unlink()
    except OSError as error:
        raise KitError(f"{path}: cannot be removed: {error.strerror or error}") from error
    click.echo(f"{path}: removed")


def table_of(kit):
    """The sounds of a kit, as a table for a terminal."""
    from rich.table import Table

    table = Table("sound", "note")
    for column in ("samples", "precision", "recall"):
        table.add_column(column, justify="right")
    for sound in kit.sounds:
        figures = f"{sound.precision:.2f}", f"{sound.recall:.2f}"
        table.add_row(sound.name, str(sound.note), str(sound.samples), *figures)
    return table
