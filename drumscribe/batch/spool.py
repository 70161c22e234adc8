"""Rows kept on disk while a batch runs, so that memory does not grow with its size.

They are in a private SQLite database without a name, which stays in memory while it is small, and disappears with the
process.
"""

import pickle
import sqlite3
from collections.abc import Iterator, Sequence

from .jobs import Job, Outcome

_CACHE_KB = 16_384
"""Memory of one database in kB; by hand."""


def temporary_database() -> sqlite3.Connection:
    """Open a database that exists as long as its connection."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute(f"pragma cache_size = -{_CACHE_KB}")
    database.execute("pragma journal_mode = off")
    database.execute("pragma synchronous = off")
    database.text_factory = bytes
    return database


class Outcomes(Sequence[Outcome]):
    """The outcomes of jobs, in order; "stopped" for jobs without an outcome.

    Parameters
    ----------
    jobs : sequence of Job
        The jobs.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._database = temporary_database()
        self._database.execute("create table outcomes (number integer primary key, outcome blob)")

    def put(self, number: int, outcome: Outcome) -> None:
        """Store the outcome of a job.

        Parameters
        ----------
        number : int
            The number of the job.
        outcome : Outcome
            The outcome.
        """
        row = number, pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        self._database.execute("insert or replace into outcomes values (?, ?)", row)

    def __len__(self) -> int:
        return len(self._jobs)

    def __getitem__(self, number: int) -> Outcome:  # type: ignore[override]
        number = range(len(self))[number]
        row = self._database.execute("select outcome from outcomes where number = ?", (number,)).fetchone()
        return Outcome(self._jobs[number], "stopped") if row is None else pickle.loads(row[0])

    def __iter__(self) -> Iterator[Outcome]:
        rows = self._database.execute("select number, outcome from outcomes order by number")
        number, put = next(rows, (-1, b""))
        for i, job in enumerate(self._jobs):
            if i == number:
                yield pickle.loads(put)
                number, put = next(rows, (-1, b""))
            else:
                yield Outcome(job, "stopped")
