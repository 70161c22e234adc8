"""`drumscribe score`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .group import before_work
from .options.paths import NamedPath
from .review import Hear, ReviewOutput, overwrite_option, print_remarks, reviewed
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from ..formats.score import ScoreOptions
    from ..music.transcription import Transcription


@sectioned("score")
@reviewed
@option(
    "--out",
    "-o",
    section="Output",
    type=NamedPath(path_type=Path),
    required=True,
    metavar="FILE",
    help="A .musicxml, .pdf, .svg or .png file; .svg and .png are one numbered file for each page.",
)
@option("--title", section="Output", metavar="TEXT", help="Title of the score. [default: the recording's name]")
@option(
    "--steps",
    section="Output",
    default="1/16+1/8t",
    metavar="GRID",
    help="Note values to write: 1/16, 1/8t for triplets, or either, as each bar is played; fast runs get half of them.",
)
@option(
    "--voices",
    section="Output",
    type=click.Choice(("1", "2")),
    default="2",
    help="2: hands with stems up and feet with stems down; 1: all with stems up.",
)
@option("--repeats", section="Output", is_flag=True, help="Write a repeat sign for a bar like the one before.")
@overwrite_option
def command(
    recording: Path,
    hear: Hear,
    out: Path,
    title: str | None,
    steps: str,
    voices: str,
    repeats: bool,
    overwrite: bool,
) -> None:
    """Write a drum score.

    Hihats and cymbals have x heads, ghost notes have parentheses, flams are grace notes, and rolls are tremolos. Swing
    is written as even notes under a mark. MusicXML opens in MuseScore, Sibelius, Dorico, Finale and Guitar Pro. PDF and
    pictures need verovio: pip install "drumscribe[score]". A transcription, such as song.mid, may stand in the place of
    the recording.
    """
    from ..errors import printable
    from ..files import title_of
    from ..formats.score import ScoreOptions
    from ..formats.score.engraving import SUFFIXES, engrave
    from ..quantisation.grid import Grid

    output = ReviewOutput(out, (".musicxml", *SUFFIXES), hear, overwrite)
    with before_work():
        shown = printable(title) if title else title_of(recording)
        options = ScoreOptions(shown, Grid.parse(steps), voices == "1", repeats)
    transcription = hear()
    if out.suffix.lower() in SUFFIXES:
        paths = engrave(transcription, out, options, output.settle)
    else:
        paths = [output.path]
        _write(transcription, paths[0], options)
    output.tell(paths)
    print_remarks(transcription)


def _write(transcription: "Transcription", path: Path, options: "ScoreOptions") -> None:
    from ..files import written_whole
    from ..formats.score import write_musicxml
    from ..formats.score.engraving import ScoreError

    try:
        with written_whole(path) as temporary:
            write_musicxml(transcription, temporary, options)
    except OSError as error:
        raise ScoreError(f"{path}: cannot be written: {error.strerror or error}") from error
