"""The state that a page needs when it is opened."""

from importlib.util import find_spec

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...formats.export import FORMATS
from ...music.drums import ARTICULATIONS, INSTRUMENTS
from ...network.model_file import DEFAULT
from ...version import VERSION
from . import room_of
from .choices import kit_files, models_of
from .jobs import recent_jobs


def state(request: Request) -> Response:
    """Return songs, jobs, and all choices."""
    from ...sound.audio import FOREIGN_SUFFIXES, SUFFIXES

    room = room_of(request)
    drums = [{"name": a.name, "instrument": a.instrument, "note": a.note} for a in ARTICULATIONS]
    return JSONResponse(
        {
            "version": VERSION,
            "drums": drums,
            "instruments": INSTRUMENTS,
            "formats": [{"name": name, "ending": format.end.replace("/", "-")} for name, format in FORMATS.items()],
            "models": list(models_of(room)),
            "default_model": DEFAULT,
            "kits": list(kit_files(room)),
            "songs": room.shown_songs(),
            "jobs": recent_jobs(request),
            "limits": {"bytes": room.settings.limits.upload_bytes, "seconds": room.settings.limits.seconds},
            "suffixes": sorted(SUFFIXES | FOREIGN_SUFFIXES),
            "hosted": room.settings.hosted,
            "trains": not room.settings.hosted and find_spec("tensorflow") is not None,
        },
        headers={"cache-control": "no-store"},
    )


ROUTES = [Route("/state", state)]
