"""A JACK server without hardware, for tests of what is played and heard in real time."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def needs(*programs: str) -> pytest.MarkDecorator:
    """Leave a test out where programs are missing, and say which."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@contextmanager
def jack_server(folder: Path, rate: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen]:
    """A server in blocks of 20 ms, which programs that are started meanwhile find."""
    name = f"drumscribe-test-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    command = ["jackd", "-n", name, "-r", "-S", "-t", "5000", "-d", "dummy", "-r", str(rate), "-p", str(rate // 50)]
    with (folder / "jackd.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + 30.0
    while not jack_ports() and time.monotonic() < deadline:
        time.sleep(0.1)
    yield server
    server.terminate()
    try:
        server.wait(10.0)
    except subprocess.TimeoutExpired:  # it waits for a client that is gone
        server.kill()
        server.wait()


def jack_ports() -> list[str]:
    """The ports of the server; none if there is no server."""
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.splitlines()
