"""MIDI ports by whichever package is there."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import ClassVar

import mido
import pytest

from drumscribe.live.ports import PortError, list_ports, open_input, open_port


class FakeMidiOut:
    """An output as rtmidi2 has it."""

    ports = ("Synth 1", "Module 2")
    made: ClassVar[list["FakeMidiOut"]] = []

    def __init__(self, name: str) -> None:
        self.name, self.opened, self.sent = name, None, []
        FakeMidiOut.made.append(self)

    def open_port(self, number: int) -> None:
        self.opened = number

    def open_virtual_port(self, name: str) -> None:
        self.opened = name

    def send_raw(self, *data: int) -> None:
        self.sent.append(data)

    def close_port(self) -> None:
        self.opened = None


@pytest.fixture
def rtmidi2(monkeypatch) -> type[FakeMidiOut]:
    """Only rtmidi2 is installed, as on Python 3.13."""
    module = ModuleType("rtmidi2")
    module.MidiOut, module.get_out_ports = FakeMidiOut, lambda: list(FakeMidiOut.ports)
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setitem(sys.modules, "rtmidi2", module)
    FakeMidiOut.made.clear()
    return FakeMidiOut


def test_rtmidi2_stands_in_for_python_rtmidi(rtmidi2) -> None:
    assert list_ports() == ["Synth 1", "Module 2"]
    with open_port("module") as port:
        port.send(mido.Message("note_on", channel=9, note=36, velocity=100))
        (out,) = rtmidi2.made
        assert out.opened == 1
    assert out.sent == [(0x99, 36, 100)]
    assert out.opened is None


@pytest.mark.skipif(sys.platform == "win32", reason="there are no virtual ports")
def test_rtmidi2_makes_a_port_that_others_can_connect_to(rtmidi2) -> None:
    with open_port(None):
        assert rtmidi2.made[0].opened == "drumscribe"


def test_threads_may_share_a_port_of_rtmidi2(rtmidi2, monkeypatch) -> None:
    sending = []

    def send_raw(self, *data: int) -> None:
        sending.append(data)
        time.sleep(0.01)
        self.sent.append(len(sending))
        sending.pop()

    monkeypatch.setattr(rtmidi2, "send_raw", send_raw)
    with open_port("module") as port, ThreadPoolExecutor(4) as pool:
        list(pool.map(port.send, [mido.Message("clock")] * 12))
    assert rtmidi2.made[0].sent == [1] * 12


def test_a_port_that_is_not_there_is_told(rtmidi2) -> None:
    with pytest.raises(PortError, match="no MIDI output is called 'piano'"), open_port("piano"):
        pass


def test_a_clock_needs_python_rtmidi(rtmidi2) -> None:
    with pytest.raises(PortError, match="MIDI inputs need python-rtmidi"), open_input("clock", print):
        pass


def test_a_system_without_midi_is_told(rtmidi2, monkeypatch) -> None:
    def fail(_) -> None:
        raise RuntimeError("no sequencer")

    monkeypatch.setattr(rtmidi2, "__init__", fail)
    monkeypatch.setattr(sys.modules["rtmidi2"], "MidiOut", lambda name: fail(name))
    with pytest.raises(PortError, match="no sequencer"), open_port("synth"):
        pass
