"""Which MIDI note stands for which stroke: General MIDI, Roland TD, and maps of one's own.

A map of one's own is a TOML file: names of articulations (`drums.ARTICULATIONS`) or of whole instruments, and notes.

    name = "My sampler"

    [notes]
    kick = 24
    snare = 26
    hihat = 30          # every hihat that is not named
    hihat_open = 31
    tom = 40
    cymbal = 50

What a map lacks is looked for up the tree (`PARENTS`): a ride bell becomes a ride, and a ride a cymbal. It may name
`percussion`, too, for what is outside the vocabulary, which keeps its General MIDI note otherwise.
"""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from .drums import ARTICULATIONS, INSTRUMENTS, PERCUSSION
from .errors import DrumscribeError
from .hits import Hit

PARENTS = {
    "rimshot": "snare",
    "side_stick": "rimshot",
    "hihat_pedal": "hihat_closed",
    "hihat_open": "hihat_closed",
    "hihat_closed": "hihat",
    "tom_high": "tom_mid",
    "tom_mid": "tom_low",
    "tom_low": "tom",
    "crash": "cymbal",
    "ride_bell": "ride",
    "ride": "cymbal",
}
"""What stands in for an articulation that a map lacks."""

_NAMES = tuple(dict.fromkeys((*(a.name for a in ARTICULATIONS), *INSTRUMENTS, PERCUSSION)))


class DrumMapError(DrumscribeError):
    """A drum map that cannot be used."""


@dataclass(frozen=True)
class DrumMap:
    """The notes of a drum kit.

    Attributes
    ----------
    name : what it is called.
    notes : pairs of an articulation, an instrument or `percussion`, and its MIDI note, 0 to 127.

    Raises
    ------
    DrumMapError : for names outside the vocabulary, numbers that are no notes, or where something has no note at all.
    """

    name: str
    notes: tuple[tuple[str, int], ...]
    _note: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given = dict(self.notes)
        unknown = [name for name in given if name not in _NAMES]
        if unknown:
            raise DrumMapError(f"{self.name}: unknown {', '.join(map(repr, unknown))}; known are {', '.join(_NAMES)}")
        for name, note in given.items():
            if not isinstance(note, int) or isinstance(note, bool) or not 0 <= note <= 127:
                raise DrumMapError(f"{self.name}: the note of {name} must be a number from 0 to 127, not {note!r}")
        found = {a.name: _look_up(a.name, given) for a in ARTICULATIONS}
        missing = [name for name, note in found.items() if note is None]
        if missing:
            raise DrumMapError(
                f"{self.name}: no note for {', '.join(missing)}: name them, or their instruments "
                f"({', '.join(dict.fromkeys(_root(name) for name in missing))})"
            )
        if PERCUSSION in given:
            found[PERCUSSION] = given[PERCUSSION]
        object.__setattr__(self, "_note", found)

    def note_of(self, articulation: str) -> int:
        """The note of an articulation, or of what stands in for it."""
        return self._note[articulation]

    def note_for(self, hit: Hit) -> int:
        """The note of a hit: its own, if it has one, unless it is percussion, and the map has that."""
        if hit.own_note is not None and not (hit.articulation == PERCUSSION and PERCUSSION in self._note):
            return hit.own_note
        return self._note[hit.articulation]


def _look_up(name: str, given: dict[str, int]) -> int | None:
    while name not in given and name in PARENTS:
        name = PARENTS[name]
    return given.get(name)


def _root(name: str) -> str:
    while name in PARENTS:
        name = PARENTS[name]
    return name


GENERAL_MIDI = DrumMap("General MIDI", tuple((a.name, a.note) for a in ARTICULATIONS))
"""General MIDI Level 1 percussion."""

ROLAND_TD = DrumMap(
    "Roland TD",
    (
        ("kick", 36),
        ("snare", 38),
        ("rimshot", 40),
        ("side_stick", 37),
        ("hihat_closed", 42),
        ("hihat_open", 46),
        ("hihat_pedal", 44),
        ("tom_low", 43),
        ("tom_mid", 45),
        ("tom_high", 48),
        ("crash", 49),
        ("ride", 51),
        ("ride_bell", 53),
    ),
)
"""The notes of Roland's TD modules as in the Groove MIDI Dataset: heads of the toms, bows of the cymbals."""

DRUM_MAPS = {"gm": GENERAL_MIDI, "td": ROLAND_TD}
"""The maps that come with drumscribe, by what the command line calls them."""


def load_drum_map(name: str) -> DrumMap:
    """A map of `DRUM_MAPS`, or one read from a TOML file (see the module's description).

    Raises
    ------
    DrumMapError : naming the file and what is wrong with it.
    """
    if name.lower() in DRUM_MAPS:
        return DRUM_MAPS[name.lower()]
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    path = Path(name)
    if path.suffix.lower() != ".toml":
        raise DrumMapError(f"{name!r} is not a drum map: give {', '.join(DRUM_MAPS)}, or a file that ends in .toml")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DrumMapError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # TOML's and Unicode's errors
        raise DrumMapError(f"{path}: not TOML ({error})") from error
    notes = content.get("notes")
    if not isinstance(notes, dict) or set(content) - {"name", "notes"}:
        raise DrumMapError(f"{path}: must hold a table [notes], and beside it nothing but a name")
    drum_map = DrumMap(str(path), tuple(notes.items()))  # under this name, so that errors tell the file
    return replace(drum_map, name=str(content.get("name", path.stem)))
