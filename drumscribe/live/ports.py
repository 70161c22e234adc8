"""MIDI ports for live hits: a port of the system, or a new one that others can connect to.

python-rtmidi has wheels up to Python 3.12. It also supports the MIDI of JACK, which is used on Linux if ALSA's
sequencer is missing. For later versions of Python, rtmidi2, which has wheels for them, is used instead.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import DrumscribeError

if TYPE_CHECKING:
    from mido import Message

NAME = "drumscribe"
_INSTALL = 'MIDI ports need python-rtmidi, or rtmidi2 from Python 3.13 on: pip install "drumscribe[live]"'


class PortError(DrumscribeError):
    """A MIDI port cannot be opened."""


class Port(Protocol):
    """The interface of MIDI outputs, as in mido."""

    def send(self, message: "Message") -> None:
        """Send one message at once."""
        ...


class Outlet:
    """Sends to a port, and where that is lost keeps the reason instead of failing.

    Parameters
    ----------
    port : Port or None
        The port; None to send nothing.

    Attributes
    ----------
    failure : str
        The message of the first failure, "" before it.
    """

    def __init__(self, port: Port | None) -> None:
        self._port = port
        self.failure = ""

    def send(self, message: "Message") -> None:
        """Send one message at once, if possible.

        Parameters
        ----------
        message : Message
            A message of any kind.
        """
        if self._port is None:
            return
        try:
            self._port.send(message)
        except Exception as error:  # MIDI libraries raise their own, which must not end a session
            self.failure = self.failure or f"the MIDI port was lost: {error}"


class _Rtmidi2Port:
    """An output of rtmidi2, with the part of mido's interface that is used here; threads may share it."""

    def __init__(self, module: ModuleType, wanted: str | None) -> None:
        self._lock = threading.Lock()
        self._out = module.MidiOut(NAME)
        if wanted is None:
            self._out.open_virtual_port(NAME)
        else:
            self._out.open_port(list(self._out.ports).index(wanted))

    def __enter__(self) -> "_Rtmidi2Port":
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close_port()

    def send(self, message: "Message") -> None:
        with self._lock:
            self._out.send_raw(*message.bytes())


class _Rtmidi2:
    """Wraps rtmidi2 in the part of mido's interface that is used here."""

    def __init__(self) -> None:
        import rtmidi2

        self._module = rtmidi2

    def get_output_names(self) -> list[str]:
        return list(self._module.get_out_ports())

    def open_output(self, name: str, virtual: bool = False) -> _Rtmidi2Port:
        return _Rtmidi2Port(self._module, None if virtual else name)


def _system() -> Any:
    """Return the system's MIDI: mido's interface, or the part of it that is used here."""
    try:
        import rtmidi
    except ImportError:
        return _Rtmidi2()
    import mido

    default = mido.Backend("mido.backends.rtmidi")
    try:
        default.get_output_names()
    except Exception:  # rtmidi's own, which does not say which
        if not sys.platform.startswith("linux") or rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
            raise
        jack = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
        jack.get_output_names()
        return jack
    return default


def list_ports() -> list[str]:
    """List the names of the system's MIDI outputs.

    Raises
    ------
    PortError
        If there is no MIDI system.
    """
    with _port_errors():
        return _system().get_output_names()


@contextmanager
def open_port(wanted: str | None) -> Iterator[Port]:
    """Open a MIDI output.

    Parameters
    ----------
    wanted : str | None
        A part of its name; None to create a new one, if the system allows it.

    Yields
    ------
    Port
        The open port.

    Raises
    ------
    PortError
        If there is no MIDI system or no such port.
    """
    with _port_errors():
        if wanted is None and os.name == "nt":
            raise PortError("Windows has no virtual MIDI ports: install loopMIDI, and give its port with --midi")
        system = _system()
        names = [name for name in system.get_output_names() if wanted and wanted.lower() in name.lower()]
        if wanted and not names:
            raise PortError(f"no MIDI output is called {wanted!r}: see drumscribe live --list")
        port = system.open_output(names[0]) if wanted else system.open_output(NAME, virtual=True)
    with port:
        yield port


@contextmanager
def open_input(wanted: str, take: Callable[["Message"], None]) -> Iterator[None]:
    """Open a MIDI input, while the context lasts.

    Parameters
    ----------
    wanted : str
        A part of its name, or "virtual" for a new one that others can connect to.
    take : callable
        Called with each message as it comes, in a thread of the system.

    Yields
    ------
    None
        While it is open.

    Raises
    ------
    PortError
        If there is no MIDI system or no such port.
    """
    with _port_errors():
        system = _system()
        if isinstance(system, _Rtmidi2):
            raise PortError("MIDI inputs need python-rtmidi, which has no wheel for Python 3.13 and later yet")
        names = [name for name in system.get_input_names() if wanted.lower() in name.lower()]
        if wanted != "virtual" and not names:
            raise PortError(f"no MIDI input is called {wanted!r}: there are {', '.join(system.get_input_names())}")
        virtual = wanted == "virtual"
        port = system.open_input(NAME if virtual else names[0], virtual=virtual, callback=take)
    with port:
        yield


@contextmanager
def _port_errors() -> Iterator[None]:
    """Turn the errors of MIDI libraries into PortError."""
    try:
        yield
    except PortError:
        raise
    except ImportError as error:
        raise PortError(_INSTALL) from error
    except Exception as error:  # rtmidi and ALSA raise their own exceptions, which cannot be imported without them
        raise PortError(
            f"the system's MIDI cannot be used: {error}; on Linux it needs ALSA's sequencer or a JACK server"
        ) from error
