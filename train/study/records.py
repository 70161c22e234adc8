"""What was measured, a line for each cell in a file that is only ever appended to."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from drumscribe.errors import DrumscribeError

from ..decisions.evaluation import Evaluation
from ..files import written_whole
from .cells import Cell


@dataclass(frozen=True)
class Record:
    """What was measured of a cell.

    Attributes
    ----------
    digest : of the experiment, which says whether the cell is still the same.
    one_shots : that it learned from, of each class.
    single : on held-out one-shots.
    mixtures : on two or three of them at once; None where the formulation has one answer.
    answers : the likeliest class of each held-out one-shot, in the order of their paths, as digits.
    train_seconds : CPU time of training, batches included.
    parameters : of the network.
    multiply_adds : for one window.
    """

    cell: Cell
    digest: str
    one_shots: tuple[int, ...]
    single: Evaluation
    mixtures: Evaluation | None
    answers: str
    train_seconds: float
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class TrackRecord:
    """How well real recordings are transcribed.

    Attributes
    ----------
    system : the digest of a cell's experiment, or a name.
    recordings : the set of recordings.
    at : ``detected`` or ``labelled`` onsets; "" for a system that finds its own.
    micro_f : over the five classes, within 50 ms.
    f_measures : of each class.
    """

    system: str
    recordings: str
    at: str
    micro_f: float
    f_measures: tuple[float, ...]


def append(path: Path, records: Iterable[Record | TrackRecord]) -> None:
    """Add a line for each, in one go, whatever a run that was stopped left at the end of the file.

    Raises
    ------
    DrumscribeError : where nothing can be written there.
    """
    lines = _lines_of(records)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            lines = "\n" + lines
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(lines)
    except OSError as error:
        raise DrumscribeError(f"{path}: cannot be written: {error.strerror or error}") from None


def rewrite(path: Path, records: Iterable[Record | TrackRecord]) -> None:
    """Write all records anew, in their order."""
    with written_whole(path) as file:
        file.write(_lines_of(records).encode())


def read_records(path: Path) -> tuple[Record, ...]:
    """The records in a file, none if it is not there; a line that is not whole is passed over."""
    return tuple(
        Record(
            cell=Cell(**values["cell"]),
            digest=values["digest"],
            one_shots=tuple(values["one_shots"]),
            single=_evaluation(values["single"]),
            mixtures=values["mixtures"] and _evaluation(values["mixtures"]),
            answers=values["answers"],
            train_seconds=values["train_seconds"],
            parameters=values["parameters"],
            multiply_adds=values["multiply_adds"],
        )
        for values in _lines(path)
    )


def read_track_records(path: Path) -> tuple[TrackRecord, ...]:
    """As `read_records`, of real recordings."""
    return tuple(TrackRecord(**values | {"f_measures": tuple(values["f_measures"])}) for values in _lines(path))


def _lines_of(records: Iterable[Record | TrackRecord]) -> str:
    return "".join(json.dumps(asdict(record)) + "\n" for record in records)


def _lines(path: Path) -> Iterable[dict]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _evaluation(values: dict) -> Evaluation:
    tuples = {
        "classes": tuple(values["classes"]),
        "f_measures": tuple(values["f_measures"]),
        "confusion": tuple(map(tuple, values["confusion"])),
    }
    return Evaluation(**values | tuples)
