"""MusicXML 4.0: one part of unpitched percussion.

Every drum has an instrument of the score with its MIDI note, which the format counts from 1. Stems, beams and voices
are written out, because programs guess them differently.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from ...music.drums import ARTICULATION_BY_NAME, PERCUSSION_NOTE
from ...music.tempo_map import Meter, MeterChange, TempoMap, meters_of_bar
from ...music.transcription import Transcription
from ...quantisation.grid import Grid, Swing, bar_starts
from ...version import VERSION
from ..drum_maps import GENERAL_MIDI, DrumMap
from .bars import Bar, make_bar
from .elements import DIVISIONS, PART, add_text, add_voices, instrument_id
from .notation import SIGNS
from .strokes import Stroke, to_strokes

DEFAULT_GRID = "1/16+1/8t"
_NOTABLE_CHANGE = 0.04  # relative change of tempo that gets a mark, as in the field's Accuracy1
_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Options of a score.

    Attributes
    ----------
    title : str, default ""
        The title.
    grid : Grid, optional
        The lines that strokes are written on.
    one_voice : bool, default False
        Whether feet are written in the voice of the hands.
    repeats : bool, default False
        Whether a bar like the one before becomes a repeat sign.
    drum_map : DrumMap, optional
        Notes for playback.
    """

    title: str = ""
    grid: Grid = field(default_factory=lambda: Grid.parse(DEFAULT_GRID))
    one_voice: bool = False
    repeats: bool = False
    drum_map: DrumMap = GENERAL_MIDI


def write_musicxml(transcription: Transcription, out: Path | TextIO, options: ScoreOptions | None = None) -> None:
    """Write a score as MusicXML.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    out : Path | TextIO
        The file to write.
    options : ScoreOptions, optional
        Options of the score.

    Raises
    ------
    RhythmError
        If it is played in free time.
    """
    root = _score(transcription, options or ScoreOptions())
    indent(root)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{tostring(root, encoding="unicode")}\n'
    if isinstance(out, Path):
        out.write_text(text, encoding="utf-8", newline="\n")
    else:
        out.write(text)


def _score(transcription: Transcription, options: ScoreOptions) -> Element:
    transcription = _with_written_bars(transcription)
    strokes, swing = to_strokes(transcription, options.grid)
    tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
    root = Element("score-partwise", version="4.0")
    _add_head(root, options, [stroke.articulation for stroke in strokes])
    part = SubElement(root, "part", id=PART)
    empty = make_bar(Fraction(0), Meter() if tempo_map is None else tempo_map.meters[0].meter, [])
    bars = [empty] if tempo_map is None or not strokes else list(make_bars(strokes, tempo_map, options.one_voice))
    repeated = [False, *(options.repeats and a.pattern == b.pattern and a.meter == b.meter for a, b in pairwise(bars))]
    tempos = {} if tempo_map is None else _tempo_marks(bars, tempo_map)
    for i, bar in enumerate(bars):
        measure = SubElement(part, "measure", number=str(i + 1))
        _add_attributes(measure, bar, bars[i - 1] if i else None, (repeated[i], i > 0 and repeated[i - 1]))
        if i in tempos:
            _add_tempo(measure, bar.meter, tempos[i])
        if i == 0 and swing.share > 0.5:
            _add_swing(measure, swing)
        add_voices(measure, bar, options.one_voice)
        if i + 1 == len(bars):
            add_text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")
    return root


def _with_written_bars(transcription: Transcription) -> Transcription:
    """Move changes of meter to the nearest 32nd, so that all bars can be written: another program's are anywhere."""
    rhythm = transcription.rhythm
    if rhythm is None or rhythm.tempo_map is None:
        return transcription
    meters = {round(change.quarter * 8) / 8: change.meter for change in rhythm.tempo_map.meters}
    tempo_map = replace(rhythm.tempo_map, meters=tuple(MeterChange(*change) for change in meters.items()))
    return replace(transcription, rhythm=replace(rhythm, tempo_map=tempo_map))


def make_bars(strokes: Sequence[Stroke], tempo_map: TempoMap, one_voice: bool = False) -> Iterator[Bar]:
    """Divide strokes into bars, from the bar of the first one to that of the last one.

    Parameters
    ----------
    strokes : Sequence[Stroke]
        The strokes in order, at least one.
    tempo_map : TempoMap
        The bars.
    one_voice : bool, default False
        Whether feet are written in the voice of the hands.

    Yields
    ------
    Bar
        Each bar.
    """
    lines = bar_starts(tempo_map, float(strokes[0].quarter) + 1e-6, float(strokes[-1].quarter) + 1e-6)
    edges = [Fraction(round(line * 8), 8) for line in lines.tolist()]
    at = 0
    for begin, end in pairwise(edges):
        for meter in _meters_of(tempo_map, begin, end - begin):
            end = begin + Fraction(meter.bar_quarters)
            own = []
            while at < len(strokes) and strokes[at].quarter < end:
                own.append(strokes[at])
                at += 1
            yield make_bar(begin, meter, own, one_voice)
            begin = end


