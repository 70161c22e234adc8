"""Charts for Clone Hero and YARG: Pro Drums as `notes.chart`, with `song.ini` and the recording in a folder.

Kick, red, yellow, blue and green are notes 0 to 4. Hats are the yellow cymbal, rides the blue one, crashes the green
one; toms are yellow, blue and green from high to low. A note without its cymbal flag is a tom, so one colour cannot be
both at one tick: the tom then takes the nearest colour that is free, or is left out. Free time is charted at 120 beats
per minute.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files import title_of, written_whole
from ..music.transcription import Hit, Transcription
from .midi.notes import MidiOptions
from .midi.timeline import Timeline, lay_out

RESOLUTION = 192
"""Ticks per quarter."""
KICK, RED, YELLOW, BLUE, GREEN = range(5)
DOUBLE_KICK, CYMBAL, ACCENT, GHOST = 32, 64, 33, 39
"""Note of a kick on the second pedal; numbers added to a colour for its cymbal, accent and ghost flags."""
_CYMBALS = {
    "hihat_closed": YELLOW,
    "hihat_open": YELLOW,
    "hihat_pedal": YELLOW,
    "ride": BLUE,
    "ride_bell": BLUE,
    "crash": GREEN,
}
_TOMS = {"tom_high": YELLOW, "tom_mid": BLUE, "tom_low": GREEN}
_DRUMS = {"kick": KICK, "snare": RED, "rimshot": RED, "side_stick": RED}
# By hand.
_ACCENT_VELOCITY, _GHOST_VELOCITY = 115, 45
"""An accent has at least the first velocity; a ghost note is below the second one."""
_DOUBLE_KICK_S = 0.16
"""A kick within this time (s) after another one is on the second pedal."""


@dataclass(frozen=True, slots=True)
class Pad:
    """A note of a chart.

    Attributes
    ----------
    colour : int
        0 (kick) to 4 (green).
    cymbal : bool
        Whether it is a cymbal.
    velocity : int
        MIDI velocity.
    """

    colour: int
    cymbal: bool
    velocity: int


def write_chart(
    transcription: Transcription,
    path: Path,
    options: MidiOptions | None = None,
    recording: Path | None = None,
) -> None:
    """Write a chart, and beside it `song.ini` and a copy of the recording, unless these exist.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write, in a folder of its own.
    options : MidiOptions, optional
        Whether all kicks are on one pedal. If not, fast kicks are on a second pedal, which a player may leave out.
    recording : Path, optional
        The recording.
    """
    double_kick = options is None or not options.one_pedal
    timeline = lay_out(transcription)
    name = "Drums" if recording is None else title_of(recording)
    lines = [*_song(name, recording), *_sync_track(timeline), *_events(), *_drums(transcription, timeline, double_kick)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    _write_once(path.with_name("song.ini"), _ini(name, transcription.duration))
    if recording is not None:
        _copy_once(recording, path.with_name(_audio_name(recording)))


def _audio_name(recording: Path) -> str:
    return f"song{recording.suffix.lower()}"


def _ticks(timeline: Timeline, ticks: int) -> int:
    return round(ticks * RESOLUTION / timeline.division)


def _section(name: str, lines: list[str]) -> list[str]:
    return [f"[{name}]", "{", *(f"  {line}" for line in lines), "}"]


def _song(name: str, recording: Path | None) -> list[str]:
    title = name.replace('"', "'")
    lines = [f'Name = "{title}"', 'Charter = "drumscribe"', "Offset = 0", f"Resolution = {RESOLUTION}"]
    return _section("Song", lines + ([] if recording is None else [f'MusicStream = "{_audio_name(recording)}"']))


def _sync_track(timeline: Timeline) -> list[str]:
    """Return tempi in thousandths of a beat per minute, and meters with the power of two of their denominator."""
    found = []
    for tick, meter in timeline.meters:
        power = meter.denominator.bit_length() - 1
        found.append((_ticks(timeline, tick), 0, f"TS {meter.numerator}" + (f" {power}" if power != 2 else "")))
    for tick, tempo in zip(timeline.ticks.tolist(), timeline.tempos.tolist(), strict=True):
        found.append((_ticks(timeline, tick), 1, f"B {round(60e9 / tempo)}"))
    return _section("SyncTrack", [f"{tick} = {text}" for tick, _, text in sorted(found)])


def _events() -> list[str]:
    return _section("Events", [])


def _drums(transcription: Transcription, timeline: Timeline, double_kick: bool) -> list[str]:
    lines = []
    last_kick, second = -np.inf, False
    for tick, hits in _together(transcription, timeline):
        for pad in to_pads(hits):
            note, at = pad.colour, hits[0].time
            if pad.colour == KICK:
                second = double_kick and at - last_kick < _DOUBLE_KICK_S and not second
                note, last_kick = DOUBLE_KICK if second else KICK, at
            lines.append(f"{tick} = N {note} 0")
            if pad.cymbal:
                lines.append(f"{tick} = N {CYMBAL + pad.colour} 0")
            if pad.colour != KICK and pad.velocity >= _ACCENT_VELOCITY:
                lines.append(f"{tick} = N {ACCENT + pad.colour} 0")
            if pad.colour != KICK and pad.velocity < _GHOST_VELOCITY:
                lines.append(f"{tick} = N {GHOST + pad.colour} 0")
    return _section("ExpertDrums", lines)


def _together(transcription: Transcription, timeline: Timeline) -> Iterator[tuple[int, list[Hit]]]:
    """Yield the hits of each tick, in order."""
    found: dict[int, list[Hit]] = {}
    starts = timeline.ticks_at([hit.time for hit in transcription.hits])
    for hit, start in zip(transcription.hits, starts.tolist(), strict=True):
        at = start if hit.quarter is None else int(timeline.ticks_of(hit.quarter))
        found.setdefault(_ticks(timeline, at), []).append(hit)
    yield from sorted(found.items())


def to_pads(hits: list[Hit]) -> list[Pad]:
    """Assign hits at one tick to pads: each colour once, as a tom or a cymbal.

    Parameters
    ----------
    hits : list[Hit]
        The hits.

    Returns
    -------
    list[Pad]
        The pads in order of colour.
    """
    pads: dict[int, Pad] = {}
    for hit in sorted(hits, key=lambda hit: (hit.stand_in in _TOMS, -hit.velocity)):
        name = hit.stand_in
        colour = _CYMBALS.get(name, _TOMS.get(name, _DRUMS.get(name, RED)))
        if name in _CYMBALS and colour in pads:
            colour = _free(pads, (GREEN, BLUE), colour)  # as two crashes, or a crash with a ride
        elif name in _TOMS and colour in pads:
            colour = _free(pads, (BLUE, YELLOW, GREEN), colour)
        pads.setdefault(colour, Pad(colour, name in _CYMBALS, hit.velocity))
    return sorted(pads.values(), key=lambda pad: pad.colour)


def _free(pads: dict[int, Pad], colours: tuple[int, ...], otherwise: int) -> int:
    return next((colour for colour in colours if colour not in pads), otherwise)


def _ini(name: str, duration: float) -> str:
    entries = {
        "name": name,
        "artist": "Unknown Artist",
        "charter": "drumscribe",
        "pro_drums": "True",
        "diff_drums": "-1",
        "song_length": str(round(1000 * duration)),
    }
    return "[song]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        with written_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def _copy_once(recording: Path, path: Path) -> None:
    if not path.exists():
        with written_whole(path) as temporary:
            shutil.copyfile(recording, temporary)
