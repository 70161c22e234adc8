"""Notes and rests as elements of MusicXML."""

from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from .bars import Bar, Item
from .notation import FEET, SIGNS
from .strokes import Stroke

PART = "P1"
"""The identifier of the only part."""
DIVISIONS = 48
"""Parts of a quarter in which durations are given: 64ths and triplets of 32nds are whole numbers."""


def instrument_id(articulation: str) -> str:
    """Return the identifier of a drum's instrument in a score."""
    return f"{PART}-{articulation.replace('_', '-')}"


def add_voices(measure: Element, bar: Bar, one_voice: bool) -> None:
    """Add the notes and rests of a bar.

    Parameters
    ----------
    measure : Element
        The measure to add them to.
    bar : Bar
        The bar.
    one_voice : bool
        Whether all stems go up.
    """
    for i, (voice, items) in enumerate(bar.voices):
        if i:
            add_text(SubElement(measure, "backup"), "duration", _ticks(Fraction(bar.meter.bar_quarters)))
        for item in items:
            _add_item(measure, item, voice, "down" if voice == FEET and not one_voice else "up")


def _add_item(measure: Element, item: Item, voice: int, stem: str) -> None:
    if not item.strokes:
        _add_rest(measure, item, voice)
        return
    for stroke in item.strokes:
        for _ in range(stroke.graces):
            _add_grace(measure, stroke, voice, stem)
    for i, stroke in enumerate(item.strokes):
        note = SubElement(measure, "note")
        if i:
            SubElement(note, "chord")
        _add_drum(note, stroke)
        add_text(note, "duration", _ticks(item.length))
        SubElement(note, "instrument", id=instrument_id(stroke.articulation))
        add_text(note, "voice", voice)
        _add_value(note, item)
        add_text(note, "stem", stem)
        _add_notehead(note, stroke)
        if not i:
            for level, state in enumerate(item.beams, 1):
                add_text(note, "beam", state, number=str(level))
        _add_notations(note, item, stroke, first=not i)


def _add_rest(measure: Element, item: Item, voice: int) -> None:
    note = SubElement(measure, "note", {"print-object": "no"} if item.hidden else {})
    rest = SubElement(note, "rest", {"measure": "yes"} if item.kind == "measure" else {})
    if voice == FEET:
        add_text(rest, "display-step", "F")
        add_text(rest, "display-octave", 4)
    add_text(note, "duration", _ticks(item.length))
    add_text(note, "voice", voice)
    if item.kind != "measure":
        _add_value(note, item)
    if item.group:
        _add_tuplet(SubElement(note, "notations"), item)


def _add_grace(measure: Element, stroke: Stroke, voice: int, stem: str) -> None:
    note = SubElement(measure, "note")
    SubElement(note, "grace", slash="yes" if stroke.graces == 1 else "no")
    _add_drum(note, stroke)
    SubElement(note, "instrument", id=instrument_id(stroke.articulation))
    add_text(note, "voice", voice)
    add_text(note, "type", "eighth" if stroke.graces == 1 else "16th")
    add_text(note, "stem", stem)
    _add_notehead(note, stroke)


def _add_drum(note: Element, stroke: Stroke) -> None:
    sign = SIGNS[stroke.articulation]
    unpitched = SubElement(note, "unpitched")
    add_text(unpitched, "display-step", sign.step)
    add_text(unpitched, "display-octave", sign.octave)


def _add_value(note: Element, item: Item) -> None:
    add_text(note, "type", item.kind)
    for _ in range(item.dots):
        SubElement(note, "dot")
    if item.tuplet:
        modification = SubElement(note, "time-modification")
        add_text(modification, "actual-notes", item.tuplet[0])
        add_text(modification, "normal-notes", item.tuplet[1])


def _add_notehead(note: Element, stroke: Stroke) -> None:
    sign = SIGNS[stroke.articulation]
    if sign.head != "normal" or stroke.ghost:
        add_text(note, "notehead", sign.head, **({"parentheses": "yes"} if stroke.ghost else {}))


def _add_notations(note: Element, item: Item, stroke: Stroke, first: bool) -> None:
    """Add the signs above and below a note: once for each chord, except the circle of an open hihat."""
    accent = first and any(s.accent for s in item.strokes)
    tremolo = first and item.tremolo
    if not ((first and item.group) or accent or tremolo or SIGNS[stroke.articulation].open):
        return
    notations = SubElement(note, "notations")
    if first and item.group:
        _add_tuplet(notations, item)
    if tremolo:
        add_text(SubElement(notations, "ornaments"), "tremolo", 3, type="single")
    if SIGNS[stroke.articulation].open:
        # A circle; "open" has the better name, but MuseScore 3 and verovio draw nothing for it.
        SubElement(SubElement(notations, "technical"), "open-string", placement="above")
    if accent:
        SubElement(SubElement(notations, "articulations"), "accent", placement="above")


def _add_tuplet(notations: Element, item: Item) -> None:
    for state in item.group:
        SubElement(notations, "tuplet", {"type": state} | ({"bracket": "yes"} if state == "start" else {}))


def _ticks(quarters: Fraction) -> int:
    return round(quarters * DIVISIONS)


def add_text(parent: Element, tag: str, text: object, **attributes: str) -> None:
    """Add an element that contains a text.

    Parameters
    ----------
    parent : Element
        The element to add it to.
    tag : str
        Its name.
    text : object
        What it contains.
    **attributes : str
        Its attributes.
    """
    SubElement(parent, tag, attributes).text = str(text)
