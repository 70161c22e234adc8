"""The drum vocabulary: instruments, their articulations, and all that is known of each.

All code that names a drum reads this table. A new articulation is a row here; `tests/music/test_drums.py` says what
else it needs. Notes are written as General MIDI Level 1 percussion, the toms as notes that samplers play as toms, too:
50, the highest tom of General MIDI, is a crash or a splash in several. The Roland TD layout of the Groove MIDI Dataset
and E-GMD can be read as well, where 22 and 26 are hihat edges and 58 is a floor-tom rim.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Articulation:
    """One way of playing one instrument: the finest distinction that a transcription makes.

    Attributes
    ----------
    name : str
        Its name in transcriptions.
    instrument : str
        The instrument, one of `INSTRUMENTS`.
    note : int
        The General MIDI note that stands for it in files that are written.
    td_note : int
        Its note on Roland's TD modules, as in the Groove MIDI Dataset: heads of the toms, bows of the cymbals.
    parent : str or None
        The articulation, or the instrument, that replaces it where a drum map lacks it.
    rhythm_class : str
        The class of `rhythm.patterns.CLASSES` to which a loud stroke belongs.
    level_db : float
        Peak of a stroke of full velocity in a common mix, relative to a kick's; by hand.
    notes_read : tuple of int
        Further notes that mean this articulation in files that are read.
    names_read : tuple of str
        Further names, in lower case, that mean it in files that are read: those of MDB Drums, E-GMD and common English.
    broad_names : tuple of str
        Names of the instrument alone; they are read as this articulation, the instrument's most common one.
    """

    name: str
    instrument: str
    note: int
    td_note: int
    parent: str | None
    rhythm_class: str
    level_db: float
    notes_read: tuple[int, ...] = ()
    names_read: tuple[str, ...] = ()
    broad_names: tuple[str, ...] = ()


ARTICULATIONS = (
    Articulation(
        name="kick",
        instrument="kick",
        note=36,
        td_note=36,
        parent=None,
        rhythm_class="kick",
        level_db=0.0,
        notes_read=(35,),
        names_read=("kd", "bd", "bass", "bassdrum", "bass_drum", "kick_drum"),
    ),
    Articulation(
        name="snare",
        instrument="snare",
        note=38,
        td_note=38,
        parent=None,
        rhythm_class="snare",
        level_db=-1.0,
        names_read=("sdb", "sdd", "sdf", "sdg", "sdns"),
        broad_names=("snare", "sd", "snaredrum", "snare_drum"),
    ),
    Articulation(
        name="rimshot",
        instrument="snare",
        note=40,
        td_note=40,
        parent="snare",
        rhythm_class="snare",
        level_db=0.0,
        names_read=("rim",),
    ),
    Articulation(
        name="side_stick",
        instrument="side_stick",
        note=37,
        td_note=37,
        parent="rimshot",
        rhythm_class="snare",
        level_db=-7.0,
        names_read=("sst", "sidestick"),
    ),
    Articulation(
        name="hihat_closed",
        instrument="hihat",
        note=42,
        td_note=42,
        parent="hihat",
        rhythm_class="closed",
        level_db=-14.0,
        notes_read=(22,),
        names_read=("chh", "hh_closed", "closed_hihat", "closed_hi_hat"),
        broad_names=("hihat", "hh", "hi-hat", "hi_hat", "hat", "hats"),
    ),
    Articulation(
        name="hihat_open",
        instrument="hihat",
        note=46,
        td_note=46,
        parent="hihat_closed",
        rhythm_class="open",
        level_db=-11.0,
        notes_read=(26,),
        names_read=("ohh", "hh_open", "open_hihat", "open_hi_hat"),
    ),
    Articulation(
        name="hihat_pedal",
        instrument="hihat",
        note=44,
        td_note=44,
        parent="hihat_closed",
        rhythm_class="pedal",
        level_db=-17.0,
        names_read=("phh", "hh_pedal", "pedal_hihat", "pedal_hi_hat"),
    ),
    Articulation(
        name="tom_low",
        instrument="tom",
        note=43,
        td_note=43,
        parent="tom",
        rhythm_class="tom",
        level_db=-2.0,
        notes_read=(41, 58),
        names_read=("lft", "lt", "lowtom", "low_tom", "floor_tom"),
        broad_names=("tom", "toms", "tt"),
    ),
    Articulation(
        name="tom_mid",
        instrument="tom",
        note=47,
        td_note=45,
        parent="tom_low",
        rhythm_class="tom",
        level_db=-2.0,
        notes_read=(45,),
        names_read=("mht", "hft", "mt", "midtom", "mid_tom"),
    ),
    Articulation(
        name="tom_high",
        instrument="tom",
        note=48,
        td_note=48,
        parent="tom_mid",
        rhythm_class="tom",
        level_db=-3.0,
        notes_read=(50,),
        names_read=("hit", "ht", "hightom", "high_tom"),
    ),
    Articulation(
        name="crash",
        instrument="cymbal",
        note=49,
        td_note=49,
        parent="cymbal",
        rhythm_class="crash",
        level_db=-7.0,
        notes_read=(52, 55, 57),
        names_read=("crc", "chc", "spc", "cr", "crash_cymbal", "splash", "china"),
        broad_names=("cymbal", "cymbals", "cy"),
    ),
    Articulation(
        name="ride",
        instrument="cymbal",
        note=51,
        td_note=51,
        parent="cymbal",
        rhythm_class="ride",
        level_db=-14.0,
        notes_read=(59,),
        names_read=("rdc", "rd", "ride_cymbal"),
    ),
    Articulation(
        name="ride_bell",
        instrument="cymbal",
        note=53,
        td_note=53,
        parent="ride",
        rhythm_class="ride",
        level_db=-11.0,
        names_read=("rdb", "bell"),
    ),
)

INSTRUMENTS = tuple(dict.fromkeys(a.instrument for a in ARTICULATIONS))
"""Kick, snare, side_stick, hihat, tom, cymbal."""

FIVE_CLASSES = tuple(i for i in INSTRUMENTS if i != "side_stick")
"""The five classes of the literature; the side stick stays outside, as in MDB Drums."""

PERCUSSION, PERCUSSION_NOTE = "percussion", 54
"""The name of percussion outside the vocabulary, and its note in files that are written: a tambourine's."""

