"""The journal of an output folder: which recordings are done, with which options, and which are in progress.

It is one SQLite file beside the outputs. A recording counts as done if the journal lists it, and if recording, options
and outputs have not changed since; the name of an output alone proves nothing. A run claims each recording before it
begins, and updates its claims while it lives; other runs may take over the claims of a dead run.

The file has a rollback journal instead of a write-ahead log, because the folder may be on a network disk. A run that is
killed at any moment loses nothing. Not every change is flushed to disk before the next, which took a tenth of a second
per recording on a busy disk; changes are flushed now and then, and at the end. After a power failure, the journal may
lack the last changes, or be damaged, in which case it is put aside; those recordings are then transcribed again.
"""

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ..errors import printable
from ..files import remove_leftovers
from ..formats.written import Written
from ..runtime import is_running, this_machine
from .fingerprints import Fingerprint, fingerprint_of, state_of_output
from .jobs import Job, Outcome, RhythmFigures
from .plan import PlanError
from .remote import is_remote

NAME = ".drumscribe-journal"
_FACTS = ("duration", "seconds", "hits", "warnings", "picture")
"""Attributes of an outcome that are recorded as they are, for the reports of later runs."""
_BEAT_S = 20.0
"""Time between two updates of a run's claims (by hand)."""
_DEAD_S = 120.0
"""Time without an update after which a run counts as dead; the clocks of machines must differ by less (by hand)."""
_GRAIN_S = 2.0
"""Worst resolution of the times of a file system."""
_PATIENCE_S = 120.0
"""Time to wait for other processes that write the journal (by hand)."""
_TABLES = """
create table if not exists recordings (
    place blob primary key, source blob not null, size integer, changed integer, sample text, settings text not null,
    outputs text not null, error text not null, facts text not null, ended real not null
) without rowid;
create table if not exists claims (
    place blob primary key, machine text not null, process integer not null, run text not null, beat real not null,
    folders text not null, began real not null, size integer, changed integer, sample text, settings text not null
) without rowid;
create table if not exists unfinished (folder text primary key) without rowid;
"""

Verdict = Literal["do", "done", "edited", "failed", "busy"]
"""What to do with a recording: do it in this run; or leave it, because it was done before, done and edited since,
failed in a run at the same time, or is claimed by another run."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of a recording.

    Attributes
    ----------
    verdict : Verdict
        What to do.
    before : Outcome, optional
        The outcome of the run that did it, with its existing files.
    error : str
        The reason, if it failed.
    own : tuple of str
        Digests of outputs of an earlier run, if it is to be done.
    """

    verdict: Verdict
    before: Outcome | None = None
    error: str = ""
    own: tuple[str, ...] = ()


