"""Time limits, so that a recording that hangs does not stop the batch."""

import time
from dataclasses import dataclass

START_S = 600.0
"""Time that any recording may take, to load libraries, compile on the slowest machine, and find the rhythm (by
hand)."""
_SHARE = 10.0
"""Further time per second of audio that is done; a Raspberry Pi Zero needs less than one second (by hand)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """A time limit for each job.

    Attributes
    ----------
    limit : float, optional
        In seconds; the default grows with the audio that is done.
    """

    limit: float | None = None

    def is_over(self, began: float, reached: float) -> bool:
        """Return whether a job has taken too long.

        Parameters
        ----------
        began : float
            Time of its start, as of `time.monotonic`.
        reached : float
            Number of seconds of audio that are done.

        Returns
        -------
        bool
            Whether to end it.
        """
        return time.monotonic() - began > self._limit(reached)

    def words(self, reached: float) -> str:
        """Say why a job was ended.

        Parameters
        ----------
        reached : float
            Number of seconds of audio that were done.

        Returns
        -------
        str
            The end of a line that begins with the name of the recording.
        """
        return f"took longer than {self._limit(reached):.0f} s, and was given up (--timeout SECONDS allows more)"

    def _limit(self, reached: float) -> float:
        return START_S + _SHARE * reached if self.limit is None else self.limit