USUAL_VELOCITY = 90
"""MIDI velocity of a usual stroke of a sound, and of one whose loudness says nothing; by hand."""

ARTICULATION_BY_NAME = {a.name: a for a in ARTICULATIONS}
ARTICULATION_BY_NOTE = {note: a for a in ARTICULATIONS for note in (a.note, *a.notes_read)}
_READ = {name: a for a in ARTICULATIONS for name in (a.name, *a.names_read, *a.broad_names)}
_BROAD = frozenset(name for a in ARTICULATIONS for name in a.broad_names)

OUTSIDE_NAMES = frozenset(("ot", "other", "tmb", "tambourine", "clap", "cowbell", "shaker", "perc", PERCUSSION))
"""Labels of known sounds outside the vocabulary."""


def articulations_of(instrument: str) -> tuple[Articulation, ...]:
    """List the articulations of an instrument.

    Parameters
    ----------
    instrument : str
        One of `INSTRUMENTS`; any other has none.

    Returns
    -------
    tuple of Articulation
        In the table's order.
    """
    return tuple(a for a in ARTICULATIONS if a.instrument == instrument)


def plain_articulation(name: str) -> str:
    """Name the articulation that a name stands for.

    Parameters
    ----------
    name : str
        An instrument, an articulation, or a player's own name.

    Returns
    -------
    str
        The most common articulation of an instrument; any other name unchanged.
    """
    return _READ[name].name if name in INSTRUMENTS else name


def instrument_of(name: str) -> str:
    """Name the instrument of an articulation.

    Parameters
    ----------
    name : str
        An articulation, or any other name.

    Returns
    -------
    str
        Its instrument; any other name unchanged.
    """
    return ARTICULATION_BY_NAME[name].instrument if name in ARTICULATION_BY_NAME else name


def read_label(label: str) -> Articulation | None:
    """Read a name or MIDI note number in an annotation.

    Parameters
    ----------
    label : str
        As an annotator wrote it.

    Returns
    -------
    Articulation or None
        None for a known label or a valid note outside the vocabulary.

    Raises
    ------
    ValueError
        For an unknown name, or a number beyond MIDI's notes.
    """
    text = str(label).strip().lower()
    if re.fullmatch(r"[0-9]+(\.0+)?", text) and float(text) < 128:
        return ARTICULATION_BY_NOTE.get(int(float(text)))
    if text in OUTSIDE_NAMES:
        return None
    if text in _READ:
        return _READ[text]
    raise ValueError(f"unknown drum label {label!r}")


def is_broad(label: str) -> bool:
    """Tell whether a label names an instrument, but not which of its several articulations.

    Parameters
    ----------
    label : str
        As an annotator wrote it.

    Returns
    -------
    bool
        Whether it is one of an articulation's `broad_names`.
    """
    return str(label).strip().lower() in _BROAD
