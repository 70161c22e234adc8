"""Notes of the drum samplers that people own.

The numbers are those on which published maps of the samplers agree; a map that only one source gives says so. Where a
sampler has several notes for one articulation, `Sampler.notes` has the one to write, and `Sampler.read` the others. Of
hats that open by degrees, the one to write is in the middle, or the wider of two (by hand).
"""

from dataclasses import dataclass, field

_ONE_SOURCE = "known from one source"
_REST_GM = f"{_ONE_SOURCE}; notes that it lacks, such as that of the kick, are those of General MIDI"


@dataclass(frozen=True, slots=True)
class Sampler:
    """The notes of a sampler.

    Attributes
    ----------
    title : str
        The name of the product.
    notes : dict[str, int]
        Notes to write, by articulation.
    read : dict[str, tuple[int, ...]], optional
        Further notes to read as an articulation.
    remark : str, default ""
        What a user should know of the numbers.
    general : bool, default False
        Whether General MIDI has the notes that are missing.
    """

    title: str
    notes: dict[str, int]
    read: dict[str, tuple[int, ...]] = field(default_factory=dict)
    remark: str = ""
    general: bool = False


SAMPLERS = {
    "ezdrummer3": Sampler(
        "EZdrummer 3, Superior Drummer 3",
        {
            "kick": 36,
            "snare": 38,
            "rimshot": 40,
            "side_stick": 37,
            "hihat_closed": 42,
            "hihat_open": 46,
            "hihat_pedal": 44,
            "tom_low": 43,
            "tom_mid": 47,
            "tom_high": 48,
            "crash": 49,
            "ride": 51,
            "ride_bell": 53,
        },
        {
            "hihat_closed": (22,),
            "hihat_open": (24, 25, 26, 60),
            "hihat_pedal": (21,),
            "tom_low": (41,),
            "tom_mid": (45,),
            "crash": (55, 57),
        },
    ),
    "ad2": Sampler(
        "Addictive Drums 2",
        {
            "kick": 36,
            "snare": 38,
            "rimshot": 37,
            "side_stick": 42,
            "hihat_closed": 49,
            "hihat_open": 56,
            "hihat_pedal": 48,
            "tom_low": 65,
            "tom_mid": 69,
            "tom_high": 71,
            "crash": 77,
            "ride": 60,
            "ride_bell": 61,
        },
        {
            "hihat_closed": (50, 51, 52),
            "hihat_open": (54, 55, 57),
            "tom_mid": (67,),
            "crash": (79, 81, 91),
        },
        "its own map, in which the rimshot is known from one source; with its General MIDI preset use gm",
    ),
    "ssd5": Sampler(
        "Steven Slate Drums 5.5",
        {
            "kick": 36,
            "snare": 38,
            "rimshot": 40,
            "side_stick": 37,
            "hihat_closed": 42,
            "hihat_open": 64,
            "hihat_pedal": 44,
            "tom_low": 43,
            "tom_mid": 47,
            "tom_high": 48,
            "crash": 55,
            "ride": 51,
            "ride_bell": 53,
        },
        {
            "hihat_closed": (61,),
            "hihat_open": (46, 63, 65),
            "hihat_pedal": (72,),
            "tom_low": (41,),
            "crash": (31, 57),
        },
    ),
    "bfd3": Sampler(
        "BFD3",
        {
            "kick": 24,
            "snare": 26,
            "rimshot": 29,
            "side_stick": 25,
            "hihat_closed": 30,
            "hihat_open": 34,
            "hihat_pedal": 32,
            "tom_low": 33,
            "tom_mid": 36,
            "tom_high": 40,
            "crash": 41,
            "ride": 60,
            "ride_bell": 71,
        },
        {"tom_low": (31,), "tom_mid": (35,), "tom_high": (38,), "crash": (43,)},
        f"{_ONE_SOURCE}; with its General MIDI preset use gm",
    ),
    "studio-drummer": Sampler(
        "Native Instruments Studio Drummer",
        {
            "rimshot": 39,
            "hihat_closed": 42,
            "hihat_open": 78,
            "hihat_pedal": 44,
            "tom_low": 43,
            "tom_mid": 45,
            "tom_high": 47,
            "crash": 49,
            "ride": 51,
            "ride_bell": 53,
        },
        {"hihat_open": (46, 76, 77, 79, 80), "tom_low": (41,), "crash": (55, 57)},
        f"{_REST_GM}; with its General MIDI preset use gm",
        general=True,
    ),
    "groove-agent": Sampler(
        "Groove Agent",
        {"hihat_open": 68, "tom_low": 43, "tom_mid": 47, "tom_high": 48},
        {"hihat_closed": (46,), "hihat_open": (64, 65, 66, 67, 69, 70, 71), "tom_low": (41,)},
        _REST_GM,
        general=True,
    ),
    "modo": Sampler(
        "MODO Drum",
        {"hihat_open": 46, "tom_low": 43, "tom_mid": 47, "tom_high": 50},
        {"tom_mid": (45,), "tom_high": (48,)},
        _REST_GM,
        general=True,
    ),
}
"""The samplers, by their names on the command line."""

ALIASES = {"sd3": "ezdrummer3"}
"""Other names of samplers."""
