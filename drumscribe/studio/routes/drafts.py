"""Drafts: read, edited, quantised and exported, with a new rhythm or new sensitivities."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...errors import DrumscribeError
from ...formats import export
from ...music.drums import INSTRUMENTS
from ...music.transcription import Transcription
from ..documents import check_edit, check_sensitivity, rows_of, transcription_of
from ..hearing import find_rhythm
from ..journal import Row
from ..quantising import preview, settings_of
from ..rooms import Room
from ..work import request_of
from . import body_of, room_of
from .choices import check_hearing, own_sounds_of

_MOST_BYTES = 200
"""Maximum length of a file's name before its ending, in bytes; file systems allow 255 for both."""


def read(request: Request) -> Response:
    """Return a draft: all its candidates, and all edits."""
    room = room_of(request)
    row, draft, edits = _draft(room, request)
    shown = {**room.shown_draft(row), "revision": row["revision"], "edits": edits, "rows": rows_of(draft)}
    shown |= {name: draft[name] for name in ("duration", "model", "kit", "thresholds", "rhythm")}
    shown["own_sounds"] = own_sounds_of(room, row["facts"].get("kit"))
    return JSONResponse(shown, headers={"cache-control": "no-store"})


async def edit(request: Request) -> Response:
    """Add an edit."""
    room, body, id = room_of(request), await body_of(request), request.path_params["id"]
    content = check_edit(body.get("edit"))
    return _changed(await run_in_threadpool(room.journal.append_edit, id, int(body["revision"]), content))


async def move(request: Request) -> Response:
    """Undo or redo, by setting the number of edits that apply."""
    room, body, id = room_of(request), await body_of(request), request.path_params["id"]
    wanted = int(body["revision"]), int(body["position"])
    return _changed(await run_in_threadpool(room.journal.move, id, *wanted))


def _changed(row: Row | None) -> Response:
    """Return the position and the revision of a draft after a change, which is refused if another page came first."""
    if row is None:
        return JSONResponse({"error": "this draft was edited in another page: open its song again"}, 409)
    return JSONResponse({name: row[name] for name in ("position", "revision")})


async def remove(request: Request) -> Response:
    """Remove a draft and its edits."""
    room, id = room_of(request), request.path_params["id"]
    song = room.journal.get("drafts", id)["song"]
    room.journal.remove("drafts", id)
    room.tell({"about": "song", "song": room.shown_song(room.journal.get("songs", song))})
    return Response(status_code=204)


async def count(request: Request) -> Response:
    """Find the rhythm of a draft again, with rhythm options."""
    room, body = room_of(request), await body_of(request)
    wanted = request_of(check_hearing(room, {k: body.get(k) for k in ("tempo", "tempo_range", "meter")}))
    transcription = _transcription(room, request)
    found = await run_in_threadpool(find_rhythm, transcription.hits, transcription.duration, wanted)
    return JSONResponse({"rhythm": found})


async def repick(request: Request) -> Response:
    """Queue a new transcription of a draft's song with other sensitivities, which a draft with a kit needs."""
    room, body = room_of(request), await body_of(request)
    draft = room.journal.get("drafts", request.path_params["id"])
    sensitivity = check_sensitivity(body["sensitivity"])
    if not set(sensitivity) <= {*INSTRUMENTS, *own_sounds_of(room, draft["facts"].get("kit"))}:
        raise DrumscribeError("give sensitivities of instruments or sounds of the kit")
    options = {**draft["facts"], "sensitivity": sensitivity, "draft": draft["id"]}
    return JSONResponse(room.jobs.add("repick", draft["song"], options))


def repicked(request: Request) -> Response:
    """Return the rows of a job that transcribed a draft's song again."""
    room = room_of(request)
    job = room.journal.get("jobs", request.path_params["job"])
    if job["kind"] != "repick" or job["state"] != "done" or job["options"]["draft"] != request.path_params["id"]:
        raise KeyError("this job has no result for this draft")
    return JSONResponse({"rows": rows_of(room.load_draft(job["result"]))})


