"""How drums are written on a staff with a percussion clef, in the common way (Weinberg, "Guidelines for drumset
notation", Percussive Notes 32, 1994): feet at the bottom with stems down, hands above them with stems up.
"""

from dataclasses import dataclass

from ...music.drums import PERCUSSION

HANDS, FEET = 1, 2
"""Numbers of the voices."""


@dataclass(frozen=True, slots=True)
class Sign:
    """How a drum is written.

    Attributes
    ----------
    step, octave : str, int
        Place on the staff, as in a treble clef.
    name : str
        Name of the drum in a score.
    voice : int, default HANDS
        `HANDS` or `FEET`.
    head : str, default "normal"
        Head of the note, as MusicXML names it.
    open : bool, default False
        Whether a small circle stands above.
    """

    step: str
    octave: int
    name: str
    voice: int = HANDS
    head: str = "normal"
    open: bool = False

    @property
    def height(self) -> int:
        """Place on the staff, in steps from the lowest C."""
        return 7 * self.octave + "CDEFGAB".index(self.step)


SIGNS = {
    "kick": Sign("F", 4, "Kick", FEET),
    "snare": Sign("C", 5, "Snare"),
    "rimshot": Sign("C", 5, "Rimshot", head="diamond"),
    "side_stick": Sign("C", 5, "Side stick", head="x"),
    "hihat_closed": Sign("G", 5, "Closed hi-hat", head="x"),
    "hihat_open": Sign("G", 5, "Open hi-hat", head="x", open=True),
    "hihat_pedal": Sign("D", 4, "Pedal hi-hat", FEET, head="x"),
    "tom_low": Sign("A", 4, "Floor tom"),
    "tom_mid": Sign("D", 5, "Mid tom"),
    "tom_high": Sign("E", 5, "High tom"),
    "crash": Sign("A", 5, "Crash", head="circle-x"),
    "ride": Sign("F", 5, "Ride", head="x"),
    "ride_bell": Sign("F", 5, "Ride bell", head="diamond"),
    PERCUSSION: Sign("B", 4, "Percussion", head="triangle"),
}
"""The signs of the articulations, and of percussion."""
