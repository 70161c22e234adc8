"""Scores: drafts compared with references and with each other, and the figures of models."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...evaluate.annotations import SUFFIXES, Event, read_events
from ..comparing import compare, events_of
from ..documents import transcription_of
from ..models import cards_of
from ..rooms import Room
from . import body_of, room_of
from .choices import models_of
from .uploads import receive, refused_by_name

_MOST_BYTES = 20_000_000
"""Maximum size of a reference in bytes."""


async def upload(request: Request) -> Response:
    """Store a reference, and return its name for comparisons."""
    folder = room_of(request).folder / "references"
    path, _ = await receive(request, folder, _MOST_BYTES, frozenset(SUFFIXES))
    with refused_by_name(request, path):
        events = await run_in_threadpool(read_events, path)
    return JSONResponse({"reference": path.name, "events": len(events)})


async def scores(request: Request) -> Response:
    """Compare a draft with an uploaded reference, or with another draft."""
    room, body = room_of(request), await body_of(request)
    estimate, reference = _events(room, body["draft"]), _reference(room, body)
    tolerance = min(0.5, max(0.001, float(body.get("tolerance") or 0.05)))
    return JSONResponse(await run_in_threadpool(compare, estimate, reference, tolerance))


def _events(room: Room, id: int) -> tuple[Event, ...]:
    row = room.journal.get("drafts", int(id))
    edits = room.journal.edits_of(row["id"])[: row["position"]]
    return events_of(transcription_of(room.load_draft(row), edits).hits)


def _reference(room: Room, body: dict) -> tuple[Event, ...]:
    if body.get("against"):
        return _events(room, body["against"])
    known = {path.name: path for path in (room.folder / "references").glob("*")}
    if body.get("reference") not in known:
        raise KeyError("there is no such reference: give it again")
    return read_events(known[body["reference"]])


def cards(request: Request) -> Response:
    """Return the cards of all models."""
    return JSONResponse({"models": cards_of(models_of(room_of(request)))})


ROUTES = [
    Route("/references", upload, methods=["POST"]),
    Route("/scores", scores, methods=["POST"]),
    Route("/models", cards),
]