class Journal:
    """The journal of an output folder, read and written by one run.

    Parameters
    ----------
    folder : Path
        The output folder.
    settings : str
        A digest of all that outputs depend on, except the recording.
    force : bool
        Whether to repeat recordings that were done before this run.
    written : Written, optional
        A list of the files that drumscribe wrote, to tell edited outputs from those of another run.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """

    def __init__(self, folder: Path, settings: str, force: bool = False, written: Written | None = None) -> None:
        self._folder, self._settings, self._force, self._written = folder, settings, force, written
        self._file = _file_of(folder)
        self._run = os.urandom(8).hex()
        self._began = time.time()
        self._held: dict[bytes, Fingerprint | None] = {}
        self.notes: list[str] = []
        self._database = self._open()
        self._sweep()
        self._ended = threading.Event()
        threading.Thread(target=self._show_life, daemon=True).start()

    def close(self) -> None:
        """Drop all claims, and close the file."""
        self._ended.set()
        with suppress(sqlite3.Error), self._database:
            self._database.execute("delete from claims where run = ?", (self._run,))
        with suppress(sqlite3.Error):
            self._sweep()  # once more: workers of a killed run may have outlived it a little
            self._database.execute("delete from unfinished")
        self._database.close()
        self._sync()

    def take(self, job: Job) -> Known:
        """Return whether a recording is to be done, and if so, claim it.

        Parameters
        ----------
        job : Job
            Recording and outputs.

        Returns
        -------
        Known
            The verdict.
        """
        place = self._place_of(job)
        now = fingerprint_of(job.source)
        row = self._recorded(place)
        if row is not None and (known := self._verdict(row, job, now)):
            return known
        with self._writing():
            claim = self._database.execute("select * from claims where place = ?", (place,)).fetchone()
            if claim is not None and claim["run"] != self._run and _lives(claim):
                return Known("busy")
            if claim is not None and self._was_written(claim, job, now):
                self._record(place, now, Outcome(job, "done", outputs=job.outputs))
                self._database.execute("delete from claims where place = ?", (place,))
                return Known("done")
            if self._recorded(place) == row:
                folders = json.dumps(sorted({os.path.relpath(o.parent, self._folder) for o in job.outputs}))
                values = place, this_machine(), os.getpid(), self._run, time.time(), folders, time.time()
                query = "insert or replace into claims values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                self._database.execute(query, (*values, *_columns(now), self._settings))
                self._held[place] = now
                return Known("do", own=() if row is None else _own_outputs(row, job, now))
        return self.take(job)  # another run has done it in the meantime

    def finish(self, outcome: Outcome) -> None:
        """Record the outcome of a claimed recording.

        Parameters
        ----------
        outcome : Outcome
            The outcome; one that was stopped is not recorded.
        """
        place = self._place_of(outcome.job)
        was = self._held.pop(place, None)
        with self._writing():
            if outcome.status in ("done", "failed"):
                self._record(place, was, outcome)
            self._database.execute("delete from claims where place = ? and run = ?", (place, self._run))

    def _record(self, place: bytes, was: Fingerprint | None, outcome: Outcome) -> None:
        outputs = [state_of_output(path, self._folder) for path in outcome.outputs]
        facts = {name: getattr(outcome, name) for name in _FACTS}
        facts["rhythm"] = None if outcome.rhythm is None else asdict(outcome.rhythm)
        values = place, os.fsencode(outcome.job.source), *_columns(was), self._settings
        texts = json.dumps(outputs), printable(outcome.error), json.dumps(facts), time.time()
        query = "insert or replace into recordings values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._database.execute(query, (*values, *texts))

    def _was_written(self, claim: sqlite3.Row, job: Job, now: Fingerprint | None) -> bool:
        """Return whether a run was killed after writing all outputs, before it recorded them."""
        same = _print_of(claim) == now and claim["settings"] == self._settings
        if not same or self._written is None or (self._force and claim["began"] < self._began):
            return False
        try:
            return all(
                output.stat().st_mtime >= claim["began"] - _GRAIN_S and self._written.knows(output)
                for output in job.outputs
            )
        except OSError:
            return False

    def is_done(self, job: Job) -> bool:
        """Return whether a recording was done and has not changed since, without claiming it.

        Parameters
        ----------
        job : Job
            Recording and outputs.

        Returns
        -------
        bool
            Whether there is nothing to do.
        """
        row = self._recorded(self._place_of(job))
        known = None if row is None else self._verdict(row, job, fingerprint_of(job.source))
        return known is not None and known.verdict in ("done", "edited")

    def _verdict(self, row: sqlite3.Row, job: Job, now: Fingerprint | None) -> Known | None:
        """Return what a record means for the recording in its present state; None if it is to be done."""
        fresh = row["ended"] > self._began
        if _print_of(row) != now or row["settings"] != self._settings or (self._force and not fresh):
            return None
        if row["error"]:
            return Known("failed", error=row["error"]) if fresh else None
        outputs, edited = [], False
        for name, *state in json.loads(row["outputs"]):
            path = self._folder / os.fsdecode(bytes.fromhex(name))
            found = state_of_output(path, self._folder)
            if found[1] == 0:  # missing or empty
                return None
            outputs.append(path)
            if found[1:] != state:
                if self._written is None or self._written.overwrites:
                    return None
                if not is_remote(path) and self._written.knows(path):
                    return None
                edited = True
        return Known("edited" if edited else "done", _outcome_of(row, job, tuple(outputs)))

    def _recorded(self, place: bytes) -> sqlite3.Row | None:
        return self._database.execute("select * from recordings where place = ?", (place,)).fetchone()

    def _place_of(self, job: Job) -> bytes:
        """Return the key of a job: the paths of its outputs in the folder, wherever that is mounted."""
        names = (Path(os.path.relpath(output, self._folder)).as_posix() for output in job.outputs)
        return b"\0".join(map(os.fsencode, names))

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise PlanError(f"{self._file}: the journal cannot be written: {error}") from error
        broken = self._file.with_name(f"{self._file.name}.broken")
        os.replace(self._file, broken)
        self.notes.append(
            f"{self._file}: the journal is damaged, and was put aside as {broken.name}: all is done again"
        )
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        try:
            database.row_factory = sqlite3.Row
            database.execute("pragma synchronous = off")
            database.executescript(_TABLES)
        except sqlite3.Error:
            database.close()
            raise
        return database

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("begin immediate")
        try:
            yield
            self._database.execute("commit")
        except BaseException:
            if self._database.in_transaction:  # on a full disk, SQLite has ended it
                self._database.execute("rollback")
            raise

    def _sweep(self) -> None:
        """Remove unfinished files of dead runs from their folders, which are listed until a run has come to its end."""
        dead = [claim for claim in self._database.execute("select * from claims") if not _lives(claim)]
        folders = {folder for claim in dead for folder in json.loads(claim["folders"])}
        with suppress(sqlite3.OperationalError), self._writing():  # on a full disk, say
            self._database.executemany("insert or ignore into unfinished values (?)", [(name,) for name in folders])
        folders |= {row["folder"] for row in self._database.execute("select * from unfinished")}
        for folder in folders:
            remove_leftovers(self._folder / folder)

    def _show_life(self) -> None:
        while not self._ended.wait(_BEAT_S):
            with suppress(sqlite3.Error), closing(sqlite3.connect(self._file, timeout=_BEAT_S)) as database, database:
                database.execute("update claims set beat = ? where run = ?", (time.time(), self._run))
            self._sync()

    def _sync(self) -> None:
        with suppress(OSError), self._file.open("r+b") as file:
            os.fsync(file.fileno())


