"""The work on one recording of a batch: transcribe it and write its outputs, or say in one line why not."""

import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ..compiling import compilation_reported
from ..errors import AudioError, DrumscribeError
from ..files import is_full
from ..formats.outputs import Delivered, Delivery
from ..music.transcription import Transcription
from ..sound.audio import IncompleteWarning
from .jobs import Job, Outcome, RhythmFigures
from .lanes import lanes_of
from .remote import address_of, fetched, is_remote, put
from .workers import Reporter


class FileTranscriber(Protocol):
    """The methods of `transcriber.Transcriber` that a batch needs."""

    def transcribe_file(self, path: Path, progress: Callable[[float], None] | None = None) -> Transcription:
        """Transcribe a recording; see `transcriber.Transcriber.transcribe_file`.

        Parameters
        ----------
        path : Path
            The recording.
        progress : Callable[[float], None], optional
            Called with the number of seconds that are done.

        Returns
        -------
        Transcription
            The transcription.
        """
        ...


class Work:
    """Transcribes recordings one after another with one transcriber.

    Parameters
    ----------
    make_transcriber : Callable[[], FileTranscriber]
        Called on the first recording.
    delivery : Delivery
        How the outputs are written.
    strict : bool
        Whether recordings that end early fail.
    """

    def __init__(
        self, make_transcriber: Callable[[], FileTranscriber], delivery: Delivery, strict: bool = False
    ) -> None:
        self._make_transcriber = make_transcriber
        self._delivery = delivery
        self._strict = strict
        self._transcriber: FileTranscriber | None = None

    def __call__(self, job: Job, progress: Reporter) -> Outcome:
        began = time.monotonic()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", category)
            if self._strict:
                warnings.simplefilter("error", IncompleteWarning)
            full = False
            try:
                transcription, delivered = self._transcribe_and_write(job, progress)
                error = ""
            except (DrumscribeError, IncompleteWarning) as problem:
                transcription, error, full = None, _named(job, str(problem)), is_full(problem)
            except MemoryError:
                transcription, error = None, f"{job.source}: not enough memory"
            except Exception as problem:  # a bug, or a machine out of resources: report it, and try the next job
                transcription, error, full = None, f"{job.source}: {_unexpected(problem)}", is_full(problem)
        raised = tuple(dict.fromkeys(_one_line(_named(job, str(w.message))) for w in caught))
        seconds = time.monotonic() - began
        if transcription is None:
            return Outcome(job, "failed", _one_line(error), raised, seconds=seconds, disk_full=full)
        hits = Counter(hit.instrument for hit in transcription.hits)
        length = transcription.duration
        rhythm = None if transcription.rhythm is None else RhythmFigures.of(transcription.rhythm)
        picture = lanes_of(transcription)
        facts = (raised, delivered.notes, delivered.outputs, length, seconds, hits, rhythm)
        return Outcome(job, "done", "", *facts, picture=picture)

    def _transcribe_and_write(self, job: Job, progress: Reporter) -> tuple[Transcription, Delivered]:
        if self._transcriber is None:
            self._transcriber = self._make_transcriber()
        if self._delivery.written is not None:
            self._delivery.written.trust(job.own)
        with fetched(job.source) as source, put(job.outputs) as outputs:
            try:
                with compilation_reported(progress.compiling):
                    transcription = self._transcriber.transcribe_file(source, progress)
            except DrumscribeError as error:
                if source is job.source:
                    raise
                raise AudioError(str(error).replace(str(source), address_of(job.source))) from error
            delivered = self._delivery.deliver(transcription, outputs, job.source)
        return transcription, delivered if outputs == job.outputs else delivered._replace(outputs=job.outputs)


def _named(job: Job, text: str) -> str:
    """Begin a text with its recording, unless it names it."""
    source = address_of(job.source) if is_remote(job.source) else str(job.source)
    return text if source in text else f"{source}: {text}"


def _unexpected(error: Exception) -> str:
    """Describe an unexpected exception, with the line that raised it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno})" if place else ""
    return f"unexpected {type(error).__name__}: {error}{where}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
