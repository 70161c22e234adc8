"""A recording to hits: the stages in a row, all of them streaming.

    file -> `audio.read_blocks` -> `Spectrogram` -> `Classifier` -> `CandidateFinder` -> `Judge` -> `analyse_rhythm`
                              `-> `OnsetDetector` ----------------^                           ^
                                                `-> `Recurrence`, `Likeness`, `compare_strokes` ---^

`Recurrence`, `Likeness`, `compare_strokes` and `analyse_rhythm` wait for the end of the recording; without them, this
is what `stream` does.

A recording of any length takes the same memory, and the same hits come of any block size.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .candidates import LEAD, CandidateFinder, Candidates, HitMaker, Judge, join_candidates, move_thresholds
from .classifier import Classifier, ModelInfo, load_model_info
from .drums import INSTRUMENTS
from .dynamics import attack_levels, compare_strokes
from .errors import DrumscribeError
from .evidence import Recurrence
from .hits import Hit, Transcription
from .likeness import Likeness
from .onsets import OnsetDetector, Onsets
from .percussion import PercussionFinder
from .rhythm import RhythmOptions, analyse_rhythm
from .spectrogram import Spectrogram

if TYPE_CHECKING:
    from .kits.kit import Kit
    from .kits.moments import MomentCollector, Moments

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
    percussion : whether percussion outside the vocabulary is reported, too.
    rhythm : what is known of tempo, beats and meter beforehand.
    """

    sensitivity: float = 0.5
    instrument_sensitivity: tuple[tuple[str, float], ...] = ()
    percussion: bool = False
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
        wanted = [own.get(name, self.sensitivity) for name in info.columns.instruments]
        return move_thresholds(info.thresholds, wanted)


class Transcriber:
    """Transcribes recordings one after the other with one model.

    Parameters
    ----------
    model : a model file, the name of one that comes along (``tiny``), or None for the default.
    options : how willing to report hits, and how to count them.
    kit : a player's own sounds to hear, too.
    learning : whether moments are to be gathered (see `gather`).

    Raises
    ------
    ModelError : where the model cannot be used.
    KitError : where the kit was made for another model.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        options: TranscribeOptions | None = None,
        kit: "Kit | None" = None,
        learning: bool = False,
    ) -> None:
        options = options or TranscribeOptions()
        self._rhythm = options.rhythm
        self.info = load_model_info(model)
        kit_needs = learning or kit is not None
        with_frames = kit_needs or bool(self.info.dynamics)
        self._percussion = options.percussion
        self._classifier = Classifier(model, kit_needs or self.info.embedding > 0, with_frames, options.percussion)
        self._hearing = None
        if kit is not None:
            from .kits.hearing import KitHearing

            own = dict(options.instrument_sensitivity)
            sensitivities = {sound.instrument: own.get(sound.instrument, options.sensitivity) for sound in kit.sounds}
            self._hearing = KitHearing(kit, self.info, sensitivities)
        settings = self.info.spectrogram
        self._spectrogram = Spectrogram(settings)
        memory = (self.info.chunk + _PASSAGE) / settings.frame_rate + 5.0  # hits lag by a chunk and a passage
        self._detector = OnsetDetector(settings.rate, settings.hop, settings.bands, memory)
        self._finder = CandidateFinder(self.info.columns, settings.frame_rate, self._detector)
        self._judge = Judge(self.info.weights, options.thresholds(self.info))

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
        collector = None if self._hearing is None else self._hearing.make_collector()
        frame_rate = self.info.spectrogram.frame_rate
        percussion = PercussionFinder(self.info.percussion, frame_rate) if self._percussion else None
        passages, duration = self._listen(blocks, progress, collector, percussion)
        hits = passages.decide() if self._hearing is None else self._hearing.decide(passages.settle(), collector)
        del passages, collector  # of hours of sound they remember much
        latest = duration - self.info.spectrogram.hop / self.info.spectrogram.rate  # what begins then is not heard

        def in_order(hits: Iterable[Hit]) -> tuple[Hit, ...]:
            return tuple(sorted((h for h in hits if h.time <= latest), key=lambda h: (h.time, h.note)))

        heard = Transcription(in_order(hits), duration, f"{self.info.name} {self.info.version}")
        heard = replace(heard, rhythm=analyse_rhythm(heard, self._rhythm))
        return heard if percussion is None else replace(heard, hits=in_order([*hits, *percussion.hits()]))

    def gather(self, samples: np.ndarray) -> "Moments":
        """The moments of ``(samples,) float32`` at the model's rate; only where `learning` was asked for."""
        from .kits.moments import MomentCollector

        collector = MomentCollector(self.info)
        passages, _ = self._listen([samples], None, collector)
        return collector.collect(*passages.settle())

    def _listen(
        self,
        blocks: Iterable[np.ndarray],
        progress: Callable[[float], None] | None,
        collector: "MomentCollector | None",
        percussion: PercussionFinder | None = None,
    ) -> tuple["_Passages", float]:
        """Take in a stream; its passages, and how many seconds it lasted."""
        rate = self.info.spectrogram.rate
        for stage in (self._spectrogram, self._detector, self._classifier):
            stage.reset()
        passages = _Passages(self._finder, self._judge, self.info, collector)

        def take(answers: np.ndarray) -> np.ndarray:
            if percussion is None:
                return answers
            percussion.push(answers[:, -1])
            return answers[:, :-1]

        lead = LEAD * self.info.spectrogram.hop
        samples = -lead
        for block in chain([np.zeros(lead, np.float32)], _divided(blocks)):
            samples += len(block)
            frames = self._spectrogram.push(block)
            onsets = self._detector.push(block, frames)
            passages.push(take(self._classifier.push(frames)), onsets)
            if progress is not None and samples:
                progress(samples / rate)
        frames = self._spectrogram.flush()
        found = [self._detector.push(np.zeros(0, np.float32), frames), self._detector.flush()]
        onsets = Onsets(*(np.concatenate([getattr(f, name) for f in found]) for name in ("times", "strengths")))
        answers = np.concatenate([self._classifier.push(frames), self._classifier.flush()])
        passages.push(take(answers), onsets, ended=True)
        return passages, samples / rate


