"""`drumscribe groove`."""

from pathlib import Path
from typing import TYPE_CHECKING

from .group import before_work, print_any_name
from .options.paths import NamedPath
from .review import Hear, ReviewOutput, overwrite_option, print_remarks, reviewed
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from rich.table import Table

    from ..review.groove import Groove


@sectioned("groove")
@reviewed
@option(
    "--out",
    "-o",
    "outputs",
    section="Output",
    type=NamedPath(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Also write a .csv, .png, .svg or .pdf; can be repeated.",
)
@option(
    "--steps",
    section="Output",
    default="1/16+1/8t",
    metavar="GRID",
    help="Grid to measure from: 1/16, 1/8t, or either, as each bar is played.",
)
@option("--places", section="Output", is_flag=True, help="Also print each drum at each place of the bar.")
@overwrite_option
def command(
    recording: Path,
    hear: Hear,
    outputs: tuple[Path, ...],
    steps: str,
    places: bool,
    overwrite: bool,
) -> None:
    """Show how far each drum is from the grid.

    Positive is behind the beat, negative ahead of it. The grid follows the tempo and the swing of the playing. A
    picture needs matplotlib: pip install "drumscribe[plot]". A transcription, such as song.mid, may stand in the place
    of the recording.
    """
    from rich.console import Console

    from ..files import title_of
    from ..quantisation.grid import Grid
    from ..review.groove import PICTURES, measure_groove

    files = [ReviewOutput(out, (".csv", *PICTURES), hear, overwrite) for out in outputs]
    with before_work():
        grid = Grid.parse(steps)
    transcription = hear()
    groove = measure_groove(transcription, grid)
    print_any_name()
    console = Console(highlight=False, markup=False)
    swing = f", swing {100 * groove.swing:.3g} %" if groove.swing > 0.5 else ""
    console.print(f"{recording.name}: {transcription.rhythm}{swing}", soft_wrap=True)
    console.print(_table(groove, places))
    for file in files:
        path = file.path
        _write(groove, path, title_of(recording))
        file.tell([path])
    print_remarks(transcription)


def _table(groove: "Groove", places: bool) -> "Table":
    from rich.table import Table

    table = Table("drum", "place", box=None)
    for heading in ("strokes", "mean ms", "spread ms"):
        table.add_column(heading, justify="right")
    for place in groove.places:
        if places or place.quarter is None:
            drum = place.drum.replace("_", " ") if place.quarter is None else ""
            mean, spread = f"{1000 * place.mean:+.1f}", f"{1000 * place.spread:.1f}"
            table.add_row(drum, place.position, str(len(place.offsets)), mean, spread)
    return table


def _write(groove: "Groove", out: Path, title: str) -> None:
    from ..review.groove import GrooveError, write_csv, write_picture

    try:
        if out.suffix.lower() == ".csv":
            write_csv(groove, out)
        else:
            write_picture(groove, out, title)
    except OSError as error:
        raise GrooveError(f"{out}: cannot be written: {error.strerror or error}") from error
