"""The long run: ``python tests/fuzz/run.py 1000000``, which takes hours; name readers to run only these. Another
``FUZZ_SEED`` makes other files.

A file that breaks a promise (another error than one for users, more than 10 s of CPU, more than 4 GB) is kept in
the folder ``fuzz-found``, and ends the run of its reader.
"""

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from mutation import mutated
from readers import READERS, SLOW_READERS, Reader, attempt

from drumscribe.runtime import native_chatter_dropped

_LIMIT_S = 10
_MEMORY = 4 << 30


class Slow(BaseException):
    """A file took too long."""


def _slow(*_: object) -> None:
    raise Slow


def run(name: str, reader: Reader, executions: int, seed: int, folder: Path) -> tuple[int, int]:
    """Read so many mutated files; how many were, and how many of them could be read."""
    chance = random.Random(f"{name} {seed}")
    path = folder / f"x.{reader.ending}"
    good = 0
    for count in range(executions):
        content = mutated(reader.seeds, chance)
        path.write_bytes(content)
        signal.setitimer(signal.ITIMER_PROF, _LIMIT_S)  # of CPU, as the machine may be busy
        try:
            with native_chatter_dropped():
                good += attempt(reader, path)
        except BaseException as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            found = Path("fuzz-found")
            found.mkdir(exist_ok=True)
            (found / f"{name}-{seed}-{count}.{reader.ending}").write_bytes(content)
            print(f"{name}: {type(error).__name__}: {error} (execution {count}, seed {seed})", flush=True)
            if isinstance(error, KeyboardInterrupt):
                raise
            return count + 1, good
        signal.setitimer(signal.ITIMER_PROF, 0)
    return executions, good


def main() -> None:
    """Run all readers, or those named."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGPROF, _slow)
    total, names = int(sys.argv[1]), sys.argv[2:] or list(READERS)
    seed = int(os.environ.get("FUZZ_SEED", "0"))
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for name in names:
            began = time.process_time()
            done, good = run(name, (READERS | SLOW_READERS)[name], total // len(names), seed, Path(folder))
            print(f"{name}: {done} files, {good} of them readable, {time.process_time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
