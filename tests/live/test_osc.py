"""A receiver gets every hit as OSC."""

import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from pythonosc.osc_packet import OscPacket

from drumscribe.cli import main
from drumscribe.live.osc import OscSender
from drumscribe.stream import StreamHit


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30.0)
        yield receiver


def received(receiver: socket.socket) -> tuple[str, list]:
    (timed,) = OscPacket(receiver.recv(4096)).messages
    return timed.message.address, timed.message.params


def test_a_hit_is_a_message(receiver: socket.socket) -> None:
    sender = OscSender("127.0.0.1", receiver.getsockname()[1])
    sender.send_hit(StreamHit(24000, "hihat_open", 77, 0.5), 0.5)
    assert received(receiver) == ("/drumscribe/hit", ["hihat", 77, 0.5, 0.5])
    sender.send_tempo(120.0, 7.25)
    assert received(receiver) == ("/drumscribe/tempo", [120.0, 7.25])


def test_live_sends_what_it_hears(receiver: socket.socket, tmp_path: Path) -> None:
    source = write_audio(tmp_path / "played.wav", beat(2.0))
    address = f"127.0.0.1:{receiver.getsockname()[1]}"
    done = CliRunner().invoke(main, ["live", "--device", str(source), "--midi", "none", "--osc", address])
    assert done.exit_code == 0, done.output
    address, (instrument, velocity, confidence, time) = received(receiver)
    assert (address, instrument) == ("/drumscribe/hit", "kick")
    assert 1 <= velocity <= 127
    assert 0.0 < confidence <= 1.0
    assert time == pytest.approx(0.25, abs=0.01)


def test_nobody_who_receives_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sender = OscSender("127.0.0.1", port)
    for _ in range(3):
        sender.send_hit(StreamHit(0, "kick", 100, 0.5), 0.0)


@pytest.mark.parametrize("address", ["9000", "localhost:", "localhost:99999", "localhost:x"])
def test_a_wrong_address_is_told(address: str) -> None:
    done = CliRunner().invoke(main, ["live", "--osc", address])
    assert done.exit_code == 2
    assert "is not HOST:PORT" in done.output


def test_without_python_osc_it_is_said_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pythonosc.osc_message_builder", None)
    source = write_audio(tmp_path / "played.wav", beat(1.0))
    done = CliRunner().invoke(main, ["live", "--device", str(source), "--midi", "none", "--osc", "127.0.0.1:9000"])
    assert done.exit_code == 2
    assert 'pip install "drumscribe[live]"' in done.output
