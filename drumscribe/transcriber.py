"""Transcribe a recording in streaming stages, from sound to hits and rhythm.

    file -> `audio.read_blocks` -> `Conductor` -> frames -> `Classifier` -> answers -> `Recording` -> hits
                                   `-> onsets ----------------------------------------^

With a model of windows, `OnsetAnswers` takes the place of the classifier.

`Recording` uses evidence of the whole recording (`Recurrence`, `Likeness`, `compare_strokes`), and `analyse_rhythm`
uses all hits; `stream` runs the other stages in the same way. Memory does not grow with the length of a recording, and
hits do not depend on the block size.

Each stage can be called by itself: `Transcriber.answers` runs the network over a whole recording, `Transcriber.hits`
decides on hits from such answers, and `rhythm.analyse_rhythm` finds the beats and bars of hits.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import ArgumentError
from .hearing.conductor import Conductor
from .hearing.decisions import LEAD, Judge
from .hearing.onset_answers import OnsetAnswers
from .hearing.percussion import PercussionFinder
from .hearing.recording import PASSAGE, Recording
from .music.transcription import Hit, Transcription
from .network.answers import Answering, Answers, KnownAnswers
from .network.classifier import Classifier
from .network.model_file import load_model_info, model_file
from .network.window import WindowFile
from .rhythm import analyse_rhythm
from .sound.arrays import to_mono
from .sound.levels import QUIET, gain_for, peak_until_loud, raise_quiet
from .sound.limits import check_rate
from .transcribe_options import TranscribeOptions

if TYPE_CHECKING:
    from .kits.kit import Kit

_BLOCK_SAMPLES = 65536
"""Maximum number of samples that pass the stages at once; by hand, for memory."""
_MEMORY_S = 5.0
"""Seconds of sound kept in memory beyond the delay of hits; by hand."""


class Transcriber:
    """Transcribes recordings one after another with one model.

    Parameters
    ----------
    model : str, Path or None
        Path to a model file, the name of a bundled model (``"tiny"``), or None for the default.
    options : TranscribeOptions or None
        Detection sensitivity and rhythm options.
    kit : Kit or None
        A kit whose sounds are also recognised.

    Raises
    ------
    ModelError
        If the model cannot be used.
    KitError
        If the kit was made for another model.

    Examples
    --------
    >>> transcriber = Transcriber()
    >>> transcription = transcriber.transcribe_file("take.wav")  # doctest: +SKIP

    The same, stage by stage:

    >>> answers = transcriber.answers("take.wav")  # doctest: +SKIP
    >>> answers.activations[:, 0]  # of the kick, at transcriber.times(answers)  # doctest: +SKIP
    >>> hits = transcriber.hits(answers, "take.wav")  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | Path | None = None,
        options: TranscribeOptions | None = None,
        kit: "Kit | None" = None,
    ) -> None:
        options = options or TranscribeOptions()
        self._rhythm = options.rhythm
        self.info = load_model_info(model)
        settings = self.info.spectrogram
        self._recogniser = None
        options.check_instruments((*self.info.columns.instruments, *(kit.instruments if kit else ())))
        if kit is not None:
            from .kits.recognition import KitRecogniser

            own = [sound.instrument for sound in kit.sounds]
            sensitivities = dict(zip(own, options.sensitivities(own), strict=True))
            self._recogniser = KitRecogniser(kit, self.info, sensitivities)
        lag = (self.info.chunk + PASSAGE) / settings.frame_rate  # of hits behind the sound
        self._conductor = Conductor(self.info, lag + _MEMORY_S)
        self._classifier = self._open(model, kit is not None, options.percussion)
        self._judge = Judge(self.info.weights, options.thresholds(self.info))

    def transcribe_file(self, path: str | Path, progress: Callable[[float], None] | None = None) -> Transcription:
        """Transcribe a recording.

        Parameters
        ----------
        path : str or Path
            An audio file.
        progress : callable or None
            Called with the number of seconds that are done.

        Returns
        -------
        Transcription
            The hits, in order of time, and the rhythm.

        Raises
        ------
        AudioError
            If the file cannot be read.
        """
        return self.transcribe_blocks(self._blocks(path, None), progress)

    def transcribe_array(self, samples: np.ndarray, rate: int) -> Transcription:
        """Transcribe sound in memory.

        Parameters
        ----------
        samples : np.ndarray
            Of any shape and type that `sound.arrays.to_mono` takes.
        rate : int
            Samples per second.

        Returns
        -------
        Transcription
            The hits, in order of time, and the rhythm.

        Raises
        ------
        ArgumentError
            For an array of another shape or type.
        """
        return self.transcribe_blocks(self._blocks(samples, rate))

    def transcribe_blocks(
        self, blocks: Iterable[np.ndarray], progress: Callable[[float], None] | None = None
    ) -> Transcription:
        """Transcribe a stream of samples.

        Parameters
        ----------
        blocks : iterable of np.ndarray
            ``(samples,) float32`` each, of any length: mono, at the model's rate.
        progress : callable or None
            Called with the number of seconds that are done.

        Returns
        -------
        Transcription
            The hits, in order of time, and the rhythm.
        """
        hits, outside, duration = self._hear(blocks, self._classifier, progress)
        heard = Transcription(tuple(hits), duration, f"{self.info.name} {self.info.version}")
        heard = replace(heard, rhythm=analyse_rhythm(heard, self._rhythm))
        return replace(heard, hits=tuple(_in_order([*hits, *outside]))) if outside else heard

    def answers(self, source: str | Path | np.ndarray, rate: int | None = None) -> Answers:
        """Run the network over a whole recording.

        Parameters
        ----------
        source : str, Path or np.ndarray
            An audio file, or sound as `transcribe_array` takes it.
        rate : int or None
            Samples per second of sound in memory.

        Returns
        -------
        Answers
            One row for each frame; see `times`.

        Raises
        ------
        AudioError
            If the file cannot be read.
        ValueError
            For an array of another shape or type, or without a rate.
        """
        blocks = self._blocks(source, rate)
        self._conductor.reset()
        self._classifier.reset()
        parts = [self._classifier.push(self._conductor.push(block)) for block in _divided(blocks)]
        parts.append(self._classifier.push(self._conductor.flush_frames()))
        self._conductor.flush_onsets()
        parts.append(self._classifier.flush())
        return Answers.concat(parts)

    def times(self, answers: Answers) -> np.ndarray:
        """Return the time of each row of answers.

        Parameters
        ----------
        answers : Answers
            The answers to a whole recording.

        Returns
        -------
        np.ndarray
            ``(frames,) float64``, seconds; the first rows belong to the silence that is put before a recording.
        """
        return (np.arange(len(answers)) - LEAD) / self.info.spectrogram.frame_rate

    def hits(
        self, answers: Answers, source: str | Path | np.ndarray | None = None, rate: int | None = None
    ) -> list[Hit]:
        """Decide on the hits of a recording from its answers.

        Parameters
        ----------
        answers : Answers
            The answers of `answers`, perhaps modified: smoothed, say, or the mean over several models.
        source : str, Path, np.ndarray or None
            The recording of these answers. Without it, hits are at the peaks of activations, which is less exact, and
            velocities are not corrected by level.
        rate : int or None
            Samples per second of sound in memory.

        Returns
        -------
        list of Hit
            In order of time, the same as those of `transcribe_file`.

        Raises
        ------
        AudioError
            If the file cannot be read.
        ValueError
            If the number of answers differs from that of the frames of the recording.
        """
        hop = self.info.spectrogram.hop
        silence = np.zeros(max(0, len(answers) - 1 - LEAD) * hop, np.float32)
        blocks = [silence] if source is None else self._blocks(source, rate)
        hits, outside, _ = self._hear(blocks, KnownAnswers(answers))
        return _in_order([*hits, *outside])

    def _open(self, model: str | Path | None, with_kit: bool, percussion: bool) -> Answering:
        """Open the network of the model, for passages or for windows."""
        if self.info.window is None:
            return Classifier(model, self.info.embedding > 0 or with_kit, percussion)
        if percussion:
            self.info.check_percussion()
        path = model_file(model)
        return OnsetAnswers(WindowFile(path, self.info), self.info, self._conductor)

    def _blocks(self, source: str | Path | np.ndarray, rate: int | None) -> Iterable[np.ndarray]:
        """Yield mono blocks at the model's rate, amplified if the recording is too quiet to detect hits."""
        wanted = self.info.spectrogram.rate
        if isinstance(source, (str, Path)):
            return _read_audibly(source, wanted)
        if rate is None:
            raise ArgumentError("sound in memory needs a rate")
        check_rate(rate)
        return [raise_quiet(_mono_at(np.asarray(source), rate, wanted))]

    def _hear(
        self,
        blocks: Iterable[np.ndarray],
        answering: Answering,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[list[Hit], list[Hit], float]:
        """Return the hits of a stream, its hits of percussion outside the vocabulary, and its duration in seconds."""
        settings, samples = self.info.spectrogram, 0
        recording = Recording(self.info, self._conductor, self._judge, self._recogniser)
        percussion = PercussionFinder(self.info.percussion, settings.frame_rate)

        def take(frames: np.ndarray, answers: Answers, ended: bool = False) -> None:
            if answers.percussion is not None:
                percussion.push(answers.percussion)
            recording.push(frames, answers, ended)

        answering.reset()
        self._conductor.reset()
        for block in _divided(blocks):
            samples += len(block)
            frames = self._conductor.push(block)
            take(frames, answering.push(frames))
            if progress is not None:
                progress(samples / settings.rate)
        frames = self._conductor.flush_frames()
        self._conductor.flush_onsets()
        take(frames, Answers.concat([answering.push(frames), answering.flush()]), ended=True)
        duration = samples / settings.rate
        latest = duration - settings.hop / settings.rate  # what begins then is not heard
        hits, outside = (_in_order(h for h in stage.hits() if h.time <= latest) for stage in (recording, percussion))
        return hits, outside, duration


def _in_order(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.time, hit.note))


def _mono_at(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return sound in memory as mono float32 at another rate; values that are not finite become silence."""
    mono = to_mono(samples)
    if rate != wanted and len(mono):
        import soxr

        mono = soxr.resample(mono, rate, wanted)
    return mono


def _read_audibly(path: str | Path, rate: int) -> Iterator[np.ndarray]:
    """Read a recording in blocks, amplified if it is quiet; one that begins loud enough is read only once."""
    from .sound.audio import read_blocks

    blocks = read_blocks(path, rate)
    first = next(blocks, np.zeros(0, np.float32))
    gain = 1.0
    if peak_until_loud([first]) < QUIET:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the transcription itself reports faults of the file
            gain = gain_for(peak_until_loud(read_blocks(path, rate)))
    for block in chain([first], blocks):
        yield block if gain == 1.0 else block * np.float32(gain)


def _divided(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        for start in range(0, len(block), _BLOCK_SAMPLES):
            yield block[start : start + _BLOCK_SAMPLES]
