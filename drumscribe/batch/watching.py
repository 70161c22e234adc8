"""A folder that recordings keep coming to: each is transcribed once it is complete.

What is done is told by the outputs alone: a recording whose outputs are all there, and no older than it is, is left
alone, so that a restart neither repeats nor loses anything. One that failed is tried again when it has changed.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .delivery import Delivery
from .plan import Job, PlanError, find_recordings, plan
from .run import FileTranscriber, Observer, Report, run

Signature = tuple[int, int]
"""Size in bytes and time of the last change in ns."""


@dataclass(frozen=True)
class WatchOptions:
    """How a folder is watched.

    Attributes
    ----------
    interval : seconds from one look to the next.
    settle : seconds for which a recording must not have changed to count as complete.
    workers : processes, each with one recording at a time.
    """

    interval: float = 1.0
    settle: float = 2.0
    workers: int = 1


class Watch:
    """Looks for what is new in folders, and has it transcribed.

    Parameters
    ----------
    paths : folders, files or patterns, as of `plan.plan`.
    out : the output folder.
    endings : of the outputs.
    """

    def __init__(self, paths: Sequence[str | Path], out: Path, endings: Sequence[str], options: WatchOptions) -> None:
        self._paths, self._out, self._endings, self._options = paths, out, endings, options
        self._seen: dict[Path, tuple[Signature, float]] = {}
        self._tried: dict[Path, Signature] = {}

    def ready(self, now: float) -> list[Job]:
        """The recordings that are complete and not yet done; `now` is a time in seconds that only rises."""
        complete = {source: signature for source, signature in self._look(now) if self._tried.get(source) != signature}
        if not complete:
            return []
        try:
            jobs = plan(self._paths, self._out, self._endings).jobs
        except PlanError:
            if not find_recordings(self._paths):  # they have gone meanwhile
                return []
            raise
        jobs = [job for job in jobs if job.source in complete]
        self._tried |= {job.source: complete[job.source] for job in jobs}
        return [job for job in jobs if not _is_done(job, complete[job.source])]

    def _look(self, now: float) -> Iterator[tuple[Path, Signature]]:
        """Recordings that have not changed for a while, and can be opened."""
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
        """Transcribe what becomes ready, until `stopped` or Ctrl-C; a report after each batch.

        `make_transcriber` is as of `run.run`, and so are the observers that `observe` makes, one for each batch.
        """
        kept: list[FileTranscriber] = []

        def keep_transcriber() -> FileTranscriber:
            if not kept:
                kept.append(make_transcriber())
            return kept[0]

        try:
            while not stopped():
                if jobs := self.ready(time.monotonic()):
                    workers = min(self._options.workers, len(jobs))
                    make = make_transcriber if workers > 1 else keep_transcriber
                    report = run(jobs, make, delivery, workers=workers, observer=observe(jobs))
                    yield report
                    if report.interrupted:
                        return
                else:
                    time.sleep(self._options.interval)
        except KeyboardInterrupt:
            return


def _signature(path: Path) -> Signature | None:
    """None for what is not there any more, or cannot be opened yet: its writer may still hold it."""
    try:
        with path.open("rb"):
            status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_done(job: Job, signature: Signature) -> bool:
    try:
        return all(output.stat().st_mtime_ns >= signature[1] for output in job.outputs)
    except OSError:
        return False
