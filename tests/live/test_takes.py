"""A take can be opened however the program ends, and its MIDI is kept wherever the system leaves the time."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from conftest import beat, write_audio

from drumscribe.cli import main
from drumscribe.formats.export import read
from drumscribe.live import inputs, session
from drumscribe.live.inputs import DeviceInput
from drumscribe.live.session import play
from drumscribe.live.takes import Take, wav_header
from drumscribe.stream import Engine

RATE = 44100
PATIENCE = 120.0  # seconds, for machines that do much else


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_what_is_written_can_be_opened_before_it_is_closed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.live.takes._UPDATE_S", 0.0)
    sound = np.random.default_rng(1).uniform(-1.0, 1.0, (3000, 3)).astype(np.float32)
    with Take(tmp_path / "new" / "take.wav", 48000, 3) as take:
        for start in range(0, 3000, 1000):
            take.write(sound[start : start + 1000])
            kept, rate = soundfile.read(tmp_path / "new" / "take.part.wav", dtype="float32")
            assert rate == 48000
            np.testing.assert_array_equal(kept, sound[: start + 1000])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["take.wav"]
    np.testing.assert_array_equal(soundfile.read(tmp_path / "new" / "take.wav", dtype="float32")[0], sound)


def test_what_an_earlier_session_left_is_not_written_over(tmp_path: Path) -> None:
    left = tmp_path / "take.part.wav"
    left.write_bytes(b"precious")
    with Take(tmp_path / "take.wav", 48000, 1) as take:
        take.write(np.zeros((10, 1), np.float32))
    assert left.read_bytes() == b"precious"
    assert soundfile.info(tmp_path / "take.wav").frames == 10


def test_beyond_four_gigabytes_the_file_says_so_in_rf64(tmp_path: Path) -> None:
    frames = 2**30
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wav_header(48000, 2, frames))
        file.truncate(len(wav_header(48000, 2, 0)) + 8 * frames)  # sparse
    info = soundfile.info(path)
    assert (info.format, info.frames, info.channels) == ("RF64", frames, 2)


class Live:
    """`drumscribe live` in a process of its own, in a terminal, recording."""

    def __init__(self, folder: Path, seconds: float = 60.0) -> None:
        self.take = folder / "take.wav"
        self.midi = folder / "take.mid"
        self.part = folder / "take.part.wav"
        source = write_audio(folder / "played.wav", beat(seconds))
        command = [sys.executable, "-m", "drumscribe", "live", "--device", str(source), "--midi", "none"]
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(
            [*command, "--record", str(self.take)], stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)

    def wait_for_sound(self, seconds: float) -> None:
        size = seconds * RATE * 4
        wait_until(lambda: self.part.exists() and self.part.stat().st_size > size, "nothing is recorded")

    def end(self, how: str) -> None:
        if how == "closed":
            os.kill(self.process.pid, signal.SIGHUP)  # as the system does for the terminal's programs
            os.close(self.terminal)
        else:
            os.kill(self.process.pid, getattr(signal, how))


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "closed"])
def test_a_signal_ends_a_session_and_all_is_kept(tmp_path: Path, how: str) -> None:
    live = Live(tmp_path)
    live.wait_for_sound(2.5)
    live.end(how)
    if how != "closed":
        wait_until(lambda: b"take.mid" in _drain(live.terminal) or live.process.poll() is not None, "no end")
    assert live.process.wait(PATIENCE) == 0
    seconds = soundfile.info(live.take).duration
    assert 2.0 < seconds < 60.0
    kinds = [hit.instrument for hit in read(live.midi).hits]
    assert kinds.count("kick") >= 2
    assert not live.part.exists()
    if how != "closed":
        os.close(live.terminal)


def _drain(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_killed_a_session_leaves_all_but_the_last_second(tmp_path: Path) -> None:
    live = Live(tmp_path)
    live.wait_for_sound(4.0)
    live.process.kill()
    live.process.wait()
    os.close(live.terminal)
    written = live.part.stat().st_size / 4 / RATE
    kept, rate = soundfile.read(live.part, dtype="float32")
    assert rate == RATE
    assert len(kept) / RATE > max(2.0, written - 1.5)
    np.testing.assert_allclose(kept[: 2 * RATE], np.clip(beat(60.0)[: 2 * RATE], -1.0, 1.0), atol=1e-3)
    assert not live.take.exists()


class FullDisk(Take):
    """Takes a second, then no more."""

    def _update(self) -> None:
        if self._frames >= 1.1 * RATE:
            raise OSError(28, "No space left on device")
        super()._update()


def test_a_full_disk_ends_the_session_and_keeps_what_there_is(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.live.takes._UPDATE_S", 0.0)
    monkeypatch.setattr(session, "Take", FullDisk)
    source = inputs.RecordingInput(write_audio(tmp_path / "played.wav", beat(3.0)), speed=50.0)
    played = play(source, Engine(threaded=False), record=tmp_path / "take.wav")
    assert "No space left" in played.lost_device
    assert soundfile.info(tmp_path / "take.wav").frames >= RATE
    assert len(played.hits) >= 1


class NameTaken(inputs.RecordingInput):
    """A recording, at whose end somebody takes the name of the take."""

    def blocks(self) -> Iterator[np.ndarray]:
        yield from super().blocks()
        self.wanted.mkdir()


def test_a_take_that_cannot_get_its_name_is_kept_and_so_are_the_hits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(NameTaken, "wanted", tmp_path / "take.wav", raising=False)
    monkeypatch.setattr(inputs, "RecordingInput", NameTaken)
    song = write_audio(tmp_path / "played.wav", beat(2.0))
    options = ["--device", str(song), "--midi", "none", "--record", str(tmp_path / "take.wav")]
    done = CliRunner().invoke(main, ["live", *options])
    assert done.exit_code == 1
    part = tmp_path / "take.part.wav"
    assert f"take.wav: the take could not get this name, and is in {part}" in done.stderr.replace("\n", " ")
    assert soundfile.info(part).duration == pytest.approx(2.0)
    assert {"kick", "snare"} <= {hit.instrument for hit in read(tmp_path / "take.mid").hits}


def test_an_error_that_ends_a_take_is_not_hidden_by_the_name_that_it_cannot_get(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Take(tmp_path / "take.wav", 48000, 1):
        (tmp_path / "take.wav").mkdir()
        raise ZeroDivisionError


def test_an_error_that_is_none_of_the_file_is_not_taken_for_one(tmp_path: Path, monkeypatch) -> None:
    errors = [OSError(5, "Input/output error")]

    class Screen:
        def show(self, *_) -> None:
            if errors:
                raise errors.pop()

    source = inputs.RecordingInput(write_audio(tmp_path / "played.wav", beat(0.5)), speed=50.0)
    with pytest.raises(OSError, match="Input/output error"):
        play(source, Engine(threaded=False), screen=Screen(), record=tmp_path / "take.wav")
    assert soundfile.info(tmp_path / "take.wav").frames > 0


class BrokenPort:
    """Fails after the first message, as a device that was unplugged."""

    def __init__(self) -> None:
        self.messages: list = []

    def send(self, message) -> None:
        self.messages.append(message)
        if len(self.messages) > 1:
            raise RuntimeError("gone")


def test_a_midi_port_that_goes_does_not_end_the_take(tmp_path: Path) -> None:
    source = inputs.RecordingInput(write_audio(tmp_path / "played.wav", beat(3.0)), speed=50.0)
    played = play(source, Engine(threaded=False), BrokenPort(), record=tmp_path / "take.wav")
    assert soundfile.info(tmp_path / "take.wav").duration == pytest.approx(3.0, abs=0.01)
    assert "MIDI port was lost: gone" in played.lost_port


def test_a_device_that_never_stops_is_left_to_itself() -> None:
    assert not inputs.ends_within(0.1, lambda: time.sleep(5.0))
    assert inputs.ends_within(60.0, lambda: 1 / 0)


def test_channels_are_chosen_and_may_be_many() -> None:
    device = DeviceInput("interface", 48000, [3, 4, 6])
    assert device.channels == 3
    block = np.arange(12, dtype=np.float32).reshape(2, 6)
    device.take(block, 2, None, None)
    np.testing.assert_array_equal(next(device.blocks()), [[2, 3, 5], [8, 9, 11]])
