"""A session from sound to notes, with a recording and a fake device in the place of a real one."""

import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from conftest import beat, write_audio
from rich.console import Console

from drumscribe.cli import main
from drumscribe.formats.export import read
from drumscribe.live import inputs
from drumscribe.live.inputs import DeviceError, DeviceInput, RecordingInput, check_rate, open_source
from drumscribe.live.screen import Lanes
from drumscribe.live.session import play
from drumscribe.music.drums import INSTRUMENTS
from drumscribe.stream import Engine, StreamHit


class FakePort:
    """Keeps the messages it is sent."""

    def __init__(self) -> None:
        self.messages: list = []

    def send(self, message) -> None:
        self.messages.append(message)


class FakeInput:
    """Blocks at once, then what a test wants to happen."""

    name, rate, channels = "fake", 44100, 2

    def __init__(self, samples: np.ndarray, end: BaseException | None = None) -> None:
        self._samples, self._end = samples, end

    def blocks(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self._samples), 441):
            block = self._samples[start : start + 441]
            yield np.stack([block, block], axis=1)
        if self._end is not None:
            raise self._end


@pytest.fixture
def engine() -> Engine:
    return Engine(threaded=False)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_audio(tmp_path / "played.wav", beat(2.0))


def test_hits_become_notes_that_end(engine: Engine) -> None:
    port = FakePort()
    session = play(FakeInput(beat(3.0)), engine, port)
    on = [m for m in port.messages if m.type == "note_on"]
    off = [m for m in port.messages if m.type == "note_off"]
    assert [m.note for m in on] == [hit.note for hit in session.hits]
    assert {36, 38} <= {m.note for m in on}
    assert sorted(m.note for m in off) == sorted(m.note for m in on)
    assert all(m.channel == 9 and 1 <= m.velocity <= 127 for m in on)
    assert session.frames == 3 * 44100


