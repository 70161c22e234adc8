"""The studio as a web application: a room for each user, crews that all rooms share, and the page."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ..errors import DrumscribeError, printable
from . import work
from .crew import Crew
from .events import Events
from .guard import Guard
from .rooms import Room
from .routes import drafts, jobs, kits, scores, songs, state, training
from .settings import Settings

PAGE = Path(__file__).parent / "page"


class Studio:
    """The rooms of all users, and the crews that do their jobs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.crews = {"sound": Crew(work.do, settings.workers), "train": Crew(work.do, 1, ready=False)}
        self.events: dict[str, Events] = {}
        self.rooms: dict[str, Room] = {}
        for user in settings.tokens if settings.hosted else ("studio",):
            folder = settings.data / "users" / user if settings.hosted else settings.data
            self.events[user] = Events()
            self.rooms[user] = Room(settings, folder, self.crews, self.events[user].tell)

    def user_of(self, request: Request) -> str:
        """Return the user whose room a request concerns."""
        return request.scope["user"] if self.settings.hosted else "studio"

    @asynccontextmanager
    async def running(self, app: Starlette) -> AsyncIterator[None]:
        """Start crews and events, and close them at the end."""
        for crew in self.crews.values():
            crew.start()
        opening = []
        for user, room in self.rooms.items():
            self.events[user].open()
            opening.append(asyncio.to_thread(_open, room))  # a large folder must not delay the page
        listing = asyncio.gather(*opening)
        try:
            yield
            await listing
        finally:
            for events in self.events.values():
                events.close()
            for crew in self.crews.values():
                crew.close()
            for room in self.rooms.values():
                room.journal.close()


def _open(room: Room) -> None:
    """Open a room; if its data cannot be written, say so, and show what there is."""
    try:
        room.open()
    except (OSError, sqlite3.Error) as error:
        print(printable(f"{room.folder}: cannot be written: {error}"), file=sys.stderr)


class _Page(StaticFiles):
    """The files of the page, which the browser requests again each time, so that it shows a new version at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def make_app(settings: Settings) -> Starlette:
    """Make the web application of a studio."""
    studio = Studio(settings)
    rooms = (songs, jobs, drafts, kits, scores, training, state)
    routes: list[Route] = [route for module in rooms for route in module.ROUTES]
    app = Starlette(
        routes=[Mount("/api", routes=routes), Mount("/", _Page(directory=PAGE, html=True))],
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={
            **{DrumscribeError: _refuse, KeyError: _not_found, ValueError: _refuse},
            **{OverflowError: _misfit, TypeError: _misfit, AttributeError: _misfit},
            **{OSError: _fail, sqlite3.Error: _fail},
        },
        lifespan=studio.running,
    )
    app.state.studio = studio
    return app


def _refuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": printable(error)}, 400)


def _not_found(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": printable(error.args[0]) if error.args else "not found"}, 404)


def _fail(request: Request, error: Exception) -> Response:
    """Answer where the disk is full, or the data of the studio cannot be used for another reason."""
    reason = getattr(error, "strerror", None) or error
    return JSONResponse({"error": printable(f"the studio cannot read or write its data: {reason}")}, 507)


def _misfit(request: Request, error: Exception) -> Response:
    """Answer values of another kind than the page sends, or larger; where none are sent, the studio is at fault."""
    if isinstance(error, (TypeError, AttributeError)) and request.method == "GET":
        raise error
    return JSONResponse({"error": printable(f"this is not as the page sends it: {error}")}, 400)
