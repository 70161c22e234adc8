"""A recording to hits: the stages in a row, all of them streaming.

    file -> `audio.read_blocks` -> `Spectrogram` -> `Classifier` -> `HitPicker` -> `analyse_rhythm` -> `Transcription`
                              `-> `OnsetDetector` --------------^

A recording of any length takes the same memory, and the same hits come of any block size.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from pathlib import Path

import numpy as np

from .classifier import Classifier, ModelInfo
from .drums import INSTRUMENTS
from .errors import DrumscribeError
from .evidence import Recurrence, log_odds, probability, weigh
from .hits import Hit, Transcription
from .onsets import OnsetDetector, Onsets
from .picking import HitPicker, Picks
from .rhythm import RhythmOptions, analyse_rhythm
from .spectrogram import Spectrogram

_REACH = 0.008
"""A hit takes the time of an onset, or else of an attack, that is so near (seconds) to where its activation peaks: what
is farther away belongs to another drum. Chosen on rendered performances of held-out kits and grooves."""
_LEAD = 5
"""Frames of silence put before a recording, so that a stroke on its first sample is seen to begin, too."""
_BLOCK = 65536
"""Samples that go through the stages at once, at most."""
_PASSAGE = 1000
"""Hits are picked among so many frames at a time, whenever they come, so that they do not depend on block sizes."""


@dataclass(frozen=True)
class TranscribeOptions:
    """How willing to report hits, and how to count them.

    Attributes
    ----------
    sensitivity : 0 (only what is certain) to 1 (whatever might be one); 0.5 is the model's own calibration.
    instrument_sensitivity : pairs of an instrument and its own sensitivity.
    rhythm : what is known of tempo, beats and meter beforehand.
    """

    sensitivity: float = 0.5
    instrument_sensitivity: tuple[tuple[str, float], ...] = ()
    rhythm: RhythmOptions = field(default_factory=RhythmOptions)

    def __post_init__(self) -> None:
        for name, value in (("sensitivity", self.sensitivity), *self.instrument_sensitivity):
            if name != "sensitivity" and name not in INSTRUMENTS:
                raise DrumscribeError(f"unknown instrument {name!r}; known are {', '.join(INSTRUMENTS)}")
            if not 0.0 <= value <= 1.0:
                raise DrumscribeError(f"{name} {value:g} is outside 0 to 1")

    def thresholds(self, info: ModelInfo) -> np.ndarray:
        """``(instruments,) float32``: the model's thresholds, moved in log odds by up to 4 either way."""
        own = dict(self.instrument_sensitivity)
        wanted = np.array([own.get(name, self.sensitivity) for name in info.columns.instruments])
        calibrated = np.clip(np.array(info.thresholds), 1e-3, 1.0 - 1e-3)
        odds = np.log(calibrated / (1.0 - calibrated)) + 8.0 * (0.5 - wanted)
        return (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)


