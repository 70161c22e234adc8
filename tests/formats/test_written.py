"""An output that somebody edited is kept; what drumscribe wrote itself is replaced."""

import os
from pathlib import Path

import pytest

from drumscribe.formats.outputs import Delivery
from drumscribe.formats.written import Written
from drumscribe.music.transcription import Hit, Transcription

FIRST = Transcription((Hit(0.5, "kick", 100),), 2.0)
SECOND = Transcription((Hit(0.7, "snare", 100),), 2.0)


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "written"


def deliver(
    transcription: Transcription, out: Path, memory: Path, overwrite: bool = False, recording: Path | None = None
):
    return Delivery(written=Written(memory, overwrite)).deliver(transcription, [out], recording)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.mid", "a.csv", "a.labels.txt", "b.v2.json"])
def test_what_was_written_and_left_alone_is_replaced(tmp_path: Path, memory: Path, name: str) -> None:
    out = tmp_path / "out" / name
    deliver(FIRST, out, memory)
    before = out.read_bytes()
    assert deliver(SECOND, out, memory).outputs == (out,)
    assert out.read_bytes() != before
    assert names_in(tmp_path / "out") == [name]


@pytest.mark.parametrize(
    ("name", "beside"), [("a.mid", "a (1).mid"), ("a.labels.txt", "a (1).labels.txt"), ("b.v2.csv", "b.v2 (1).csv")]
)
def test_what_was_edited_is_kept_and_the_new_one_is_beside_it(tmp_path, memory, name, beside) -> None:
    out = tmp_path / "out" / name
    deliver(FIRST, out, memory)
    out.write_bytes(out.read_bytes() + b"edited")
    delivered = deliver(SECOND, out, memory)
    assert delivered.outputs == (out.with_name(beside),)
    assert out.read_bytes().endswith(b"edited")
    assert delivered.notes == (
        f"{out} was edited, or is not by drumscribe from this recording, and is kept: "
        f"wrote {beside} (--overwrite replaces it)",
    )
    deliver(FIRST, out, memory)
    assert names_in(tmp_path / "out") == sorted([beside, name]), "the one beside it is ours to replace"


def test_numbers_go_on_where_those_beside_it_were_edited_too(tmp_path: Path, memory: Path) -> None:
    for name in ("a.mid", "a (1).mid"):
        (tmp_path / name).write_text("mine")
    assert deliver(FIRST, tmp_path / "a.mid", memory).outputs == (tmp_path / "a (2).mid",)


def test_overwriting_is_done_when_asked_for_and_remembered(tmp_path: Path, memory: Path) -> None:
    out = tmp_path / "a.mid"
    out.write_text("mine")
    assert deliver(FIRST, out, memory, overwrite=True) == ((out,), ())
    assert out.read_bytes().startswith(b"MThd")
    assert deliver(SECOND, out, memory).outputs == (out,)


def test_the_same_content_is_no_edit_though_the_memory_is_lost(tmp_path: Path, memory: Path) -> None:
    out = tmp_path / "a.mid"
    deliver(FIRST, out, memory)
    memory.unlink()
    assert deliver(FIRST, out, memory).outputs == (out,)
    memory.unlink()
    assert deliver(SECOND, out, memory).outputs == (tmp_path / "a (1).mid",)


def test_outputs_are_known_in_another_folder_but_not_under_another_name(tmp_path: Path, memory: Path) -> None:
    deliver(FIRST, tmp_path / "old" / "a.mid", memory)
    os.rename(tmp_path / "old", tmp_path / "new")
    assert deliver(SECOND, tmp_path / "new" / "a.mid", memory).outputs == (tmp_path / "new" / "a.mid",)
    os.rename(tmp_path / "new" / "a.mid", tmp_path / "new" / "best.mid")
    assert deliver(FIRST, tmp_path / "new" / "best.mid", memory).outputs == (tmp_path / "new" / "best (1).mid",)


def test_a_memory_that_cannot_be_kept_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory, out = tmp_path / "file" / "written", tmp_path / "a.mid"
    assert deliver(FIRST, out, memory).outputs == (out,)
    assert deliver(SECOND, out, memory).outputs == (tmp_path / "a (1).mid",)


def test_a_folder_of_that_name_is_an_error_not_a_reason_for_another_name(tmp_path: Path, memory: Path) -> None:
    (tmp_path / "a.mid").mkdir()
    with pytest.raises(Exception, match=r"a\.mid: cannot be written"):
        deliver(FIRST, tmp_path / "a.mid", memory)
    assert names_in(tmp_path) == ["a.mid", "state"]


def test_the_memory_does_not_grow_without_end(tmp_path: Path, memory: Path, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.formats.written._MAX_LINES", 10)
    for number in range(25):
        deliver(Transcription((Hit(0.01 * number, "kick", 100),), 2.0), tmp_path / "a.csv", memory)
    assert names_in(tmp_path) == ["a.csv", "state"]
    assert len(memory.read_text().splitlines()) <= 10


def test_what_is_of_another_recording_of_the_same_name_is_kept(tmp_path: Path, memory: Path) -> None:
    out, one, other = tmp_path / "drums.mid", tmp_path / "1" / "drums.wav", tmp_path / "2" / "drums.wav"
    deliver(FIRST, out, memory, recording=one)
    before = out.read_bytes()
    assert deliver(SECOND, out, memory, recording=other).outputs == (tmp_path / "drums (1).mid",)
    assert out.read_bytes() == before
    assert deliver(SECOND, out, memory, recording=one).outputs == (out,), "of the same one it is replaced"


def test_an_output_that_was_moved_with_its_recording_is_replaced(tmp_path: Path, memory: Path) -> None:
    deliver(FIRST, tmp_path / "old" / "a.mid", memory, recording=tmp_path / "old" / "a.wav")
    os.rename(tmp_path / "old", tmp_path / "new")
    out = tmp_path / "new" / "a.mid"
    assert deliver(SECOND, out, memory, recording=tmp_path / "new" / "a.wav").outputs == (out,)
