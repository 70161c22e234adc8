"""Drum maps: the MIDI note of each articulation, in General MIDI, in a sampler, or in a user's own map.

A user's map is a TOML file of articulations (`music.drums.ARTICULATIONS`) or whole instruments, and their notes.

    name = "My sampler"
    base = "ezdrummer3" # optional: a built-in map, for all that is not named below

    [notes]
    kick = 24
    snare = 26
    hihat = 30          # every hihat without its own note
    hihat_open = 31
    tom = 40
    cymbal = 50

Without a base, an articulation that is missing gets the note of its substitute (`PARENTS`): a ride bell becomes a ride,
and a ride a cymbal. A map may also name `percussion`, for sounds outside the vocabulary, which otherwise keeps its
General MIDI note.
"""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import DrumscribeError, damage_told
from ..music.drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS, PERCUSSION, PERCUSSION_NOTE
from ..music.transcription import Hit
from .samplers import ALIASES, SAMPLERS, Sampler

PARENTS = {a.name: a.parent for a in ARTICULATIONS if a.parent is not None}
"""Substitutes for articulations that a map lacks."""

_LARGEST = 1_000_000
"""Bytes of the largest map that is read (by hand)."""
_NAMES = tuple(dict.fromkeys((*(a.name for a in ARTICULATIONS), *INSTRUMENTS, PERCUSSION)))


class DrumMapError(DrumscribeError):
    """A drum map cannot be used."""


@dataclass(frozen=True)
class DrumMap:
    """The notes of a drum kit.

    Attributes
    ----------
    name : str
        The name of the map.
    notes : tuple[tuple[str, int], ...]
        Pairs of an articulation, an instrument or `percussion`, and its MIDI note, 0 to 127.
    read : tuple[tuple[int, str], ...], optional
        Pairs of a further note, and the articulation as which it is read.
    remark : str, default ""
        What a user should know of the notes.

    Raises
    ------
    DrumMapError
        If a name is outside the vocabulary, a number is not a note, or an articulation has no note at all.
    """

    name: str
    notes: tuple[tuple[str, int], ...]
    read: tuple[tuple[int, str], ...] = ()
    remark: str = ""
    _note: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given = dict(self.notes)
        unknown = [name for name in given if name not in _NAMES]
        if unknown:
            raise DrumMapError(f"{self.name}: unknown {', '.join(map(repr, unknown))}: use {', '.join(_NAMES)}")
        for name, note in given.items():
            if not isinstance(note, int) or isinstance(note, bool) or not 0 <= note <= 127:
                raise DrumMapError(f"{self.name}: the note of {name} must be a number from 0 to 127, not {note!r}")
        looked_up = {a.name: _look_up(a.name, given) for a in ARTICULATIONS}
        found = {name: note for name, note in looked_up.items() if note is not None}
        missing = [a.name for a in ARTICULATIONS if a.name not in found]
        if missing:
            raise DrumMapError(
                f"{self.name}: no note for {', '.join(missing)}: name them, or their instruments "
                f"({', '.join(dict.fromkeys(_root(name) for name in missing))})"
            )
        if PERCUSSION in given:
            found[PERCUSSION] = given[PERCUSSION]
        object.__setattr__(self, "_note", found)

    def note_of(self, articulation: str) -> int:
        """Return the note of an articulation, or of its substitute."""
        return self._note[articulation]

    def note_for(self, hit: Hit) -> int:
        """Return the note of a hit: its own note if it has one; for percussion the note of the map, if any."""
        if hit.own_note is not None and not (hit.articulation == PERCUSSION and PERCUSSION in self._note):
            return hit.own_note
        return self._note[hit.articulation]

    def hit(self, time: float, note: int, velocity: int) -> Hit | None:
        """Convert a note to a hit.

        If several articulations share a note, the hit has the first one of the vocabulary.

        Parameters
        ----------
        time : float
            Time in seconds.
        note : int
            MIDI note, 0 to 127.
        velocity : int
            MIDI velocity, 1 to 127.

        Returns
        -------
        Hit | None
            The hit; None if the note stands for no drum.
        """
        written = (name for name, number in self._note.items() if number == note)
        name = next(written, dict(self.read).get(note, PERCUSSION if note == PERCUSSION_NOTE else None))
        if name is None:
            return None
        return Hit(time, name, velocity, own_note=None if name in ARTICULATION_BY_NAME else PERCUSSION_NOTE)


