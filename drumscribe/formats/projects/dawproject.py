"""DAWproject 1.0, which Bitwig Studio, Cubase and Studio One open: XML and the recording in a zip file.

Positions are in quarters; the recording plays in seconds, so that changes of tempo do not stretch it.
"""

import zipfile
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ...errors import printable
from ...music.transcription import Transcription
from ...version import VERSION
from ..midi.notes import MidiOptions, Note
from ..midi.timeline import Timeline
from ..midi.writing import DRUM_CHANNEL
from .arrangement import Arrangement, Audio, arrange

_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of all files inside, so that the same transcription always gives the same file."""
_COLOURS = ("#5b8ff9", "#e8684a", "#5ad8a6", "#f6bd16", "#9270ca", "#6dc8ec", "#ff9d4d")


def write_dawproject(
    transcription: Transcription, path: Path, options: MidiOptions | None = None, recording: Path | None = None
) -> None:
    """Write a DAWproject (see the module's description).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Notes, beginning and tracks.
    recording : Path, optional
        The recording, which is copied into the project.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    arrangement = arrange(transcription, options, recording)
    metadata = Element("MetaData")
    SubElement(metadata, "Title").text = arrangement.name
    with zipfile.ZipFile(path, "w") as file:
        _add(file, "project.xml", _text(_project(arrangement)))
        _add(file, "metadata.xml", _text(metadata))
        if recording is not None:
            info = zipfile.ZipInfo(_inside(recording), _DATE)  # stored as it is: sound hardly shrinks
            with file.open(info, "w", force_zip64=True) as inside, recording.open("rb") as outside:
                while block := outside.read(1 << 20):
                    inside.write(block)


def _add(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)


def _text(root: Element) -> bytes:
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _inside(recording: Path) -> str:
    return f"audio/{printable(recording.name)}"


def _project(arrangement: Arrangement) -> Element:
    timeline = arrangement.timeline
    root = Element("Project", version="1.0")
    SubElement(root, "Application", name="drumscribe", version=VERSION)
    transport = SubElement(root, "Transport")
    SubElement(transport, "Tempo", id="tempo", name="Tempo", unit="bpm", value=_bpm(timeline, 0))
    SubElement(transport, "TimeSignature", {"id": "meter"} | _meter(timeline, 0))
    structure = SubElement(root, "Structure")
    if arrangement.audio is not None:
        _add_track(structure, "recording", arrangement.audio.title, "audio")
    for i, (name, _) in enumerate(arrangement.tracks):
        _add_track(structure, f"drums{i}", name, "notes", _COLOURS[i % len(_COLOURS)])
    SubElement(SubElement(structure, "Track", id="master", name="Master", contentType="audio notes"), "Channel",
               id="master-channel", role="master", audioChannels="2")  # fmt: skip
    _add_arrangement(SubElement(root, "Arrangement", id="arrangement"), arrangement)
    return root


def _add_track(structure: Element, id: str, name: str, content: str, colour: str = "#999999") -> None:
    track = SubElement(structure, "Track", id=id, name=name, contentType=content, color=colour)
    SubElement(track, "Channel", id=f"{id}-channel", role="regular", audioChannels="2", destination="master-channel")


def _add_arrangement(parent: Element, arrangement: Arrangement) -> None:
    timeline = arrangement.timeline
    lanes = SubElement(parent, "Lanes", id="lanes", timeUnit="beats")
    if arrangement.audio is not None:
        _add_recording(lanes, arrangement.audio, timeline)
    for i, (name, notes) in enumerate(arrangement.tracks):
        own = SubElement(lanes, "Lanes", id=f"drums{i}-lanes", track=f"drums{i}")
        _add_notes(SubElement(own, "Clips", id=f"drums{i}-clips"), name, notes, timeline)
    if arrangement.markers:
        marks = SubElement(parent, "Markers", id="markers", timeUnit="beats")
        for tick, text in arrangement.markers:
            SubElement(marks, "Marker", time=_beats(timeline, tick), name=text)
    tempos = _points(parent, "TempoAutomation", "tempo", {"unit": "bpm"})
    for i, tick in enumerate(timeline.ticks.tolist()):
        SubElement(tempos, "RealPoint", time=_beats(timeline, tick), value=_bpm(timeline, i), interpolation="hold")
    meters = _points(parent, "TimeSignatureAutomation", "meter", {})
    for i, (tick, _) in enumerate(timeline.meters):
        SubElement(meters, "TimeSignaturePoint", {"time": _beats(timeline, tick)} | _meter(timeline, i))


def _points(parent: Element, name: str, target: str, unit: dict[str, str]) -> Element:
    points = SubElement(parent, name, {"id": f"{target}-points", "timeUnit": "beats"} | unit)
    SubElement(points, "Target", parameter=target)
    return points


def _add_recording(lanes: Element, audio: Audio, timeline: Timeline) -> None:
    own = SubElement(lanes, "Lanes", id="recording-lanes", track="recording")
    clips = SubElement(own, "Clips", id="recording-clips")
    begin, end = timeline.ticks_at([timeline.start + audio.position, audio.duration]).tolist()
    clip = SubElement(
        clips,
        "Clip",
        name=audio.title,
        time=_beats(timeline, begin),
        duration=_beats(timeline, end - begin),
        contentTimeUnit="seconds",
        playStart=f"{audio.offset:.6f}",
    )
    attributes = {"algorithm": "raw", "channels": str(audio.channels), "sampleRate": str(audio.rate)}
    sound = SubElement(clip, "Audio", {"id": "recording-audio", "duration": f"{audio.duration:.6f}"} | attributes)
    SubElement(sound, "File", path=_inside(audio.path), external="false")


def _add_notes(clips: Element, name: str, notes: list[Note], timeline: Timeline) -> None:
    clip = SubElement(clips, "Clip", name=name, time="0.0", duration=_beats(timeline, timeline.end), playStart="0.0")
    lane = SubElement(clip, "Notes", id=f"{clips.get('id')}-notes")
    for note in notes:
        SubElement(
            lane,
            "Note",
            time=_beats(timeline, note.start),
            duration=_beats(timeline, note.end - note.start),
            channel=str(DRUM_CHANNEL),
            key=str(note.number),
            vel=f"{note.velocity / 127:.6f}",
            rel="0.0",
        )


def _beats(timeline: Timeline, ticks: int) -> str:
    return f"{ticks / timeline.division:.9g}"


def _bpm(timeline: Timeline, i: int) -> str:
    return f"{60e6 / int(timeline.tempos[i]):.9f}"


def _meter(timeline: Timeline, i: int) -> dict[str, str]:
    meter = timeline.meters[i][1]
    return {"numerator": str(meter.numerator), "denominator": str(meter.denominator)}
