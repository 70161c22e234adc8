"""`drumscribe convert`."""

from pathlib import Path

import click

from ..errors import printable
from .group import before_work
from .options.paths import NamedPath
from .options.quantising import Quantising, quantising_options
from .options.rhythm import GivenRhythm, given_rhythm_options
from .sections import command as sectioned
from .sections import option

_FILE = NamedPath(path_type=Path)


@sectioned("convert")
@click.argument("source", type=_FILE, metavar="IN")
@option(
    "--out", "-o", type=_FILE, required=True, metavar="OUT", help="The file to write; its ending chooses the format."
)
@option(
    "--recording",
    "-r",
    type=_FILE,
    metavar="FILE",
    help="The recording of which IN is a transcription: for its length, and for projects and charts.",
)
@option("--from-map", default="gm", metavar="NAME|FILE", help="Meaning of the notes in IN, if it is MIDI.")
@option("--map", "drum_map", default="gm", metavar="NAME|FILE", help="Notes to write.")
@option("--start-at-bar", is_flag=True, help="Start the MIDI on a bar line instead of the first sample.")
@option("--split-tracks", is_flag=True, help="Write a MIDI track for each instrument.")
@option("--midi-type", type=click.Choice(("0", "1")), default="1", help="MIDI file type; type 0 has one track for all.")
@option("--one-pedal", is_flag=True, help="Write all kicks of a chart for one pedal.")
@option(
    "--overwrite", is_flag=True, help="Also replace OUT if you edited it. Without it, the new file is name (1).mid."
)
@given_rhythm_options
@quantising_options
def command(
    source: Path,
    out: Path,
    recording: Path | None,
    from_map: str,
    drum_map: str,
    start_at_bar: bool,
    split_tracks: bool,
    midi_type: str,
    one_pedal: bool,
    overwrite: bool,
    rhythm: GivenRhythm,
    quantising: Quantising,
) -> None:
    """Convert a transcription of any program to another format.

    IN is MIDI of drums, JSON, CSV, Audacity labels, Reaper markers, or text with a time and a drum on each line; OUT is
    any format that transcribe writes. Tempo and bars are those of IN; --reading, --shift-bar, and --tempo x2 or /2
    change them. They are detected if IN has none, or if you give another option of the rhythm.
    """
    from ..runtime import one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from ..files import check_output
        from ..formats.drum_maps import load_drum_map
        from ..formats.export import FORMATS, check_ending, format_of
        from ..formats.midi import MidiOptions
        from ..formats.outputs import Delivery
        from ..formats.reading import read_with_rhythm
        from ..formats.written import Written

        with before_work():
            name = format_of(check_ending(out))
            inputs = tuple(path for path in (source, rhythm.beats) if path is not None)
            check_output(out, (out.suffix.lower(),), recording, inputs)
            drums = load_drum_map(drum_map)
            midi = MidiOptions(drums, start_at_bar, split_tracks, int(midi_type), rhythm.fixed_tempo, one_pedal)
            FORMATS[name].check(midi)
            delivery = Delivery((name,), midi, quantising.read(), Written.by_user(overwrite, inputs))
            known, meanings = rhythm.read(1), load_drum_map(from_map)
            duration = None if recording is None else _duration(recording)
        transcription = read_with_rhythm(source, known, meanings, duration)
        delivered = delivery.deliver(transcription, [out], recording)
    for note in delivered.notes:
        click.echo(printable(f"note: {note}"), err=True)
    for path in delivered.outputs:
        click.echo(printable(path))


def _duration(recording: Path) -> float:
    from ..sound.audio import probe

    return probe(recording).duration
