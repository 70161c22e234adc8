"""The recordings of a batch with their outputs, kept on disk to save memory: ten million take what ten thousand do."""

import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .jobs import Job
from .places import folded, nameable
from .spool import temporary_database

_TABLE = """
create table found (
    number integer primary key, source blob, identity blob unique, place blob, bare blob, whole blob,
    kept integer default 0, clashing integer default 0
)
"""


@dataclass(frozen=True, slots=True)
class Shard:
    """A share of the recordings, the same on every machine.

    Attributes
    ----------
    number, count : int
        Number of this shard, from 1, and number of all shards.
    """

    number: int
    count: int

    def holds(self, place: bytes) -> bool:
        """Return whether a recording belongs to the shard.

        Parameters
        ----------
        place : bytes
            The place of its output.

        Returns
        -------
        bool
            Whether it does; the same on every machine.
        """
        return zlib.crc32(place) % self.count == self.number - 1


class Catalogue:
    """The recordings found, each once, in order of finding.

    A place is a path relative to the output folder, without a new ending.
    """

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute(_TABLE)
        self._database.create_function("holds", 3, lambda place, number, count: Shard(number, count).holds(place))

    def add(self, source: Path, identity: str, place: Path) -> bool:
        """Add a recording.

        Parameters
        ----------
        source : Path
            The recording.
        identity : str
            A text that is equal for two names of one recording.
        place : Path
            The place of its output, with the ending of the recording.

        Returns
        -------
        bool
            Whether the recording is new.
        """
        place = nameable(place)
        bare = nameable(place.with_suffix("")) if place.name else place
        names = (os.fsencode(source), os.fsencode(identity), os.fsencode(place))
        folds = (os.fsencode(folded(str(bare))), os.fsencode(folded(str(place))))
        query = "insert or ignore into found (source, identity, place, bare, whole) values (?, ?, ?, ?, ?)"
        return self._database.execute(query, (*names, *folds)).rowcount > 0

    def __len__(self) -> int:
        return self._database.execute("select count(*) from found").fetchone()[0]

    def keep_clashing(self) -> None:
        """Keep the ending of each recording whose output would have the same name as another, kept endings included."""
        self._database.execute("create index by_bare on found (bare)")
        self._database.execute(
            "update found set kept = 1 where bare in (select bare from found group by bare having count(*) > 1)"
        )
        while True:
            query = (
                "update found set kept = 1 where not kept and exists "
                "(select 1 from found as other where other.kept and other.whole = found.bare)"
            )
            self._database.execute("create index if not exists by_whole on found (whole)")
            if not self._database.execute(query).rowcount:
                return

    def kept(self) -> Iterator[Path]:
        """Yield the places that keep their ending.

        Yields
        ------
        Path
            Places, in order of finding.
        """
        for (place,) in self._database.execute("select place from found where kept order by number"):
            yield Path(os.fsdecode(place))

    def clash(self, case_matters: bool) -> tuple[Path, Path, Path] | None:
        """Find two recordings that would still share an output.

        Parameters
        ----------
        case_matters : bool
            Whether names that differ in case are different files.

        Returns
        -------
        tuple of Path, or None
            Both recordings, and the place of the output.
        """
        name = "place" if case_matters else "whole"
        query = f"select {name} from found where kept group by {name} having count(*) > 1 limit 1"
        twice = self._database.execute(query).fetchone()
        if twice is None:
            return None
        query = f"select source, place from found where kept and {name} = ? order by number limit 2"
        (one, _), (other, place) = self._database.execute(query, twice).fetchall()
        return Path(os.fsdecode(one)), Path(os.fsdecode(other)), Path(os.fsdecode(place))

    def choose(self, shard: Shard) -> None:
        """Leave out the recordings of other shards.

        Parameters
        ----------
        shard : Shard
            The shard to keep.
        """
        self._database.execute("delete from found where not holds(place, ?, ?)", (shard.number, shard.count))

    def jobs(self, out: Path, endings: Sequence[str]) -> "Jobs":
        """Return the jobs, which are read from disk as needed.

        Parameters
        ----------
        out : Path
            The output folder.
        endings : sequence of str
            The endings of the outputs.

        Returns
        -------
        Jobs
            The jobs, in order of finding.
        """
        self._database.execute("create table jobs (number integer primary key, found integer)")
        self._database.execute("insert into jobs (found) select number from found order by number")
        return Jobs(self, out, tuple(endings))

    def rows(self, first: int, last: int) -> list[tuple[Path, Path, bool]]:
        """Return some recordings, by the numbers of their jobs.

        Parameters
        ----------
        first, last : int
            Numbers from 0; the last is excluded.

        Returns
        -------
        list of tuples
            Recording, place, and whether its output keeps the ending of the recording.
        """
        query = "select source, place, kept from jobs join found on found.number = found where jobs.number > ? and "
        found = self._database.execute(f"{query} jobs.number <= ? order by jobs.number", (first, last))
        return [(Path(os.fsdecode(source)), Path(os.fsdecode(place)), bool(kept)) for source, place, kept in found]


class Jobs(Sequence[Job]):
    """The jobs of a catalogue.

    Parameters
    ----------
    catalogue : Catalogue
        The recordings.
    out : Path
        The output folder.
    endings : tuple of str
        The endings of the outputs.
    """

    _AT_ONCE = 256

    def __init__(self, catalogue: Catalogue, out: Path, endings: tuple[str, ...]) -> None:
        self._catalogue, self._out, self._endings = catalogue, out, endings
        self._count = len(catalogue)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Job:  # type: ignore[override]
        number = range(self._count)[number]
        return self._job(*self._catalogue.rows(number, number + 1)[0])

    def __iter__(self) -> Iterator[Job]:
        for first in range(0, self._count, self._AT_ONCE):
            for row in self._catalogue.rows(first, first + self._AT_ONCE):
                yield self._job(*row)

    def _job(self, source: Path, place: Path, kept: bool) -> Job:
        place = place if kept else nameable(place.with_suffix(""))
        return Job(source, tuple(_output(self._out, place, ending) for ending in self._endings))


def _output(out: Path, place: Path, ending: str) -> Path:
    return Path(f"{out / place}{ending}" if ending.startswith("/") else f"{out / place}.{ending}")
