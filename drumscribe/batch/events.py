"""Events that workers report about jobs."""

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
    """A job waits for the compilation of code, which happens once per machine.

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
class Lost:
    """The process of a job ended; another begins the job once more.

    Attributes
    ----------
    index : int
        Number of the job.
    """

    index: int


@dataclass(frozen=True, slots=True)
class Died:
    """A job failed because its process ended twice, or because it took too long.

    Attributes
    ----------
    index : int
        Number of the job.
    cause : str
        Why it failed, in words.
    """

    index: int
    cause: str


Event = Started | Compiling | Advanced | Lost | Ended | Died
"""Any report about a job."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker has begun a job; before, it loaded libraries, which does not count as time of the job."""
