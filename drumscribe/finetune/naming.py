"""The names of a kit and its sounds, and the MIDI notes of these."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..kits.kit import KitError
from ..music.drums import ARTICULATION_BY_NAME

_FREE_NOTES = (*range(60, 128), *range(1, 27))
"""MIDI notes outside General MIDI's drums that samplers commonly leave free, in the order they are given out."""
_USUAL_NOTES = {"clap": 39, "tambourine": 54, "cowbell": 56, "shaker": 70}
"""General MIDI notes of percussion outside the vocabulary (its maracas for a shaker)."""


@dataclass(frozen=True)
class Naming:
    """The names of a kit and its sounds.

    Attributes
    ----------
    name : str
        Of the kit.
    source : str
        What it is learned from, in a few words.
    notes : dict of str to int
        MIDI notes of sounds, by name.
    only : bool
        Whether nothing but its sounds is to be heard.
    """

    name: str
    source: str
    notes: dict[str, int]
    only: bool = False

    def check(self, names: Sequence[str]) -> None:
        """Check that notes are asked for of sounds that there are.

        Parameters
        ----------
        names : sequence of str
            The sounds.

        Raises
        ------
        KitError
            If a note is asked for of a sound that there is not.
        """
        unknown = [name for name in self.notes if name not in names]
        if unknown:
            raise KitError(f"--note {unknown[0]}: there is no such sound among the samples, only {', '.join(names)}")

    def note_of(self, names: Sequence[str]) -> dict[str, int]:
        """Choose the note of each sound: as asked for, its own in General MIDI, or a free one.

        Parameters
        ----------
        names : sequence of str
            The sounds.

        Returns
        -------
        dict of str to int
            Their MIDI notes.

        Raises
        ------
        KitError
            If a note is asked for of a sound that there is not.
        """
        self.check(names)
        found = dict(self.notes)
        free = iter(note for note in _FREE_NOTES if note not in found.values())
        for name in names:
            if name not in found:
                known = ARTICULATION_BY_NAME[name].note if name in ARTICULATION_BY_NAME else _USUAL_NOTES.get(name)
                found[name] = known if known is not None else next(free)
        return found
