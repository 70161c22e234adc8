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


def missing_from(strokes: list[Stroke], others: list[Stroke]) -> list[Stroke]:
    """The strokes that are not among others, within 1 ms and a velocity of 4: one stroke more moves those of others."""
    return [
        one
        for one in strokes
        if not any(
            one.articulation == other.articulation
            and abs(one.time - other.time) <= 1e-3
            and abs(one.velocity - other.velocity) <= 4
            for other in others
        )
    ]


@pytest.fixture(scope="module")
def transcribers() -> tuple[Transcriber, Transcriber]:
    """A little less and a little more sensitive: processors round differently, which may turn what is undecided."""
    strict, keen = (Transcriber(None, TranscribeOptions(sensitivity=0.5 + more)) for more in (-0.005, 0.005))
    return strict, keen


@pytest.mark.parametrize("song", SONGS, ids=lambda path: path.stem)
def test_an_example_has_exactly_the_hits_that_it_had(song: Path, transcribers: tuple[Transcriber, Transcriber]) -> None:
    golden = read_golden(golden_file(song))
    strict, keen = (strokes_of(transcriber.transcribe_file(song)) for transcriber in transcribers)
    assert not missing_from(strict, golden), "hits that were not there"
    assert not missing_from(golden, keen), "hits that are lost"
    assert len(keen) - len(strict) <= 3


def test_every_golden_file_is_of_an_example() -> None:
    assert set(GOLDEN.rglob("*.csv")) == {golden_file(song) for song in SONGS}


if __name__ == "__main__":
    for example in SONGS:
        write_golden(golden_file(example), strokes_of(Transcriber().transcribe_file(example)))
