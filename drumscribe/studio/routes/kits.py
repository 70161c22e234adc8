"""Kits: samples added, kits learned, listed and removed."""

import shutil
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...errors import DrumscribeError
from ...kits.kit import check_name
from ..teaching import read_card
from . import body_of, room_of
from .choices import kit_files
from .uploads import receive

_MOST_BYTES = 50_000_000
"""Maximum size of a sample in bytes."""


def listed(request: Request) -> Response:
    """Return the cards of all readable kits."""
    room = room_of(request)
    cards = []
    for path in kit_files(room).values():
        try:
            cards.append(read_card(path))
        except DrumscribeError as error:
            cards.append({"name": path.stem, "error": str(error)})
    return JSONResponse({"kits": cards, "samples": _samples(room.folder / "samples")})


def _samples(folder: Path) -> dict[str, dict[str, int]]:
    """Return the number of samples of each sound of each kit."""
    return {
        kit.name: {sound.name: sum(map(_is_shown, sound.iterdir())) for sound in _folders(kit)}
        for kit in _folders(folder)
    }


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder; what the desktop puts beside them is passed over."""
    return sorted(path for path in folder.glob("*") if path.is_dir() and _is_shown(path))


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".")


async def add_sample(request: Request) -> Response:
    """Store a sample of a sound."""
    from ...sound.audio import SUFFIXES

    room = room_of(request)
    kit, sound = (check_name(request.path_params[name]) for name in ("kit", "sound"))
    await receive(request, room.folder / "samples" / kit / sound, _MOST_BYTES, SUFFIXES)
    return JSONResponse(_samples(room.folder / "samples").get(kit, {}))


def drop_samples(request: Request) -> Response:
    """Remove the samples of a kit."""
    folder = room_of(request).folder / "samples" / check_name(request.path_params["kit"])
    shutil.rmtree(folder, ignore_errors=True)
    return Response(status_code=204)


async def teach(request: Request) -> Response:
    """Queue the learning of a kit."""
    room, body = room_of(request), await body_of(request)
    options: dict[str, Any] = {"name": check_name(str(body["name"])), "only": bool(body.get("only"))}
    options["draft"] = int(body["draft"]) if body.get("draft") else None
    options["sounds"] = [check_name(sound) for sound in body.get("sounds") or []]
    song = None if options["draft"] is None else room.journal.get("drafts", options["draft"])["song"]
    return JSONResponse(room.jobs.add("teach", song, options))


def remove(request: Request) -> Response:
    """Delete a kit."""
    path = kit_files(room_of(request)).get(request.path_params["kit"])
    if path is None:
        raise KeyError("there is no such kit")
    path.unlink()
    return Response(status_code=204)


ROUTES = [
    Route("/kits", listed),
    Route("/kits", teach, methods=["POST"]),
    Route("/kits/{kit:str}", remove, methods=["DELETE"]),
    Route("/samples/{kit:str}", drop_samples, methods=["DELETE"]),
    Route("/samples/{kit:str}/{sound:str}", add_sample, methods=["POST"]),
]