def _look_up(name: str, given: dict[str, int]) -> int | None:
    while name not in given and name in PARENTS:
        name = PARENTS[name]
    return given.get(name)


def _root(name: str) -> str:
    while name in PARENTS:
        name = PARENTS[name]
    return name


GENERAL_MIDI = DrumMap(
    "General MIDI",
    tuple((a.name, a.note) for a in ARTICULATIONS),
    tuple((note, a.name) for a in ARTICULATIONS for note in a.notes_read),
    "the high tom at 48, which samplers with maps of their own play as a tom, too",
)
"""General MIDI Level 1 percussion."""

_TD_NOTES = {a.td_note for a in ARTICULATIONS}

ROLAND_TD = DrumMap(
    "Roland TD",
    tuple((a.name, a.td_note) for a in ARTICULATIONS),
    tuple((note, a.name) for a in ARTICULATIONS for note in (a.note, *a.notes_read) if note not in _TD_NOTES),
    "as in the Groove MIDI Dataset: heads of the toms, bows of the cymbals",
)
"""The notes of Roland's TD modules."""


def _map_of(sampler: Sampler) -> DrumMap:
    notes = (dict(GENERAL_MIDI.notes) if sampler.general else {}) | sampler.notes
    read = tuple((note, name) for name, others in sampler.read.items() for note in others)
    return DrumMap(sampler.title, tuple(notes.items()), read, sampler.remark)


DRUM_MAPS = {"gm": GENERAL_MIDI, "td": ROLAND_TD}
"""The maps whose notes are read without naming a map, by their names on the command line."""

SAMPLER_MAPS = {name: _map_of(sampler) for name, sampler in SAMPLERS.items()}
"""The maps of samplers, by their names on the command line."""

BUILT_IN_MAPS = DRUM_MAPS | SAMPLER_MAPS
"""All built-in maps, by their names on the command line."""


def built_in_map(name: str) -> DrumMap | None:
    """Return a built-in map by its name or alias, in any case; None if there is none."""
    name = name.lower()
    return BUILT_IN_MAPS.get(ALIASES.get(name, name))


def load_drum_map(name: str) -> DrumMap:
    """Load a built-in map by its name, or a TOML file (see the module's description).

    Raises
    ------
    DrumMapError
        If the map is unknown, or the file is not a drum map.
    """
    found = built_in_map(name)
    if found is not None:
        return found
    path = Path(name)
    if path.suffix.lower() != ".toml":
        samplers = ", ".join((*SAMPLER_MAPS, *ALIASES))
        raise DrumMapError(
            f"{name!r} is not a drum map: give {', '.join(DRUM_MAPS)}, or a file that ends in .toml, "
            f"or a sampler: {samplers}"
        )
    with damage_told(path, DrumMapError, "drum map", _LARGEST):
        return _of_file(path)


def _of_file(path: Path) -> DrumMap:
    content = _read_toml(path)
    notes = content.get("notes")
    if not isinstance(notes, dict) or set(content) - {"name", "base", "notes"}:
        raise DrumMapError(f"{path}: must hold a table [notes], and beside it at most a name and a base")
    base = _base(path, content["base"]) if "base" in content else None
    drum_map = DrumMap(str(path), tuple(notes.items() if base is None else _changed(base, notes).items()))
    # Named after the path until here, so that errors name the file.
    return replace(drum_map, name=str(content.get("name", path.stem)), read=() if base is None else base.read)


def _read_toml(path: Path) -> dict:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # TOML's and Unicode's errors
        raise DrumMapError(f"{path}: not TOML ({error})") from error


def _base(path: Path, name: object) -> DrumMap:
    base = built_in_map(str(name))
    if base is None:
        raise DrumMapError(f"{path}: the base must be {', '.join((*BUILT_IN_MAPS, *ALIASES))}, not {name!r}")
    return base


def _changed(base: DrumMap, notes: dict) -> dict:
    """Return the notes of a base with changes; a change of an instrument is for all its articulations."""
    whole = {name for name in notes if name in INSTRUMENTS and name not in ARTICULATION_BY_NAME}
    kept = {name: note for name, note in base.notes if ARTICULATION_BY_NAME[name].instrument not in whole}
    return kept | notes
