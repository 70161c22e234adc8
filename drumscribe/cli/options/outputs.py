"""The options of what is written, where, and by how many processes."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import DrumscribeError
from ...formats.export import FORMATS
from ..sections import option
from .gathering import Command, gathered
from .paths import NamedPath
from .quantising import Quantising

if TYPE_CHECKING:
    from ...formats.outputs import Delivery

STDOUT = Path("-")
"""What is given instead of a folder to write to standard output."""

_OTHER_SUFFIXES = frozenset(
    (
        *(".txt", ".tsv", ".xls", ".xlsx", ".xml", ".html", ".pdf", ".png", ".svg", ".jpg", ".zip", ".toml"),
        *(".mxl", ".mscz", ".gp", ".gp5", ".gpx", ".als", ".flp", ".cpr", ".bwproject", ".song", ".ptx"),
    )
)
"""Suffixes, lower case, of files that cannot be written; besides those of recordings. By hand."""


@dataclass(frozen=True)
class Writing:
    """What is written, and how, as it was given.

    Attributes
    ----------
    out : Path
        A folder, a file, or `STDOUT`.
    formats : tuple[str, ...]
        Keys of `FORMATS`; none for the default.
    drum_map : str
        The name or the file of a drum map.
    start_at_bar : bool
        Whether the MIDI starts on a bar line.
    split_tracks : bool
        Whether each instrument has a track.
    midi_type : str
        "0" or "1".
    one_pedal : bool
        Whether a chart has all kicks on one pedal.
    overwrite : bool
        Whether edited outputs are replaced.
    jobs : int, optional
        Number of processes; None for that of the cores.
    """

    out: Path
    formats: tuple[str, ...]
    drum_map: str
    start_at_bar: bool
    split_tracks: bool
    midi_type: str
    one_pedal: bool
    overwrite: bool
    jobs: int | None

    @property
    def file_format(self) -> str | None:
        """The format that --out names by its ending; None where it is a folder."""
        from ...formats.export import format_of

        name = format_of(self.out)
        return None if name not in FORMATS or self.out.is_dir() else name

    @property
    def chosen(self) -> tuple[str, ...]:
        """The formats to write: those given, or else that of the file given, or else MIDI.

        Raises
        ------
        DrumscribeError
            Where they contradict each other, or --out is a file of a kind that cannot be written.
        """
        formats, named = tuple(dict.fromkeys(self.formats)), self.file_format
        if named is None and self._is_of_another_kind():
            endings = ", ".join(format.end for format in FORMATS.values())
            raise DrumscribeError(
                f"{self.out}: files with this ending cannot be written: give a folder, or a name that ends in {endings}"
            )
        if self.out == STDOUT and len(formats) > 1:
            raise DrumscribeError("--out - writes one file: give --format once")
        if named is not None and formats not in ((), (named,)):
            raise DrumscribeError(f"{self.out}: is one file of format {named}: leave --format out, or give a folder")
        return formats or (named or "mid",)

    def _is_of_another_kind(self) -> bool:
        """Return whether --out, which is not there yet, can only be meant as a file, and has none of the formats."""
        from ...sound.audio import FOREIGN_SUFFIXES, SUFFIXES

        return self.out.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES | _OTHER_SUFFIXES and not self.out.exists()

    @property
    def endings(self) -> list[str]:
        """Of the outputs, in order."""
        return [FORMATS[format].ending for format in self.chosen]

    def read(self, quantising: Quantising, one_tempo: bool = False) -> "Delivery":
        """Return how transcriptions are written.

        Parameters
        ----------
        quantising : Quantising
            What was asked for.
        one_tempo : bool, default False
            Whether the MIDI has exactly one tempo.

        Returns
        -------
        Delivery
            Formats, MIDI, quantisation, and what was written before.

        Raises
        ------
        DrumscribeError
            For a drum map that cannot be read, options of MIDI where none is written, or a quantisation that makes no
            sense.
        """
        from ...formats.drum_maps import GENERAL_MIDI, load_drum_map
        from ...formats.midi import MidiOptions
        from ...formats.outputs import Delivery
        from ...formats.written import Written

        drum_map = load_drum_map(self.drum_map)
        noted = any(FORMATS[format].has_notes for format in self.chosen)
        if not noted and (drum_map != GENERAL_MIDI or self.split_tracks or self.midi_type != "1"):
            raise DrumscribeError("--map, --split-tracks and --midi-type need MIDI: add --format mid")
        kind = int(self.midi_type)
        midi = MidiOptions(drum_map, self.start_at_bar, self.split_tracks, kind, one_tempo, self.one_pedal)
        return Delivery(self.chosen, midi, quantising.read(), Written.by_user(self.overwrite))


def writing_options(command: Command, folder_only: bool = False) -> Command:
    """Add the options of output; the command takes a `Writing` as `writing`.

    Parameters
    ----------
    command : Callable
        The function of the command.
    folder_only : bool, default False
        Whether --out must be a folder.

    Returns
    -------
    Callable
        The command with these options.
    """
    return gathered(command, Writing, "writing", (_FOLDER if folder_only else _FOLDER_OR_FILE, *_OPTIONS))


_output = partial(option, section="Output")

_out = partial(_output, "--out", "-o", type=NamedPath(path_type=Path), default=Path(), show_default=False)

_FOLDER = _out(metavar="DIR", help="Output folder, made if missing. [default: this folder]")

_FOLDER_OR_FILE = _out(
    metavar="DIR|FILE|-",
    help="Output folder, made if missing; for one recording also a file, such as beat.mid, or - for standard output. "
    "[default: this folder]",
)

_OPTIONS = (
    _output(
        "--format",
        "-f",
        "formats",
        type=click.Choice(tuple(FORMATS)),
        multiple=True,
        help="Format to write. audacity: a label track; reaper: markers and bars; musicxml: a score; dawproject: a "
        "project for Bitwig, Cubase and Studio One, with the recording in place; rpp: the same for Reaper; chart: a "
        "folder for Clone Hero and YARG. Can be repeated. [default: mid]",
    ),
    _output(
        "--overwrite",
        is_flag=True,
        help="Also replace outputs that you edited. Without it they stay, and the new file is name (1).mid.",
    ),
    _output(
        "--map",
        "drum_map",
        default="gm",
        metavar="NAME|FILE",
        help="Notes of the MIDI: gm (General MIDI), td (Roland), ezdrummer3, ad2, ssd5 and others (see "
        "drumscribe maps), or a TOML file of your own.",
    ),
    _output(
        "--start-at-bar",
        is_flag=True,
        help="Start the MIDI on a bar line instead of the first sample; prints the offset.",
    ),
    _output("--split-tracks", is_flag=True, help="Write a MIDI track for each instrument."),
    _output(
        "--midi-type", type=click.Choice(("0", "1")), default="1", help="MIDI file type; type 0 has one track for all."
    ),
    _output("--one-pedal", is_flag=True, help="Write all kicks of a chart for one pedal."),
    _output(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        metavar="N",
        help="Recordings transcribed at the same time, each on one core. [default: the number of cores]",
    ),
)
