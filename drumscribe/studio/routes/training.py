"""Training runs: started, listed, tried on a song; and the study."""

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...errors import DrumscribeError
from ...music.drums import FIVE_CLASSES
from .. import training
from ..rooms import Room
from ..study import read_study, study_folder
from . import body_of, room_of


def _own_room(request: Request) -> Room:
    """Return the room if training is allowed: it reads folders of this machine."""
    room = room_of(request)
    if room.settings.hosted:
        raise DrumscribeError("a hosted studio does not train")
    return room


def _folder(body: dict) -> Path:
    folder = Path(str(body.get("samples", "")).strip()).expanduser()
    if not str(body.get("samples", "")).strip() or not folder.is_dir():
        raise DrumscribeError(f"{folder}: no such folder of samples")
    return folder


async def inspect(request: Request) -> Response:
    """Describe a folder of samples."""
    _own_room(request)
    lines = await run_in_threadpool(training.inspect, _folder(await body_of(request)))
    return JSONResponse({"lines": lines})


async def begin(request: Request) -> Response:
    """Queue a run."""
    room, body = _own_room(request), await body_of(request)
    options: dict[str, Any] = {name: str(body.get(name, "")) for name in ("name", "family", "formulation")}
    options["classes"] = [str(name) for name in body.get("classes") or FIVE_CLASSES]
    options |= {"samples": str(_folder(body).resolve()), "steps": int(body.get("steps") or 300)}
    training.check_run(**{name: options[name] for name in training.CHOICES})
    going = [job["options"] for job in room.journal.open_jobs() if job["kind"] == "train"]
    if any(run["name"] == options["name"] and run != options for run in going):
        raise DrumscribeError(f"{options['name']}: a run of this name has not ended: stop it, or choose another name")
    return JSONResponse(room.jobs.add("train", None, options))


async def costs(request: Request) -> Response:
    """Return the cost of each family with a formulation."""
    _own_room(request)
    formulation = str((await body_of(request)).get("formulation") or "multi-class")
    return JSONResponse({"lines": await run_in_threadpool(training.costs, formulation)})


async def attempt(request: Request) -> Response:
    """Run a trained network on a song."""
    room, body = _own_room(request), await body_of(request)
    song = room.journal.get("songs", int(body["song"]))
    name = str(body["name"])
    known = {path.stem: path for path in (room.folder / "runs").glob("*/*.toml")}
    if name not in known:
        raise KeyError("there is no such run")
    folder = known[name].parent
    found = await run_in_threadpool(training.predict, known[name], folder / "cache", Path(song["path"]))
    return JSONResponse({"found": found})


def study(request: Request) -> Response:
    """Return the study's networks, tables and names of pictures."""
    room_of(request)
    folder = study_folder()
    if folder is None:
        raise KeyError("the study is not installed here")
    return JSONResponse(read_study(folder))


def study_picture(request: Request) -> Response:
    """Return a picture of the study."""
    room_of(request)
    folder, name = study_folder(), request.path_params["name"]
    pictures = {path.name: path for path in folder.glob("*.png")} if folder else {}
    if name not in pictures:
        raise KeyError("there is no such picture")
    return Response(pictures[name].read_bytes(), media_type="image/png")


ROUTES = [
    Route("/training/study", study),
    Route("/training/study/{name:str}", study_picture),
    Route("/training/inspect", inspect, methods=["POST"]),
    Route("/training/costs", costs, methods=["POST"]),
    Route("/training/runs", begin, methods=["POST"]),
    Route("/training/try", attempt, methods=["POST"]),
]
