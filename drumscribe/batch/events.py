"""What workers report of jobs, to whoever runs a batch."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advanced:
    """A job reports progress.

    Attributes
    ----------
    index : int
        Number of the job.
    seconds : float
        Seconds of audio done.
    """

    index: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Compiling:
    """A job waits for code to be compiled, which happens once on a machine.

    Attributes
    ----------
    index : int
        Number of the job.
    """

    index: int


@dataclass(frozen=True, slots=True)
class Started:
    """A job was given to a worker.

    Attributes
    ----------
    index : int
        Number of the job.
    """

    index: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A job returned its result.

    Attributes
    ----------
    index : int
        Number of the job.
    result : Any
        What its function returned.
    """

    index: int
    result: Any


@dataclass(frozen=True, slots=True)
class Died:
    """A worker process ended during a job, twice, or the job took too long.

    Attributes
    ----------
    index : int
        Number of the job.
    cause : str
        How it ended, in words.
    """

    index: int
    cause: str


Event = Started | Compiling | Advanced | Ended | Died
"""A report on a job."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker has taken a job; until then it was loading what it needs, which is not the job's time."""
