"""A kit at work: what it hears in a recording, beside the model or in its place."""

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
from .moments import MomentCollector, Moments

_GAP = 0.03
"""Strokes of one instrument that are closer (seconds) are one, the likelier of them."""
_USUAL_VELOCITY = 90.0
_DB_PER_DECADE = 29.0
"""By so many dB is a stroke of ten times the velocity louder."""


class KitHearing:
    """Decides on the hits of a recording.

    Instruments that the kit covers are its own to decide on, with what the model makes of them; others are the model's,
    but for those that it takes the kit's sounds for.

    Parameters
    ----------
    options : a `TranscribeOptions`, for its sensitivities.

    Raises
    ------
    KitError : where the kit was made for another model.
    """

    def __init__(self, kit: Kit, info: ModelInfo, options) -> None:
        kit.check_model(info)
        self._kit, self._info = kit, info
        own = dict(options.instrument_sensitivity)
        wanted = np.array([own.get(sound.instrument, options.sensitivity) for sound in kit.sounds])
        # Where the model is heeded, its own thresholds have been moved already.
        self._needed = 8.0 * (0.5 - wanted) * (1.0 - kit.weights[:, -1] * [sound.known for sound in kit.sounds])

    def make_collector(self) -> MomentCollector:
        """What gathers moments, weighed at once."""
        kit = self._kit
        weights = kit.weights[:, :-2].T
        return MomentCollector(self._info, lambda features: standardised(features, kit.mean, kit.scale) @ weights)

    def decide(self, settled: tuple[Candidates, np.ndarray], collector: MomentCollector) -> list[Hit]:
        """The hits, of the kit's sounds and of the model's other instruments."""
        candidates, excess = settled
        moments = collector.collect(candidates, excess)
        kit, names = self._kit, [sound.name for sound in self._kit.sounds]
        instruments = self._info.columns.instruments
        taken: set[tuple[float, str]] = set()
        hits: list[Hit] = []
        if len(moments):
            prior = prior_of(moments.odds, names, instruments, kit.only)
            odds = log_odds_of(moments.numbers, prior, kit.weights) - self._needed
            for instrument in dict.fromkeys(sound.instrument for sound in kit.sounds):
                hits += self._hits_of(instrument, moments, odds, candidates, taken)
        if kit.only:
            return hits
        covered = {sound.instrument for sound in kit.sounds}
        kept = [
            i
            for i in np.flatnonzero(excess >= 0.0)
            if (name := instruments[candidates.picks.instruments[i]]) not in covered and (int(i), name) not in taken
        ]
        return [*hits, *HitMaker(self._info.spectrogram.frame_rate).make(candidates[np.array(kept, int)])]

    def _hits_of(
        self, instrument: str, moments: Moments, odds: np.ndarray, candidates: Candidates, taken: set
    ) -> list[Hit]:
        """The hits of one instrument, the likeliest of its sounds; `taken` gets what the model takes it for."""
        columns = np.array([i for i, sound in enumerate(self._kit.sounds) if sound.instrument == instrument])
        likeliest = columns[np.argmax(odds[:, columns], axis=1)]
        best = odds[np.arange(len(odds)), likeliest]
        chosen = _apart(moments.times, best)
        usual = float(np.median(moments.levels[chosen])) if len(chosen) else 0.0
        index = list(self._info.columns.instruments)
        hits = []
        for moment in chosen:
            sound = self._kit.sounds[likeliest[moment]]
            candidate = moments.candidates[moment, index.index(instrument)] if sound.known else -1
            if candidate >= 0:
                velocity = float(candidates.picks.velocities[candidate]) * 127.0
            else:
                velocity = _USUAL_VELOCITY * 10.0 ** ((float(moments.levels[moment]) - usual) / _DB_PER_DECADE)
            for name in sound.mistaken_for:
                if name in index:
                    taken.add((int(moments.candidates[moment, index.index(name)]), name))
            note = None if sound.known and sound.note == ARTICULATION_BY_NAME[sound.name].note else sound.note
            time = max(0.0, float(moments.times[moment]))
            likely = float(probability(best[moment]))
            hits.append(Hit(time, sound.name, int(np.clip(round(velocity), 1, 127)), likely, note))
        return hits


def _apart(times: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """The moments with odds of 0 and more, but for those that a likelier one is too close to."""
    open_ = odds >= 0.0
    kept = []
    for moment in np.flatnonzero(open_)[np.argsort(-odds[open_], kind="stable")]:
        if open_[moment]:
            kept.append(moment)
            open_[slice(*np.searchsorted(times, [times[moment] - _GAP, times[moment] + _GAP]))] = False
    return np.array(sorted(kept), int)
