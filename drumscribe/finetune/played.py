"""Strokes that are played in, sound by sound: found as they come, and judged at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..sound.onsets import OnsetDetector, Onsets
from ..sound.spectrogram import Spectrogram, SpectrogramSettings
from .samples import SoundSamples
from .strokes import WEAK_DB, Sample, cut, rise_db

# By hand.
_ROOM_S = 1.0
"""Duration at the beginning in which the room is listened to, and no strokes are."""
_WINDOW_S = 0.05
"""Duration that levels are measured over."""
_JUDGED_AFTER_S = 0.2
"""A stroke is judged so long after it began."""
_REST_S = 1.0
"""Minimum rest before the first stroke of another sound."""
_TWO_S = 0.08
"""Onsets closer than this belong to one stroke, or are two at once."""
_TWO_SHARE = 0.05
"""Minimum strength of the second of two at once, as a share of the first one's. Chosen on the validation split of
the one-shots, struck alone and 25 to 75 ms after each other."""
_BEFORE_SHARE = 0.5
"""Onsets right before a stroke that are weaker than this share of it are no strokes: the first of two is strong."""
_TWO_ALWAYS = 3
"""If so many strokes in a row are refused as two at once, it is how they sound: as claps."""
_RISE_DB = 6.0
"""Onsets that rise less above what is before them are no strokes."""
_ROOM_DB = 12.0
"""Minimum level of a stroke above the room."""
_ROOM_FLOOR = 1e-4
"""Full scale is 1: minimum level of a room, however silent."""
_FULL, _FULL_SAMPLES = 0.999, 4
"""A stroke that has so many samples at full scale is clipped."""


@dataclass(frozen=True)
class Stroke:
    """A stroke, and what was found of it.

    Attributes
    ----------
    sound : str
        The sound that it was to be.
    number : int
        The number of strokes of it that have been accepted, with this one if it is.
    problem : str or None
        Why it is not.
    """

    sound: str
    number: int
    problem: str | None = None


@dataclass
class _Onset:
    start: int
    strength: float
    two: bool = False


class PlayedIn:
    """The strokes of some sounds, one sound after another, out of a stream of samples.

    Parameters
    ----------
    names : sequence of str
        The sounds.
    count : int
        The number of strokes of each.
    settings : SpectrogramSettings
        The frames of the model that is to learn from them.
    """

    def __init__(self, names: Sequence[str], count: int, settings: SpectrogramSettings) -> None:
        self._rate, self._count = settings.rate, count
        self._spectrogram = Spectrogram(settings, group=1)
        self._detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
        self._blocks: list[np.ndarray] = []
        self._pending: list[_Onset] = []
        self._starts: list[int] = []  # of all strokes
        self._accepted: dict[str, list[int]] = {name: [] for name in names}
        self._refused: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
        self._two: dict[str, int] = dict.fromkeys(names, 0)
        self._loudest: dict[str, float] = dict.fromkeys(names, 0.0)
        self._room: float | None = None

    @property
    def ready(self) -> bool:
        """Whether the room has been listened to."""
        return self._detector.known_until > _ROOM_S

    @property
    def wanted(self) -> str | None:
        """The sound that is to be played next; None if there are enough strokes of all."""
        return next((name for name, starts in self._accepted.items() if len(starts) < self._count), None)

    @property
    def done(self) -> bool:
        """Whether there are enough strokes of all sounds, and the last has faded."""
        return self.wanted is None and self._detector.known_until > self._starts[-1] / self._rate + _REST_S

    def push(self, samples: np.ndarray) -> list[Stroke]:
        """Take sound, and return the strokes that have been judged.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32`` at the rate of the frames, of any length.

        Returns
        -------
        list of Stroke
            Those that began about `_JUDGED_AFTER_S` ago.
        """
        self._blocks.append(np.asarray(samples, np.float32))
        self._take(self._detector.push(samples, self._spectrogram.push(samples)))
        return self._judged(self._detector.known_until)

    def flush(self) -> list[Stroke]:
        """End the stream, and return its last strokes.

        Returns
        -------
        list of Stroke
            Those that were not judged yet.
        """
        self._take(self._detector.push(np.zeros(0, np.float32), self._spectrogram.flush()))
        self._take(self._detector.flush())
        return self._judged(math.inf)

    def samples(self) -> list[SoundSamples]:
        """Cut out the strokes that were accepted.

        Returns
        -------
        list of SoundSamples
            Those of each sound.
        """
        sound, ends = self._sound(), dict(pairwise(self._starts))
        found = []
        for name, starts in self._accepted.items():
            shots = [(at, cut(sound, self._rate, at, ends.get(at, len(sound)))) for at in starts]
            kept = [Sample(self._origin(name, at), shot) for at, shot in shots if shot is not None]
            found.append(SoundSamples(name, kept, self._refused[name]))
        return found

    def _origin(self, name: str, start: int) -> str:
        return f"{name} at {start / self._rate:.2f} s"

    def _sound(self) -> np.ndarray:
        self._blocks = [np.concatenate([np.zeros(0, np.float32), *self._blocks])]
        return self._blocks[0]

    def _take(self, onsets: Onsets) -> None:
        """Take onsets; of those that are close to each other the first strong one is the stroke."""
        for time, strength in zip(onsets.times.tolist(), onsets.strengths.tolist(), strict=True):
            start, last = round(time * self._rate), self._pending[-1] if self._pending else None
            if time < _ROOM_S:
                continue
            if last is None or start - last.start > _TWO_S * self._rate:
                self._pending.append(_Onset(start, strength))
            elif last.strength < _BEFORE_SHARE * strength:
                last.start, last.strength = start, strength
            elif strength >= _TWO_SHARE * last.strength:
                last.two = True

    def _judged(self, until: float) -> list[Stroke]:
        judged = []
        while self._pending and self._pending[0].start / self._rate + _JUDGED_AFTER_S <= until:
            onset = self._pending.pop(0)
            if rise_db(self._sound(), self._rate, onset.start) >= _RISE_DB:
                stroke = self._judge(onset)
                self._starts.append(onset.start)
                judged += [stroke] if stroke is not None else []
        return judged

    def _judge(self, onset: _Onset) -> Stroke | None:
        name = self.wanted
        if name is None:
            return None
        problem, accepted = self._problem(onset, name), self._accepted[name]
        if problem is not None:
            self._refused[name].append((self._origin(name, onset.start), problem))
            return Stroke(name, len(accepted), problem)
        accepted.append(onset.start)
        self._loudest[name] = max(self._loudest[name], self._level(onset.start))
        return Stroke(name, len(accepted))

    def _problem(self, onset: _Onset, name: str) -> str | None:
        """What is wrong with a stroke of a sound, if anything is."""
        is_change = not self._accepted[name] and any(self._accepted.values())
        if is_change and onset.start - self._starts[-1] < _REST_S * self._rate:
            return f"too early: rest for a second before the first {name}"
        body = self._sound()[onset.start : onset.start + round(_JUDGED_AFTER_S * self._rate)]
        if int((np.abs(body) >= _FULL).sum()) >= _FULL_SAMPLES:
            return "clipped: turn the input down, or play more softly"
        level = self._level(onset.start)
        if level < self._room_level() * 10.0 ** (_ROOM_DB / 20.0):
            return "too soft: hardly louder than the room"
        if level < self._loudest[name] * 10.0 ** (-WEAK_DB / 20.0):
            return "too soft: far softer than the others"
        if onset.two and self._two[name] < _TWO_ALWAYS:
            self._two[name] += 1
            return "two at once: play single strokes"
        if not onset.two:
            self._two[name] = 0
        return None

    def _level(self, start: int) -> float:
        """The root mean square of the window from a sample on."""
        return float(np.sqrt(np.mean(np.square(self._sound()[start : start + round(_WINDOW_S * self._rate)]))))

    def _room_level(self) -> float:
        """The median level of the room, which a cough does not change."""
        if self._room is None:
            starts = range(0, round(_ROOM_S * self._rate), round(_WINDOW_S * self._rate))
            self._room = max(_ROOM_FLOOR, float(np.median([self._level(start) for start in starts])))
        return self._room
