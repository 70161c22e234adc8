"""What is written can be read back, and nothing is left half-written."""

import csv
import json
import sys

import pytest

from drumscribe import export
from drumscribe.errors import LabelError
from drumscribe.hits import Hit, Transcription
from drumscribe.midi import read_midi

TAKE = Transcription(
    (Hit(0.0123456, "kick", 101, 0.98765), Hit(0.5, "hihat_pedal", 1), Hit(61.25, "side_stick", 127, 0.5)),
    62.0,
    "base 1",
)


def test_csv_has_one_line_per_hit(tmp_path):
    export.write(TAKE, tmp_path / "take.csv")
    lines = (tmp_path / "take.csv").read_bytes().decode().splitlines()
    assert lines == [
        "time,articulation,instrument,note,velocity,confidence",
        "0.012346,kick,kick,36,101,0.9877",
        "0.5,hihat_pedal,hihat,44,1,1.0",
        "61.25,side_stick,side_stick,37,127,0.5",
    ]


def test_json_follows_its_documented_schema(tmp_path):
    export.write(TAKE, tmp_path / "take.json")
    content = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    assert {k: v for k, v in content.items() if k != "hits"} == {
        "format": "drumscribe.transcription",
        "version": 1,
        "duration": 62.0,
        "model": "base 1",
    }
    assert content["hits"][1] == {
        "time": 0.5,
        "articulation": "hihat_pedal",
        "instrument": "hihat",
        "note": 44,
        "velocity": 1,
        "confidence": 1.0,
    }


def test_json_reads_back(tmp_path):
    export.write(TAKE, tmp_path / "take.json")
    back = export.read_json(tmp_path / "take.json")
    assert (back.duration, back.model) == (62.0, "base 1")
    assert [(h.time, h.articulation, h.velocity) for h in back.hits] == [
        (0.012346, "kick", 101),
        (0.5, "hihat_pedal", 1),
        (61.25, "side_stick", 127),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "drumscribe.transcription", "version": 2, "duration": 1, "model": "", "hits": []}',
        '{"format": "drumscribe.transcription", "version": 1, "duration": 1, "model": "", "hits": [{"time": 1}]}',
    ],
)
def test_other_json_is_refused_by_name(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(LabelError, match=r"x\.json"):
        export.read_json(tmp_path / "x.json")


@pytest.mark.parametrize("format", export.FORMATS)
def test_an_empty_transcription_is_a_valid_file(tmp_path, format):
    path = tmp_path / f"silence.{format}"
    export.write(Transcription((), 3.0), path)
    read = {
        "mid": read_midi,
        "csv": lambda p: list(csv.DictReader(p.open())),
        "json": lambda p: export.read_json(p).hits,
    }
    assert len(read[format](path)) == 0


LONG = pytest.param("a" * 245 + ".json", marks=pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter"))


@pytest.mark.parametrize("name", ["Größe ドラム 🥁.mid", "two words.csv", LONG])
def test_unusual_names_and_missing_folders_work(tmp_path, name):
    export.write(TAKE, tmp_path / "neu" / "é" / name)
    assert [p.name for p in (tmp_path / "neu" / "é").iterdir()] == [name]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    def fail(transcription, path):
        path.write_text("half")
        raise error

    (tmp_path / "take.csv").write_text("old")
    monkeypatch.setitem(export.FORMATS, "csv", fail)
    with pytest.raises(type(error)):
        export.write(TAKE, tmp_path / "take.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["take.csv"]
    assert (tmp_path / "take.csv").read_text() == "old"


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(ValueError, match="'ogg'"):
        export.write(TAKE, tmp_path / "take.ogg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are Unix's")
def test_files_have_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    export.write(TAKE, tmp_path / "take.mid")
    assert (tmp_path / "take.mid").stat().st_mode == (tmp_path / "plain").stat().st_mode