def _meters_of(tempo_map: TempoMap, begin: Fraction, length: Fraction) -> list[Meter]:
    """Return the meter of a bar; one that the next meter cuts short has a meter, or several, of its own."""
    changes = tempo_map.meters
    meter = [c.meter for i, c in enumerate(changes) if i == 0 or c.quarter <= float(begin) + 1e-6][-1]
    return [meter] if Fraction(meter.bar_quarters) == length else meters_of_bar(float(length), meter.denominator)


def _add_head(root: Element, options: ScoreOptions, articulations: Sequence[str]) -> None:
    """Add the title and the instruments."""
    if options.title:
        add_text(SubElement(root, "work"), "work-title", options.title)
    encoding = SubElement(SubElement(root, "identification"), "encoding")
    add_text(encoding, "software", f"drumscribe {VERSION}")
    for element in ("beam", "stem"):
        SubElement(encoding, "supports", element=element, type="yes")
    part = SubElement(SubElement(root, "part-list"), "score-part", id=PART)
    add_text(part, "part-name", "Drums")
    SubElement(part, "part-abbreviation").text = "Dr."
    used = [name for name in SIGNS if name in articulations]
    for name in used:
        add_text(SubElement(part, "score-instrument", id=instrument_id(name)), "instrument-name", SIGNS[name].name)
    for name in used:
        midi = SubElement(part, "midi-instrument", id=instrument_id(name))
        add_text(midi, "midi-channel", 10)
        add_text(midi, "midi-program", 1)
        note = options.drum_map.note_of(name) if name in ARTICULATION_BY_NAME else PERCUSSION_NOTE
        add_text(midi, "midi-unpitched", note + 1)


def _add_attributes(measure: Element, bar: Bar, before: Bar | None, repeats: tuple[bool, bool]) -> None:
    """Add clef and meter where they change, and the beginning and the end of repeated bars."""
    new_meter = before is None or before.meter != bar.meter
    if not new_meter and repeats[0] == repeats[1]:
        return
    attributes = SubElement(measure, "attributes")
    if before is None:
        add_text(attributes, "divisions", DIVISIONS)
    if new_meter:
        time = SubElement(attributes, "time")
        add_text(time, "beats", bar.meter.numerator)
        add_text(time, "beat-type", bar.meter.denominator)
    if before is None:
        add_text(SubElement(attributes, "clef"), "sign", "percussion")
    if repeats[0] != repeats[1]:
        style = SubElement(attributes, "measure-style")
        repeat = SubElement(style, "measure-repeat", type="start" if repeats[0] else "stop")
        repeat.text = "1" if repeats[0] else None


def _tempo_marks(bars: Sequence[Bar], tempo_map: TempoMap) -> dict[int, float]:
    """Return the quarters per minute of the bars from which the tempo differs."""
    marks: dict[int, float] = {}
    marked = 0.0
    for i, bar in enumerate(bars):
        ends = tempo_map.seconds_at(np.array([float(bar.start), float(bar.start) + bar.meter.bar_quarters]))
        tempo = 60.0 * bar.meter.bar_quarters / float(ends[1] - ends[0])
        if not marked or abs(tempo / marked - 1) > _NOTABLE_CHANGE:
            marks[i] = marked = tempo
    return marks


def _add_tempo(measure: Element, meter: Meter, tempo: float) -> None:
    direction = SubElement(measure, "direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome", parentheses="no")
    compound = meter.compound and meter.denominator == 8
    add_text(metronome, "beat-unit", "quarter")
    if compound:
        SubElement(metronome, "beat-unit-dot")
    add_text(metronome, "per-minute", round(tempo / (1.5 if compound else 1.0)))
    SubElement(direction, "sound", tempo=f"{tempo:.3f}")


def _add_swing(measure: Element, swing: Swing) -> None:
    """Add the mark of swung notes, which are written straight."""
    kind = "eighth" if swing.pair == 1.0 else "16th"
    direction = SubElement(measure, "direction", placement="above")
    add_text(SubElement(direction, "direction-type"), "words", "Swing" if kind == "eighth" else "Swing 16ths")
    sound = SubElement(SubElement(direction, "sound"), "swing")
    share = Fraction(swing.share).limit_denominator(12)
    add_text(sound, "first", share.numerator)
    add_text(sound, "second", share.denominator - share.numerator)
    add_text(sound, "swing-type", kind)
