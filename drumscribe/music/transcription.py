"""Transcriptions: hits in time, and their rhythm."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import RhythmError
from .drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE
from .rhythm import Rhythm, RhythmChoice


@dataclass(frozen=True, slots=True)
class Hit:
    """One stroke on one drum.

    Attributes
    ----------
    time : float
        Time of the attack, in seconds from the first sample of the recording.
    articulation : str
        A name of `drums.ARTICULATIONS`, or a player's own sound, which then has an `own_note`.
    velocity : int
        MIDI velocity, 1 to 127.
    confidence : float, default 1.0
        Probability that the hit was played, 0 to 1.
    own_note : int, optional
        The MIDI note that a player's kit gives to the sound; None for articulations of the table.
    quarter : float, optional
        The position after quantisation, in quarters of the tempo map; None if the hit is as played. `time` agrees with
        it, but is never before the first sample.
    """

    time: float
    articulation: str
    velocity: int
    confidence: float = 1.0
    own_note: int | None = None
    quarter: float | None = None

    @property
    def instrument(self) -> str:
        """The instrument of the articulation; a player's own sound is an instrument by itself."""
        known = ARTICULATION_BY_NAME.get(self.articulation)
        return self.articulation if known is None else known.instrument

    @property
    def note(self) -> int:
        """The General MIDI note, or the player's own."""
        return self.own_note if self.own_note is not None else ARTICULATION_BY_NAME[self.articulation].note

    @property
    def stand_in(self) -> str:
        """The nearest built-in articulation, for plots and playback: the one with the same note, or a middle tom."""
        if self.articulation in ARTICULATION_BY_NAME:
            return self.articulation
        return ARTICULATION_BY_NOTE[self.own_note].name if self.own_note in ARTICULATION_BY_NOTE else "tom_mid"


@dataclass(frozen=True, slots=True, repr=False)
class Transcription:
    """The hits of one recording, in order of time.

    Attributes
    ----------
    hits : tuple of Hit
        In order of time.
    duration : float
        Length of the recording in seconds.
    model : str
        The name and version of the model.
    rhythm : Rhythm, optional
        Tempo, beats and bars; None if they were not asked for.
    """

    hits: tuple[Hit, ...]
    duration: float
    model: str = ""
    rhythm: Rhythm | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings for the user, one line each: no hits, or a rhythm that differs from the one asked for."""
        if not self.hits:
            return ("no drums were heard",)
        return (self.rhythm.remark,) if self.rhythm is not None and self.rhythm.remark else ()

    def __repr__(self) -> str:
        counts = Counter(hit.instrument for hit in self.hits).most_common()
        heard = ", ".join(f"{name} {count}" for name, count in counts) or "no drums"
        rhythm = "" if self.rhythm is None else f", {self.rhythm}"
        return f"<Transcription of {self.duration:.1f} s{rhythm}: {heard}>"

    def save(
        self,
        path: str | Path,
        *,
        drum_map: str = "gm",
        start_at_bar: bool = False,
        split_tracks: bool = False,
        midi_type: int = 1,
        recording: str | Path | None = None,
    ) -> Path:
        """Write the transcription to a file. An existing file is replaced, and stays whole if writing fails.

        Parameters
        ----------
        path : str or Path
            The file. Its ending gives the format: .mid, .csv, .json, .labels.txt (Audacity), .markers.csv (Reaper),
            .musicxml, .dawproject or .rpp. A chart is named ``notes.chart``, in a folder of its own.
        drum_map : str
            The notes of the MIDI: "gm", "td" (Roland), or the path of a TOML file.
        start_at_bar : bool
            Start the MIDI on a bar line instead of the first sample.
        split_tracks : bool
            A MIDI track for each instrument.
        midi_type : int
            1, or 0 for all tracks in one.
        recording : str or Path, optional
            The recording, which projects and charts contain or name; without it they have notes only.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DrumscribeError
            If no format has this ending, a map or the recording cannot be read, or the file cannot be written.
        """
        options = {"start_at_bar": start_at_bar, "split_tracks": split_tracks, "midi_type": midi_type}
        return _bodies["save"](self, path, drum_map, recording, **options)

    def with_reading(self, number: int) -> "Transcription":
        """Return the transcription with another reading of its rhythm, without a new analysis.

        Parameters
        ----------
        number : int
            1 for the rhythm as it is, 2 for the first of its `Rhythm.alternatives`, and so on.

        Returns
        -------
        Transcription
            The same hits; the other readings are the alternatives of the rhythm.

        Raises
        ------
        RhythmError
            If there are fewer readings.
        """
        return self._with_choice(RhythmChoice(reading=number))

    def with_tempo_factor(self, factor: float) -> "Transcription":
        """Return the transcription with the tempo multiplied, such as by 2 or 0.5; bars become shorter or longer.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        Transcription
            The same hits at the same times.

        Raises
        ------
        RhythmError
            If the playing is in free time, or the tempo would leave `tempo_map.TEMPO_LIMITS`.
        """
        return self._with_choice(RhythmChoice(tempo_factor=factor))

    def with_bars_shifted(self, beats: int) -> "Transcription":
        """Return the transcription with all bars this many beats later, or earlier if negative.

        Parameters
        ----------
        beats : int
            Number of beats.

        Returns
        -------
        Transcription
            The same hits and beats.

        Raises
        ------
        RhythmError
            If the playing is in free time.
        """
        return self._with_choice(RhythmChoice(shift_bar=beats))

    def _with_choice(self, choice: RhythmChoice) -> "Transcription":
        from .rhythm_choice import choose

        if self.rhythm is None:
            raise RhythmError("the transcription has no rhythm to choose a reading of: analyse its rhythm first")
        rhythm = choose(self.rhythm, choice)
        old, new = self.rhythm.tempo_map, rhythm.tempo_map

        def moved(hit: Hit) -> Hit:
            if hit.quarter is None or old is None or new is None:
                return hit
            return replace(hit, quarter=float(new.quarters_at(old.seconds_at(hit.quarter))))

        return replace(self, hits=tuple(map(moved, self.hits)), rhythm=rhythm)

    def to_dict(self) -> dict[str, Any]:
        """Return the transcription as plain data, as in its JSON file.

        Returns
        -------
        dict
            The fields; the manual has a table of them.
        """
        return _bodies["to_dict"](self)

    def to_dataframe(self) -> Any:
        """Return the hits as a table with the columns of the CSV file.

        Returns
        -------
        pandas.DataFrame
            A row for each hit.

        Raises
        ------
        DrumscribeError
            If pandas is not installed.
        """
        return _bodies["to_dataframe"](self)

    def to_pretty_midi(self) -> Any:
        """Return the transcription as an object of the package pretty_midi.

        Returns
        -------
        pretty_midi.PrettyMIDI
            Notes, tempo changes and meters.
        """
        return _bodies["to_pretty_midi"](self)

    def _repr_html_(self) -> str:
        return _bodies["_repr_html_"](self)


_bodies: dict[str, Callable[..., Any]] = {}


def give_body(name: str, body: Callable[..., Any]) -> None:
    """Give a method of `Transcription` its body, for which it needs packages that import this one.

    Parameters
    ----------
    name : str
        The name of the method.
    body : callable
        A function whose first argument is the transcription.
    """
    _bodies[name] = body
