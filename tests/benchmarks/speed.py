"""What a transcription costs: CPU seconds beside other onset detectors, peak memory, start-up, cost per stage.

    python tests/benchmarks/speed.py [--runs 5] [--model FILE] [--long] [--folder DIR]

The recordings are made here: three drums and a bass at 120 BPM with varying loudness, 16-bit stereo wav at 44.1 kHz,
the same to the bit in every run. Everything is on one thread, and nothing is timed before it has run once, so that
code is compiled and files are in memory. The tables are Markdown.

CPU seconds
    User and system time of a whole child process, from its start to its end, as the system counts it (`os.wait4`):
    ``drumscribe transcribe --jobs 1`` on a recording of 10 minutes, against a Python process that does
    ``librosa.load(sr=None)`` and ``librosa.onset.onset_detect`` on the same file, and ``aubioonset``, where it is
    installed (Debian's aubio-tools). They take turns; the figures are medians, and the ratios are those of the medians.
    The same on a recording of 15 s is what starting costs.
Peak memory
    The largest resident set that the system saw of the same child process (``ru_maxrss``), which counts the
    interpreter and all libraries. The parent loads nothing, because a child is also charged with what its parent held.
    ``--long`` adds a recording of 3 hours (1.9 GB in --folder).
Stages
    CPU time (`time.process_time`) in one process over the 10 minutes, each stage for itself in the blocks that a
    transcription has; medians. Resampling, which a recording at the model's own rate does not need, is what reading
    takes longer if it is asked for at 48 kHz. Picking and rhythm are what the
    whole takes beyond the stages listed.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

RATE = 44100
COMPARED = ("15 s", "10 minutes")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""Of an installed package all modules are there as bytecode; of a checkout, after the first run."""
LIBROSA = """
import sys, librosa
samples, rate = librosa.load(sys.argv[1], sr=None)
librosa.onset.onset_detect(y=samples, sr=rate)
"""


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU and elapsed seconds, and MiB of resident memory at its peak."""

    cpu: float
    elapsed: float
    memory: float


def make_recording(path: Path, seconds: int) -> None:
    """Write drums and a bass, bar by bar, so that any length takes little memory."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(1)
    time_axis = np.arange(RATE // 2) / RATE
    noise = rng.standard_normal(len(time_axis))
    kick = np.sin(2 * np.pi * (50 * time_axis + 6 * (1 - np.exp(-30 * time_axis)))) * np.exp(-12 * time_axis)
    snare = 0.5 * noise * np.exp(-25 * time_axis) + 0.5 * np.sin(2 * np.pi * 190 * time_axis) * np.exp(-30 * time_axis)
    hihat = 0.3 * np.diff(noise, prepend=0.0) * np.exp(-60 * time_axis)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for second in range(0, seconds, 2):
            bar = np.zeros(2 * RATE + len(time_axis))
            pattern = [(beat * 0.5, (kick, snare)[beat % 2]) for beat in range(4)]
            pattern += [(eighth * 0.25, hihat) for eighth in range(8)] + [(rng.integers(16) * 0.125, kick)]
            for start, drum in pattern:
                at = round(start * RATE)
                bar[at : at + len(drum)] += drum * rng.uniform(0.2, 0.6)
            bar = bar[: min(2, seconds - second) * RATE]
            bar += 0.05 * np.sign(np.sin(2 * np.pi * rng.choice([55, 65, 73]) * np.arange(len(bar)) / RATE))
            file.write(np.stack([bar, 0.8 * bar], axis=1).clip(-1.0, 1.0))


def run_child(command: list[str]) -> Cost:
    """Run a command to its end, and ask the system what it took."""
    began = time.perf_counter()
    child = subprocess.Popen(command, env=os.environ | ONE_THREAD | WITH_BYTECODE, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    elapsed = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"failed with {child.returncode}: {' '.join(command)}")
    per_mebibyte = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss / per_mebibyte)


def transcription(path: Path, model: Path | None) -> list[str]:
    """The command that transcribes a recording."""
    command = [sys.executable, "-c", "from drumscribe.cli import main; main()", "transcribe", str(path)]
    return [*command, "--jobs", "1", "--quiet", "--out", str(path.parent), *(["--model", str(model)] if model else [])]


