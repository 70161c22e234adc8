"""A kit at work: what it hears in a recording, beside the model or in its place."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from ..candidates import Candidates, HitMaker
from ..classifier import ModelInfo
from ..drums import ARTICULATION_BY_NAME
from ..evidence import probability
from ..hits import Hit
from .background import standardised
from .examples import prior_of
from .head import log_odds_of
from .kit import Kit
from .moments import MomentCollector, Moments, nearest

_GAP = 0.03
"""Strokes of one instrument that are closer (seconds) are one, the likelier of them."""
_RECOGNISED, _RECOGNISED_ALONE = 1.5, 2.0
"""A moment is like a sound of the kit if its features speak for it by such log odds, or by more in a kit of that sound
alone; others are left to the model. Chosen on players of training kits, so that kits do little harm to other music."""
_USUAL_VELOCITY = 90.0
_STROKES = 10_000
"""The last strokes of an instrument that say which level is usual."""
_DB_PER_DECADE = 29.0
"""By so many dB is a stroke of ten times the velocity louder."""

Levels = dict[str, deque[float]]
"""Levels (dB) of the strokes of instruments."""


class KitHearing:
    """Decides on the hits of a recording.

    At moments that are like one of its sounds, a kit decides on the instruments that it covers, with what the model
    makes of them; all others are the model's, but for those that it takes the kit's sounds for.

    Parameters
    ----------
    info : of the model.
    sensitivities : of the kit's instruments, 0 to 1; 0.5 for those that are not named.

    Raises
    ------
    KitError : where the kit was made for another model.
    """

    def __init__(self, kit: Kit, info: ModelInfo, sensitivities: Mapping[str, float]) -> None:
        kit.check_model(info)
        self._kit, self._info = kit, info
        wanted = np.array([sensitivities.get(sound.instrument, 0.5) for sound in kit.sounds])
        # Where the model is heeded, its own thresholds have been moved already.
        self._needed = 8.0 * (0.5 - wanted) * (1.0 - kit.weights[:, -1] * [sound.known for sound in kit.sounds])

    def is_due(self, onsets: np.ndarray) -> bool:
        """Whether to look at a piece of a stream, in which there are these onsets (seconds)."""
        return True

    def make_collector(self) -> MomentCollector:
        """What gathers moments, weighed at once."""
        kit = self._kit
        weights = kit.weights[:, :-2].T
        return MomentCollector(self._info, lambda features: standardised(features, kit.mean, kit.scale) @ weights)

    def decide(
        self, settled: tuple[Candidates, np.ndarray], collector: MomentCollector, earlier: Levels | None = None
    ) -> list[Hit]:
        """The hits, of the kit's sounds and of the model.

        Parameters
        ----------
        settled : the model's candidates, and how far their log odds exceed what they need to be hits.
        collector : has heard the moments.
        earlier : of a stream that is decided on piece by piece, what its levels were; gets those of this piece.
        """
        candidates, excess = settled
        earlier = {} if earlier is None else earlier
        moments = collector.collect(candidates, excess)
        if not len(moments):
            return []
        kit, names = self._kit, [sound.name for sound in self._kit.sounds]
        likeness = moments.numbers + kit.weights[:, -2]
        prior = prior_of(moments.odds, names, self._info.columns.instruments, kit.only)
        odds = log_odds_of(moments.numbers, prior, kit.weights) - self._needed
        known = np.array([sound.known for sound in kit.sounds])
        recognised = likeness.max(axis=1) >= (_RECOGNISED if len(kit.sounds) > 1 else _RECOGNISED_ALONE)
        odds[np.ix_(~recognised, known & (not kit.only))] = -np.inf
        standing = excess >= 0.0
        hits: list[Hit] = []
        for instrument in dict.fromkeys(sound.instrument for sound in kit.sounds):
            columns = np.array([i for i, sound in enumerate(kit.sounds) if sound.instrument == instrument])
            likeliest = columns[np.argmax(odds[:, columns], axis=1)]
            best = odds[np.arange(len(odds)), likeliest]
            chosen = _apart(moments.times, best)
            levels = earlier.setdefault(instrument, deque(maxlen=_STROKES))
            levels.extend(moments.levels[chosen].tolist())
            usual = float(np.median(levels)) if levels else 0.0
            hits += self._hits_of(chosen, likeliest[chosen], best[chosen], usual, moments, candidates)
            standing &= ~self._explained(instrument, chosen, likeliest[chosen], likeness, moments, candidates)
        if kit.only:
            return hits
        standing &= ~recognised[moments.of_candidates] | ~self._covered(candidates)
        return [*hits, *HitMaker(self._info.spectrogram.frame_rate).make(candidates[np.flatnonzero(standing)])]

    def _covered(self, candidates: Candidates) -> np.ndarray:
        """``(candidates,) bool``, which are of instruments that are the kit's own to decide on."""
        own = {sound.instrument for sound in self._kit.sounds}
        covered = np.array([name in own for name in self._info.columns.instruments])
        return covered[candidates.picks.instruments]

    def _hits_of(
        self,
        chosen: np.ndarray,
        sounds: np.ndarray,
        odds: np.ndarray,
        usual: float,
        moments: Moments,
        candidates: Candidates,
    ) -> list[Hit]:
        """The hits at chosen moments, of a sound each; `usual` is a level in dB."""
        index = list(self._info.columns.instruments)
        hits = []
        for moment, number, own_odds in zip(chosen, sounds, odds, strict=True):
            sound = self._kit.sounds[number]
            candidate = moments.candidates[moment, index.index(sound.instrument)] if sound.known else -1
            if candidate >= 0:
                velocity = float(candidates.picks.velocities[candidate]) * 127.0
            else:
                velocity = _USUAL_VELOCITY * 10.0 ** ((float(moments.levels[moment]) - usual) / _DB_PER_DECADE)
            note = None if sound.known and sound.note == ARTICULATION_BY_NAME[sound.name].note else sound.note
            time = max(0.0, float(moments.times[moment]))
            likely = float(probability(own_odds))
            hits.append(Hit(time, sound.name, int(np.clip(round(velocity), 1, 127)), likely, note))
        return hits

    def _explained(
        self,
        instrument: str,
        chosen: np.ndarray,
        sounds: np.ndarray,
        likeness: np.ndarray,
        moments: Moments,
        candidates: Candidates,
    ) -> np.ndarray:
        """``(candidates,) bool``, which of the model's candidates the kit's hits of an instrument are instead of.

        They are those of the same instrument close by, and those that the model takes the kit's sounds for, unless it
        is surer of them than the moment is like the kit's sound.
        """
        explained = np.zeros(len(candidates.odds), bool)
        index = list(self._info.columns.instruments)
        if instrument in index and len(chosen):
            hit_times = moments.times[chosen]
            times = moments.times[moments.of_candidates]
            apart = np.abs(hit_times[nearest(hit_times, times)] - times)
            explained |= (candidates.picks.instruments == index.index(instrument)) & (apart < _GAP)
        for moment, number in zip(chosen, sounds, strict=True):
            sound = self._kit.sounds[number]
            for name in sound.mistaken_for:
                column = index.index(name) if name in index else -1
                candidate = moments.candidates[moment, column] if column >= 0 else -1
                if candidate >= 0 and (not sound.known or likeness[moment, number] > moments.odds[moment, column]):
                    explained[candidate] = True
        return explained


def _apart(times: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """The moments with odds of 0 and more, but for those that a likelier one is too close to."""
    open_ = odds >= 0.0
    kept = []
    for moment in np.flatnonzero(open_)[np.argsort(-odds[open_], kind="stable")]:
        if open_[moment]:
            kept.append(moment)
            open_[slice(*np.searchsorted(times, [times[moment] - _GAP, times[moment] + _GAP]))] = False
    return np.array(sorted(kept), int)
