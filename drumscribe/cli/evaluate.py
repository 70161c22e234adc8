"""`drumscribe evaluate`."""

import json
import sys
from pathlib import Path

import click

from ..errors import printable
from .group import before_work, print_any_name
from .options.numbers import FiniteRange
from .options.paths import NamedPath
from .sections import command as sectioned
from .sections import option


@sectioned("evaluate")
@click.argument("estimates", metavar="EST", type=NamedPath(path_type=Path))
@click.argument("references", metavar="REF", type=NamedPath(path_type=Path))
@option(
    "--tolerance",
    "-t",
    "tolerances",
    type=FiniteRange(min=0),
    multiple=True,
    default=(0.05, 0.02),
    metavar="SECONDS",
    help="Largest distance in time between matching hits. Can be repeated.",
)
@option(
    "--classes",
    type=click.Choice(("5", "3")),
    default="5",
    help="Score kick, snare, hihat, tom and cymbal, or the first three.",
)
@option("--per-track", is_flag=True, help="Also show F of each track.")
@option("--confusions", is_flag=True, help="Also show which drums were mistaken for which.")
@option("--missing-as-empty", is_flag=True, help="Score tracks without an estimate as if nothing was detected.")
@option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of tables.")
def command(
    estimates: Path,
    references: Path,
    tolerances: tuple[float, ...],
    classes: str,
    per_track: bool,
    confusions: bool,
    missing_as_empty: bool,
    as_json: bool,
) -> None:
    """Score transcriptions against what was played.

    EST and REF are two files, or two folders whose files are paired by name: MIDI, JSON or CSV as drumscribe writes
    them, or text with a time and a drum's name or note on each line. "_class" and "_subclass" at the end of a
    reference's name are ignored.
    """
    from ..evaluate.annotations import pair_tracks
    from ..evaluate.scorecard import to_data, to_tables
    from ..evaluate.scores import FIVE_CLASSES, THREE_CLASSES, score

    with before_work():
        tracks, strays = pair_tracks(estimates, references, missing_as_empty)
    if strays:
        click.echo(
            printable(f"note: skipped, as there is no reference: {', '.join(path.name for path in strays)}"), err=True
        )
    chosen = FIVE_CLASSES if classes == "5" else THREE_CLASSES
    results = [score(tracks, tolerance, chosen) for tolerance in dict.fromkeys(tolerances)]
    if as_json:
        json.dump([to_data(scores) for scores in results], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    from rich.console import Console

    print_any_name()
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file has no edge to wrap at
    for scores in results:
        for table in to_tables(scores, per_track, confusions):
            console.print(table, "")
