"""`drumscribe maps`."""

import json
import sys
from typing import TYPE_CHECKING

import click

from .group import before_work, print_any_name
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from rich.table import Table

    from ..formats.drum_maps import DrumMap


@sectioned("maps")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@option("--json", "as_json", is_flag=True, help="Print the notes as JSON.")
def command(name: str | None, as_json: bool) -> None:
    """List the drum maps that --map knows, or show the notes of one.

    A file of your own may say base = "gm" and change two notes.
    """
    from rich.console import Console

    from ..formats.drum_maps import load_drum_map

    with before_work():
        drum_map = None if name is None else load_drum_map(name)
    if as_json:
        json.dump(_data(drum_map), sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    print_any_name()
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 160
    console.print(_list() if drum_map is None else _notes(drum_map))


def _list() -> "Table":
    from rich.table import Table

    from ..formats.drum_maps import BUILT_IN_MAPS
    from ..formats.samplers import ALIASES

    table = Table("map", "plays", "remark", box=None)
    for name, drum_map in BUILT_IN_MAPS.items():
        names = (name, *(alias for alias, of in ALIASES.items() if of == name))
        table.add_row(", ".join(names), drum_map.name, drum_map.remark)
    return table


def _notes(drum_map: "DrumMap") -> "Table":
    from rich.table import Table

    from ..music.drums import ARTICULATIONS

    table = Table("articulation", "note", "also read", box=None, title_justify="left", title=drum_map.name)
    table.caption, table.caption_justify = drum_map.remark or None, "left"
    for articulation in ARTICULATIONS:
        own = drum_map.note_of(articulation.name)
        others = sorted(note for note, name in drum_map.read if name == articulation.name and note != own)
        table.add_row(articulation.name, str(own), ", ".join(map(str, others)))
    return table


def _data(drum_map: "DrumMap | None") -> dict:
    from ..formats.drum_maps import BUILT_IN_MAPS
    from ..music.drums import ARTICULATIONS

    if drum_map is None:
        return {name: _data(each) for name, each in BUILT_IN_MAPS.items()}
    notes = {articulation.name: drum_map.note_of(articulation.name) for articulation in ARTICULATIONS}
    return {"name": drum_map.name, "remark": drum_map.remark, "notes": notes}
