"""The terms of a batch: a job is a recording with its outputs, an outcome is its result."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..music.transcription import Rhythm


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and the files to which its transcription is written.

    Attributes
    ----------
    source : Path
        The recording.
    outputs : tuple[Path, ...]
        One per format.
    own : tuple of str, optional
        Digests of outputs of an earlier run, which may be replaced.
    """

    source: Path
    outputs: tuple[Path, ...]
    own: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class RhythmFigures:
    """What reports say of a rhythm.

    Attributes
    ----------
    tempo : float or None
        In quarters per minute; None if it changes, and in free time.
    meter : str or None
        Such as "4/4"; None in free time.
    confidence : float
        See `Rhythm.confidence`.
    words : str
        The rhythm as it is printed.
    """

    tempo: float | None
    meter: str | None
    confidence: float
    words: str

    @classmethod
    def of(cls, rhythm: Rhythm) -> "RhythmFigures":
        """Take the figures of a rhythm."""
        meter = None if rhythm.meter is None else str(rhythm.meter)
        return cls(rhythm.tempo, meter, rhythm.confidence, str(rhythm))

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one job; if skipped, with the figures and warnings of the run that did it, where they are known.

    Attributes
    ----------
    job : Job
        The recording and its outputs.
    status : {"done", "skipped", "failed", "stopped"}
        "done"; "skipped", because it was done before; "failed"; "stopped", together with the whole batch.
    error : str, default ""
        The reason of a failure, in one line.
    warnings : tuple[str, ...], optional
        Faults of the recording, one line each.
    notes : tuple[str, ...], optional
        Notes on the outputs, one line each.
    outputs : tuple[Path, ...], optional
        The files that were written, or that exist if skipped.
    duration : float, default 0.0
        Length of the recording in seconds.
    seconds : float, default 0.0
        Time that the job took, in seconds.
    hits : Counter[str], optional
        Number of hits by instrument.
    rhythm : RhythmFigures, optional
        Tempo and meter, if analysed.
    disk_full : bool, default False
        Whether it failed because the disk is full, which ends the batch.
    picture : str, default ""
        Number of hits over time; see `lanes.lanes_of`.
    """

    job: Job
    status: Literal["done", "skipped", "failed", "stopped"]
    error: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outputs: tuple[Path, ...] = ()
    duration: float = 0.0
    seconds: float = 0.0
    hits: Counter[str] = field(default_factory=Counter)
    rhythm: RhythmFigures | None = None
    disk_full: bool = False
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of all jobs, in order.

    Attributes
    ----------
    outcomes : Sequence[Outcome]
        One per job.
    seconds : float
        Time that the batch took, in seconds.
    interrupted : bool, default False
        Whether Ctrl-C ended it.
    ended : str, default ""
        Why the batch ended early, in one line, if not by Ctrl-C.
    """

    outcomes: Sequence[Outcome]
    seconds: float
    interrupted: bool = False
    ended: str = ""
