"""A session with a real JACK server, whose hardware is none: it is played to, and it goes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile
from jack import jack_ports, jack_server, needs

from drumscribe.formats.midi.reading import read_note_ons

RATE = 48000
PATIENCE = 120.0  # seconds, for machines that do much else


def has_portaudio() -> bool:
    try:
        import sounddevice  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


pytestmark = [
    needs("jackd", "jack_lsp", "jack_connect"),
    pytest.mark.skipif(not has_portaudio(), reason="not installed: sounddevice, or PortAudio"),
    pytest.mark.skipif(sys.platform != "linux", reason="JACK is tried on Linux"),
    pytest.mark.slow,
]


def live(*options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "drumscribe", "live", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_recording(part: Path, seconds: float = 1.0) -> bool:
    return part.exists() and part.stat().st_size > seconds * RATE * 4


def test_a_server_that_dies_ends_the_session_with_its_take(tmp_path: Path, monkeypatch) -> None:
    take = tmp_path / "take.wav"
    with jack_server(tmp_path, RATE, monkeypatch) as server:
        session = live("--midi", "none", "--record", str(take))
        wait_until(lambda: is_recording(tmp_path / "take.part.wav"), "nothing is recorded")
        server.kill()
        output = session.communicate(timeout=PATIENCE)
    assert session.returncode == 1
    assert "the device is gone" in output[1].splitlines()[-1]
    assert "Traceback" not in output[1]
    assert soundfile.info(take).duration >= 0.5
    assert read_note_ons(tmp_path / "take.mid") == []


def test_a_channel_of_the_device_is_listened_to_and_recorded(tmp_path: Path, monkeypatch) -> None:
    take = tmp_path / "take.wav"
    with jack_server(tmp_path, RATE, monkeypatch):
        assert "has 2 channels, but not 3" in live("--midi", "none", "--channels", "1,3").communicate()[1]
        session = live("--midi", "none", "--channels", "2", "--record", str(take))
        wait_until(lambda: is_recording(tmp_path / "take.part.wav", 0.5), "nothing is recorded")
        session.terminate()
        session.communicate(timeout=PATIENCE)
    assert session.returncode == 0
    assert soundfile.info(take).channels == 1


@pytest.mark.skipif(os.path.exists("/dev/snd/seq"), reason="ALSA's sequencer is here, and is taken before JACK's MIDI")
def test_where_alsa_has_no_sequencer_jack_has_the_midi_port(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("rtmidi", reason="not installed: python-rtmidi")
    with jack_server(tmp_path, RATE, monkeypatch):
        session = live("--record", str(tmp_path / "take.wav"))
        wait_until(lambda: any("drumscribe" in port for port in jack_ports()), "there is no port")
        wait_until(lambda: is_recording(tmp_path / "take.part.wav", 0.5), "nothing is recorded")
        session.terminate()
        session.communicate(timeout=PATIENCE)
    assert session.returncode == 0
