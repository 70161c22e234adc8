"""Instructions for each second of sound, counted by Valgrind, and from them bounds for small machines.

    python tests/pi/instructions.py [--models tiny base] [--lengths 20 40]

A recording is transcribed at two lengths in processes of their own; the difference is what a second of sound takes, and
the rest what starting does. Valgrind runs AVX2, not AVX-512, so kernels are compiled for the processor that it shows
before anything is counted. The bounds say how long a second of sound takes on one core of a machine that completes so
many of these instructions for each cycle: an assumption, of which there is one that hopes and one that fears.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100
MACHINES = {"Pi 5": (2.4, (0.5, 2.0)), "Pi 4": (1.5, (0.4, 1.5)), "Zero 2": (1.0, (0.15, 0.6))}
"""Clock in GHz, and x86 instructions (AVX2, eight numbers at once; NEON has four) for each cycle, by hand."""
ASK = "from drumscribe.machine_code import processor; print(*processor(), sep='|')"
TRANSCRIBE = """
import sys
from drumscribe.transcriber import Transcriber
Transcriber(sys.argv[1]).transcribe_file(sys.argv[2])
"""
COMPILE = "import sys; from drumscribe import machine_code; machine_code.processor = lambda: tuple(sys.argv[3:])"


def make(path: Path, seconds: int) -> None:
    """Bursts of noise, eight each second."""
    chance = np.random.default_rng(0)
    samples = 0.001 * chance.standard_normal(seconds * RATE).astype(np.float32)
    burst = np.exp(-np.arange(RATE // 10) / 1200.0).astype(np.float32)
    for start in range(RATE // 10, len(samples) - len(burst), RATE // 8):
        samples[start : start + len(burst)] += 0.4 * burst * chance.standard_normal(len(burst)).astype(np.float32)
    soundfile.write(path, samples, RATE)


def counted(code: str, *arguments: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run Python code below Valgrind; the instructions, and what it printed."""
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command = [*tool, sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1].replace(",", "")), done.stdout.strip()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["tiny", "base"])
    parser.add_argument("--lengths", nargs=2, type=int, default=[20, 40])
    given = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS")}
        environment = os.environ | threads | {"NUMBA_CACHE_DIR": str(folder / "code"), "PYTHONDONTWRITEBYTECODE": ""}
        paths = [folder / f"{seconds}.wav" for seconds in given.lengths]
        for path, seconds in zip(paths, given.lengths, strict=True):
            make(path, seconds)
        _, processor = counted(ASK, environment=environment)
        first = [given.models[0], str(paths[0]), *processor.split("|")]
        subprocess.run([sys.executable, "-c", COMPILE + TRANSCRIBE, *first], env=environment, check=True)
        print("| model | instructions per second of sound | of starting |\n| --- | ---: | ---: |")
        rows = []
        for model in given.models:
            short, long = (counted(TRANSCRIBE, model, str(path), environment=environment)[0] for path in paths)
            each = (long - short) / (given.lengths[1] - given.lengths[0])
            start = short - each * given.lengths[0]
            print(f"| {model} | {each / 1e6:.0f} million | {start / 1e9:.1f} billion |", flush=True)
            for machine, (clock, paces) in MACHINES.items():
                times = [each / (clock * 1e9 * pace) for pace in paces[::-1]]
                begins = [start / (clock * 1e9 * pace) for pace in paces[::-1]]
                cells = [
                    f"{low:.{digits}f} to {high:.{digits}f} s" for (low, high), digits in ((times, 3), (begins, 0))
                ]
                rows.append(f"| {machine} | {model} | {' | '.join(cells)} |")
        print("\n| machine | model | a second of sound, one core | starting |\n| --- | --- | ---: | ---: |")
        print("\n".join(rows))


if __name__ == "__main__":
    main()
