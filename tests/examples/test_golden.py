"""The transcription of every example, hit by hit, as it was when it was last looked at.

`golden/` has a CSV for each recording. Where a change is meant to change them, write them anew, and look at what the
difference is before handing it in:

    python tests/examples/test_golden.py
"""

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

from drumscribe import Transcriber, Transcription
from drumscribe.transcribe_options import TranscribeOptions

GOLDEN = Path(__file__).parent / "golden"
SONGS_FOLDER = Path(__file__).parents[2] / "examples" / "songs"
SONGS = sorted(path for path in SONGS_FOLDER.rglob("*") if path.is_file())


class Stroke(NamedTuple):
    """What of a hit is compared: seconds, the articulation, the MIDI velocity."""

    time: float
    articulation: str
    velocity: int


def golden_file(song: Path) -> Path:
    return (GOLDEN / song.relative_to(SONGS_FOLDER)).with_suffix(".csv")


def strokes_of(transcription: Transcription) -> list[Stroke]:
    return [Stroke(hit.time, hit.articulation, hit.velocity) for hit in transcription.hits]


def read_golden(path: Path) -> list[Stroke]:
    with open(path, newline="", encoding="utf-8") as file:
        return [Stroke(float(time), name, int(velocity)) for time, name, velocity in list(csv.reader(file))[1:]]


def write_golden(path: Path, strokes: list[Stroke]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Stroke._fields)
        writer.writerows((f"{time:.4f}", name, velocity) for time, name, velocity in strokes)


def in_file_order(strokes: list[Stroke]) -> list[Stroke]:
    """By articulation, then in time, so that two drums struck at once may come in either order."""
    return sorted(strokes, key=lambda stroke: (stroke.articulation, stroke.time))


def are_the_same(heard: list[Stroke], golden: list[Stroke]) -> bool:
    """Whether both have the same hits, to 1 ms and a velocity of 1."""
    return [stroke.articulation for stroke in heard] == [stroke.articulation for stroke in golden] and all(
        abs(one.time - other.time) <= 1e-3 and abs(one.velocity - other.velocity) <= 1
        for one, other in zip(heard, golden, strict=True)
    )


@pytest.fixture(scope="module")
def transcribers() -> list[Transcriber]:
    """As shipped; and a hair more and less sensitive: processors round differently, which may turn a hit."""
    return [Transcriber(None, TranscribeOptions(sensitivity=at)) for at in (0.5, 0.505, 0.495)]


@pytest.mark.parametrize("song", SONGS, ids=lambda path: path.stem)
def test_an_example_has_exactly_the_hits_that_it_had(song: Path, transcribers: list[Transcriber]) -> None:
    golden = in_file_order(read_golden(golden_file(song)))
    assert any(are_the_same(in_file_order(strokes_of(one.transcribe_file(song))), golden) for one in transcribers)


def test_every_golden_file_is_of_an_example() -> None:
    assert set(GOLDEN.rglob("*.csv")) == {golden_file(song) for song in SONGS}


if __name__ == "__main__":
    for example in SONGS:
        write_golden(golden_file(example), strokes_of(Transcriber().transcribe_file(example)))
