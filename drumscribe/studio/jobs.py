"""The queue of jobs: kept in the journal, done by the crews, and reported to the page."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import DrumscribeError, printable
from .crew import Advanced, Begun, Cancelled, Crew, Done, Failed, Task
from .journal import Journal, Row, now

_ATTEMPTS = 2
"""Maximum number of attempts at a job whose process dies."""


class Jobs:
    """The jobs of one user.

    Parameters
    ----------
    journal : Journal
        Stores the jobs.
    crews : dict of str to Crew
        Crews by kind of job; ``"sound"`` does all other kinds.
    needs_of : callable
        Takes a job's row, and returns the data for its work.
    finish : callable
        Takes a job's row and the result, and returns what the page needs of it.
    tell : callable
        Receives a job's row whenever it changes.
    most : int
        Maximum number of jobs that wait or run.
    """

    def __init__(
        self,
        journal: Journal,
        crews: dict[str, Crew],
        needs_of: Callable[[Row], dict],
        finish: Callable[[Row, Any], dict],
        tell: Callable[[Row], None],
        most: int,
    ) -> None:
        self._journal, self._crews, self._most = journal, crews, most
        self._needs_of, self._finish, self._tell = needs_of, finish, tell
        self._tasks: dict[int, Task] = {}
        self._lock = threading.Lock()

    def resume(self) -> None:
        """Resume the jobs that waited or ran when the studio was closed."""
        for job in self._journal.open_jobs():
            self._submit(self._journal.change("jobs", job["id"], state="waiting", share=0.0, begun=None))

    def add(self, kind: str, song: int | None, options: dict) -> Row:
        """Queue a job, and return its row; if the same job already waits or runs, return that one.

        Parameters
        ----------
        kind : str
            Kind of work.
        song : int or None
            The song, if the job concerns one.
        options : dict
            Options, as JSON takes them.

        Returns
        -------
        dict
            The job's row.

        Raises
        ------
        DrumscribeError
            If too many jobs wait.
        """
        with self._lock:
            waiting = self._journal.open_jobs()
            for job in waiting:
                if (job["kind"], job["song"], job["options"]) == (kind, song, options):
                    return job
            if len(waiting) >= self._most:
                raise DrumscribeError(f"{len(waiting)} jobs are waiting already: let some of them end first")
            job = self._journal.add("jobs", kind=kind, song=song, options=options, state="waiting", made=now())
        self._tell(job)
        self._submit(job)
        return job

    def again(self, id: int) -> Row:
        """Queue a job again that has ended."""
        job = self._journal.get("jobs", id)
        return self.add(job["kind"], job["song"], job["options"])

    def cancel(self, id: int) -> None:
        """Stop a job, or remove it from the queue."""
        task = self._tasks.get(id)
        if task is not None:
            task.cancelled.set()
            if self._journal.get("jobs", id)["state"] == "waiting":
                self._end(id, "cancelled")

    def _submit(self, job: Row) -> None:
        try:
            needs = self._needs_of(job)
        except (DrumscribeError, KeyError) as error:
            self._end(job["id"], "failed", message=str(error))
            return
        task = Task(job["kind"], needs, partial(self._heard_of, job["id"]))
        self._tasks[job["id"]] = task
        self._crews.get(job["kind"], self._crews["sound"]).submit(task, urgent=job["kind"] == "picture")

    def _heard_of(self, id: int, event: Begun | Advanced | Done | Failed | Cancelled) -> None:
        with suppress(KeyError):  # the song was removed, together with the job
            self._note(id, event)

    def _note(self, id: int, event: Begun | Advanced | Done | Failed | Cancelled) -> None:
        job = self._journal.get("jobs", id)
        if isinstance(event, Begun):
            attempts = job["attempts"] + 1
            self._tell(self._journal.change("jobs", id, state="running", begun=now(), attempts=attempts))
        elif isinstance(event, Advanced):
            shown = {"result": event.shown} if event.shown is not None else {}
            self._tell(self._journal.change("jobs", id, share=event.share, **shown))
        elif isinstance(event, Cancelled):
            self._end(id, "cancelled")
        elif isinstance(event, Failed):
            if event.died and job["attempts"] < _ATTEMPTS:
                self._submit(self._journal.change("jobs", id, state="waiting", share=0.0))
            else:
                self._end(id, "failed", message=event.message)
        else:
            self._complete(job, event.result)

    def _complete(self, job: Row, result: Any) -> None:
        try:
            self._end(job["id"], "done", share=1.0, result=self._finish(job, result))
        except (DrumscribeError, KeyError, OSError) as error:  # the song was removed, or the disk is full
            self._end(job["id"], "failed", message=str(error))

    def _end(self, id: int, state: str, message: str = "", **values: Any) -> None:
        self._tasks.pop(id, None)
        ended = {"state": state, "ended": now(), "message": printable(message)}
        self._tell(self._journal.change("jobs", id, **ended, **values))
