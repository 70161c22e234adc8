"""The protocol with which programs in other languages send sound and receive hits, over pipes or sockets.

Version 1, of a pipe without --protocol
---------------------------------------
In: raw sound and nothing else, as 32-bit float samples, little-endian, interleaved, at the rate and with the channels
given at the start. There is no header; the stream ends when the pipe is closed.

Out: one JSON object per line, in UTF-8, each flushed at once. `event` is its kind:

``ready``  first, when sound is expected: ``protocol`` (1), ``rate``, ``channels``, ``latency`` (the most frames from an
           attack to the last sample needed to report it), ``model``, ``instruments``.
``hit``    ``sample`` (the frame of the attack, counted from 0), ``time`` (the same in seconds), ``instrument``,
           ``articulation``, ``note`` (General MIDI), ``velocity`` (1 to 127), ``confidence`` (0 to 1).
``warning``  ``message``: invalid samples (read as silence), or an incomplete last frame.
``end``    last, when the pipe was closed and all hits are reported: ``frames``.

Hits are reported as soon as they are detected. Nothing is lost if the sound comes faster than it can be processed: the
pipe fills, and the writer waits; so write from a thread that may wait.

Version 2, of sockets and of a pipe with --protocol 2
-----------------------------------------------------
In: messages. Each is four letters, the length of what follows in bytes (32 bits, unsigned, little-endian; at most
1048576), and so many bytes:

``snd `` (with a space)  whole frames of sound, as above.
``cmd `` (with a space)  one command, a JSON object in UTF-8. It takes effect between the frames that it was sent
    between, and `command` is its kind:

    ``set``        ``parameters``: new values by name, as {"sensitivity_snare": 0.7, "bypass": 1}; all of them or, where
                   one is wrong, none. Answered by ``parameters``.
    ``latency``    ``milliseconds``: the most that the latency may be; the look-ahead is the longest that keeps it.
                   Answered by ``parameters``.
    ``notes``      ``seconds``: the length of a note, or null: whether and when ``note_off`` follows a hit.
    ``transport``  ``tempo`` (quarters per minute), ``beat`` (quarters from the song's start, at the next frame),
                   ``playing``: where the host's song is; hits have a ``beat``, too, from here on while it plays.
    ``reset``      Forget what is not reported yet; the next frame is number 0. Answered by ``reset``.
    ``flush``      Report all hits, as if silence followed; the next frame is number 0. Answered by ``flush``.
    ``sync``       ``id``, any value: answered by ``sync`` with that ``id`` and ``sample``, the number of the next
                   frame, when all sound before it is heard and its hits are sent. So a host that renders faster than
                   real time can wait for what it needs.
    ``end``        As closing the pipe or the socket for writing.

Out: lines as in version 1, and these:

``ready``      has, besides: ``kit``, ``look_aheads`` (ms), ``notes`` (by articulation), ``parameters`` (a list, with
               ``name``, ``minimum``, ``maximum``, ``default``, ``value``, ``unit``), ``limits`` (``message``, bytes;
               ``rate`` and ``channels``, each the lowest and the highest).
``note_off``   ``sample``, ``note``: if asked for. Hits and ends of notes of one drum come in order.
``parameters``  ``values`` by name, and ``latency`` in frames: after each change.
``error``      ``message``: a command that cannot be followed, which changes nothing. A message that is none ends the
               conversation.

A socket is greeted with a line of JSON, before any message: ``protocol`` (2), and optionally ``rate``, ``channels`` (or
those of the server), and ``token``, where the server asks for one.
"""

import json
import struct
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from ..errors import DrumscribeError

LARGEST_MESSAGE = 1 << 20
"""Maximum length of a message in bytes; 2.7 s of stereo at 48 kHz."""
_HEADER = struct.Struct("<4sI")
_SOUND, _COMMAND = b"snd ", b"cmd "

Command = dict[str, Any]


class ProtocolError(DrumscribeError):
    """Something was received that is not part of the protocol."""


def read_sound(source: BufferedReader, largest: int) -> Iterator[bytes]:
    """Read raw sound, as it comes: version 1.

    Parameters
    ----------
    source : BufferedReader
        A pipe.
    largest : int
        Maximum number of bytes at once.

    Yields
    ------
    bytes
        Of any length.
    """
    while data := source.read1(largest):
        yield data


def read_messages(source: BufferedReader) -> Iterator[bytes | Command]:
    """Read messages: version 2.

    Parameters
    ----------
    source : BufferedReader
        A pipe or socket.

    Yields
    ------
    bytes or dict
        Sound, or a command.

    Raises
    ------
    ProtocolError
        If something else is received, or half a message at the end.
    """
    while header := source.read(_HEADER.size):
        if len(header) < _HEADER.size:
            raise ProtocolError("the stream ends within a message")
        kind, length = _HEADER.unpack(header)
        if kind not in (_SOUND, _COMMAND) or length > LARGEST_MESSAGE:
            raise ProtocolError(f"not a message: {kind!r}, {length} bytes")
        data = source.read(length)
        if len(data) < length:
            raise ProtocolError("the stream ends within a message")
        yield data if kind == _SOUND else read_object(data)


def read_object(data: bytes) -> Command:
    """Read a JSON object; return an empty one, which is not a command, for anything else.

    Parameters
    ----------
    data : bytes
        UTF-8.

    Returns
    -------
    dict
        By its keys.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def sound_message(sound: bytes) -> bytes:
    """Make a message of sound.

    Parameters
    ----------
    sound : bytes
        Whole frames.

    Returns
    -------
    bytes
        To be written as they are.
    """
    return _HEADER.pack(_SOUND, len(sound)) + sound


def command_message(command: str, **facts: object) -> bytes:
    """Make a message of a command.

    Parameters
    ----------
    command : str
        Its kind.
    **facts : object
        Its other keys.

    Returns
    -------
    bytes
        To be written as they are.
    """
    data = json.dumps({"command": command, **facts}).encode()
    return _HEADER.pack(_COMMAND, len(data)) + data
