"""Requests of the page, one module for each part of it."""

import json

from starlette.requests import Request

from ..rooms import Room


def room_of(request: Request) -> Room:
    """Return the room that a request concerns."""
    studio = request.app.state.studio
    return studio.rooms[studio.user_of(request)]


async def body_of(request: Request, most: int = 20_000_000) -> dict:
    """Return the JSON object of a request.

    Parameters
    ----------
    request : Request
        The request of a page.
    most : int
        Maximum size of the body in bytes.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    ValueError
        If there is none, or it is longer than `most` bytes or nested too deeply.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise ValueError("this is more than can be sent at once")
    try:
        body = json.loads(bytes(content) or b"{}")
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    if not isinstance(body, dict):
        raise ValueError("an object is needed")
    return body
