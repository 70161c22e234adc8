"""Where live hits go as MIDI: a port of the system, or one of our own that others can connect to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ..errors import DrumscribeError

NAME = "drumscribe"
_INSTALL = "MIDI ports need python-rtmidi: pip install 'drumscribe[live]' (it has no wheel for Python 3.13 yet)"


class PortError(DrumscribeError):
    """A MIDI port that cannot be opened."""


class Port(Protocol):
    """What takes notes: an output of mido."""

    def send(self, message) -> None: ...


def list_ports() -> list[str]:
    """The names of the system's MIDI outputs.

    Raises
    ------
    PortError : without a MIDI system.
    """
    with _told():
        import mido

        return mido.get_output_names()


@contextmanager
def open_port(wanted: str | None) -> Iterator[Port]:
    """A MIDI output, by a part of its name; without a name one of our own, where the system allows that.

    Raises
    ------
    PortError : without a MIDI system, and for a port that is not there.
    """
    with _told():
        import mido

        if wanted is None and os.name == "nt":
            raise PortError("Windows has no virtual MIDI ports: install loopMIDI, and name its port with --midi")
        names = [name for name in mido.get_output_names() if wanted and wanted.lower() in name.lower()]
        if wanted and not names:
            raise PortError(f"no MIDI output is called {wanted!r}; drumscribe live --list shows what there is")
        port = mido.open_output(names[0]) if wanted else mido.open_output(NAME, virtual=True)
    with port:
        yield port


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PortError:
        raise
    except ImportError as error:
        raise PortError(_INSTALL) from error
    except Exception as error:  # rtmidi and ALSA have exceptions of their own, which cannot be imported without them
        raise PortError(f"the system's MIDI cannot be used: {error}; on Linux it needs ALSA's sequencer") from error