class Transcriber:
    """Transcribes recordings one after the other with one model.

    Parameters
    ----------
    model : path of a model file, or None for the shipped one.
    options : how willing to report hits, and how to count them.

    Raises
    ------
    ModelError : where the model cannot be used.
    """

    def __init__(self, model: str | Path | None = None, options: TranscribeOptions | None = None) -> None:
        options = options or TranscribeOptions()
        self._rhythm = options.rhythm
        self._classifier = Classifier(model)
        self.info = self._classifier.info
        settings = self.info.spectrogram
        self._spectrogram = Spectrogram(settings)
        memory = (self.info.chunk + _PASSAGE) / settings.frame_rate + 5.0  # hits lag by a chunk and a passage
        self._detector = OnsetDetector(settings.rate, settings.hop, settings.bands, memory)
        self._picker = HitPicker(self.info.columns)
        self._thresholds = options.thresholds(self.info)

    def transcribe_file(self, path: str | Path, progress: Callable[[float], None] | None = None) -> Transcription:
        """The hits of a recording; `progress` is told the seconds done.

        Raises
        ------
        AudioError : where it cannot be read.
        """
        from .audio import read_blocks

        return self.transcribe_blocks(read_blocks(path, self.info.spectrogram.rate), progress)

    def transcribe_array(self, samples: np.ndarray, rate: int) -> Transcription:
        """The hits of sound in memory: ``(samples,)`` or ``(samples, channels)``, float, at `rate` Hz.

        Raises
        ------
        ValueError : for an array of another shape or kind.
        """
        samples = np.asarray(samples)
        if samples.ndim not in (1, 2) or not np.issubdtype(samples.dtype, np.floating):
            raise ValueError(
                f"samples must be float, (samples,) or (samples, channels), not {samples.dtype} {samples.shape}"
            )
        mono = samples.astype(np.float32) if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
        mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
        if rate != self.info.spectrogram.rate and len(mono):
            import soxr

            mono = soxr.resample(mono, rate, self.info.spectrogram.rate)
        return self.transcribe_blocks([mono])

    def transcribe_blocks(
        self, blocks: Iterable[np.ndarray], progress: Callable[[float], None] | None = None
    ) -> Transcription:
        """The hits of a stream of mono ``(samples,) float32`` blocks, of any lengths, at the model's rate."""
        rate = self.info.spectrogram.rate
        for stage in (self._spectrogram, self._detector, self._classifier):
            stage.reset()
        candidates = _Candidates(self._detector, self._picker, self.info, self._thresholds)
        lead = _LEAD * self.info.spectrogram.hop
        samples = -lead
        for block in chain([np.zeros(lead, np.float32)], _divided(blocks)):
            samples += len(block)
            frames = self._spectrogram.push(block)
            onsets = self._detector.push(block, frames)
            candidates.push(self._classifier.push(frames), onsets)
            if progress is not None and samples:
                progress(samples / rate)
        frames = self._spectrogram.flush()
        found = [self._detector.push(np.zeros(0, np.float32), frames), self._detector.flush()]
        onsets = Onsets(*(np.concatenate([getattr(f, name) for f in found]) for name in ("times", "strengths")))
        answers = np.concatenate([self._classifier.push(frames), self._classifier.flush()])
        candidates.push(answers, onsets, ended=True)
        hits = candidates.decide()
        duration = samples / rate
        latest = duration - self.info.spectrogram.hop / rate  # of what begins in the last frame nothing is heard
        hits = sorted((h for h in hits if h.time <= latest), key=lambda h: (h.time, h.note))
        heard = Transcription(tuple(hits), duration, f"{self.info.name} {self.info.version}")
        return replace(heard, rhythm=analyse_rhythm(heard, self._rhythm))


