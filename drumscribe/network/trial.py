"""Run unknown networks for the first time in a process of their own, because they may crash it.

TFLite is not built for hostile files: a damaged flatbuffer can abort the process that opens it. A file that is neither
bundled nor made here is therefore first opened and run in another process, with limited time and memory. If that
succeeds, a digest of the file is kept, and the file is not tried again. This is no protection against a file that is
made to take over the runtime.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ..errors import ModelError
from .bundled import models_folder

_LIMIT_S = 120.0
_MEMORY = 4 << 30
"""Limits of the trial, far beyond what any model needs on any machine (by hand)."""
_ON_TRIAL = "DRUMSCRIBE_MODEL_ON_TRIAL"


def require(path: Path) -> None:
    """Check that a model file is bundled, was made here, or has been run without harm.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ModelError
        If it cannot be run.
    """
    if os.environ.get(_ON_TRIAL) or not path.is_file() or path.resolve().parent == models_folder().resolve():
        return
    digest = _digest(path)
    if digest in _known():
        return
    # Add the folder of the package, which may not be installed.
    code = f"import sys; sys.path[:0] = {sys.path!r}; from drumscribe.network.trial import run; run(sys.argv[1])"
    command = [sys.executable, "-c", code, str(path)]
    environment = {**os.environ, _ON_TRIAL: "1"}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{path}: running this model takes too long: get it again, or use another") from None
    if done.returncode:
        told = done.stdout.decode(errors="replace").strip()
        raise ModelError(told or f"{path}: this model ends the process that runs it: get it again, or use another")
    _remember(digest)


def trust(path: Path) -> None:
    """Trust a model file that was made here.

    Parameters
    ----------
    path : Path
        The file.
    """
    _remember(_digest(path))


def run(name: str) -> None:
    """Open a network and run it, in a process that may crash; print the reason and exit with 1 if it cannot be run.

    Parameters
    ----------
    name : str
        The file.
    """
    import numpy as np

    from .tflite import TfliteNetwork

    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        network = TfliteNetwork(Path(name))
        shape = network.shapes[0]
        if len(shape) != 3 or not 0 < shape[1] * shape[2] <= 1 << 24:
            raise ModelError(f"{name}: its network takes an input of shape {shape}, which is none of frames")
        noise = np.random.default_rng(0).random(shape[1:], np.float32)
        for frames in (np.zeros(shape[1:], np.float32), noise):
            network.run(frames)
            for number in range(len(network.shapes) - 1):
                network.output(number)
    except ModelError as error:
        print(str(error) if name in str(error) else f"{name}: {error}", flush=True)
        os._exit(1)
    except Exception as error:
        print(f"{name}: this model cannot be run ({type(error).__name__}): get it again", flush=True)
        os._exit(1)
    os._exit(0)


def _digest(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _memory() -> Path:
    from platformdirs import user_state_path

    return user_state_path("drumscribe", appauthor=False) / "models"


def _known() -> set[str]:
    with suppress(OSError, UnicodeDecodeError):
        return set(_memory().read_text(encoding="ascii").split())
    return set()


def _remember(digest: str) -> None:
    """Append a line; if that fails, the model is tried again next time."""
    with suppress(OSError):
        _memory().parent.mkdir(parents=True, exist_ok=True)
        with _memory().open("a", encoding="ascii") as file:
            file.write(f"{digest}\n")
