"""Recognise the hits of a kit in a recording or a stream, beside the model or instead of it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..hearing.candidates import Candidates
from ..hearing.decisions import HitMaker, nearest
from ..hearing.evidence import probability, threshold_shift
from ..hearing.passages import Levels, Moments, Passage
from ..music.drums import ARTICULATION_BY_NAME, USUAL_VELOCITY
from ..music.transcription import Hit
from ..network.model_card import ModelInfo
from .kit import Kit
from .moments import Pairing, context_of, judge_moments, moments_of
from .scoring import log_odds_of, prior_of, standardised

_MIN_GAP_S = 0.03
"""Minimum time in seconds between two strokes of one instrument; of closer ones the likelier stays. By hand."""
_RECOGNISED, _RECOGNISED_ALONE = 1.5, 2.0
"""Minimum log odds by its features for a moment to count as a sound of the kit, with a higher minimum for a kit of that
sound alone; other moments are left to the model. Chosen on players of training kits, so that kits do little harm to
other music."""
_COMPANY_ODDS = 4.0
"""If only the kit's sounds are reported, they are mostly struck one at a time: besides the likeliest sound at a moment,
another needs these log odds. Chosen, as the next two are, on simulated beatboxers."""
_SOFT_DB, _SOFT_ODDS = 10.0, 0.1
"""In such a kit, a moment that is softer than the usual stroke by more than this many dB loses this many log odds per
dB: it is a breath, a rustle, or the release of a sound."""
_USUAL_SHARE, _MIN_USUAL = 0.7, 4
"""Quantile of the levels of all likely strokes that is the level of the usual stroke, and the number of strokes that it
needs."""
_MAX_STROKES = 10_000
"""Number of an instrument's last strokes that determine its usual level; by hand, for memory."""
_DB_PER_DECADE = 29.0
"""Difference in level (dB) for a factor of ten in velocity; by hand."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """Moments, the model's candidates at them, and ``(moments, sounds)``, their similarity to the kit's sounds."""

    moments: Moments
    pairing: Pairing
    candidates: Candidates
    likeness: np.ndarray


class KitRecogniser:
    """Decides on the hits of a recording or a stream; see `hearing.passages.Recogniser`.

    At moments that resemble one of its sounds, a kit decides on its own instruments, and takes the model's log odds
    into account. All other hits are the model's, except those of instruments that the model reports for the kit's
    sounds.

    Parameters
    ----------
    kit : Kit
        The kit.
    info : ModelInfo
        The model.
    sensitivities : mapping of str to float
        Sensitivities of the kit's instruments, 0 to 1; the default is 0.5.

    Raises
    ------
    KitError
        If the kit was made for another model.
    """

    def __init__(self, kit: Kit, info: ModelInfo, sensitivities: Mapping[str, float]) -> None:
        kit.check_model(info)
        self._kit, self._info, self._instruments = kit, info, info.columns.instruments
        self._known = np.array([sound.known for sound in kit.sounds])
        wanted = np.array([sensitivities.get(sound.instrument, 0.5) for sound in kit.sounds])
        # If the model's odds are used, the sensitivities have already adjusted its thresholds.
        self._needed = threshold_shift(wanted) * (1.0 - kit.weights[:, -1] * self._known)

    @property
    def context(self) -> int:
        """Number of frames around a passage on which its hits depend."""
        return context_of(self._info)

    def is_due(self, onsets: np.ndarray) -> bool:
        """Tell whether to describe a passage of a stream: always.

        Parameters
        ----------
        onsets : np.ndarray
            ``(onsets,) float64``, the onsets of the passage, in seconds.

        Returns
        -------
        bool
            True.
        """
        return True

    def describe(self, passage: Passage, attacks: np.ndarray) -> Moments:
        """Find the moments of a passage, and weigh their features by the kit's head.

        Parameters
        ----------
        passage : Passage
            The passage, with the embedding, and `context` frames around it where there are any.
        attacks : np.ndarray
            ``(candidates,) float64``, the attacks of the model's candidates in the passage, in seconds.

        Returns
        -------
        Moments
            The moments, with a number for each sound of the kit.
        """
        kit = self._kit
        weights = kit.weights[:, :-2].T
        return moments_of(
            passage, attacks, self._info, lambda features: standardised(features, kit.mean, kit.scale) @ weights
        )

    def decide(self, moments: Moments, candidates: Candidates, excess: np.ndarray, levels: Levels) -> list[Hit]:
        """Decide on the hits of a recording, or of a part of a stream.

        Parameters
        ----------
        moments : Moments
            Results of `describe`, in any order.
        candidates : Candidates
            The model's candidates.
        excess : np.ndarray
            ``(candidates,)``, how far their log odds exceed the threshold of a hit.
        levels : Levels
            Levels of the strokes so far; those of the new hits are added.

        Returns
        -------
        list of Hit
            Hits of the kit's sounds, instrument by instrument, then those of the model.
        """
        if not len(moments):
            return []
        moments, pairing = judge_moments(moments, candidates, excess, self._info)
        kit = self._kit
        likeness = moments.numbers + kit.weights[:, -2]
        scene = _Scene(moments, pairing, candidates, likeness)
        recognised = likeness.max(axis=1) >= (_RECOGNISED if len(kit.sounds) > 1 else _RECOGNISED_ALONE)
        odds = self._odds(moments, recognised)
        if kit.only:
            odds = one_at_a_time(doubting_soft(odds, moments.levels, levels))
        standing = excess >= 0.0
        hits: list[Hit] = []
        for instrument in dict.fromkeys(sound.instrument for sound in kit.sounds):
            columns = np.array([i for i, sound in enumerate(kit.sounds) if sound.instrument == instrument])
            likeliest = columns[np.argmax(odds[:, columns], axis=1)]
            best = odds[np.arange(len(odds)), likeliest]
            chosen = _apart(moments.times, best)
            usual = _usual_level(levels.setdefault(instrument, deque(maxlen=_MAX_STROKES)), moments.levels[chosen])
            hits += [self._hit(scene, moment, likeliest[moment], best[moment], usual) for moment in chosen]
            standing &= ~self._beside(scene, instrument, moments.times[chosen])
            standing[self._mistaken(scene, chosen, likeliest[chosen])] = False
        if kit.only:
            return hits
        standing &= ~recognised[pairing.moments] | ~self._covered(candidates)
        return [*hits, *HitMaker(self._info.spectrogram.frame_rate).make(candidates[np.flatnonzero(standing)])]

    def _odds(self, moments: Moments, recognised: np.ndarray) -> np.ndarray:
        """Return log odds beyond the threshold, ``(moments, sounds)``; minus infinity if the moment is unlike a sound
        that the model knows."""
        kit = self._kit
        prior = prior_of(moments.odds, [sound.name for sound in kit.sounds], self._instruments, kit.only)
        odds = log_odds_of(moments.numbers, prior, kit.weights) - self._needed
        odds[np.ix_(~recognised, self._known & (not kit.only))] = -np.inf
        return odds

    def _covered(self, candidates: Candidates) -> np.ndarray:
        """Return which candidates are of instruments on which the kit decides, ``(candidates,) bool``."""
        own = {sound.instrument for sound in self._kit.sounds}
        covered = np.array([name in own for name in self._instruments])
        return covered[candidates.instruments]

    def _hit(self, scene: _Scene, moment: int, number: int, odds: np.float64, usual: float) -> Hit:
        """Make the hit of a kit's sound at a moment; `usual` is the usual level of its instrument in dB."""
        sound = self._kit.sounds[number]
        column = self._instruments.index(sound.instrument) if sound.known else 0
        candidate = scene.pairing.candidates[moment, column] if sound.known else -1
        if candidate >= 0:
            velocity = float(scene.candidates.velocities[candidate]) * 127.0
        else:
            velocity = USUAL_VELOCITY * 10.0 ** ((float(scene.moments.levels[moment]) - usual) / _DB_PER_DECADE)
        note = None if sound.known and sound.note == ARTICULATION_BY_NAME[sound.name].note else sound.note
        time = max(0.0, float(scene.moments.times[moment]))
        return Hit(time, sound.name, int(np.clip(round(velocity), 1, 127)), float(probability(np.asarray(odds))), note)

    def _beside(self, scene: _Scene, instrument: str, times: np.ndarray) -> np.ndarray:
        """Return which of the model's candidates are of an instrument, and close to its hits, ``(candidates,)
        bool``."""
        candidates = scene.candidates
        if instrument not in self._instruments or not len(times):
            return np.zeros(len(candidates), bool)
        own = scene.moments.times[scene.pairing.moments]
        apart = np.abs(times[nearest(times, own)] - own)
        return (candidates.instruments == self._instruments.index(instrument)) & (apart < _MIN_GAP_S)

    def _mistaken(self, scene: _Scene, chosen: np.ndarray, sounds: np.ndarray) -> list[int]:
        """Return the model's candidates that are kit sounds under another name, at chosen moments of one sound each.

        A candidate is left out if the model's odds exceed those of the kit's sound.
        """
        found = []
        for moment, number in zip(chosen, sounds, strict=True):
            sound = self._kit.sounds[number]
            for name in sound.mistaken_for:
                column = self._instruments.index(name) if name in self._instruments else -1
                candidate = scene.pairing.candidates[moment, column] if column >= 0 else -1
                surer = scene.moments.odds[moment, column] >= scene.likeness[moment, number]
                if candidate >= 0 and not (sound.known and surer):
                    found.append(int(candidate))
        return found