def _divided(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        for start in range(0, len(block), _BLOCK):
            yield block[start : start + _BLOCK]


class _Candidates:
    """Brings answers and onsets together, passage by passage, as they come in; decides when the recording has ended."""

    def __init__(self, detector: OnsetDetector, picker: HitPicker, info: ModelInfo, thresholds: np.ndarray) -> None:
        self._detector, self._picker, self._info = detector, picker, info
        weights = np.array(info.weights)
        self._constants, self._locally, self._again = weights[:, 0], weights[:, 1:-2], weights[:, -2:]
        self._needed = np.log(thresholds / (1.0 - thresholds))
        self._rate = info.spectrogram.frame_rate
        self._recurrence = Recurrence(self._rate)
        self._answers = np.zeros((0, len(info.columns)), np.float32)
        self._first = 0  # the frame that the answers kept begin with
        self._done = 0  # the frame up to which candidates are picked
        self._onsets = np.zeros(0)
        self._picks: list[Picks] = []
        self._attacks: list[np.ndarray] = []
        self._odds: list[np.ndarray] = []

    def push(self, answers: np.ndarray, onsets: Onsets, ended: bool = False) -> None:
        self._recurrence.push(answers[:, : len(self._info.columns.instruments)])
        self._answers = np.concatenate([self._answers, answers])
        self._onsets = np.concatenate([self._onsets, onsets.times])
        last = self._first + len(self._answers)
        if not ended:
            settled = int((self._detector.settled - _REACH) * self._rate)
            last = min(last - self._picker.context, settled) // _PASSAGE * _PASSAGE
        while self._done < last:
            until = min(last, self._done + _PASSAGE)
            self._pick(until)
            self._done = until
        keep = max(0, self._done - self._picker.context - self._first)
        self._answers = self._answers[keep:]
        self._first += keep
        self._onsets = self._onsets[self._onsets > self._first / self._rate - 0.1]

    def _pick(self, until: int) -> None:
        at = np.rint(self._onsets * self._rate).astype(int) - self._first
        picks = self._picker.pick(self._answers, at, self._done - self._first, until - self._first)
        odds = self._constants[picks.instruments] + weigh(picks.evidence, picks.instruments, self._locally)
        most = np.abs(self._again).sum(axis=1) * log_odds(np.float32(1.0))  # that recurring can still bring
        open_ = np.flatnonzero(odds + most[picks.instruments] >= self._needed[picks.instruments])
        picks = Picks(*(getattr(picks, f.name)[open_] for f in fields(Picks)))
        picks = replace(picks, frames=picks.frames + self._first, evidence=picks.evidence[:, :0])
        self._odds.append(odds[open_])
        times = np.minimum(picks.frames / self._rate, self._detector.settled)
        attacks = self._nearest_onsets(times)
        alone = np.abs(attacks - times) > _REACH
        attacks[alone] = self._detector.refine(times[alone])
        self._picks.append(picks)
        self._attacks.append(np.where(np.abs(attacks - times) <= _REACH, attacks, times))

    def decide(self) -> list[Hit]:
        """The candidates whose probability reaches the threshold of their instrument."""
        if not self._picks:
            return []
        picks = Picks(*(np.concatenate([getattr(p, f.name) for p in self._picks]) for f in fields(Picks)))
        again = self._recurrence.evidence(np.rint(picks.frames).astype(int), picks.instruments)
        odds = np.concatenate(self._odds) + weigh(again, picks.instruments, self._again)
        chosen = np.flatnonzero(odds >= self._needed[picks.instruments])
        times, attacks = picks.frames[chosen] / self._rate, np.concatenate(self._attacks)[chosen]
        attacks = _claimed(times, attacks, picks.instruments[chosen])
        velocities = np.clip(np.rint(picks.velocities[chosen] * 127.0), 1, 127).astype(int)
        since_start = np.maximum(attacks - _LEAD / self._rate, 0.0)
        columns = (since_start, picks.articulations[chosen], velocities, probability(odds[chosen]))
        return [Hit(*hit) for hit in zip(*(column.tolist() for column in columns), strict=True)]

    def _nearest_onsets(self, times: np.ndarray) -> np.ndarray:
        if not len(self._onsets):
            return np.full(len(times), np.inf)
        after = np.searchsorted(self._onsets, times)
        left = self._onsets[np.maximum(after - 1, 0)]
        right = self._onsets[np.minimum(after, len(self._onsets) - 1)]
        return np.where(np.abs(left - times) <= np.abs(right - times), left, right)


def _claimed(times: np.ndarray, attacks: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Of two hits of a drum beside one attack the nearer one is it, and the other stays where it was heard."""
    order = np.lexsort((np.abs(attacks - times), attacks, instruments))
    claimed = (np.diff(attacks[order]) == 0) & (np.diff(instruments[order]) == 0)
    others = order[1:][claimed]
    attacks = attacks.copy()
    attacks[others] = times[others]
    return attacks


def transcribe(
    source: str | Path | np.ndarray,
    rate: int | None = None,
    *,
    model: str | Path | None = None,
    options: TranscribeOptions | None = None,
    progress: Callable[[float], None] | None = None,
) -> Transcription:
    """The hits of one recording.

    Parameters
    ----------
    source : a file, or sound in memory: ``(samples,)`` or ``(samples, channels)`` float.
    rate : samples per second of sound in memory.
    model : path of a model file, or None for the shipped one.
    options : how willing to report hits, and how to count them.
    progress : told the seconds done.

    Examples
    --------
    >>> transcription = transcribe("take.wav")  # doctest: +SKIP
    >>> transcription.hits[0]  # doctest: +SKIP
    Hit(time=0.512, articulation='kick', velocity=101, confidence=0.98)
    """
    transcriber = Transcriber(model, options)
    if isinstance(source, (str, Path)):
        return transcriber.transcribe_file(source, progress)
    if rate is None:
        raise ValueError("sound in memory needs a rate")
    return transcriber.transcribe_array(source, rate)
