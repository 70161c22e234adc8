"""Names of folders and files as labels: one table of aliases on top of the vocabulary.

A name is read as words: ``Ride Bell 02``, ``OHH_3``, ``HiHatClosed`` and ``808-floor.tom`` alike. If words contradict
each other, or have several meanings, that is reported, and nothing is guessed.
"""

import re
from dataclasses import dataclass

from drumscribe.music.drums import ARTICULATION_BY_NAME, ARTICULATIONS, OUTSIDE_NAMES

from .sources import PERCUSSION

TOM = "tom"
"""The role of a tom of which nothing says how high it is."""

ROLES_READ = (*ARTICULATION_BY_NAME, TOM, "clap", PERCUSSION)
"""What a name is read as."""

_ALIASES = {
    "kick": "kik kck bdrum kickdrum",
    "snare": "sn snr",
    "rimshot": "rs rimshot",
    "side_stick": "sidestick crossstick xstick stick",
    "hihat_closed": "ch hhc closedhat closedhihat hihatclosed hatclosed hhclosed clhat",
    "hihat_open": "oh hho openhat openhihat hihatopen hatopen hhopen ophat",
    "hihat_pedal": "ph hhp pedalhat pedalhihat hihatpedal hatpedal footsplash foothat",
    "tom_low": "ft floortom lotom",
    "tom_mid": "midtom",
    "tom_high": "hitom",
    "crash": "crashcymbal chinacymbal splashcymbal",
    "ride": "ridecymbal",
    "ride_bell": "ridebell bellride ridecymbalbell",
    "clap": "clap cp clp handclap",
    PERCUSSION: "cowbell cb tamb conga bongo maraca claves clave cabasa guiro triangle woodblock timbale agogo cuica "
    "tabla djembe cajon darbuka vibraslap castanets snap fingersnap fingersnaps eggshaker",
}
"""What musicians write beside the names of the vocabulary, without spaces; a plural "s" is taken off."""

_BROAD_ALIASES = {"hihat_closed": "hat", TOM: "racktom"}
"""Names that say less than the articulation which they stand for."""

_QUALIFIERS: dict[str, dict[str, str | None]] = {
    "hihat_closed": {"open": "hihat_open", "pedal": "hihat_pedal", "foot": "hihat_pedal", "closed": "hihat_closed"},
    TOM: {
        "floor": "tom_low",
        "low": "tom_low",
        "lo": "tom_low",
        "mid": "tom_mid",
        "high": "tom_high",
        "hi": "tom_high",
    },
    "ride": {"bell": "ride_bell"},
    "crash": {"open": None, "closed": None, "pedal": None},  # an "open cymbal" is a hihat to some
}
"""Words that specify a drum named elsewhere in the same name; None if the result is unclear."""

_UNCLEAR = {
    "hit": "a stroke of anything",
    "hits": "strokes of anything",
    "bass": "a bass drum or a bass guitar",
    "bell": "of a ride, or a bell",
    "cymbal": "a cymbal or a hihat",
}
"""Words that say too little by themselves."""

_PASSAGES = frozenset(["loop", "loops", "fill", "fills", "roll", "rolls", "groove", "grooves"])
"""Words for more than one stroke."""


@dataclass(frozen=True)
class Reading:
    """The meaning of a name.

    Attributes
    ----------
    role : str | None
        An articulation, or ``tom``, ``clap`` or ``percussion``; None if unclear.
    reason : str, default ""
        Why it is unclear; "" if nothing in the name is known.
    """

    role: str | None
    reason: str = ""


def instrument_of(role: str) -> str:
    """Return the instrument of a role: one of the vocabulary, or ``percussion``."""
    if role == TOM:
        return ARTICULATION_BY_NAME["tom_low"].instrument
    return ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else PERCUSSION


def _table() -> dict[str, tuple[str, bool]]:
    """Return every name, without spaces, with its role and whether it is broad."""
    table: dict[str, tuple[str, bool]] = {}
    for articulation in ARTICULATIONS:
        broad = TOM if articulation.instrument == TOM else articulation.name
        table |= {_joined(name): (articulation.name, False) for name in (articulation.name, *articulation.names_read)}
        table |= {_joined(name): (broad, True) for name in articulation.broad_names}
    table |= {name: (PERCUSSION, False) for name in OUTSIDE_NAMES - {"ot", "other"}}
    table |= {name: (PERCUSSION, True) for name in ("perc", "percussion")}
    for aliases, is_broad in ((_ALIASES, False), (_BROAD_ALIASES, True)):
        table |= {name: (role, is_broad) for role, names in aliases.items() for name in names.split()}
    table["snare"] = table["sn"] = table["snr"] = ("snare", True)
    return {name: value for name, value in table.items() if name not in ("hit", "bass", "bell")}


def _joined(name: str) -> str:
    return re.sub(r"[^a-z]", "", name)


_TABLE = _table()
_LONGEST = 3  # words in an alias


def _words(name: str) -> list[str]:
    words = []
    for chunk in re.findall(r"[A-Za-z]+", name):
        if _known(chunk.lower()):
            words.append(chunk.lower())
        else:
            words += [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", chunk)]
    return words


def _known(word: str) -> tuple[str, bool] | None:
    return _TABLE.get(word) or (_TABLE.get(word[:-1]) if len(word) > 3 and word.endswith("s") else None)


def read_name(name: str) -> Reading:
    """Read the drum from a name: of a file without its suffix, preceded by the names of its folders.

    Examples
    --------
    >>> read_name("drums/Hats/808 open_02").role
    'hihat_open'
    >>> read_name("Tom's snare")
    Reading(role=None, reason='tom or snare')
    """
    words, found, rest = _words(name), [], []
    for word in words:
        if word in _PASSAGES:
            return Reading(None, f"{word}: more than one stroke")
    while words:
        for count in range(min(_LONGEST, len(words)), 0, -1):
            known = _known("".join(words[:count]))
            if known:
                found.append(known)
                break
        else:
            rest.append(words[0])
        del words[:count]
    # An exact name takes precedence over a broad one: a snare's rimshot, a cymbal that is a ride.
    exact = {_family(role) for role, broad in found if not broad}
    found = list(dict.fromkeys((role, broad) for role, broad in found if not (broad and _family(role) in exact)))
    if not found:
        unclear = [word for word in rest if word in _UNCLEAR]
        return Reading(None, f"{unclear[0]}: {_UNCLEAR[unclear[0]]}" if unclear else "")
    if len(found) > 1:
        return Reading(None, " or ".join(role.replace("_", " ") for role, _ in found))
    role, broad = found[0]
    if broad or role == "ride":
        for word in rest:
            if word in _QUALIFIERS.get(role, {}):
                specified = _QUALIFIERS[role][word]
                return Reading(specified) if specified else Reading(None, f"{word} cymbal: {_UNCLEAR['cymbal']}")
    return Reading(role)


def _family(role: str) -> str:
    return "snare" if role == "side_stick" else instrument_of(role)
