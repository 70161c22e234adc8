"""The studio's server: it opens a socket, and runs the application until Ctrl-C."""

import socket
from typing import TYPE_CHECKING

from ..errors import DrumscribeError
from .settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

_ENDING_S = 3
"""Seconds that unfinished answers may take when the studio closes."""


def listen(settings: Settings) -> socket.socket:
    """Open a socket at the address of the settings.

    Raises
    ------
    DrumscribeError
        If the address is taken, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()  # a browser that is faster than the server waits
    except OSError as error:
        listener.close()
        raise DrumscribeError(
            f"{settings.host}, port {settings.port}: {error.strerror or error}: choose another with --port"
        ) from error
    return listener


def serve(app: "Starlette", listener: socket.socket) -> None:
    """Serve the studio until Ctrl-C.

    Parameters
    ----------
    app : Starlette
        The application, as `app.make_app` makes it.
    listener : socket.socket
        The socket on which to answer.
    """
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_ENDING_S, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