def _file_of(folder: Path) -> Path:
    """Return the path of the journal: in the output folder, or in the user's state folder if the outputs are remote."""
    if not is_remote(folder):
        return folder / NAME
    from platformdirs import user_state_path

    journals = user_state_path("drumscribe", appauthor=False) / "journals"
    journals.mkdir(parents=True, exist_ok=True)
    return journals / hashlib.blake2b(os.fsencode(folder), digest_size=16).hexdigest()


def _columns(print_: Fingerprint | None) -> tuple[int | None, int | None, str | None]:
    return (None, None, None) if print_ is None else (print_.size, print_.changed, print_.sample)


def _print_of(row: sqlite3.Row) -> Fingerprint | None:
    return None if row["size"] is None else Fingerprint(row["size"], row["changed"], row["sample"])


def _outcome_of(row: sqlite3.Row, job: Job, outputs: tuple[Path, ...]) -> Outcome:
    """Return the outcome of a recording that was done before; journals of earlier versions lack some of its facts."""
    recorded = json.loads(row["facts"])
    facts = {name: recorded[name] for name in _FACTS if name in recorded}
    if (rhythm := recorded.get("rhythm")) is not None:
        facts["rhythm"] = RhythmFigures(**rhythm)
    facts["hits"], facts["warnings"] = Counter(recorded["hits"]), tuple(recorded.get("warnings", ()))
    return Outcome(job, "skipped", outputs=outputs, **facts)


def _own_outputs(row: sqlite3.Row, job: Job, now: Fingerprint | None) -> tuple[str, ...]:
    """Return what the outputs held that were recorded, unless another recording of the same name made them."""
    places = (os.path.realpath(place) for place in (os.fsdecode(row["source"]), job.source))
    same = len(set(places)) == 1 or _print_of(row) == now
    return tuple(digest for _, _, digest in json.loads(row["outputs"]) if digest and same)


def _lives(claim: sqlite3.Row) -> bool:
    if claim["machine"] == this_machine() and not is_running(claim["process"]):
        return False
    return claim["beat"] > time.time() - _DEAD_S
