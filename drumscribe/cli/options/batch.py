"""The options of many recordings: which, what is done again, by which machines, and what is reported."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ...errors import DrumscribeError
from ..build import Hearing, settings_of
from ..sections import option
from .gathering import Command, gathered
from .numbers import FiniteRange
from .outputs import STDOUT, Writing
from .paths import NamedPath

if TYPE_CHECKING:
    from ...batch.catalogue import Shard
    from ...batch.cluster import Cluster
    from ...batch.journal import Journal
    from ...formats.outputs import Delivery
    from ...rhythm import RhythmOptions


@dataclass(frozen=True)
class Batching:
    """How a batch is done, as it was given.

    Attributes
    ----------
    from_file : str, optional
        A file of paths, or "-" for standard input.
    skip_existing : bool
        Whether recordings are left out whose outputs are all there.
    force : bool
        Whether all is done again.
    part : str, optional
        A shard, as "3/8".
    cluster : str, optional
        The address of a scheduler, or "local:4".
    report : Path, optional
        A report to write.
    """

    from_file: str | None
    skip_existing: bool
    force: bool
    part: str | None
    cluster: str | None
    report: Path | None

    def check(self, paths: Sequence[str], writing: Writing, as_json: bool) -> None:
        """Refuse options that contradict each other.

        Parameters
        ----------
        paths : sequence of str
            What was given to transcribe.
        writing : Writing
            Where to.
        as_json : bool
            Whether a report is printed.

        Raises
        ------
        DrumscribeError
            If they do.
        """
        from ...batch.reports import check_report

        if not paths and self.from_file is None:
            raise DrumscribeError("Missing argument: give recordings, folders, or --from-file")
        for given, other in ((writing.overwrite, "--overwrite"), (self.force, "--force")):
            if self.skip_existing and given:
                raise DrumscribeError(f"--skip-existing and {other} contradict each other: give one of them")
        if writing.out == STDOUT and as_json:
            raise DrumscribeError("--json and --out - both print to standard output: give one of them")
        if self.report is not None:
            check_report(self.report)

    @property
    def shard(self) -> "Shard | None":
        """Which part of the recordings to take.

        Raises
        ------
        DrumscribeError
            If it is none.
        """
        from ...batch.catalogue import Shard

        if self.part is None:
            return None
        number, _, count = self.part.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise DrumscribeError(f"--shard {self.part}: write it like 3/8, the third of eight parts")
        return Shard(int(number), int(count))

    def listed(self) -> Iterator[str]:
        """Yield the lines of the file of paths.

        Raises
        ------
        DrumscribeError
            If it cannot be read.
        """
        if self.from_file is None:
            return
        try:
            with sys.stdin if self.from_file == "-" else _open_list(self.from_file) as file:
                for number, line in enumerate(file):
                    path = line.rstrip("\n") if number else line.rstrip("\n").removeprefix("\ufeff")  # a mark of UTF-8
                    if "\0" in path:
                        raise DrumscribeError(
                            f"{self.from_file}: not a list of paths: give UTF-8 text, a path on each line"
                        )
                    if path.strip():
                        yield path
        except OSError as error:
            raise DrumscribeError(f"{self.from_file}: cannot be read: {error.strerror or error}") from error

    def open_journal(
        self, writing: Writing, hearing: Hearing, rhythm: "RhythmOptions", delivery: "Delivery", strict: bool
    ) -> "Journal":
        """Open the journal of the output folder.

        Parameters
        ----------
        writing : Writing
            Where outputs go.
        hearing : Hearing
            Model, kit and sensitivities.
        rhythm : RhythmOptions
            What is known of it.
        delivery : Delivery
            How outputs are written.
        strict : bool
            Whether recordings that end early fail.

        Returns
        -------
        Journal
            Of this run.

        Raises
        ------
        DrumscribeError
            If it cannot be written.
        """
        from ...batch.journal import Journal

        settings = settings_of(hearing, rhythm, delivery, strict)
        return Journal(writing.out, settings, self.force, delivery.written)

    def crew(self, stack: ExitStack) -> "Cluster | None":
        """Return what runs the jobs, if it is not processes of this machine alone.

        Parameters
        ----------
        stack : ExitStack
            What closes it.

        Returns
        -------
        Cluster or None
            None where no cluster is asked for.

        Raises
        ------
        DrumscribeError
            If it cannot be used.
        """
        if self.cluster is None:
            return None
        from ...batch.cluster import Cluster

        cluster = Cluster(self.cluster)
        stack.callback(cluster.close)
        return cluster


def _open_list(name: str) -> TextIO:
    return open(name, encoding="utf-8", errors="surrogateescape")  # names need not be text


def batching_options(command: Command) -> Command:
    """Add --from-file and what belongs to it; the command takes a `Batching` as `batching`."""
    return gathered(command, Batching, "batching", _OPTIONS)


_batch = partial(option, section="Many recordings")

timeout_option = _batch(
    "--timeout",
    type=FiniteRange(min=0.1),
    metavar="SECONDS",
    help="Give up a recording that takes longer. [default: 600, plus 10 for each second of it that is done]",
)

_OPTIONS = (
    _batch(
        "--from-file",
        metavar="FILE|-",
        help="Read paths of recordings from a file, or standard input, one on each line; outputs mirror whole paths.",
    ),
    _batch("--force", is_flag=True, help="Transcribe all again, also recordings that have not changed."),
    _batch(
        "--skip-existing", is_flag=True, help="Leave out recordings whose outputs exist, whichever program wrote them."
    ),
    _batch(
        "--shard",
        "part",
        metavar="I/N",
        help="Transcribe only the I-th of N parts; each part has the same recordings on every machine.",
    ),
    _batch(
        "--cluster",
        metavar="ADDRESS|local:N",
        help="Spread the recordings over a Dask cluster with this scheduler, such as tcp://host:8786; local:N starts a "
        "cluster here. Every machine needs drumscribe, and the same paths of recordings and outputs.",
    ),
    _batch(
        "--report",
        type=NamedPath(path_type=Path),
        metavar="FILE",
        help="Write a report of all recordings: a page (.html), a table (.csv), or what --json prints (.json).",
    ),
)