def doubting_soft(odds: np.ndarray, levels: np.ndarray, known: Levels) -> np.ndarray:
    """Lower the log odds of moments that are much softer than the strokes.

    Parameters
    ----------
    odds : np.ndarray
        ``(moments, sounds)``, log-odds.
    levels : np.ndarray
        ``(moments,)``, in dB.
    known : Levels
        Levels of the strokes so far, in dB.

    Returns
    -------
    np.ndarray
        ``(moments, sounds)``, log-odds.
    """
    strokes = np.concatenate([levels[odds.max(axis=1) > 0.0], *map(np.array, known.values())])
    if len(strokes) < _MIN_USUAL:
        return odds
    usual = np.quantile(strokes, _USUAL_SHARE)
    return odds - _SOFT_ODDS * np.maximum(0.0, usual - _SOFT_DB - levels)[:, None]


def one_at_a_time(odds: np.ndarray) -> np.ndarray:
    """Leave out sounds that are neither the likeliest of their moment nor likely beside it.

    Parameters
    ----------
    odds : np.ndarray
        ``(moments, sounds)``, log-odds.

    Returns
    -------
    np.ndarray
        ``(moments, sounds)``, log-odds, minus infinity for sounds that are left out.
    """
    lesser = (odds < odds.max(axis=1, keepdims=True)) & (odds < _COMPANY_ODDS)
    return np.where(lesser, -np.inf, odds)


def _usual_level(levels: deque[float], new: np.ndarray) -> float:
    """Return the median level of an instrument's strokes in dB, with new ones added."""
    levels.extend(new.tolist())
    return float(np.median(levels)) if levels else 0.0


def _apart(times: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Return the moments with odds of at least 0, except those too close to a likelier one."""
    open_ = odds >= 0.0
    kept = []
    for moment in np.flatnonzero(open_)[np.argsort(-odds[open_], kind="stable")]:
        if open_[moment]:
            kept.append(moment)
            near = np.searchsorted(times, [times[moment] - _MIN_GAP_S, times[moment] + _MIN_GAP_S])
            open_[near[0] : near[1]] = False
    return np.array(sorted(kept), int)