def _divided(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        for start in range(0, len(block), _BLOCK):
            yield block[start : start + _BLOCK]


class _Passages:
    """Brings answers and onsets together, passage by passage, as they come in; decides when the recording has ended."""

    def __init__(
        self, finder: CandidateFinder, judge: Judge, info: ModelInfo, collector: "MomentCollector | None"
    ) -> None:
        self._collector = collector
        self._context = finder.context if collector is None else max(finder.context, collector.context)
        self._finder, self._judge, self._info = finder, judge, info
        self._rate = info.spectrogram.frame_rate
        self._recurrence, self._likeness = Recurrence(self._rate), Likeness()
        self._answers: np.ndarray | None = None
        self._first = 0  # the frame that the answers kept begin with
        self._done = 0  # the frame up to which candidates are picked
        self._onsets = np.zeros(0)
        self._found: list[Candidates] = []
        self._levels: list[np.ndarray] = []

    def push(self, answers: np.ndarray, onsets: Onsets, ended: bool = False) -> None:
        self._recurrence.push(answers[:, : len(self._info.columns.instruments)])
        self._answers = answers if self._answers is None else np.concatenate([self._answers, answers])
        self._onsets = np.concatenate([self._onsets, onsets.times])
        last = self._first + len(self._answers)
        if not ended:
            last = min(last - self._context, self._finder.settled) // _PASSAGE * _PASSAGE
        while self._done < last:
            until = min(last, self._done + _PASSAGE)
            ends = np.cumsum([len(self._info.columns), self._info.embedding])
            answers, embedding, frames = np.split(self._answers, ends, axis=1)
            found = self._finder.find(answers, self._first, self._done, until, self._onsets, self._judge)
            self._found.append(found)
            if self._info.dynamics:
                at = np.rint(found.picks.frames).astype(int) - self._first
                self._levels.append(attack_levels(frames, np.clip(at, 0, len(frames) - 1)).astype(np.float16))
            if self._info.embedding:
                activations = answers[:, : len(self._info.columns.instruments)]
                self._likeness.push(activations, embedding, self._first, self._done, until)
            if self._collector is not None:
                start, end = self._done / self._rate, until / self._rate
                onsets_here = self._onsets[(self._onsets >= start) & (self._onsets < end)]
                self._collector.hear(self._answers, self._first / self._rate, onsets_here, found.attacks)
            self._done = until
        keep = max(0, self._done - self._context - self._first)
        self._answers = self._answers[keep:]
        self._first += keep
        self._onsets = self._onsets[self._onsets > self._first / self._rate - 0.1]

    def settle(self) -> tuple[Candidates, np.ndarray]:
        """All candidates with their final odds, and how far these exceed what is needed.

        The velocities of those that are hits are compared.
        """
        candidates = join_candidates(self._found)
        frames = np.rint(candidates.picks.frames).astype(int)
        stages = self._recurrence, self._likeness
        recording = np.hstack([stage.evidence(frames, candidates.picks.instruments) for stage in stages])
        settled = self._judge.settle(candidates, recording)
        excess = self._judge.excess(settled)
        if self._info.dynamics:
            hits, velocities = np.flatnonzero(excess >= 0.0), settled.picks.velocities.copy()
            levels, weights = np.concatenate(self._levels)[hits], np.array(self._info.dynamics)
            velocities[hits] = compare_strokes(settled[hits].picks, levels, weights)
            settled = replace(settled, picks=replace(settled.picks, velocities=velocities))
        return settled, excess

    def decide(self) -> list[Hit]:
        """The candidates whose probability reaches the threshold of their instrument."""
        candidates, excess = self.settle()
        return HitMaker(self._rate).make(candidates[np.flatnonzero(excess >= 0.0)])


def transcribe(
    source: str | Path | np.ndarray,
    rate: int | None = None,
    *,
    model: str | Path | None = None,
    options: TranscribeOptions | None = None,
    kit: "Kit | None" = None,
    progress: Callable[[float], None] | None = None,
) -> Transcription:
    """The hits of one recording.

    Parameters
    ----------
    source : a file, or sound in memory: ``(samples,)`` or ``(samples, channels)`` float.
    rate : samples per second of sound in memory.
    model : a model file, the name of one that comes along (``tiny``), or None for the default.
    options : how willing to report hits, and how to count them.
    kit : a player's own sounds to hear, too (`kits.library.load`).
    progress : told the seconds done.

    Examples
    --------
    >>> transcription = transcribe("take.wav")  # doctest: +SKIP
    >>> transcription.hits[0]  # doctest: +SKIP
    Hit(time=0.512, articulation='kick', velocity=101, confidence=0.98)
    """
    transcriber = Transcriber(model, options, kit)
    if isinstance(source, (str, Path)):
        return transcriber.transcribe_file(source, progress)
    if rate is None:
        raise ValueError("sound in memory needs a rate")
    return transcriber.transcribe_array(source, rate)
