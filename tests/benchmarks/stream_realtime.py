"""Whether the engine would survive in a host: what a call to `process` takes against the sound that it is given.

    python tests/benchmarks/stream_realtime.py [--minutes 10] [--blocks 64 128 512] [--model FILE] [--cores 1]
                                               [--realtime]

Sound that is made here, drums at 120 BPM in stereo at 48 kHz, comes at its own speed, block by block, from a thread
that sleeps until the next block is due, as a host's does. With --realtime that thread is in the scheduler's real-time
class, as a host's is, and the engine's own thread is not (on Linux, with the right to do so). The process is held to so
many cores. Each block size is run for so many minutes. The table is Markdown:

`99 %`, `99.9 %`, `worst`
    Elapsed time of a call, in ms; and the first of these as a share of the block's own duration.
`within half`
    Share of the calls that took less than half of the block's duration.
`late`
    99th percentile of the time from the moment when a hit could first be known (its sample and `latency_samples`) to
    the call that reports it, in ms: what the thread takes, the block that it waits for, and the rest of the machine.
`lost`
    Samples that were not listened to.
`memory`
    How much the process grew from the second minute to the last, in MiB.
`pauses`
    Collections of Python's garbage collector during the run, and the longest, in ms.
`CPU`
    Share of one core that the whole process took.
"""

import argparse
import gc
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.stream import Engine

RATE = 48000


@dataclass
class Pauses:
    """Counts what the garbage collector does."""

    count: int = 0
    longest: float = 0.0
    _began: float = 0.0

    def __call__(self, phase: str, _: dict) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.count += 1
            self.longest = max(self.longest, time.perf_counter() - self._began)


def make_sound(seconds: int = 20) -> np.ndarray:
    """``(2, samples) float32``: kick, snare and hihat."""
    rng = np.random.default_rng(1)
    t = np.arange(RATE // 4) / RATE
    noise = rng.standard_normal(len(t))
    kick = np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)
    snare = 0.5 * noise * np.exp(-25 * t) + 0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-30 * t)
    hihat = 0.3 * np.diff(noise, prepend=0.0) * np.exp(-60 * t)
    sound = 1e-3 * rng.standard_normal((seconds + 1) * RATE)
    for eighth in range(4 * seconds):
        for drum in (hihat, (kick, snare)[eighth // 2 % 2]) if eighth % 2 == 0 else (hihat,):
            start = eighth * RATE // 4
            sound[start : start + len(drum)] += drum * rng.uniform(0.2, 0.6)
    return np.stack([sound, 0.8 * sound])[:, : seconds * RATE].astype(np.float32)


def resident() -> float:
    """MiB of memory that the process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def become_realtime() -> None:
    """Put this thread into the real-time class; threads that it starts stay out of it."""
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(20))


def run(engine: Engine, block: int, seconds: float) -> str:
    """A row of the table."""
    sound = make_sound()
    engine.prepare(RATE, block, 2)
    latency, calls = engine.latency_samples, int(seconds * RATE / block)
    took, late = np.full(calls, np.nan), []  # written to at once, so that it does not count as growth
    pauses, early = Pauses(), 0.0
    gc.callbacks.append(pauses)
    cpu, began = time.process_time(), time.perf_counter()
    position = 0
    for call in range(calls):
        if position + block > sound.shape[1]:
            position = 0
        part = sound[:, position : position + block]
        position += block
        due = began + (call + 1) * block / RATE
        if (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        start = time.perf_counter()
        hits = engine.process(part)
        now = time.perf_counter()
        took[call] = now - start
        late += [now - began - (hit.sample + latency) / RATE for hit in hits]
        if call == min(calls // 4, int(120 * RATE / block)):
            early = resident()
    cpu = (time.process_time() - cpu) / (time.perf_counter() - began)
    gc.callbacks.remove(pauses)
    grown = resident() - early
    engine.flush()
    lost = sum(overrun.samples for overrun in engine.take_overruns())
    own = block / RATE
    percentiles = [*np.percentile(took, (99.0, 99.9)), took.max()]
    cells = [
        f"{block} ({1000 * own:.2f} ms)",
        *(f"{1000 * value:.3f} ({100 * value / own:.0f} %)" for value in percentiles),
        f"{100 * np.mean(took < own / 2):.3f} %",
        f"{1000 * np.percentile(late, 99):.1f}" if late else "",
        lost,
        f"{grown:+.1f}",
        f"{pauses.count}, {1000 * pauses.longest:.2f}",
        f"{100 * cpu:.0f} %",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 128, 512])
    parser.add_argument("--model", type=Path, help="a model file, instead of the shipped one")
    parser.add_argument("--cores", type=int, default=1, help="that the process may use")
    parser.add_argument("--realtime", action="store_true", help="feed the engine from a real-time thread, as hosts do")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.cores :])
    columns = ("block", "99 %", "99.9 %", "worst", "within half", "late, ms", "lost", "memory", "pauses", "CPU")
    print(f"| {' | '.join(columns)} |")
    print(f"| {' | '.join(['---'] * len(columns))} |")
    for block in arguments.blocks:
        engine = Engine(arguments.model)
        with ThreadPoolExecutor(1, initializer=become_realtime if arguments.realtime else None) as host:
            print(host.submit(run, engine, block, 60 * arguments.minutes).result(), flush=True)
        engine.close()


if __name__ == "__main__":
    main()
