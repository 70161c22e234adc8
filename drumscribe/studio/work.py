"""The work of worker processes, by kind of job."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import DrumscribeError
from ..files import written_whole
from .crew import Advanced
from .hearing import Hearer, Request, fingerprint_of, key_of, stamp_of
from .pictures import draw_picture

_hearer = Hearer()  # one per process, which does one task after another

Advance = Callable[[Advanced], None]


def do(kind: str, needs: dict, advance: Advance) -> Any:
    """Do a task in a worker process; see `crew.Crew`.

    Parameters
    ----------
    kind : str
        One of `WORK`.
    needs : dict
        Data for the work.
    advance : callable
        Receives `Advanced`.

    Returns
    -------
    object
        The result, picklable.
    """
    try:
        return WORK[kind](needs, advance)
    except DrumscribeError as error:  # the user knows an uploaded file by its original name
        raise DrumscribeError(_named(str(error), needs)) from error


def _named(message: str, needs: dict) -> str:
    return message.replace(needs["path"], needs["name"]) if "path" in needs else message


def request_of(options: dict) -> Request:
    """Return the request that the options of a job describe."""
    known = {name: value for name, value in options.items() if name in Request.__dataclass_fields__}
    if known.get("tempo_range"):
        known["tempo_range"] = tuple(known["tempo_range"])
    return Request(**{**known, "sensitivity": tuple((known.get("sensitivity") or {}).items())})


def _prepare(needs: dict, advance: Advance) -> None:
    _hearer.prepare()


def _picture(needs: dict, advance: Advance) -> dict:
    path, known = Path(needs["path"]), _identify(needs)
    draw_picture(path, Path(needs["pictures"]) / known["sha"], _sharing(advance, needs["seconds"]))
    return known


def _hear(needs: dict, advance: Advance) -> dict:
    path, request = Path(needs["path"]), request_of(needs["options"])
    known = _identify(needs)
    key = key_of(known["sha"], request)
    file = Path(needs["drafts"]) / f"{key}.json"
    if not file.exists():
        draft = _hearer.hear(path, request, _sharing(advance, needs["seconds"]))
        with written_whole(file) as temporary:
            temporary.write_text(json.dumps(draft, separators=(",", ":")), encoding="utf-8")
    return {**known, "key": key}


def _identify(needs: dict) -> dict:
    """Return the SHA-256 and the stamp of a recording, which may have changed since its job was queued."""
    path = Path(needs["path"])
    stamp = stamp_of(path)
    sha = needs["sha"] if needs["sha"] and stamp == needs["stamp"] else fingerprint_of(path)
    return {"sha": sha, "stamp": stamp}


def _teach(needs: dict, advance: Advance) -> dict:
    from .teaching import Subject, teach

    return asdict(teach(Subject(**needs["options"]), Path(needs["samples"]), Path(needs["kits"]), needs["take"]))


def _train(needs: dict, advance: Advance) -> dict:
    from .training import train

    return train(needs, lambda share, shown: advance(Advanced(share, shown)))


WORK = {"prepare": _prepare, "picture": _picture, "hear": _hear, "repick": _hear, "teach": _teach, "train": _train}


def _sharing(advance: Advance, seconds: float) -> Callable[[float], None]:
    """Receives the seconds that are done, and reports their share in steps of a hundredth."""
    told = 0.0

    def progress(done: float) -> None:
        nonlocal told
        share = min(1.0, done / seconds) if seconds else 0.0
        if share >= told + 0.01:
            told = share
            advance(Advanced(share))

    return progress
