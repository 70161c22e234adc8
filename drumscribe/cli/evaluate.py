"""`drumscribe evaluate`."""

import json
import sys
from pathlib import Path

import click

from .group import before_work


@click.command("evaluate")
@click.argument("estimates", metavar="EST", type=click.Path(path_type=Path))
@click.argument("references", metavar="REF", type=click.Path(path_type=Path))
@click.option(
    "--tolerance",
    "-t",
    "tolerances",
    type=click.FloatRange(min=0),
    multiple=True,
    default=(0.05, 0.02),
    show_default=True,
    metavar="SECONDS",
    help="How far a hit may be off, each way; can be repeated.",
)
@click.option(
    "--classes",
    type=click.Choice(("5", "3")),
    default="5",
    show_default=True,
    help="Score kick, snare, hihat, tom and cymbal, or the first three.",
)
@click.option("--per-track", is_flag=True, help="Also F of every track.")
@click.option("--confusions", is_flag=True, help="Also what was missed where something false was heard.")
@click.option("--missing-as-empty", is_flag=True, help="Score tracks without an estimate as if nothing was heard.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of tables.")
def command(estimates, references, tolerances, classes, per_track, confusions, missing_as_empty, as_json) -> None:
    """Score transcriptions against what was played.

    EST and REF are two files, or two folders whose files are paired by name: MIDI, JSON or CSV as drumscribe writes
    them, or text with a time and a drum's name or note on each line. In references, "_class" and "_subclass"
    at the end of a name do not count.

    Needs mir_eval: pip install mir_eval.
    """
    from ..evaluate.annotations import pair_tracks
    from ..evaluate.scorecard import to_data, to_tables
    from ..evaluate.scores import FIVE_CLASSES, THREE_CLASSES, score

    with before_work():
        tracks, strays = pair_tracks(estimates, references, missing_as_empty)
    if strays:
        click.echo(f"note: left out, there is no reference for {', '.join(path.name for path in strays)}", err=True)
    chosen = FIVE_CLASSES if classes == "5" else THREE_CLASSES
    results = [score(tracks, tolerance, chosen) for tolerance in dict.fromkeys(tolerances)]
    if as_json:
        json.dump([to_data(scores) for scores in results], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    from rich.console import Console

    sys.stdout.reconfigure(errors="replace")  # names of tracks may not be in the terminal's alphabet
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file has no edge to wrap at
    for scores in results:
        for table in to_tables(scores, per_track, confusions):
            console.print(table)
