"""Watched folders: transcribe each new recording once it is complete.

The journal of the output folder records the progress, so a restart neither repeats nor loses anything. A recording that
has changed since it was done, or failed, is transcribed again.
"""

import stat
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..formats.outputs import Delivery
from .events import Event
from .jobs import Job, Report
from .journal import Journal
from .patience import Patience
from .plan import PlanError, find_recordings, plan
from .run import How, Observer, run
from .work import FileTranscriber
from .workers import Worker, dismiss, run_in_workers

Signature = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""


@dataclass(frozen=True)
class WatchOptions:
    """Options of watching.

    Attributes
    ----------
    interval : float, default 1.0
        Seconds between two looks at the folders.
    settle : float, default 2.0
        Seconds without a change after which a recording counts as complete.
    workers : int, default 1
        Number of processes, each with one recording at a time.
    patience : Patience, optional
        How long a recording may take.
    strict : bool, default False
        Whether recordings that end early fail, instead of being transcribed up to that point.
    """

    interval: float = 1.0
    settle: float = 2.0
    workers: int = 1
    patience: Patience = field(default_factory=Patience)
    strict: bool = False


class Watch:
    """Finds new recordings in folders, and transcribes them.

    Parameters
    ----------
    paths : Sequence[str | Path]
        Folders, files or patterns, as for `plan.plan`.
    out : Path
        The output folder.
    endings : Sequence[str]
        Endings of the outputs.
    options : WatchOptions
        How to watch.
    journal : Journal
        The journal of the output folder.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        out: Path,
        endings: Sequence[str],
        options: WatchOptions,
        journal: Journal,
    ) -> None:
        self._paths, self._out, self._endings, self._options = paths, out, endings, options
        self._journal = journal
        self._seen: dict[Path, tuple[Signature, float]] = {}
        self._tried: dict[Path, Signature] = {}

    def ready(self, now: float) -> list[Job]:
        """List the recordings that are complete and not yet done.

        Parameters
        ----------
        now : float
            A time in seconds that never decreases.

        Returns
        -------
        list[Job]
            The jobs.
        """
        complete = {source: signature for source, signature in self._look(now) if self._tried.get(source) != signature}
        if not complete:
            return []
        try:
            jobs = plan(self._paths, self._out, self._endings).jobs
        except PlanError:
            if not find_recordings(self._paths):  # meanwhile they were removed
                return []
            raise
        ready = [job for job in jobs if job.source in complete]
        self._tried |= {job.source: complete[job.source] for job in ready}
        return [job for job in ready if not self._journal.is_done(job)]

    def _look(self, now: float) -> Iterator[tuple[Path, Signature]]:
        """Yield recordings that have not changed for a while, and can be opened."""
        seen, self._seen = self._seen, {}
        for source in find_recordings(self._paths):
            signature = _signature(source)
            if signature is None or not signature[0]:
                continue
            before, since = seen.get(source, (None, now))
            self._seen[source] = signature, since if before == signature else now
            if now - self._seen[source][1] >= self._options.settle:
                yield source, signature

    def run(
        self,
        make_transcriber: Callable[[], FileTranscriber],
        delivery: Delivery,
        observe: Callable[[Sequence[Job]], Observer],
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Report]:
        """Transcribe recordings as they become ready, until `stopped` or Ctrl-C.

        Parameters
        ----------
        make_transcriber : Callable[[], FileTranscriber]
            Makes a transcriber, as for `run.run`.
        delivery : Delivery
            Formats and options of the outputs.
        observe : Callable[[Sequence[Job]], Observer]
            Makes an observer for a batch.
        stopped : Callable[[], bool], optional
            Whether to stop; asked between batches.

        Yields
        ------
        Report
            The report of each batch.
        """
        kept: list[Worker] = []
        crew = partial(_run_in_kept, self._options.workers, kept)
        try:
            while not stopped():
                if jobs := self.ready(time.monotonic()):
                    how = How(strict=self._options.strict, patience=self._options.patience)
                    at_work = observe(jobs), self._journal, crew
                    report = run(jobs, make_transcriber, delivery, how, *at_work)
                    yield report
                    if report.interrupted or report.ended:
                        return
                else:
                    time.sleep(self._options.interval)
        except KeyboardInterrupt:
            return
        finally:
            dismiss(kept)


def _run_in_kept(
    workers: int, kept: list[Worker], work: Callable, jobs: Iterator, patience: Patience
) -> Generator[Event, None, None]:
    """Run jobs in processes that are kept for the next batch, because loading a model takes longer than most
    recordings."""
    return run_in_workers(work, jobs, workers, patience, kept)


def _signature(path: Path) -> Signature | None:
    """Return size and time; None for a file that was removed, or that its writer still locks."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would block
            return None
        with path.open("rb"):
            status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
