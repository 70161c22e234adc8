"""What a batch costs beside its recordings: ``python tests/benchmarks/batch.py``.

Memory and time of a plan by the number of recordings, rates of the journal, and the CPU time of short recordings in one
worker that is warm. Peak memory is that of a process of its own for each plan.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from drumscribe.batch.jobs import Job, Outcome
from drumscribe.batch.journal import Journal
from drumscribe.batch.plan import plan
from drumscribe.batch.spool import Outcomes
from drumscribe.batch.work import Work
from drumscribe.cli.build import make_transcriber
from drumscribe.formats.outputs import Delivery


class Silent:
    """Takes no reports."""

    def __call__(self, seconds: float) -> None:
        pass

    def compiling(self) -> None:
        """Take it."""


def plan_of(count: int) -> None:
    """Plan so many recordings, run through them, and print the peak of memory and the CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        jobs = plan([], folder, listed=(f"in/{i % 997}/song number {i}.wav" for i in range(count))).jobs
        outcomes = Outcomes(jobs)
        for number, job in enumerate(jobs):
            outcomes.put(number, Outcome(job, "skipped"))
        for _ in outcomes:
            pass
        spent = time.process_time() - began
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{count:>9,} recordings: {more:6.1f} MiB more, {1e6 * spent / count:.0f} us of CPU each")


def journal(count: int) -> None:
    """Claim and finish so many recordings, look at them again, and print how long each takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = folder / "x.wav"
        recording.write_bytes(bytes(2_000_000))
        jobs = [Job(recording, (folder / f"{i}.mid",)) for i in range(count)]
        for job in jobs:
            job.outputs[0].write_bytes(b"x")
        for what in ("claim and finish", "look at what is done"):
            ledger = Journal(folder, "")
            began, spent = time.perf_counter(), time.process_time()
            for job in jobs:
                if ledger.take(job).verdict == "do":
                    ledger.finish(Outcome(job, "done", outputs=job.outputs))
            each = [1e3 * (time.perf_counter() - began) / count, 1e3 * (time.process_time() - spent) / count]
            ledger.close()
            print(f"journal, {what}: {each[0]:.2f} ms each, {each[1]:.2f} ms of CPU")


def short(seconds: float, count: int, model: str | None) -> None:
    """Transcribe short recordings one after the other, and print the CPU time of each when warm."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chance = np.random.default_rng(0)
        samples = (0.01 * chance.standard_normal(int(44100 * seconds))).astype(np.float32)
        for at in range(4000, len(samples) - 9000, 11025):
            samples[at : at + 8000] += 0.5 * np.exp(-np.arange(8000) / 900.0) * chance.standard_normal(8000)
        soundfile.write(folder / "x.wav", samples, 44100)
        work = Work(lambda: make_transcriber(model and Path(model), None, ()), Delivery())
        job = Job(folder / "x.wav", (folder / "x.mid",))
        for _ in range(3):
            work(job, Silent())
        began = time.process_time()
        for _ in range(count):
            work(job, Silent())
        print(f"{seconds:g} s, {model or 'base'}: {1e3 * (time.process_time() - began) / count:.0f} ms of CPU each")


def main() -> None:
    """Print all, or one plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=int)
    given = parser.parse_args()
    if given.plan is not None:
        plan_of(given.plan)
        return
    for count in (1_000, 10_000, 100_000, 1_000_000):
        subprocess.run([sys.executable, __file__, "--plan", str(count)], check=True)
    journal(1000)
    for model in (None, "tiny"):
        for seconds in (4.0, 15.0, 180.0):
            short(seconds, 2 if seconds > 100 else 20, model)


if __name__ == "__main__":
    main()
