"""Jobs: listed, followed, cancelled and started again."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from . import room_of

_SHOWN = 60
"""Maximum number of ended jobs in the list."""


def recent_jobs(request: Request) -> list[dict]:
    """Return the jobs that have not ended, and the last ones that have."""
    return room_of(request).journal.recent_jobs(_SHOWN)


async def events(request: Request) -> Response:
    """Stream the state of songs and jobs, and all later changes."""
    studio, room = request.app.state.studio, room_of(request)

    def state() -> dict:
        return {"about": "all", "songs": room.shown_songs(), "jobs": recent_jobs(request)}

    stream = studio.events[studio.user_of(request)].stream(state)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


def cancel(request: Request) -> Response:
    """Stop a job, or remove it from the queue."""
    room_of(request).jobs.cancel(request.path_params["id"])
    return Response(status_code=204)


def again(request: Request) -> Response:
    """Start a job again that has ended."""
    return JSONResponse(room_of(request).jobs.again(request.path_params["id"]))


ROUTES = [
    Route("/events", events),
    Route("/jobs/{id:int}/cancel", cancel, methods=["POST"]),
    Route("/jobs/{id:int}/again", again, methods=["POST"]),
]
