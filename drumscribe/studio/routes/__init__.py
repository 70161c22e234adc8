"""What the page asks of the server, a module for each part of it."""

import json

from starlette.requests import Request

from ..rooms import Room


def room_of(request: Request) -> Room:
    """The room that a request is for."""
    studio = request.app.state.studio
    return studio.rooms[studio.user_of(request)]


async def body_of(request: Request, most: int = 20_000_000) -> dict:
    """The JSON object that a request sends.

    Parameters
    ----------
    request : Request
        What the page sends.
    most : int
        Largest body that is read, in bytes.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    ValueError
        Where it is none, or longer than `most` bytes.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise ValueError("this is more than can be sent at once")
    body = json.loads(bytes(content) or b"{}")
    if not isinstance(body, dict):
        raise ValueError("an object is needed")
    return body
