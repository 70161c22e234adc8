"""The journal: songs, drafts, edits and jobs in one SQLite file, so that a restart loses nothing."""

import json
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import DrumscribeError

# Numbers are never reused: a late event of a removed job must not be taken for one of another job.
_TABLES = """
create table if not exists songs (
    id integer primary key autoincrement, name text not null, path text not null unique, uploaded integer not null,
    stamp text, sha text, duration real, rate integer, channels integer, added real not null
);
create table if not exists drafts (
    id integer primary key autoincrement, song integer not null references songs(id) on delete cascade,
    key text not null, label text not null, facts text not null, position integer not null default 0,
    revision integer not null default 0, made real not null, unique (song, key)
);
create table if not exists edits (
    draft integer not null references drafts(id) on delete cascade, number integer not null, content text not null,
    primary key (draft, number)
);
create table if not exists jobs (
    id integer primary key autoincrement, kind text not null, song integer references songs(id) on delete cascade,
    options text not null, state text not null, share real not null default 0, message text not null default '',
    result text, attempts integer not null default 0, made real not null, begun real, ended real
);
"""
_JSON = frozenset(("options", "result", "facts"))
_ADDED = (("songs", "stamp", "text"), ("drafts", "revision", "integer not null default 0"))
"""Columns that journals of older versions lack."""
OPEN_STATES = ("waiting", "running")

Row = dict[str, Any]


