"""The tempo that is heard, or told, becomes a MIDI clock on the beat."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import mido
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import beat, write_audio

from drumscribe.cli import main
from drumscribe.formats.midi.reading import read_transcription
from drumscribe.live.clock import PULSES, Beat, ClockReceiver, ClockSender, Timing, heard_beat, next_pulse
from drumscribe.live.session import play
from drumscribe.music.transcription import Hit
from drumscribe.stream import Engine

EIGHTHS = [Hit(0.3 + i * 0.25, ("kick", "hihat_closed", "snare", "hihat_closed")[i % 4], 100) for i in range(60)]


@pytest.mark.parametrize("now", [14.8, 15.0, 15.05, 15.2])
def test_the_tempo_of_the_last_seconds_is_heard_wherever_they_begin(now: float) -> None:
    beat = heard_beat(EIGHTHS, now)
    assert beat is not None
    assert min(abs(beat.tempo - tempo) for tempo in (60.0, 120.0)) < 1.0
    assert abs((beat.quarters_at(10.3) + 0.25) % 0.5 - 0.25) < 0.05  # a kick is on a beat
    assert heard_beat(EIGHTHS[:4], 2.0) is None


@pytest.mark.parametrize("tempo", [60.0, 97.0, 174.0])
def test_pulses_come_in_tempo_and_on_the_beat(tempo: float) -> None:
    beat = Beat(tempo, 0.3, 100.0)
    moment = 100.0 + next_pulse(beat, 0, 100.0)
    assert beat.quarters_at(moment) == pytest.approx(1.0)
    moments = [moment]
    for pulse in range(1, 20 * PULSES):
        moments.append(moments[-1] + next_pulse(beat, pulse, moments[-1]))
    np.testing.assert_allclose(np.diff(moments), 60.0 / tempo / PULSES, rtol=1e-6)


def test_a_clock_that_is_off_the_beat_comes_back_without_a_jump() -> None:
    beat, moments = Beat(120.0, 0.4, 0.0), [0.0]
    for pulse in range(1, 30 * PULSES + 1):
        moments.append(moments[-1] + next_pulse(beat, pulse, moments[-1]))
    steps = np.diff(moments) / (0.5 / PULSES)
    assert (np.abs(steps - 1.0) <= 0.0501).all()
    assert abs((beat.quarters_at(moments[-1]) + 0.5) % 1.0 - 0.5) < 0.01


class FakePort:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def send(self, message: mido.Message) -> None:
        self.messages.append(message.type)


def test_a_clock_starts_with_the_first_tempo_and_stops_at_the_end() -> None:
    port = FakePort()
    with ClockSender(port) as clock:
        assert port.messages == []
        clock.follow(Beat(300.0, 0.0, time.monotonic()))
        deadline = time.monotonic() + 30.0
        while port.messages.count("clock") < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert port.messages[0] == "start"
    assert port.messages[-1] == "stop"
    assert set(port.messages[1:-1]) == {"clock"}
    assert len(port.messages) >= 12


class SilentInput:
    """A hundredth of a second of silence."""

    name, rate, channels = "silence", 44100, 1

    def blocks(self) -> Iterator[np.ndarray]:
        yield np.zeros((441, 1), np.float32)


class BrokenPort:
    """Fails after some messages, as a device that was unplugged."""

    def __init__(self, messages: int) -> None:
        self._left = messages

    def send(self, message: mido.Message) -> None:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("gone")


@pytest.mark.parametrize("messages", [0, 3])
def test_a_clock_whose_port_goes_ends_nothing_and_says_so(messages: int) -> None:
    """An error that escaped the clock's thread would be one of the test."""
    with ClockSender(BrokenPort(messages)) as clock:
        clock.follow(Beat(300.0, 0.0, time.monotonic()))
        deadline = time.monotonic() + 30.0
        while not clock.failure and time.monotonic() < deadline:
            time.sleep(0.01)
        session = play(SilentInput(), Engine(threaded=False), timing=Timing(sender=clock))
    assert session.lost_port == "the MIDI port was lost: gone"
    assert session.frames == 441


def test_without_a_tempo_no_clock_is_sent() -> None:
    port = FakePort()
    with ClockSender(port):
        pass
    assert port.messages == []


def test_the_clock_of_another_program_gives_tempo_and_place(monkeypatch) -> None:
    receiver, now = ClockReceiver(), [50.0]
    monkeypatch.setattr("drumscribe.live.clock.time.monotonic", lambda: now[0])
    receiver.take(mido.Message("start"))
    for _ in range(2 * PULSES + 1):
        receiver.take(mido.Message("clock"))
        now[0] += 0.02
    beat = receiver.beat
    assert beat is not None
    assert beat.tempo == pytest.approx(125.0)
    assert beat.quarters == pytest.approx(2.0)
    assert Timing(receiver).take([], 1.0) == pytest.approx(125.0)
    receiver.take(mido.Message("songpos", pos=16))
    receiver.take(mido.Message("clock"))
    assert receiver.beat.quarters == pytest.approx(4.0)
    now[0] += 5.0
    assert receiver.beat is None  # it has stopped


class FakeOsc:
    def __init__(self) -> None:
        self.tempos: list[float] = []

    def send_tempo(self, tempo: float, beat: float) -> None:
        self.tempos.append(tempo)


def test_a_tempo_that_is_heard_is_told() -> None:
    osc = FakeOsc()
    timing = Timing(osc=osc)
    deadline = time.monotonic() + 60.0
    now = 0.0
    while not osc.tempos and time.monotonic() < deadline:
        new = [hit for hit in EIGHTHS if now <= hit.time < now + 0.5]
        now += 0.5
        timing.take(new, now)
        time.sleep(0.05)
    assert min(abs(osc.tempos[0] - tempo) for tempo in (60.0, 120.0)) < 1.0


@contextmanager
def clock_at_60(name: str, take) -> Iterator[None]:
    """In the place of a MIDI input: the clock of a program whose song has 60 quarters a minute."""
    ended, begun = threading.Event(), time.monotonic()

    def send() -> None:
        pulse = 0
        while not ended.wait(max(0.0, begun + pulse / PULSES - time.monotonic())):
            take(mido.Message("clock"))
            pulse += 1

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join(5.0)


@pytest.mark.parametrize("clock, tempo", [([], 120.0), (["--clock", "Sequencer"], 60.0)])
def test_the_midi_of_a_take_has_the_tempo_of_the_clock(tmp_path, monkeypatch, clock, tempo) -> None:
    monkeypatch.setattr("drumscribe.live.ports.open_input", clock_at_60)
    song = write_audio(tmp_path / "song.wav", beat(5.0))
    options = ["--device", str(song), "--midi", "none", "--record", str(tmp_path / "take.wav"), *clock]
    done = CliRunner().invoke(main, ["live", *options])
    assert done.exit_code == 0, done.output
    found = read_transcription(tmp_path / "take.mid").rhythm.tempo_map.tempos()
    assert np.median(found) == pytest.approx(tempo, rel=0.03)
