"""Open Sound Control: hits as messages to other programs.

``/drumscribe/hit``    instrument (string), velocity (int, 1 to 127), confidence (float, 0 to 1), time of the attack
                       (float, seconds from the start).
``/drumscribe/tempo``  tempo (float, quarters per minute), beat (float, quarters from the first beat, at the moment of
                       sending): estimated by `live`, or received as a MIDI clock.
"""

import socket
from contextlib import suppress

from ..errors import DrumscribeError
from ..stream.events import StreamHit


class OscError(DrumscribeError):
    """OSC cannot be sent."""


class OscSender:
    """Sends to one receiver, over UDP, which does not say whether the receiver exists.

    Parameters
    ----------
    host : str
        Name or address of the receiver's machine.
    port : int
        Port of the receiver.

    Raises
    ------
    OscError
        If python-osc is missing, or the host is not known.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            from pythonosc.osc_message_builder import OscMessageBuilder
        except ImportError as error:
            raise OscError('OSC needs python-osc: pip install "drumscribe[live]"') from error
        self._builder = OscMessageBuilder
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise OscError(f"{host}:{port}: {error.strerror or error}: OSC goes to HOST:PORT") from error
        self._family, self._address = found[0], found[4]

    def send_hit(self, hit: StreamHit, time: float) -> None:
        """Send a hit.

        Parameters
        ----------
        hit : StreamHit
            The hit.
        time : float
            Seconds from the start to its attack.
        """
        self._send("/drumscribe/hit", [hit.instrument, hit.velocity, float(hit.confidence), time])

    def send_tempo(self, tempo: float, beat: float) -> None:
        """Send the tempo.

        Parameters
        ----------
        tempo : float
            Quarters per minute.
        beat : float
            Quarters from the first beat to now.
        """
        self._send("/drumscribe/tempo", [float(tempo), float(beat)])

    def _send(self, address: str, values: list[str | int | float]) -> None:
        message = self._builder(address)
        for value in values:
            message.add_arg(value)
        with suppress(OSError), socket.socket(self._family, socket.SOCK_DGRAM) as sender:  # nobody receives
            sender.sendto(message.build().dgram, self._address)
