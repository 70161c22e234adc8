"""A program in another language gets its hits over pipes, whatever it sends, and however it ends."""

import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from conftest import beat, write_audio

from drumscribe.stream import Engine, StreamHit
from drumscribe.stream.engine import LARGEST_BLOCK

RATE = 48000
PATIENCE = 120.0  # seconds, for machines that do much else; nothing is measured
EXAMPLES = Path(__file__).parents[2] / "examples"


class Client:
    """Another process's side of a server; `lines` is read in a thread, so that neither can block the other."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "drumscribe", "serve", "--stdio", *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        self._lines: queue.Queue[dict | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ready = self.next()

    def _read(self) -> None:
        with suppress(ValueError, OSError):  # a test has closed it
            for line in iter(self.process.stdout.readline, b""):
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def next(self) -> dict | None:
        return self._lines.get(timeout=PATIENCE)

    def send(self, sound: np.ndarray | bytes) -> None:
        rest = memoryview(sound if isinstance(sound, bytes) else sound.astype("<f4").tobytes())
        while rest:
            rest = rest[self.process.stdin.write(rest) :]

    def end(self) -> list[dict]:
        self.process.stdin.close()
        rest = list(iter(self.next, None))
        assert self.process.wait(PATIENCE) == 0
        return rest

    def close(self) -> None:
        """End the server, whatever it is doing, and close its pipes."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client("--rate", str(RATE))
    yield client
    client.close()


def hits_of(events: list[dict], instrument: str) -> np.ndarray:
    return np.array([e["sample"] for e in events if e["event"] == "hit" and e["instrument"] == instrument])


def list_hits(sound: np.ndarray) -> list[StreamHit]:
    """What the engine hears in a sound, without a server."""
    engine = Engine(threaded=False)
    engine.prepare(RATE, LARGEST_BLOCK, 1)
    blocks = np.split(sound, range(LARGEST_BLOCK, len(sound), LARGEST_BLOCK))
    return [hit for block in blocks for hit in engine.process(block)] + engine.flush()


def test_hits_come_while_the_sound_still_goes_on(client: Client) -> None:
    assert client.ready["event"] == "ready"
    assert client.ready["protocol"] == 1
    assert 0.02 * RATE < client.ready["latency"] < 0.3 * RATE
    sound = beat(3.0, RATE)
    known = list_hits(sound)
    assert "snare" in {hit.instrument for hit in known}
    sent = 0
    for hit in known:  # each stroke is answered before anything more than the latency has been sent
        until = max(sent, hit.sample + client.ready["latency"])
        client.send(sound[sent:until])
        sent = until
        event = client.next()
        assert (event["event"], event["sample"], event["articulation"]) == ("hit", hit.sample, hit.articulation)
    assert event.keys() == {
        *("event", "sample", "time", "instrument", "articulation", "note", "velocity", "confidence")
    }
    client.send(sound[sent:])
    assert client.end() == [{"event": "end", "frames": 3 * RATE}]


def test_frames_may_be_cut_anywhere_and_a_last_half_frame_is_told(client: Client) -> None:
    data = beat(1.5, RATE).astype("<f4").tobytes() + b"abc"
    for start in range(0, len(data), 10001):
        client.send(data[start : start + 10001])
    events = client.end()
    assert np.abs(hits_of(events, "snare") - 0.75 * RATE).min() < 0.01 * RATE
    assert any(e["event"] == "warning" and "3 bytes" in e["message"] for e in events)
    assert events[-1] == {"event": "end", "frames": round(1.5 * RATE)}


def test_garbage_is_told_once_and_does_not_end_it(client: Client) -> None:
    client.send(np.full(4800, 1e30, np.float32))
    client.send(np.random.default_rng(1).integers(0, 256, 200000, np.uint8).tobytes())
    client.send(np.zeros(RATE, np.float32))
    client.send(beat(1.5, RATE))
    events = client.end()
    assert len([e for e in events if e["event"] == "warning"]) == 1
    begins = 4800 + 50000 + RATE
    assert np.abs(hits_of(events, "snare") - begins - 0.75 * RATE).min() < 0.01 * RATE


def test_a_pause_changes_nothing(client: Client) -> None:
    sound = beat(1.5, RATE)
    client.send(sound[:30001])
    time.sleep(3.0)
    assert client.process.poll() is None
    client.send(sound[30001:])
    assert np.abs(hits_of(client.end(), "snare") - 0.75 * RATE).min() < 0.01 * RATE


def test_nothing_is_sent(client: Client) -> None:
    assert client.end() == [{"event": "end", "frames": 0}]


def test_a_client_that_reads_no_more_ends_the_server(client: Client) -> None:
    client.process.stdout.close()
    with suppress(BrokenPipeError):
        for _ in range(100):
            client.send(beat(2.0, RATE))
    assert client.process.wait(PATIENCE) == 1
    assert b"Traceback" not in client.process.stderr.read()


def test_a_client_that_dies_leaves_no_server_behind(tmp_path: Path) -> None:
    """A program starts the server, sends half a frame, and is killed."""
    script = tmp_path / "client.py"
    script.write_text(
        "import subprocess, sys, time\n"
        "server = subprocess.Popen([sys.executable, '-c', 'from drumscribe.cli import main; main()', 'serve',\n"
        "                           '--stdio'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)\n"
        "server.stdout.readline()\n"
        "server.stdin.write(b'ab')\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as client:
        server = int(client.stdout.readline())
        client.kill()
    if sys.platform != "linux":
        return
    deadline = time.monotonic() + PATIENCE
    while _runs(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(server)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_options_are_checked_before_anything_is_heard() -> None:
    command = [sys.executable, "-m", "drumscribe", "serve", "--stdio", "--rate", "8000"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert b"8000" in done.stderr
    assert done.stdout == b""


def test_the_example_client_prints_hits(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "take.wav", beat(2.0))
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "stdio_client.py"), str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert "snare" in done.stdout
    assert "ms later" in done.stdout


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform == "win32", reason="there is no C compiler")
def test_the_example_client_in_c_prints_hits(tmp_path: Path, monkeypatch) -> None:
    program = tmp_path / "client"
    source = [str(EXAMPLES / "stdio_client.c"), "-I", str(EXAMPLES / "plugin")]
    subprocess.run(["cc", "-o", str(program), *source, "-lm"], check=True)
    launcher = tmp_path / "drumscribe"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from drumscribe.cli import main; main()" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=PATIENCE, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["ready", "end"]
    assert len(hits_of(events, "kick")) >= 3