async def quantise(request: Request) -> Response:
    """Return where quantisation would move hits, and its report."""
    room, body = room_of(request), await body_of(request)
    row, draft, edits = _draft(room, request)
    moved, report = await run_in_threadpool(preview, draft, edits[: row["position"]], settings_of(body))
    return JSONResponse({"rows": moved, "report": report})


def export_draft(request: Request) -> Response:
    """Return a draft as a file in any format of the library."""
    from ...formats.midi import MidiOptions

    room, name = room_of(request), request.path_params["format"]
    if name not in export.FORMATS:
        raise KeyError(f"there is no format {name[:40]!r}")
    row = room.journal.get("drafts", request.path_params["id"])
    song = room.journal.get("songs", row["song"])
    options = MidiOptions(start_at_bar=request.query_params.get("start_at_bar") == "1")
    stem, end = _stem_of(song), export.FORMATS[name].end
    with tempfile.TemporaryDirectory() as folder:
        recording = _under_its_name(song, Path(folder))
        out = Path(folder) / "out"
        export.write(_transcription(room, request), out / f"{stem}{end}", name, options, recording=recording)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        if len(files) == 1:
            return _download(files[0].read_bytes(), f"{stem}{end.replace('/', '-')}")
        return _download(_zipped(files, out), f"{stem}-{name}.zip")


def _under_its_name(song: Row, folder: Path) -> Path:
    """Link a recording under the user's name for it, if links can be made."""
    link = folder / f"{_stem_of(song)}{Path(song['name']).suffix}"
    try:
        link.symlink_to(song["path"])
    except OSError:
        return Path(song["path"])
    return link


def _stem_of(song: Row) -> str:
    """Return the name of a song for files, so short that each format's ending fits behind it."""
    return Path(song["name"]).stem.encode()[:_MOST_BYTES].decode(errors="ignore")


def _zipped(files: list[Path], folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return content.getvalue()


def export_sound(request: Request) -> Response:
    """Return the recording with the draft played over it, as a wav file."""
    from ...review.sonification import write_check

    room = room_of(request)
    song = room.journal.get("songs", room.journal.get("drafts", request.path_params["id"])["song"])
    kind: Literal["clicks", "drums"] = "clicks" if request.path_params["kind"] == "clicks" else "drums"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "check.wav"
        split = request.query_params.get("split") == "1"
        write_check(song["path"], _transcription(room, request), file, kind, split)
        content = file.read_bytes()
    return _download(content, f"{_stem_of(song)}-{kind}.wav")


def _draft(room: Room, request: Request) -> tuple[Row, dict, list[dict]]:
    """Return the row of a draft, its detected hits, and all edits."""
    row = room.journal.get("drafts", request.path_params["id"])
    return row, room.load_draft(row), room.journal.edits_of(row["id"])


def _transcription(room: Room, request: Request) -> Transcription:
    row, draft, edits = _draft(room, request)
    return transcription_of(draft, edits[: row["position"]])


def _download(content: bytes, name: str) -> Response:
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


ROUTES = [
    Route("/drafts/{id:int}", read),
    Route("/drafts/{id:int}", remove, methods=["DELETE"]),
    Route("/drafts/{id:int}/edits", edit, methods=["POST"]),
    Route("/drafts/{id:int}/position", move, methods=["POST"]),
    Route("/drafts/{id:int}/rhythm", count, methods=["POST"]),
    Route("/drafts/{id:int}/repick", repick, methods=["POST"]),
    Route("/drafts/{id:int}/repick/{job:int}", repicked),
    Route("/drafts/{id:int}/quantise", quantise, methods=["POST"]),
    Route("/drafts/{id:int}/export/{format:str}", export_draft),
    Route("/drafts/{id:int}/sound/{kind:str}", export_sound),
]
