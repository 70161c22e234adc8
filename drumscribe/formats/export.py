"""Write transcriptions as files: `FORMATS` has all formats, and each file is written whole or not at all.

Times are in seconds from the first sample of the recording, velocities MIDI's 1 to 127, notes General MIDI. `midi`,
`json_file` and `text_files` describe the contents of the files.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DrumscribeError
from ..files import title_of, written_whole
from ..music.transcription import Transcription
from .json_file import write_json
from .reading import read as read
from .text_files import write_audacity, write_csv, write_reaper

if TYPE_CHECKING:
    from .midi import MidiOptions
    from .written import Written


def write_midi(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write a MIDI file (see `midi.writing`).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Notes, start and tracks of the file.
    """
    from .midi import write_midi

    write_midi(transcription, path, options)


def write_score(
    transcription: Transcription, path: Path, options: "MidiOptions | None" = None, recording: Path | None = None
) -> None:
    """Write a score as MusicXML (see `score.musicxml`), with the name of the recording as its title.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Notes for playback.
    recording : Path, optional
        The recording.
    """
    from .score import ScoreOptions, write_musicxml

    chosen = ScoreOptions(title=title_of(recording) if recording is not None else "")
    write_musicxml(transcription, path, chosen if options is None else replace(chosen, drum_map=options.drum_map))


def _from(module: str, name: str) -> Callable[..., None]:
    """Return a writer that imports its module, which is in this room, when it is first called."""

    def write(*args: object) -> None:
        getattr(import_module(f".{module}", __package__), name)(*args)

    return write


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes
    ----------
    ending : str
        The end of file names, after a dot; with a slash, the name of a file in a folder of its own.
    write : Callable[..., None]
        Called with a transcription, a path and MIDI options; writes the file.
    has_notes : bool, default False
        Whether the format has MIDI notes, so that a drum map applies.
    names_recording : bool, default False
        Whether `write` also takes the path of the recording.
    other_ends : tuple[str, ...], default ()
        What else paths of it may end in.
    """

    ending: str
    write: Callable[..., None]
    has_notes: bool = False
    names_recording: bool = False
    other_ends: tuple[str, ...] = ()

    def fits(self, path: Path) -> bool:
        """Return whether a path ends like files of this format."""
        return f"/{path.as_posix()}".lower().endswith((self.end, *self.other_ends))

    @property
    def end(self) -> str:
        """The end of paths: the ending with a dot, or the name of the file in its folder."""
        return self.ending if self.ending.startswith("/") else f".{self.ending}"

    def check(self, options: "MidiOptions") -> None:
        """Refuse options of notes for a format that has none.

        Raises
        ------
        DrumscribeError
            If any is given.
        """
        from .drum_maps import GENERAL_MIDI

        allowed = replace(options, drum_map=GENERAL_MIDI, split_tracks=False, file_type=1)
        if not self.has_notes and options != allowed:
            raise DrumscribeError(f"--map, --split-tracks and --midi-type need MIDI notes, which {self.end} lacks")


FORMATS = {
    "mid": Format("mid", write_midi, has_notes=True, other_ends=(".midi",)),
    "csv": Format("csv", write_csv),
    "json": Format("json", write_json),
    "audacity": Format("labels.txt", write_audacity),
    "reaper": Format("markers.csv", write_reaper),
    "musicxml": Format("musicxml", write_score, has_notes=True, names_recording=True),
    "dawproject": Format("dawproject", _from("projects", "write_dawproject"), has_notes=True, names_recording=True),
    "rpp": Format("rpp", _from("projects", "write_rpp"), has_notes=True, names_recording=True),
    "chart": Format("/notes.chart", _from("chart", "write_chart"), names_recording=True),
}
"""The formats, by name."""


def write(
    transcription: Transcription,
    path: Path,
    format: str | None = None,
    options: "MidiOptions | None" = None,
    written: "Written | None" = None,
    recording: Path | None = None,
) -> Path:
    """Write a transcription, whole or not at all.

    If anything goes wrong, an earlier file at `path` stays. Missing folders are made.

    Parameters
    ----------
    transcription : Transcription
        What to write.
    path : Path
        Where to.
    format : str, optional
        A key of `FORMATS`; by default chosen by the ending of `path`.
    options : MidiOptions, optional
        Options of the MIDI notes.
    written : Written, optional
        Record of files that drumscribe wrote before: other files are kept. Without it, any file is replaced.
    recording : Path, optional
        The recording, for formats that name or contain it; what is there of another one is kept.

    Returns
    -------
    Path
        The written file: `path`, or a file beside it if the one at `path` was kept.

    Raises
    ------
    ValueError
        For a format that is not in the table.
    OSError
        Where the folder cannot be written to.
    """
    path = Path(path)
    name = format or format_of(path)
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {name!r}")
    places = [path]

    def settle(temporary: Path) -> Path:
        if written is not None:
            places.append(written.settle(path, temporary, FORMATS[name].end, recording))
        return places[-1]

    with written_whole(path, settle) as temporary:
        if FORMATS[name].names_recording:
            FORMATS[name].write(transcription, temporary, options, recording)
        else:
            FORMATS[name].write(transcription, temporary, options)
    return places[-1]


def check_ending(path: Path) -> Path:
    """Return a path if it ends like the files of a format.

    Raises
    ------
    DrumscribeError
        If it does not; the message has the endings.
    """
    if format_of(path) not in FORMATS:
        endings = ", ".join(format.end for format in FORMATS.values())
        raise DrumscribeError(f"{path}: no format has this ending: give a name that ends in {endings}")
    return path


def places_recording(path: Path) -> bool:
    """Return whether a file is complete without a recording beside it: it contains or names one, or is a score."""
    name = format_of(path)
    return name in FORMATS and FORMATS[name].names_recording


def format_of(path: Path) -> str:
    """Return the format with the longest ending that fits a path; if none fits, the suffix."""
    fitting = [name for name, format in FORMATS.items() if format.fits(path)]
    return max(fitting, key=lambda name: len(FORMATS[name].end), default=path.suffix[1:].lower())
