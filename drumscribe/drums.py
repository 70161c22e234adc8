"""The vocabulary: instruments, their articulations, and the MIDI notes of each.

Everything that names a drum reads these tables. Notes written are General MIDI Level 1 percussion; notes read also
take the Roland TD layout of the Groove MIDI Dataset and E-GMD, where 22 and 26 are hihat edges and 58 a floor-tom rim.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Articulation:
    """One way of playing one instrument: the finest thing a transcription says.

    Attributes
    ----------
    name : what transcriptions call it.
    instrument : the instrument it belongs to (one of `INSTRUMENTS`).
    note : the General MIDI note it is written as.
    notes_read : further notes that are read as it.
    names_read : further names that are read as it (lower case; MDB Drums, E-GMD and common English).
    broad_names : names that say the instrument only, and are read as this, its commonest articulation.
    """

    name: str
    instrument: str
    note: int
    notes_read: tuple[int, ...] = ()
    names_read: tuple[str, ...] = ()
    broad_names: tuple[str, ...] = ()


ARTICULATIONS = (
    Articulation("kick", "kick", 36, (35,), ("kd", "bd", "bass", "bassdrum", "bass_drum", "kick_drum")),
    Articulation(
        "snare", "snare", 38, (), ("sdb", "sdd", "sdf", "sdg", "sdns"), ("snare", "sd", "snaredrum", "snare_drum")
    ),
    Articulation("rimshot", "snare", 40, (), ("rim",)),
    Articulation("side_stick", "side_stick", 37, (), ("sst", "sidestick")),
    Articulation(
        "hihat_closed",
        "hihat",
        42,
        (22,),
        ("chh", "hh_closed", "closed_hihat", "closed_hi_hat"),
        ("hihat", "hh", "hi-hat", "hi_hat", "hat", "hats"),
    ),
    Articulation("hihat_open", "hihat", 46, (26,), ("ohh", "hh_open", "open_hihat", "open_hi_hat")),
    Articulation("hihat_pedal", "hihat", 44, (), ("phh", "hh_pedal", "pedal_hihat", "pedal_hi_hat")),
    Articulation(
        "tom_low", "tom", 43, (41, 58), ("lft", "lt", "lowtom", "low_tom", "floor_tom"), ("tom", "toms", "tt")
    ),
    Articulation("tom_mid", "tom", 47, (45,), ("mht", "hft", "mt", "midtom", "mid_tom")),
    Articulation("tom_high", "tom", 50, (48,), ("hit", "ht", "hightom", "high_tom")),
    Articulation(
        "crash",
        "cymbal",
        49,
        (52, 55, 57),
        ("crc", "chc", "spc", "cr", "crash_cymbal", "splash", "china"),
        ("cymbal", "cymbals", "cy"),
    ),
    Articulation("ride", "cymbal", 51, (59,), ("rdc", "rd", "ride_cymbal")),
    Articulation("ride_bell", "cymbal", 53, (), ("rdb", "bell")),
)

INSTRUMENTS = tuple(dict.fromkeys(a.instrument for a in ARTICULATIONS))
"""Kick, snare, side_stick, hihat, tom, cymbal."""

FIVE_CLASSES = tuple(i for i in INSTRUMENTS if i != "side_stick")
"""The five classes of the literature; the side stick stays outside, as in MDB Drums."""

PERCUSSION, PERCUSSION_NOTE = "percussion", 54
"""What percussion outside the vocabulary is called, and the note that it is written as: a tambourine's."""

ARTICULATION_BY_NAME = {a.name: a for a in ARTICULATIONS}
ARTICULATION_BY_NOTE = {note: a for a in ARTICULATIONS for note in (a.note, *a.notes_read)}
_READ = {name: a for a in ARTICULATIONS for name in (a.name, *a.names_read, *a.broad_names)}
_BROAD = frozenset(name for a in ARTICULATIONS for name in a.broad_names)

OUTSIDE_NAMES = frozenset(("ot", "other", "tmb", "tambourine", "clap", "cowbell", "shaker", "perc", PERCUSSION))
"""Labels of sounds that are known and outside the vocabulary."""


def articulations_of(instrument: str) -> tuple[Articulation, ...]:
    """The articulations of an instrument, in the table's order."""
    return tuple(a for a in ARTICULATIONS if a.instrument == instrument)


def read_label(label: str) -> Articulation | None:
    """The articulation that a name or MIDI note number in an annotation stands for.

    Returns None for a label that is known, or a note that is valid, but outside the vocabulary.

    Raises
    ------
    ValueError : for a name that nothing is known of, or a number beyond MIDI's notes.
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
    """Whether a label says which instrument was played, but not which of its several articulations."""
    return str(label).strip().lower() in _BROAD
