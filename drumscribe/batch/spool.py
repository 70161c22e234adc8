"""Rows that are kept on disk while a batch runs, so that one of any size takes the same memory.

A private database of SQLite that has no name: it is held in memory while it is small, and gone with the process.
"""

import pickle
import sqlite3
from collections.abc import Iterator, Sequence

from .jobs import Job, Outcome

_CACHE_KB = 16_384
"""Memory of one database; by hand."""


def temporary_database() -> sqlite3.Connection:
    """Open a database that lasts as long as its connection."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute(f"pragma cache_size = -{_CACHE_KB}")
    database.execute("pragma journal_mode = off")
    database.execute("pragma synchronous = off")
    database.text_factory = bytes
    return database


class Outcomes(Sequence[Outcome]):
    """The outcomes of jobs, in their order; "stopped" for those of which none was put in.

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
        """Put in the outcome of a job.

        Parameters
        ----------
        number : int
            Of the job.
        outcome : Outcome
            What came of it.
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