class FakeClock:
    """In the place of the module `time`: it goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_a_recording_in_the_place_of_a_device_is_heard_at_its_own_speed(monkeypatch, recording, speed: float) -> None:
    clock = FakeClock()
    monkeypatch.setattr(inputs, "time", clock)
    session = play(RecordingInput(recording, speed), Engine(queue_seconds=10.0))
    assert clock.now - 100.0 == pytest.approx(2.0 / speed)
    assert {"kick", "snare"} <= {hit.instrument for hit in session.hits}
    assert session.overruns == []


@pytest.mark.parametrize("end", [None, KeyboardInterrupt(), DeviceError("fake: the device is gone")])
def test_a_take_is_whole_however_the_session_ends(engine: Engine, tmp_path: Path, end) -> None:
    path = tmp_path / "takes" / "take.wav"
    session = play(FakeInput(beat(2.0), end), engine, record=path)
    kept, rate = soundfile.read(path)
    assert (kept.shape, rate) == ((2 * 44100, 2), 44100)
    np.testing.assert_allclose(kept[:, 0], beat(2.0), atol=1e-6)
    assert {"kick", "snare"} <= {hit.instrument for hit in session.hits}
    assert session.lost_device == (str(end) if isinstance(end, DeviceError) else "")
    assert [p.name for p in path.parent.iterdir()] == ["take.wav"]


def test_a_device_gives_its_blocks_until_it_goes(monkeypatch) -> None:
    device = DeviceInput("microphone", 48000, [1])
    block = np.ones((240, 1), np.float32)
    device.take(block, 240, None, None)
    block[:] = 0.0  # the system uses its buffer again
    device.end()
    blocks = device.blocks()
    assert next(blocks).sum() == 240.0
    with pytest.raises(DeviceError, match="microphone: the device is gone"):
        next(blocks)


def test_a_recording_that_is_missing_is_not_taken_for_a_device(tmp_path):
    (tmp_path / "take.wav").touch()
    told = r"tale\.wav: no such recording; did you mean .*take\.wav\?"
    with pytest.raises(DeviceError, match=told), open_source(str(tmp_path / "tale.wav")):
        pass


def test_a_device_that_falls_silent_for_good_has_gone(monkeypatch) -> None:
    monkeypatch.setattr(inputs, "_SILENT_SECONDS", 0.2)
    with pytest.raises(DeviceError, match="device is gone"):
        for block in DeviceInput("microphone", 48000, [1]).blocks():
            assert block.shape == (0, 1)


def test_lanes_show_hits_where_they_were() -> None:
    console = Console(file=io.StringIO(), width=100)
    lanes = Lanes(console, "take", ("kick", "snare"), 1000)
    lanes.show([], [0.5], 1.0, 0.0, None)
    lanes.show([StreamHit(1500, "kick", 127, 0.9), StreamHit(1900, "rimshot", 30, 0.9)], [0.5], 2.0, 0.0, 120.4)
    console.print(lanes.render())
    kick, snare, _, level, state = console.file.getvalue().splitlines()
    assert kick.startswith("kick")
    assert "█" in kick
    assert "▂" in snare
    assert kick.index("█") < snare.index("▂")
    assert level.count("█") > 40
    assert "-6 dB" in level
    assert "2 hits  120 BPM" in state


def test_lanes_may_move_while_they_are_drawn() -> None:
    class Velocity(int):
        """Moves the lanes whenever one is drawn."""

        def __truediv__(self, other: int) -> float:
            lanes.show([], [0.5], 3.0, 0.0, None)
            return int(self) / other

    console = Console(file=io.StringIO(), width=100)
    lanes = Lanes(console, "take", ("kick", "snare"), 1000)
    lanes.show([StreamHit(1500, "kick", Velocity(127), 0.9)], [0.5], 2.0, 0.0, None)
    console.print(lanes.render())
    assert "█" in console.file.getvalue().splitlines()[0]


def test_the_screen_fits_into_80_columns_and_shows_each_channel_and_what_was_lost() -> None:
    console = Console(file=io.StringIO(), width=80)
    lanes = Lanes(console, "an interface with a name that is much too long for the line " * 2, INSTRUMENTS, 1000)
    lanes.show([StreamHit(100, "kick", 127, 0.9)], [1.0, 0.001], 60.0, 1.5, None)
    lanes.show([StreamHit(60_000, "ride_bell", 127, 0.9)], [0.0, 0.0], 60.0, 1.5, None)
    console.print(lanes.render())
    lines = console.file.getvalue().splitlines()
    assert len(lines) == len(INSTRUMENTS) + 4
    assert max(map(len, lines)) <= 80
    assert next(line for line in lines if line.startswith("cymbal")).endswith("█")
    assert "█" not in lines[0]  # the kick has scrolled away
    assert [line[:8].strip() for line in lines[-3:-1]] == ["level 1", "level 2"]
    assert "1.5 s lost" in lines[-1]


def test_the_command_plays_records_and_transcribes(recording: Path, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    options = ["--device", str(recording), "--midi", "none", "--record", str(take), "--latency", "60"]
    done = CliRunner().invoke(main, ["live", *options])
    assert done.exit_code == 0, done.output
    assert soundfile.info(take).duration == pytest.approx(2.0)
    assert {"kick", "snare"} <= {hit.instrument for hit in read(tmp_path / "take.mid").hits}


def test_without_portaudio_it_is_said_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = CliRunner().invoke(main, ["live"])
    assert done.exit_code == 2
    assert 'pip install "drumscribe[live]"' in done.output
    assert "libportaudio2" in done.output
    assert "Traceback" not in done.output


class FakeSoundDevice(ModuleType):
    """PortAudio with a single device."""

    PortAudioError = OSError

    def __init__(self, rate: float) -> None:
        super().__init__("sounddevice")
        self._rate = rate

    def query_devices(self, *_) -> dict:
        return {"name": "headset", "max_input_channels": 1, "default_samplerate": self._rate}

    def InputStream(self, **_) -> MagicMock:  # noqa: N802
        return MagicMock()


@pytest.mark.parametrize("rate", [16000.0, 384000.0])
def test_a_device_whose_rate_no_engine_takes_is_refused_with_what_to_do(monkeypatch, rate: float) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakeSoundDevice(rate))
    done = CliRunner().invoke(main, ["live", "--midi", "none"])
    assert done.exit_code == 2
    assert f"headset: its sample rate is {rate:.0f} Hz" in done.output
    assert "--rate 48000" in done.output
    with open_source(None, 48000) as device:
        check_rate(device)


def test_without_a_midi_system_it_is_said_what_to_install(monkeypatch, recording: Path) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setitem(sys.modules, "rtmidi2", None)
    done = CliRunner().invoke(main, ["live", "--device", str(recording), "--midi", "synth"])
    assert done.exit_code == 2
    assert "python-rtmidi" in done.output
    listed = CliRunner().invoke(main, ["live", "--list"])
    assert listed.exit_code == 0
    assert "python-rtmidi" in listed.output


def test_notes_are_ended_when_a_session_fails(engine: Engine) -> None:
    port = FakePort()
    with pytest.raises(ZeroDivisionError):
        play(FakeInput(beat(1.0), ZeroDivisionError()), engine, port)
    kinds = [m.type for m in port.messages]
    assert kinds.count("note_on") == kinds.count("note_off") > 0
    assert threading.active_count() < 50


def test_the_recording_that_is_played_is_not_recorded_over(recording: Path) -> None:
    before = recording.read_bytes()
    done = CliRunner().invoke(main, ["live", "--device", str(recording), "--midi", "none", "--record", str(recording)])
    assert done.exit_code == 2
    assert "is the recording itself" in done.stderr
    assert recording.read_bytes() == before
