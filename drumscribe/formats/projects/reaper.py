"""REAPER projects: text files that refer to the recording by its path relative to the project."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ...errors import printable
from ...music.transcription import Transcription
from ...version import VERSION
from ..midi.notes import MidiOptions, Note
from ..midi.timeline import Timeline
from ..midi.writing import DRUM_CHANNEL
from .arrangement import Arrangement, Audio, arrange

_SOURCES = {".mp3": "MP3", ".flac": "FLAC", ".ogg": "VORBIS", ".oga": "VORBIS", ".opus": "OPUS"}
"""REAPER's names of decoders; all others are WAVE."""
_SQUARE = 1  # shape of a tempo that holds until the next point


def write_rpp(
    transcription: Transcription, path: Path, options: MidiOptions | None = None, recording: Path | None = None
) -> None:
    """Write a REAPER project.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Notes, beginning and tracks.
    recording : Path, optional
        The recording, which stays where it is.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    lines = _project(arrange(transcription, options, recording), path.parent)
    text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")  # the path may not be text


def _project(arrangement: Arrangement, folder: Path) -> Iterator[str]:
    timeline = arrangement.timeline
    meter = timeline.meters[0][1]
    yield f'<REAPER_PROJECT 0.1 "drumscribe {VERSION}" 0'
    yield f"  TEMPO {_bpm(timeline, 0)} {meter.numerator} {meter.denominator}"
    yield from _tempo_envelope(timeline)
    seconds = timeline.seconds_at([tick for tick, _ in arrangement.markers]).tolist()
    for number, (at, (_, text)) in enumerate(zip(seconds, arrangement.markers, strict=True), 1):
        yield f"  MARKER {number} {at:.9f} {_quoted(text)} 0"
    if arrangement.audio is not None:
        yield from _track(arrangement.audio.title, _recording(arrangement.audio, folder))
    for name, notes in arrangement.tracks:
        yield from _track(name, _drums(name, notes, timeline))
    yield ">"


def _tempo_envelope(timeline: Timeline) -> Iterator[str]:
    """Yield the points of tempi and meters; a point with a meter has both."""
    tempos = {tick: _bpm(timeline, i) for i, tick in enumerate(timeline.ticks.tolist())}
    meters = dict(timeline.meters)
    ticks = sorted({*tempos, *meters})
    held = "120"
    yield "  <TEMPOENVEX"
    yield "    ACT 1 -1"
    yield "    VIS 1 0 1"
    yield f"    DEFSHAPE {_SQUARE} -1 -1"
    for tick, at in zip(ticks, timeline.seconds_at(ticks).tolist(), strict=True):
        held = tempos.get(tick, held)
        meter = meters.get(tick)
        signature = "" if meter is None else f" {meter.denominator << 16 | meter.numerator} 0 1"
        yield f"    PT {at:.12f} {held} {_SQUARE}{signature}"
    yield "  >"


def _track(name: str, item: Iterator[str]) -> Iterator[str]:
    yield "  <TRACK"
    yield f"    NAME {_quoted(name)}"
    yield "    <ITEM"
    yield from (f"      {line}" for line in item)
    yield "    >"
    yield "  >"


def _recording(audio: Audio, folder: Path) -> Iterator[str]:
    yield f"POSITION {audio.position:.9f}"
    yield f"LENGTH {audio.duration - audio.offset:.9f}"
    yield "LOOP 0"
    yield f"SOFFS {audio.offset:.9f}"
    yield f"NAME {_quoted(printable(audio.path.name))}"
    yield f"<SOURCE {_SOURCES.get(audio.path.suffix.lower(), 'WAVE')}"
    yield f"  FILE {_quoted(_relative(audio.path, folder))}"
    yield ">"


def _relative(path: Path, folder: Path) -> str:
    try:
        return os.path.relpath(path.resolve(), folder.resolve())
    except ValueError:  # another drive of Windows
        return str(path.resolve())


def _drums(name: str, notes: list[Note], timeline: Timeline) -> Iterator[str]:
    yield "POSITION 0"
    yield f"LENGTH {float(timeline.seconds_at(timeline.end)):.9f}"
    yield "LOOP 0"
    yield f"NAME {_quoted(name)}"
    yield "<SOURCE MIDI"
    yield f"  HASDATA 1 {timeline.division} QN"
    # At one tick, the note that ends precedes the one that starts.
    events = sorted(
        [(n.start, 1, n.number, n.velocity) for n in notes] + [(n.end, 0, n.number, 0) for n in notes],
    )
    edges = [0, *(tick for tick, *_ in events)]
    for (before, tick), (_, on, number, velocity) in zip(pairwise(edges), events, strict=True):
        yield f"  E {tick - before} {(0x90 if on else 0x80) | DRUM_CHANNEL:02x} {number:02x} {velocity:02x}"
    yield f"  E {max(0, timeline.end - edges[-1])} {0xB0 | DRUM_CHANNEL:02x} 7b 00"  # all notes off: the item's end
    yield ">"


def _bpm(timeline: Timeline, i: int) -> str:
    return f"{60e6 / int(timeline.tempos[i]):.10f}"


def _quoted(text: str) -> str:
    """Quote a text with a mark that is not in it."""
    text = text.replace("\n", " ")
    mark = next((mark for mark in ('"', "'", "`") if mark not in text), None)
    return f"{mark}{text}{mark}" if mark else f"`{text.replace('`', chr(39))}`"
