"""The options of what is written, where, and by how many processes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import DrumscribeError
from ..export import FORMATS
from .quantising import Quantising

if TYPE_CHECKING:
    from ..batch.delivery import Delivery


@dataclass(frozen=True)
class Writing:
    """What was asked for, as it was given."""

    out: Path
    formats: tuple[str, ...]
    drum_map: str
    start_at_bar: bool
    split_tracks: bool
    midi_type: str
    jobs: int | None

    @property
    def endings(self) -> list[str]:
        """Of the outputs, in order."""
        return [FORMATS[format].ending for format in dict.fromkeys(self.formats)]

    def read(self, quantising: Quantising) -> "Delivery":
        """How transcriptions are written.

        Raises
        ------
        DrumscribeError : for a drum map that cannot be read, options of MIDI where none is written, or a quantisation
            that makes no sense.
        """
        from ..batch.delivery import Delivery
        from ..drum_maps import GENERAL_MIDI, load_drum_map
        from ..midi import MidiOptions

        drum_map = load_drum_map(self.drum_map)
        if "mid" not in self.formats and (drum_map != GENERAL_MIDI or self.split_tracks or self.midi_type != "1"):
            raise DrumscribeError("--map, --split-tracks and --midi-type need MIDI: add --format mid")
        midi = MidiOptions(drum_map, self.start_at_bar, self.split_tracks, int(self.midi_type))
        return Delivery(tuple(dict.fromkeys(self.formats)), midi, quantising.read())


def writing_options(command: Callable) -> Callable:
    """Add --out and what belongs to it; the command takes a `Writing` as `writing`."""

    @wraps(command)
    def gathering(*args, out, formats, drum_map, start_at_bar, split_tracks, midi_type, jobs, **others):
        writing = Writing(out, formats, drum_map, start_at_bar, split_tracks, midi_type, jobs)
        return command(*args, writing=writing, **others)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


_OPTIONS = (
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        default=Path(),
        metavar="DIR",
        help="Output folder, made if missing; the current one if not given.",
    ),
    click.option(
        "--format",
        "-f",
        "formats",
        type=click.Choice(tuple(FORMATS)),
        multiple=True,
        default=("mid",),
        show_default=True,
        help="What to write; give it again for more than one. audacity: a label track; reaper: markers and bars.",
    ),
    click.option(
        "--map",
        "drum_map",
        default="gm",
        show_default=True,
        metavar="gm|td|FILE",
        help="The notes in the MIDI: General MIDI, Roland TD, or those of a TOML file.",
    ),
    click.option(
        "--start-at-bar", is_flag=True, help="Begin the MIDI with a bar, not with the recording; tells by how much."
    ),
    click.option("--split-tracks", is_flag=True, help="A MIDI track for each instrument."),
    click.option(
        "--midi-type", type=click.Choice(("0", "1")), default="1", show_default=True, help="0: all tracks in one."
    ),
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        metavar="N",
        help="Recordings transcribed at the same time, each on one core; as many as there are cores if not given.",
    ),
)
