"""Contents of a project, in the ticks and seconds of a MIDI file's timeline."""

from dataclasses import dataclass
from pathlib import Path

from ...files import title_of
from ...music.transcription import Transcription
from ..midi.notes import MidiOptions, Note, tracks_of
from ..midi.timeline import Timeline
from ..midi.writing import markers


@dataclass(frozen=True, slots=True)
class Audio:
    """The recording in a project.

    Attributes
    ----------
    path : Path
        Its file.
    duration : float
        Its length in seconds.
    rate, channels : int
        Sample rate in Hz, and number of channels.
    position : float
        Time in the project, in seconds, at which the recording begins.
    offset : float
        Seconds cut off the start of the recording, because the project begins later.
    """

    path: Path
    duration: float
    rate: int
    channels: int
    position: float
    offset: float

    @property
    def title(self) -> str:
        """Name of the recording, to read."""
        return title_of(self.path)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The contents of a project.

    Attributes
    ----------
    name : str
        Name of the project.
    timeline : Timeline
        Tempi and meters.
    tracks : list[tuple[str, list[Note]]]
        Names and notes of the drum tracks.
    markers : list[tuple[int, str]]
        Ticks and texts.
    audio : Audio, optional
        The recording, if it is known.
    """

    name: str
    timeline: Timeline
    tracks: list[tuple[str, list[Note]]]
    markers: list[tuple[int, str]]
    audio: Audio | None


def arrange(transcription: Transcription, options: MidiOptions | None, recording: Path | None) -> Arrangement:
    """Lay out a project.

    Parameters
    ----------
    transcription : Transcription
        The transcription.
    options : MidiOptions, optional
        Notes, start and tracks.
    recording : Path, optional
        The recording.

    Returns
    -------
    Arrangement
        The contents.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    options = options or MidiOptions()
    timeline = options.lay_out(transcription)
    tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
    return Arrangement(
        "Drums" if recording is None else title_of(recording),
        timeline,
        tracks_of(transcription, timeline, options),
        [] if tempo_map is None else markers(timeline, tempo_map),
        None if recording is None else _audio(recording, timeline.start),
    )


def _audio(recording: Path, start: float) -> Audio:
    from ...sound.audio import probe

    info = probe(recording)
    return Audio(recording, info.duration, info.rate, info.channels, max(0.0, -start), max(0.0, start))
