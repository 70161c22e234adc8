"""Records of the study, a line for each cell in a file that is only appended to."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from drumscribe.errors import DrumscribeError

from ..decisions.evaluation import Evaluation
from ..files import open_whole
from .cells import Cell


@dataclass(frozen=True)
class Record:
    """Measurements of a cell.

    Attributes
    ----------
    cell : Cell
        The cell.
    digest : str
        Digest of the experiment, which shows whether the cell is still the same.
    one_shots : tuple[int, ...]
        Number of training one-shots of each class.
    single : Evaluation
        On held-out one-shots.
    mixtures : Evaluation | None
        On two or three of them at once; None if the formulation has one answer.
    answers : str
        The likeliest class of each held-out one-shot, in the order of their paths, as digits.
    train_seconds : float
        CPU time of training, batches included.
    parameters : int
        Number of parameters of the network.
    multiply_adds : int
        Per window.
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
    """Accuracy on real recordings.

    Attributes
    ----------
    system : str
        The digest of a cell's experiment, or a name.
    recordings : str
        The set of recordings.
    at : str
        ``detected`` or ``labelled`` onsets; "" for a system that finds its own.
    micro_f : float
        Over the five classes, within 50 ms.
    f_measures : tuple[float, ...]
        Of each class.
    """

    system: str
    recordings: str
    at: str
    micro_f: float
    f_measures: tuple[float, ...]


def append(path: Path, records: Iterable[Record | TrackRecord]) -> None:
    """Append a line for each record, at once, whatever a stopped run left at the end of the file.

    Parameters
    ----------
    path : Path
        The file.
    records : Iterable[Record | TrackRecord]
        The records.

    Raises
    ------
    DrumscribeError
        If the file cannot be written.
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
    """Write all records anew, in their order.

    Parameters
    ----------
    path : Path
        The file.
    records : Iterable[Record | TrackRecord]
        The records.
    """
    with open_whole(path) as file:
        file.write(_lines_of(records).encode())


def read_records(path: Path) -> tuple[Record, ...]:
    """Read the records of a file, none if it is missing; incomplete lines are skipped."""
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
    """Read the records of real recordings, like `read_records`."""
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
