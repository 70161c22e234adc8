"""Clips of sound with exact labels, made from seeds.

A clip depends only on its seed and index: it is the same to the bit whichever process renders it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.music.drums import ARTICULATIONS
from drumscribe.synthesis.effects import coloured_noise, rms

from ..data.sources import PERCUSSION, check_roles, read_grooves, read_pieces
from .accompaniment import Band
from .balance import raise_drums
from .kits import Drum, KitMaker
from .performances import brush_sweeps, render_drums, snare_wires
from .production import master, mix, produce_drums
from .scores import GrooveBook, Score, electronic_pattern
from .songs import Songbook
from .variations import vary

CLIP_SECONDS = 12.0
ROLES = (*(a.name for a in ARTICULATIONS), PERCUSSION)
"""What the labels of a clip name; ``clap`` is stored as percussion."""

_BALANCED = 0.85
"""Share of full mixes whose drums are raised until they are heard. By hand."""
PERCUSSION_ROLE = len(ROLES) - 1
ROLE_INDEX = {role: i for i, role in enumerate(ROLES)} | {"clap": PERCUSSION_ROLE}


Accompany = Callable[[np.random.Generator], np.ndarray]
"""Makes the sound of a band, ``(samples,) float32``, RMS about 0.1."""


@dataclass(frozen=True)
class Clip:
    """Sound with labels.

    Attributes
    ----------
    sound : np.ndarray
        ``(samples,) float32`` at `RATE`.
    times : np.ndarray
        ``(hits,) float32``, seconds of the physical attacks.
    roles : np.ndarray
        ``(hits,) uint8``, indices into `ROLES`.
    velocities : np.ndarray
        ``(hits,) float32``, 0 to 1.
    """

    sound: np.ndarray
    times: np.ndarray
    roles: np.ndarray
    velocities: np.ndarray


class Studio:
    """Makes clips from the sources of one split, held in memory. Its steps are methods, which studies may override.

    Parameters
    ----------
    data : Path
        The folder with ``oneshots``, ``grooves``, ``backing``, and optionally ``songs`` and ``arrangements``.
    cache : Path
        The folder of rendered instruments and arrangements.
    split : str
        ``train`` or ``validation``, of kits and grooves alike.
    """

    def __init__(self, data: Path, cache: Path, split: str) -> None:
        self.split = split
        pieces = read_pieces(data / "oneshots", split)
        check_roles(pieces)
        self._kits = KitMaker(pieces)
        self._grooves = GrooveBook(read_grooves(data / "grooves", split))
        self._band = Band(data / "backing", cache / "instruments")
        self._songs = Songbook(data, cache, split)

    def clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """Make a produced recording: drums alone, with bleed of other instruments, a full mix, or sometimes no drums.

        Parameters
        ----------
        seed, index : int
            Together decide everything that is random.
        seconds : float, optional
            Length.

        Returns
        -------
        Clip
            The clip.
        """
        rng = np.random.default_rng([seed, index])
        kind = str(rng.choice(["drums", "bleed", "mix", "backing"], p=[0.3, 0.07, 0.56, 0.07]))
        source = str(rng.choice(["groove", "pattern", "arrangement", "song"], p=[0.45, 0.15, 0.27, 0.13]))
        return self._recording(rng, kind, source, seconds)

    def mix_clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """Make a full mix of a song: an arrangement, or a recorded one.

        Parameters
        ----------
        seed, index : int
            Together decide everything that is random.
        seconds : float, optional
            Length.

        Returns
        -------
        Clip
            The clip.
        """
        rng = np.random.default_rng([seed, index])
        return self._recording(rng, "mix", str(rng.choice(["arrangement", "song"], p=[0.6, 0.4])), seconds)

    def _recording(self, rng: np.random.Generator, kind: str, source: str, seconds: float) -> Clip:
        score, accompany = self.played(rng, source, seconds)
        score = self.varied(score, rng, seconds)
        if kind == "backing":
            score = self.silenced(score)
        kit = self.kit(score, rng)
        sound = render_drums(score, kit, rng, seconds)
        if kind != "drums":
            band_db = rng.uniform(-45.0, -20.0) if kind == "bleed" else np.clip(rng.normal(2.0, 5.0), -45.0, 12.0)
            band = accompany(rng) if accompany else self._band.play(score, rng, seconds)
        if kind == "mix" and rng.random() < _BALANCED:
            unraised = rms(sound)
            kit = raise_drums(kit, score, sound, band, band_db, rng)
            sound = render_drums(score, kit, rng, seconds)
            band_db += 20.0 * np.log10(unraised / rms(sound)) if unraised > 0.0 else 0.0
        if not score.electronic and rng.random() < 0.25:
            sound += snare_wires(sound, rng)
        if not score.electronic and rng.random() < 0.04:
            level_db = rng.uniform(-40.0, -18.0)
            sound += brush_sweeps(score, rng, len(sound)) * np.float32(10.0 ** (level_db / 20.0))
        sound = self.produced(sound, rng)
        if kind != "drums":
            sound = self.accompanied(sound, band, float(band_db))
        if rng.random() < 0.05:
            level_db = rng.uniform(-18.0, 3.0)
            sound = mix(sound, self._band.noises(rng, seconds), level_db)
        return _labelled(self.mastered(sound, rng), score)

    def played(self, rng: np.random.Generator, source: str, seconds: float) -> tuple[Score, Accompany | None]:
        """Choose a drum part, and its accompaniment if it has its own.

        The sources are human performances, programmed patterns, the drum parts of arrangements with their own band, and
        performances or patterns under recorded songs, in their tempo, from bar line to bar line.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        source : str
            ``groove``, ``pattern``, ``arrangement`` or ``song``.
        seconds : float
            Length.

        Returns
        -------
        tuple[Score, Accompany | None]
            The score, and a function that makes the accompaniment, or None.
        """
        if source == "arrangement" and self._songs.arrangements:
            passage = self._songs.arranged(rng, seconds)
            if rng.random() < 0.75:
                return passage.score, passage.accompany
            beat, per_bar = passage.score.beat, passage.score.beats_per_bar
            return self._grooves.draw_at(rng, seconds, beat, per_bar), passage.accompany
        if source == "song" and self._songs.songs:
            passage = self._songs.recorded(rng, seconds)
            beat, per_bar = passage.score.beat, passage.score.beats_per_bar
            if rng.random() < 0.5:
                return electronic_pattern(rng, seconds, beat), passage.accompany
            score = self._grooves.draw_at(rng, seconds, beat, per_bar)
            return replace(score, electronic=bool(rng.random() < 0.5)), passage.accompany
        if source == "pattern":
            return electronic_pattern(rng, seconds), None
        return self._grooves.draw(rng, seconds), None

    def varied(self, score: Score, rng: np.random.Generator, seconds: float) -> Score:
        """Vary the score, and add percussion.

        Parameters
        ----------
        score : Score
            The score.
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.

        Returns
        -------
        Score
            The score to play.
        """
        return vary(score, rng, seconds)

    def silenced(self, score: Score) -> Score:
        """Return the score of a clip without drums."""
        return Score(np.zeros(0), (), np.zeros(0), score.beat, score.beats_per_bar)

    def kit(self, score: Score, rng: np.random.Generator) -> dict[str, Drum]:
        """Choose the drums to play a score on.

        Parameters
        ----------
        score : Score
            The score.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        dict[str, Drum]
            A drum for each role.
        """
        return self._kits.make(rng, score.electronic)

    def produced(self, drums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Process the drum bus.

        Parameters
        ----------
        drums : np.ndarray
            ``(samples,) float32``.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``.
        """
        return produce_drums(drums, rng, self._band.room(rng) if rng.random() < 0.12 else None)

    def accompanied(self, drums: np.ndarray, backing: np.ndarray, level_db: float) -> np.ndarray:
        """Mix drums with a band.

        Parameters
        ----------
        drums : np.ndarray
            ``(samples,) float32``.
        backing : np.ndarray
            ``(samples,) float32``.
        level_db : float
            Level of the band relative to the drums, in dB.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``.
        """
        return mix(drums, backing, level_db)

    def mastered(self, sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Process the whole recording.

        Parameters
        ----------
        sound : np.ndarray
            ``(samples,) float32``.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``.
        """
        return master(sound, rng)

    def dry_clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """Make a clip of a groove as it was played, on a kit as it was recorded, with only faint noise.

        Parameters
        ----------
        seed, index : int
            Together decide everything that is random.
        seconds : float, optional
            Length.

        Returns
        -------
        Clip
            The clip.
        """
        rng = np.random.default_rng([seed, index])
        score = self._grooves.draw(rng, seconds, (0.95, 1.05))
        kit = self._kits.make(rng, bool(rng.random() < 0.4), plain=True)
        sound = render_drums(score, kit, rng, seconds)
        sound *= 0.5 / max(float(np.max(np.abs(sound))), 1e-6)
        return _labelled(sound + 1e-5 * coloured_noise(rng, len(sound), 0.0), score)


def _labelled(sound: np.ndarray, score: Score) -> Clip:
    return Clip(
        sound,
        score.times.astype(np.float32),
        np.array([ROLE_INDEX[role] for role in score.roles], np.uint8),
        score.velocities.astype(np.float32),
    )
