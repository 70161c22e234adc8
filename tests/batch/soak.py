"""A batch through all that can happen: ``python tests/batch/soak.py FOLDER --recordings 5000 --restarts 50``.

Short recordings and a few long ones are transcribed by the command line, while workers are killed, recordings are
damaged and replaced, the disk is filled (as root, on a file system of its own), and the run itself is killed and
started again. At the end each good recording has to have exactly the transcription of a quiet run, each bad one its
reason, and what a journal said was done must not have been done again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100
_VARIETY = 12
"""Different sounds, so that a quiet run is short."""
_BAD = b"RIFF is not all that makes a recording"


class Soak:
    """A batch, what is done to it, and what it should come to."""

    def __init__(self, folder: Path, recordings: int, long: int, jobs: int, seed: int = 0) -> None:
        self._folder, self._jobs = folder, jobs
        self._chance = random.Random(seed)
        self._in, self._out = folder / "in", folder / "out"
        self._content: dict[Path, int] = {}
        self._kept: dict[Path, tuple[int, int]] = {}
        self.figures: Counter[str] = Counter()
        pool = folder / "pool"
        for path in (self._in, self._out, pool):
            path.mkdir(parents=True, exist_ok=True)
        for number in range(_VARIETY + bool(long)):
            _make(pool / f"{number}.wav", 180.0 if number == _VARIETY else 1.0 + 0.25 * number, number)
        self._run(pool, folder / "quiet").wait()
        self._truth = [(folder / "quiet" / f"{n}.csv").read_bytes() for n in range(_VARIETY + bool(long))]
        for number in range(recordings + long):
            place = self._in / f"{number % 50:02}" / f"{number}.wav"
            place.parent.mkdir(exist_ok=True)
            self._put(place, _VARIETY if number >= recordings else number % _VARIETY)

    def _run(self, source: Path, out: Path) -> subprocess.Popen:
        command = ["-m", "drumscribe", "transcribe", source, "--out", out, "--format", "csv", "--model", "tiny"]
        options = ["--jobs", self._jobs, "--quiet", "--report", self._folder / "report.json"]
        log = (self._folder / "log.txt").open("ab")
        with log:
            whole = [sys.executable, *map(str, command), *map(str, options)]
            return subprocess.Popen(whole, stdout=log, stderr=log, start_new_session=True)

    def _put(self, place: Path, content: int) -> None:
        shutil.copy(self._folder / "pool" / f"{content}.wav", place)
        self._content[place] = content

    def _output(self, place: Path) -> Path:
        return (self._out / place.relative_to(self._in)).with_suffix(".csv")

    def trouble(self, restarts: int, seconds: float, full_disk: bool) -> None:
        """Start the run so many times, let it work for a while, and kill it."""
        for number in range(restarts):
            run = self._run(self._in, self._out)
            ending = time.monotonic() + seconds * self._chance.uniform(0.5, 1.5)
            while time.monotonic() < ending and run.poll() is None:
                time.sleep(seconds / 8)
                self._harm(run.pid)
            if full_disk and number % 10 == 5:
                self._fill(run)
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL) if number % 2 else run.kill()
                self.figures["runs killed"] += 1
            run.wait()
            self._check_kept()

    def _harm(self, run: int) -> None:
        """Kill a worker, or damage, repair or replace a recording."""
        kind = self._chance.randrange(4)
        place = self._chance.choice(list(self._content))
        if kind == 0:
            listed = subprocess.run(["pgrep", "-P", str(run)], capture_output=True, text=True, check=False)
            if workers := [int(pid) for pid in listed.stdout.split()]:
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(workers), signal.SIGKILL)
                    self.figures["workers killed"] += 1
        elif kind == 1:
            place.write_bytes(_BAD)
            self._content[place] = -1
            self.figures["recordings damaged"] += 1
        else:
            self._put(place, self._chance.randrange(_VARIETY))
            self.figures["recordings replaced"] += 1
        self._kept.pop(self._output(place), None)

    def _fill(self, run: subprocess.Popen) -> None:
        """Fill the disk until the run has ended by itself."""
        filler = self._out / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with suppress(subprocess.TimeoutExpired):
            run.wait(120)
            self.figures["full disks that ended a run"] += run.returncode == 1
        filler.unlink()

    def _check_kept(self) -> None:
        """Compare what was done before with what is there, and note what the journal says is done by now."""
        for output, state in self._kept.items():
            if not output.exists() or _state_of(output) != state:
                self.figures["done again"] += 1
        journal = self._out / ".drumscribe-journal"
        if journal.exists():
            # A run that was killed at once, or had no room, may leave a journal without a table
            with closing(sqlite3.connect(journal)) as database, suppress(sqlite3.OperationalError):
                query = "select place, size, changed from recordings where error = ''"
                for name, *heard in database.execute(query):
                    output = self._out / os.fsdecode(name)
                    source = (self._in / output.relative_to(self._out)).with_suffix(".wav")
                    if self._content.get(source, -1) < 0 or not output.exists():
                        continue
                    now = source.stat()
                    if heard == [now.st_size, now.st_mtime_ns]:  # else it was replaced while it was heard
                        self._kept[output] = _state_of(output)

    def finish(self) -> None:
        """Let the run end, and check everything."""
        began = time.monotonic()
        self._run(self._in, self._out).wait()
        self.figures["seconds of the last run"] = round(time.monotonic() - began)
        self._check_kept()
        report = json.loads((self._folder / "report.json").read_text())
        errors = {one["source"]: one["error"] for one in report["recordings"]}
        for place, content in self._content.items():
            output = self._output(place)
            if content < 0:
                told = errors[str(place)] or ""
                self.figures["bad ones with their reason" if "not a readable" in told else "BAD ONES WITHOUT"] += 1
            else:
                right = output.exists() and output.read_bytes() == self._truth[content]
                self.figures["good ones as in a quiet run" if right else "GOOD ONES THAT DIFFER"] += 1
        left = [path for path in self._out.rglob(".drumscribe-*") if "journal" not in path.name]
        self.figures["temporary files left"] = len(left)

    def faults(self) -> list[str]:
        """What should not be."""
        wrong = ("done again", "BAD ONES WITHOUT", "GOOD ONES THAT DIFFER", "temporary files left")
        return [f"{name}: {self.figures[name]}" for name in wrong if self.figures[name]]


def _state_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _make(path: Path, seconds: float, seed: int) -> None:
    """Bursts of noise at odd times."""
    chance = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * RATE), np.float32)
    burst = np.exp(-np.arange(RATE // 8) / 1500.0).astype(np.float32)
    for at in np.arange(0.1, seconds - 0.2, 0.23 + 0.01 * seed):
        start = int(at * RATE)
        samples[start : start + len(burst)] += 0.4 * burst * chance.standard_normal(len(burst)).astype(np.float32)
    soundfile.write(path, samples, RATE)


@contextmanager
def own_disk(folder: Path, megabytes: int):
    """A small file system at a folder, if this process may mount one; whether it is."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and not subprocess.run(command, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False)


def main() -> None:
    """Run the soak, and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recordings", type=int, default=5000)
    parser.add_argument("--long", type=int, default=3)
    parser.add_argument("--restarts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="between starts, on average")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with own_disk(given.folder / "out", 64) as full_disk:
        soak = Soak(given.folder, given.recordings, given.long, given.jobs)
        soak.trouble(given.restarts, given.seconds, full_disk)
        soak.finish()
        for name, figure in soak.figures.items():
            print(f"{name}: {figure}")
    sys.exit("\n".join(soak.faults()) or 0)


if __name__ == "__main__":
    main()
