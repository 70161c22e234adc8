"""`drumscribe kits`: list, show, merge, remake, remove."""

from typing import TYPE_CHECKING

import click

from ..errors import printable
from .group import Commands, print_any_name
from .lessons import learn_and_write, model_of, table_of
from .options.listening import complete_kit
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from pathlib import Path


_MAX_PAIRS = 6
"""Pairs of sounds that `show` tells the closeness of; by hand."""


@click.group("kits", cls=Commands)
def command() -> None:
    """List, show, remove, merge or remake your kits."""


@sectioned("list")
def list_() -> None:
    """List your kits and the sounds that they detect."""
    from ..errors import DrumscribeError
    from ..kits import library
    from ..kits.kit import read_kit

    print_any_name()
    files = library.kit_files()
    for path in files:
        try:
            kit = read_kit(path)
            alone = " (only these, not the model's other drums)" if kit.only else ""
            click.echo(f"{path.stem}: {', '.join(sound.name for sound in kit.sounds)}{alone}")
            promised = f", F {kit.promised:.2f} expected" if kit.promised is not None else ""
            click.echo(f"  {kit.made.split(' ')[0]}, for {kit.model}{promised}")
        except DrumscribeError as error:
            click.echo(f"{path.stem}: cannot be used: {error}")
    if not files:
        click.echo(f"none yet in {library.folder()}; drumscribe finetune makes one")


@sectioned("show")
@click.argument("kit", shell_complete=complete_kit)
def show(kit: str) -> None:
    """Show what a kit detects and where it comes from. KIT is a name or a .kit file."""
    from rich.console import Console

    from ..kits import library

    found = library.load(kit)
    print_any_name()
    console = Console(highlight=False, markup=False)
    console.print(table_of(found))
    console.print(f"learned from {found.source}, {found.made}", soft_wrap=True)
    console.print(f"for the model {found.model} ({found.fingerprint})", soft_wrap=True)
    if found.promised is not None:
        console.print(f"F {found.promised:.2f} is expected of it on recordings like its samples")
    for pair in found.close[:_MAX_PAIRS]:
        console.print(f"{pair.sound} is taken for {pair.other} at {100 * pair.share:.0f} % of its strokes")
    if library.samples_of(library.existing(kit)).exists():
        console.print("its samples are kept")
    console.print("used alone" if found.only else "used beside the model's other drums")


@sectioned("remove")
@click.argument("kit", shell_complete=complete_kit)
def remove(kit: str) -> None:
    """Delete a kit. KIT is a name or a .kit file."""
    from ..kits import library
    from ..kits.kit import KitError

    path = library.existing(kit)
    if path.parent != library.folder():
        library.load(path)  # only what is one
    elif not path.is_file():
        raise KitError(f"{path}: not a kit, but a folder or a device")
    try:
        path.unlink()
        library.samples_of(path).unlink(missing_ok=True)
    except OSError as error:
        raise KitError(f"{path}: cannot be removed: {error.strerror or error}") from error
    click.echo(printable(f"{path}: removed"))


@sectioned("merge")
@click.argument("kits", nargs=-1, required=True, shell_complete=complete_kit)
@option("--name", required=True, section="Kit", help="Name of the new kit, or a file that ends in .kit.")
@option("--overwrite", is_flag=True, section="Kit", help="Replace the kit of that name.")
def merge(kits: tuple[str, ...], name: str, overwrite: bool) -> None:
    """Learn one kit from the kept samples of several. KITS are names or .kit files."""
    from ..runtime import one_thread

    with one_thread():
        _merge(kits, name, overwrite)


def _merge(kits: tuple[str, ...], name: str, overwrite: bool) -> None:
    from ..finetune.keeping import joined, kept_samples
    from ..finetune.naming import Naming
    from ..kits import library
    from ..kits.kit import KitError, check_name, read_kit
    from ..network.model_file import load_model_info

    target, paths = library.place_of(name), [library.existing(kit) for kit in kits]
    check_name(target.stem)
    if len(set(paths)) < 2:
        raise KitError("merge takes at least two kits")
    if target.exists() and not overwrite:
        raise KitError(f"the kit {name} exists already ({target}): give another --name, or --overwrite")
    found = [read_kit(path) for path in paths]
    models = {model_of(kit) for kit in found}
    if len(models) > 1 or len({kit.only for kit in found}) > 1:
        raise KitError("kits can only be merged if all are for one model, and all or none of them --only")
    model = models.pop()
    rate = load_model_info(model).spectrogram.rate
    sounds = joined((kept_samples(path, rate) for path in paths), rate)
    notes = {sound.name: sound.note for kit in reversed(found) for sound in kit.sounds}
    naming = Naming(target.stem, " + ".join(kit.name for kit in found)[:400], notes, found[0].only)
    learn_and_write(sounds, naming, model, target, name, keep=True)


@sectioned("remake")
@click.argument("kits", nargs=-1, shell_complete=complete_kit)
def remake(kits: tuple[str, ...]) -> None:
    """Learn kits again from their kept samples.

    The new kits are for the model that is installed now. KITS are names or .kit files; without any, all kits in your
    folder. Kits that are already for that model stay as they are. If a kit cannot be remade, the exit code is 1, and
    the others are remade all the same.
    """
    from ..runtime import one_thread

    with one_thread():
        _remake(kits)


def _remake(kits: tuple[str, ...]) -> None:
    from ..errors import DrumscribeError
    from ..kits import library
    from ..kits.kit import KitError

    failed = 0
    paths = [library.existing(kit) for kit in kits] or library.kit_files()
    for path in paths:
        try:
            _remake_one(path)
        except DrumscribeError as error:
            failed += 1
            click.echo(f"{path.stem}: not remade: {error}", err=True)
    if failed:
        raise KitError(f"{failed} of {len(paths)} kits could not be remade")


def _remake_one(path: "Path") -> None:
    from ..finetune.keeping import kept_samples
    from ..finetune.naming import Naming
    from ..kits.kit import read_kit
    from ..network.model_file import load_model_info

    kit = read_kit(path)
    model = model_of(kit)
    info = load_model_info(model)
    if kit.fingerprint == info.fingerprint:
        click.echo(f"{path.stem}: is for {info.name} {info.version} already")
        return
    sounds = kept_samples(path, info.spectrogram.rate)
    naming = Naming(kit.name, kit.source, {sound.name: sound.note for sound in kit.sounds}, kit.only)
    learn_and_write(sounds, naming, model, path, str(path.stem), keep=False)


for _command in (list_, show, merge, remake, remove):
    command.add_command(_command)