class Journal:
    """Reads and writes the journal, from any thread.

    Parameters
    ----------
    path : Path
        The SQLite file; it and its folder are created if missing.

    Raises
    ------
    DrumscribeError
        If it cannot be written, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        if path.parent.exists() and not path.parent.is_dir():
            raise DrumscribeError(f"{path.parent}: this is a file: give a folder for --data")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = self._open(path)
        except (OSError, sqlite3.OperationalError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DrumscribeError(f"{path.parent}: cannot be written: {reason}: give another --data folder") from error
        except sqlite3.DatabaseError as error:
            raise DrumscribeError(
                f"{path}: the journal of the studio is damaged ({error}): restore it from a backup, or rename it to "
                "begin without its songs and edits"
            ) from error

    def _open(self, path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            database.row_factory = sqlite3.Row
            database.execute("pragma journal_mode = wal")
            database.execute("pragma foreign_keys = on")
            for (fault,) in database.execute("pragma quick_check(1)").fetchall():
                if fault != "ok":
                    raise sqlite3.DatabaseError(fault)
            database.executescript(_TABLES)
            for table, column, kind in _ADDED:
                if not any(known["name"] == column for known in database.execute(f"pragma table_info({table})")):
                    database.execute(f"alter table {table} add column {column} {kind}")
        except sqlite3.Error:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def add(self, table: str, **values: Any) -> Row:
        """Add a row, and return it as stored.

        Parameters
        ----------
        table : str
            Name of the table.
        **values : object
            Value of each column.

        Returns
        -------
        dict
            The row.

        Raises
        ------
        KeyError
            If a row to which it refers is missing, or the same row already exists.
        """
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        with self._lock:
            try:
                added = self._database.execute(f"insert into {table} ({names}) values ({marks})", _packed(values))
            except sqlite3.IntegrityError as error:
                raise KeyError(f"{table}: {error}") from None
            return self.get(table, added.lastrowid)

    def change(self, table: str, id: int, **values: Any) -> Row:
        """Change columns of a row, and return the row as stored.

        Parameters
        ----------
        table : str
            Name of the table.
        id : int
            Number of the row.
        **values : object
            New values of columns.

        Returns
        -------
        dict
            The row.
        """
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._lock:
            self._database.execute(f"update {table} set {assignments} where id = ?", (*_packed(values), id))
            return self.get(table, id)

    def get(self, table: str, id: int | None) -> Row:
        """Return a row by its number.

        Parameters
        ----------
        table : str
            Name of the table.
        id : int or None
            Number of the row.

        Returns
        -------
        dict
            The row.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        rows = self.find(table, id=id)
        if not rows:
            raise KeyError(f"there is no {table[:-1]} {id}")
        return rows[0]

    def find(self, table: str, **wanted: Any) -> list[Row]:
        """Return the rows with these values, in the order in which they were added.

        Parameters
        ----------
        table : str
            Name of the table.
        **wanted : object
            Required values of columns.

        Returns
        -------
        list of dict
            The rows.
        """
        condition = " and ".join(f"{name} = ?" for name in wanted) or "1"
        with self._lock:
            rows = self._database.execute(f"select * from {table} where {condition} order by rowid", _packed(wanted))
            return [_unpacked(row) for row in rows.fetchall()]

    def remove(self, table: str, id: int) -> None:
        """Remove a row, and the rows that belong to it.

        Parameters
        ----------
        table : str
            Name of the table.
        id : int
            Number of the row.
        """
        with self._lock:
            self._database.execute(f"delete from {table} where id = ?", (id,))

    def open_jobs(self) -> list[Row]:
        """Return the jobs that have not ended, in order."""
        with self._lock:  # or a job that begins meanwhile could be found twice
            found = [job for state in OPEN_STATES for job in self.find("jobs", state=state)]
        return sorted(found, key=lambda job: job["id"])

    def recent_jobs(self, most: int) -> list[Row]:
        """Return the jobs that have not ended and the last ones that have, in order.

        Parameters
        ----------
        most : int
            Maximum number of jobs that have ended.

        Returns
        -------
        list of dict
            The rows.
        """
        last = "select id from jobs where ended is not null order by id desc limit ?"
        with self._lock:
            rows = self._database.execute(
                f"select * from jobs where ended is null or id in ({last}) order by id", (most,)
            )
            return [_unpacked(row) for row in rows.fetchall()]

    def edits_of(self, draft: int) -> list[dict]:
        """Return all edits of a draft, including those that were undone."""
        with self._lock:
            rows = self._database.execute("select content from edits where draft = ? order by number", (draft,))
            return [json.loads(content) for (content,) in rows.fetchall()]

    def append_edit(self, draft: int, revision: int, edit: dict) -> Row | None:
        """Add an edit after those that apply; later ones, which were undone, are dropped.

        Parameters
        ----------
        draft : int
            Number of the draft.
        revision : int
            The revision that the page has, which every change of the draft increases.
        edit : dict
            The result of `documents.check_edit`.

        Returns
        -------
        dict or None
            The draft's row, or None if it has another revision because another page has edited it.
        """
        with self._lock, self._transaction():
            row = self.get("drafts", draft)
            if row["revision"] != revision:
                return None
            self._database.execute("delete from edits where draft = ? and number >= ?", (draft, row["position"]))
            content = json.dumps(edit, separators=(",", ":"))
            self._database.execute("insert into edits values (?, ?, ?)", (draft, row["position"], content))
            return self.change("drafts", draft, position=row["position"] + 1, revision=revision + 1)

    def move(self, draft: int, revision: int, position: int) -> Row | None:
        """Undo or redo edits.

        Parameters
        ----------
        draft : int
            Number of the draft.
        revision : int
            The revision that the page has.
        position : int
            Number of edits that are to apply.

        Returns
        -------
        dict or None
            The draft's row, or None if it has another revision because another page has edited it.
        """
        with self._lock, self._transaction():
            if self.get("drafts", draft)["revision"] != revision:
                return None
            position = max(0, min(position, len(self.edits_of(draft))))
            return self.change("drafts", draft, position=position, revision=revision + 1)

    def _transaction(self) -> sqlite3.Connection:
        self._database.execute("begin immediate")
        return self._database  # as a context manager it commits, or rolls back


def now() -> float:
    """Return the seconds since 1970."""
    return time.time()


def _packed(values: Row) -> tuple[Any, ...]:
    return tuple(_stored(name, value) for name, value in values.items())


def _stored(name: str, value: Any) -> Any:
    """Return a value as SQLite takes it; a path that is not text as its bytes."""
    if name in _JSON and value is not None:
        return json.dumps(value)
    if name == "path":
        with suppress(UnicodeEncodeError):
            value.encode()
            return value
        return os.fsencode(value)
    return value


def _unpacked(row: sqlite3.Row) -> Row:
    values = {name: os.fsdecode(value) if name == "path" else value for name, value in dict(row).items()}
    return values | {name: json.loads(values[name]) for name in _JSON & values.keys() if values[name] is not None}
