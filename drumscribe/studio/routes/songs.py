"""Songs: uploaded, listed, removed, drawn and played."""

import json
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..journal import Row
from ..pictures import LEVELS, TILES, read_tile
from ..sounding import drum_sounds, read_stretch
from . import body_of, room_of
from .choices import check_hearing
from .uploads import TooLargeError, name_of, receive, refused_by_name

_FOREVER = {"cache-control": "private, max-age=31536000, immutable"}


def _caching(song: Row) -> dict[str, str]:
    """Return the header for parts of a song; only an upload never changes."""
    return _FOREVER if song["uploaded"] else {"cache-control": "no-cache"}


async def upload(request: Request) -> Response:
    """Store a recording, and queue its transcription."""
    from ...sound.audio import FOREIGN_SUFFIXES, SUFFIXES

    room, most = room_of(request), room_of(request).settings.limits.upload_bytes
    options = check_hearing(room, dict(request.query_params))
    try:
        path, sha = await receive(request, room.folder / "sounds", most, SUFFIXES | FOREIGN_SUFFIXES)
    except TooLargeError as error:
        return JSONResponse({"error": str(error)}, 413)
    with refused_by_name(request, path):
        song = await run_in_threadpool(room.add_song, path, name_of(request), True, sha)
    job = await run_in_threadpool(room.hear, song["id"], options)
    return JSONResponse({"song": room.shown_song(song), "job": job})


async def hear(request: Request) -> Response:
    """Queue the transcription of a song."""
    room = room_of(request)
    options = check_hearing(room, await body_of(request))
    return JSONResponse(await run_in_threadpool(room.hear, request.path_params["id"], options))


async def remove(request: Request) -> Response:
    """Remove a song from the list."""
    await run_in_threadpool(room_of(request).remove_song, request.path_params["id"])
    return Response(status_code=204)


def picture(request: Request) -> Response:
    """Return the properties of a song's picture."""
    room = room_of(request)
    file = room.picture_of(room.journal.get("songs", request.path_params["id"])) / "facts.json"
    if not file.exists():
        raise KeyError("the picture of this song is not ready yet")
    return Response(file.read_bytes(), media_type="application/json")


def tile(request: Request) -> Response:
    """Return a tile of a song's picture."""
    room, where = room_of(request), request.path_params
    if where["name"] not in TILES or not 0 <= where["level"] < LEVELS:
        raise KeyError("there is no such picture")
    song = room.journal.get("songs", where["id"])
    try:
        content = read_tile(room.picture_of(song), where["name"], where["level"], where["tile"])
    except OSError:
        raise KeyError("the picture of this song is not ready yet") from None
    return Response(content, media_type="application/octet-stream", headers=_caching(song))


def sound(request: Request) -> Response:
    """Return a part of a song, in 16 bits."""
    room = room_of(request)
    song = room.journal.get("songs", request.path_params["id"])
    start, count = (int(request.query_params.get(name, 0)) for name in ("start", "count"))
    mono = request.query_params.get("mono") == "1"
    content = read_stretch(Path(song["path"]), room.decoded_of(song), start, count, mono)
    return Response(content, media_type="application/octet-stream", headers=_caching(song))


def drums(request: Request) -> Response:
    """Return the sounds of all articulations, in 16 bits, after a line with their positions."""
    places, content = drum_sounds(request.path_params["kind"])
    head = json.dumps({"rate": 44100, "places": places}).encode() + b"\n"
    head += b" " * (len(head) % 2)  # samples begin at an even byte
    return Response(head + content, media_type="application/octet-stream", headers=_FOREVER)


ROUTES = [
    Route("/songs", upload, methods=["POST"]),
    Route("/songs/{id:int}", remove, methods=["DELETE"]),
    Route("/songs/{id:int}/hear", hear, methods=["POST"]),
    Route("/songs/{id:int}/picture", picture),
    Route("/songs/{id:int}/{name:str}/{level:int}/{tile:int}", tile),
    Route("/songs/{id:int}/sound", sound),
    Route("/drums/{kind:str}", drums),
]
