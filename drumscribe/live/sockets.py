"""Sockets: a server whose clients each have an engine of their own; see `protocol`."""

import hmac
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from ..errors import DrumscribeError
from ..stream.engine import MOST_CHANNELS, RATES, Engine
from ..stream.events import StreamHit
from .pipes import Conversation
from .protocol import Command, ProtocolError, read_object

MOST_CLIENTS = 16
"""Maximum number of clients at one time: the engine of each takes about a tenth of a core; by hand."""
_GREETING_TIMEOUT_S = 10.0
_LONGEST_GREETING = 4096


class SocketError(DrumscribeError):
    """A socket cannot be opened."""


class Clients:
    """Serves the clients of sockets, each with an engine of its own.

    Parameters
    ----------
    make_engine : callable
        Makes an engine that is not threaded.
    rate, channels : int
        Defaults, for clients that do not give them.
    token : str or None
        Secret that clients must give; None to let everybody connect.
    also : callable or None
        Like that of `Conversation`.
    """

    def __init__(
        self,
        make_engine: Callable[[], Engine],
        rate: int,
        channels: int,
        token: str | None = None,
        also: Callable[[StreamHit, float], None] | None = None,
    ) -> None:
        self._make_engine, self._rate, self._channels = make_engine, rate, channels
        self._token, self._also = token, also
        self._places = threading.BoundedSemaphore(MOST_CLIENTS)

    def serve(self, connection: socket.socket) -> None:
        """Serve one client until it ends.

        Parameters
        ----------
        connection : socket.socket
            Newly accepted.
        """
        with connection.makefile("rb") as source, connection.makefile("wb") as written:
            sink = TextIOWrapper(written, encoding="utf-8", newline="\n")
            with suppress(OSError):  # the client is gone
                try:
                    rate, channels = self._greet(connection, source.readline(_LONGEST_GREETING))
                    self._talk(rate, channels, source, sink)
                except ProtocolError as error:
                    sink.write(json.dumps({"event": "error", "message": str(error)}) + "\n")
                    sink.flush()

    def _greet(self, connection: socket.socket, line: bytes) -> tuple[int, int]:
        """Read a greeting: the rate and the channels.

        Raises
        ------
        ProtocolError
            If it is not a greeting, or lacks the token.
        """
        greeting = read_object(line)
        if greeting.get("protocol") != 2:
            raise ProtocolError('expected a line as {"protocol": 2, "rate": 48000, "channels": 2}')
        token = greeting.get("token", "")
        if self._token is not None and not hmac.compare_digest(str(token).encode(), self._token.encode()):
            raise ProtocolError("the token is missing or wrong: the server prints it when it starts")
        connection.settimeout(None)
        rate = _whole(greeting, "rate", self._rate, *RATES)
        return rate, _whole(greeting, "channels", self._channels, 1, MOST_CHANNELS)

    def _talk(self, rate: int, channels: int, source: BufferedReader, sink: TextIOWrapper) -> None:
        if not self._places.acquire(blocking=False):
            raise ProtocolError(f"there are {MOST_CLIENTS} clients already")
        try:
            engine = self._make_engine()
            with suppress(ProtocolError):  # an event has said so
                Conversation(engine, rate, channels, sink, 2, self._also).hold(source)
            engine.close()
        finally:
            self._places.release()


def _whole(greeting: Command, name: str, default: int, lowest: int, highest: int) -> int:
    value = greeting.get(name, default)
    if type(value) is not int or not lowest <= value <= highest:
        raise ProtocolError(f"{name} is {value!r}: it is a whole number from {lowest} to {highest}")
    return value


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.settimeout(_GREETING_TIMEOUT_S)
        self.server.clients.serve(self.request)  # type: ignore[attr-defined]


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Tcp6(_Tcp):
    address_family = socket.AF_INET6


@contextmanager
def listen_tcp(host: str, port: int, clients: Clients) -> Iterator[int]:
    """Serve clients at an address while the context lasts.

    Parameters
    ----------
    host : str
        A name or an address of this machine.
    port : int
        0 for a free one.
    clients : Clients
        Serves the clients.

    Yields
    ------
    int
        The port.

    Raises
    ------
    SocketError
        If it is impossible to listen at the address.
    """
    try:
        server = (_Tcp6 if ":" in host else _Tcp)((host, port), _Handler)
    except OSError as error:
        raise SocketError(f"{host}:{port}: cannot be listened at: {error.strerror or error}") from error
    with _running(server, clients):
        yield server.server_address[1]


@contextmanager
def listen_unix(path: Path, clients: Clients) -> Iterator[Path]:
    """Serve clients at a Unix socket, which only its owner may open, while the context lasts.

    Parameters
    ----------
    path : Path
        Path of the socket. A socket that nobody serves any more is replaced.
    clients : Clients
        Who serves.

    Yields
    ------
    Path
        The same.

    Raises
    ------
    SocketError
        If the socket cannot be made, or another file or server is there.
    """
    if not hasattr(socketserver, "ThreadingUnixStreamServer"):
        raise SocketError("sockets of the file system are not to be had on this system: take --tcp")
    _remove_stale(path)
    mask = os.umask(0o177)
    try:
        server = socketserver.ThreadingUnixStreamServer(str(path), _Handler)
    except OSError as error:
        raise SocketError(f"{path}: cannot be listened at: {error.strerror or error}") from error
    finally:
        os.umask(mask)
    server.daemon_threads = True
    try:
        with _running(server, clients):
            yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _running(server: socketserver.BaseServer, clients: Clients) -> Iterator[None]:
    server.clients = clients  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()  # type: ignore[attr-defined]


def _remove_stale(path: Path) -> None:
    """Remove a socket that a server has left behind.

    Raises
    ------
    SocketError
        If something else is there.
    """
    if not path.exists():
        return
    if not path.is_socket():
        raise SocketError(f"{path}: is a file: give the socket another name")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise SocketError(f"{path}: {error.strerror or error}") from error
    raise SocketError(f"{path}: another server is there: give the socket another name")
