"""How long a recording may take, so that one that hangs costs itself alone."""

import time
from dataclasses import dataclass

START_S = 600.0
"""Time that any recording has: to load libraries and compile on the slowest of machines, and to find its rhythm (by
hand)."""
_SHARE = 10.0
"""Further time for each second of audio that is done; a Raspberry Pi Zero needs less than one (by hand)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """A limit of time for each job.

    Attributes
    ----------
    limit : float, optional
        In seconds; without it, in proportion to the audio that is done.
    """

    limit: float | None = None

    def is_over(self, began: float, reached: float) -> bool:
        """Return whether a job has taken too long.

        Parameters
        ----------
        began : float
            When it began, as `time.monotonic` counts.
        reached : float
            Seconds of audio that are done.

        Returns
        -------
        bool
            Whether it is to be ended.
        """
        return time.monotonic() - began > self._limit(reached)

    def words(self, reached: float) -> str:
        """Return why a job was ended.

        Parameters
        ----------
        reached : float
            Seconds of audio that were done.

        Returns
        -------
        str
            The end of a line that begins with the recording.
        """
        return f"took longer than {self._limit(reached):.0f} s, and was given up (--timeout SECONDS allows more)"

    def _limit(self, reached: float) -> float:
        return START_S + _SHARE * reached if self.limit is None else self.limit