def measure_stages(path: Path, model: Path | None, runs: int) -> list[tuple[str, float]]:
    """The stages of a transcription and the CPU seconds of each; to be run in a fresh process."""
    began = time.process_time()
    from drumscribe.transcriber import Transcriber

    transcriber = Transcriber(model)
    start = time.process_time() - began
    import numpy as np

    from drumscribe.formats.export import write
    from drumscribe.network.classifier import Classifier
    from drumscribe.sound.audio import read_blocks
    from drumscribe.sound.onsets import OnsetDetector
    from drumscribe.sound.spectrogram import Spectrogram

    settings = transcriber.info.spectrogram
    blocks = list(read_blocks(path, settings.rate))

    def through(push: Callable, *inputs: list) -> list:
        return [push(*parts) for parts in zip(*inputs, strict=True)]

    frames = through(Spectrogram(settings).push, blocks)
    result = transcriber.transcribe_blocks(blocks)
    stages = {
        "reading": lambda: [None for _ in read_blocks(path, settings.rate)],
        "resampling (not needed here)": lambda: [None for _ in read_blocks(path, 48000)],
        "spectrogram": lambda: through(Spectrogram(settings).push, blocks),
        "onsets": lambda: through(OnsetDetector(settings.rate, settings.hop, settings.bands).push, blocks, frames),
        "network": lambda: through(classifier.push, frames),
        "all from blocks to hits": lambda: transcriber.transcribe_blocks(blocks),
        "writing MIDI": lambda: write(result, path.with_suffix(".mid")),
    }
    classifier = Classifier(model)
    costs: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(runs + 1):
        for name, stage in stages.items():
            began = time.process_time()
            stage()
            costs[name].append(time.process_time() - began)
    cost = {name: float(np.median(times[1:])) for name, times in costs.items()}
    cost["resampling (not needed here)"] -= cost["reading"]
    rest = cost.pop("all from blocks to hits") - sum(cost[name] for name in ("spectrogram", "onsets", "network"))
    writing = cost.pop("writing MIDI")
    ends = [("picking and rhythm", rest), ("writing MIDI", writing)]
    return [("imports and opening the model", start), *cost.items(), *ends]


def in_fresh_process(function: Callable, *arguments):
    """A function's result, from a process of its own, so that this one stays small."""
    os.environ.update(ONE_THREAD)
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def print_table(*rows: tuple) -> None:
    for i, row in enumerate(rows):
        print(f"| {' | '.join(map(str, row))} |")
        if i == 0:
            print(f"| --- |{' ---: |' * (len(row) - 1)}")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--long", action="store_true", help="also the peak memory of 3 hours")
    parser.add_argument("--folder", type=Path, help="where recordings are put; a temporary folder if not given")
    options = parser.parse_args()
    if not hasattr(os, "wait4"):
        raise SystemExit("this system does not tell what a child process took: run it on Linux or macOS")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lengths = {"15 s": 15, "3 minutes": 180, "10 minutes": 600} | ({"3 hours": 10800} if options.long else {})
        paths = {name: Path(folder) / f"{name}.wav" for name in lengths}
        for name, seconds in lengths.items():
            in_fresh_process(make_recording, paths[name], seconds)

        ours = {name: [run_child(transcription(path, options.model))] for name, path in paths.items()}
        peers = {"librosa": lambda path: [sys.executable, "-c", LIBROSA, str(path)]}
        if aubio := shutil.which("aubioonset"):
            peers["aubio"] = lambda path: [aubio, str(path)]
        else:
            print("aubio is left out: there is no aubioonset\n")
        theirs: dict[str, dict[str, list[Cost]]] = {name: {peer: [] for peer in peers} for name in COMPARED}
        for name in COMPARED:
            for command in peers.values():
                run_child(command(paths[name]))
            ours[name].clear()
            for _ in range(options.runs):
                ours[name].append(run_child(transcription(paths[name], options.model)))
                for peer, command in peers.items():
                    theirs[name][peer].append(run_child(command(paths[name])))

        def median(costs: list[Cost], what: str) -> float:
            return statistics.median(getattr(cost, what) for cost in costs)

        rows = []
        for name in COMPARED:
            cpu, elapsed = median(ours[name], "cpu"), median(ours[name], "elapsed")
            costs = [median(theirs[name][peer], "cpu") for peer in peers]
            figures = [part for peer in costs for part in (f"{peer:.2f} s", f"{cpu / peer:.2f}")]
            rows.append((name, f"{cpu:.2f} s", *figures, f"{elapsed:.2f} s"))
        titles = [part for peer in peers for part in (f"{peer} onsets, CPU", "ratio")]
        print_table(("recording", "drumscribe, CPU", *titles, "drumscribe, elapsed"), *rows)
        peaks = [(name, f"{max(cost.memory for cost in costs):.0f} MiB") for name, costs in ours.items()]
        print_table(("recording", "peak memory"), *peaks)
        stages = in_fresh_process(measure_stages, paths["10 minutes"], options.model, options.runs)
        print_table(("stage, 10 minutes", "CPU"), *((name, f"{seconds:.3f} s") for name, seconds in stages))


if __name__ == "__main__":
    main()
