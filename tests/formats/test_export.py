"""What is written can be read back, and nothing is left half-written."""

import csv
import json
import os
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import beat, write_audio

from drumscribe.errors import LabelError
from drumscribe.formats import export
from drumscribe.formats.json_file import JSON_FORMAT, JSON_VERSION, read_json
from drumscribe.formats.midi import MidiOptions, read_midi
from drumscribe.music.drums import ARTICULATIONS
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription

TAKE = Transcription(
    (Hit(0.0123456, "kick", 101, 0.98765), Hit(0.5, "hihat_pedal", 1), Hit(61.25, "side_stick", 127, 0.5)),
    62.0,
    "base 1",
)

RNG = np.random.default_rng(0)
MANY = (
    *(
        Hit(float(time), RNG.choice(ARTICULATIONS).name, int(RNG.integers(1, 128)), float(RNG.uniform()))
        for time in np.sort(RNG.uniform(0.0, 3 * 3600.0, 500))
    ),
    Hit(3 * 3600.0 - 1e-3, 'pot, "left"', 64, 0.5, 71),
)
"""Hits anywhere in three hours, and one of a player's own sound."""
LONG_TAKE = Transcription(MANY, 3 * 3600.0, "base 1")


def to_the_microsecond(times):
    return pytest.approx(list(times), rel=0.0, abs=0.5001e-6)


def test_csv_has_one_line_per_hit(tmp_path):
    export.write(TAKE, tmp_path / "take.csv")
    lines = (tmp_path / "take.csv").read_bytes().decode().splitlines()
    assert lines == [
        "time,articulation,instrument,note,velocity,confidence",
        "0.012346,kick,kick,36,101,0.9877",
        "0.5,hihat_pedal,hihat,44,1,1.0",
        "61.25,side_stick,side_stick,37,127,0.5",
    ]


def test_csv_reads_back(tmp_path):
    export.write(LONG_TAKE, tmp_path / "take.csv")
    with open(tmp_path / "take.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["time"]) for row in rows] == to_the_microsecond(h.time for h in MANY)
    assert [(r["articulation"], r["instrument"], int(r["note"]), int(r["velocity"])) for r in rows] == [
        (h.articulation, h.instrument, h.note, h.velocity) for h in MANY
    ]
    assert [float(row["confidence"]) for row in rows] == pytest.approx([h.confidence for h in MANY], abs=0.5001e-4)


def test_json_follows_its_documented_schema(tmp_path):
    export.write(TAKE, tmp_path / "take.json")
    content = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    assert {k: v for k, v in content.items() if k != "hits"} == {
        "format": "drumscribe.transcription",
        "version": 2,
        "duration": 62.0,
        "model": "base 1",
        "midi_start": 0.0,
        "rhythm": None,
    }
    assert content["hits"][1] == {
        "time": 0.5,
        "articulation": "hihat_pedal",
        "instrument": "hihat",
        "note": 44,
        "velocity": 1,
        "confidence": 1.0,
    }


def test_the_manual_names_every_field_of_the_json(tmp_path):
    export.write(replace(TAKE, rhythm=Rhythm(TEMPO_MAP, 0.9, False)), tmp_path / "take.json")
    fields = set()
    json.loads((tmp_path / "take.json").read_text(), object_hook=fields.update)
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    table = page.split("\n## JSON\n")[1].split("\n## ")[0]
    assert not [name for name in fields if f"`{name}`" not in table and f".{name}`" not in table]
    assert f'`"{JSON_FORMAT}"` and {JSON_VERSION};' in table


def test_json_reads_back(tmp_path):
    export.write(LONG_TAKE, tmp_path / "take.json")
    back = read_json(tmp_path / "take.json")
    assert (back.duration, back.model) == (LONG_TAKE.duration, "base 1")
    assert [h.time for h in back.hits] == to_the_microsecond(h.time for h in MANY)
    assert [(h.articulation, h.note, h.velocity) for h in back.hits] == [
        (h.articulation, h.note, h.velocity) for h in MANY
    ]
    assert [h.confidence for h in back.hits] == pytest.approx([h.confidence for h in MANY], abs=0.5001e-4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "drumscribe.transcription", "version": 3, "duration": 1, "model": "", "hits": []}',
        '{"format": "drumscribe.transcription", "version": 2, "duration": 1, "model": "", "hits": []}',
        '{"format": "drumscribe.transcription", "version": 1, "duration": 1, "model": "", "hits": [{"time": 1}]}',
    ],
)
def test_other_json_is_refused_by_name(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(LabelError, match=r"x\.json"):
        read_json(tmp_path / "x.json")


TEMPO_MAP = TempoMap((0.5, 10.5, 16.0), (0.0, 20.0, 32.0), (MeterChange(0.0, Meter()), MeterChange(8.0, Meter(6, 8))))


def test_rhythm_reads_back_from_json(tmp_path):
    take = replace(TAKE, rhythm=Rhythm(TEMPO_MAP, 0.9, False))
    export.write(take, tmp_path / "take.json")
    assert read_json(tmp_path / "take.json").rhythm == take.rhythm
    rhythm = json.loads((tmp_path / "take.json").read_text())["rhythm"]
    assert rhythm["tempo"] is None and rhythm["confidence"] == 0.9
    assert rhythm["tempo_map"]["downbeats"][:4] == [0.5, 2.5, 4.5, 6.0]
    assert rhythm["tempo_map"]["beats"][:3] == [0.0, 0.5, 1.0]


def test_free_time_reads_back_from_json(tmp_path):
    export.write(replace(TAKE, rhythm=Rhythm(None, 0.1, False)), tmp_path / "take.json")
    assert read_json(tmp_path / "take.json").rhythm == Rhythm(None, 0.1, False)


def test_json_says_where_a_midi_file_begins_that_begins_with_a_bar(tmp_path):
    take = replace(TAKE, rhythm=Rhythm(TempoMap.steady(120, 0.25), 1.0, True))
    export.write(take, tmp_path / "take.json", options=MidiOptions(start_at_bar=True))
    assert json.loads((tmp_path / "take.json").read_text())["midi_start"] == -1.75


def test_json_of_version_1_is_read(tmp_path):
    export.write(TAKE, tmp_path / "new.json")
    content = json.loads((tmp_path / "new.json").read_text())
    old = {k: v for k, v in content.items() if k not in ("rhythm", "midi_start")} | {"version": 1}
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert read_json(tmp_path / "old.json") == read_json(tmp_path / "new.json")


def test_audacity_labels_are_lines_of_start_end_and_name(tmp_path):
    export.write(TAKE, tmp_path / "take.labels.txt")
    lines = (tmp_path / "take.labels.txt").read_text().splitlines()
    assert [line.split("\t") for line in lines] == [
        ["0.012346", "0.012346", "kick"],
        ["0.500000", "0.500000", "hihat_pedal"],
        ["61.250000", "61.250000", "side_stick"],
    ]


def test_audacity_labels_read_back(tmp_path):
    export.write(LONG_TAKE, tmp_path / "take.labels.txt")
    lines = (tmp_path / "take.labels.txt").read_text(encoding="utf-8").splitlines()
    starts, ends, names = zip(*(line.split("\t") for line in lines), strict=True)
    assert starts == ends
    assert list(map(float, starts)) == to_the_microsecond(h.time for h in MANY)
    assert list(names) == [h.articulation for h in MANY]


def test_reaper_gets_a_marker_for_each_hit_and_a_region_for_each_bar(tmp_path):
    hits = (*TAKE.hits, Hit(3661.5, "kick", 1))
    rhythm = Rhythm(TempoMap.steady(120, 0.5), 1.0, True)
    export.write(Transcription(hits, 3662.0, "", rhythm), tmp_path / "take.markers.csv")
    with open(tmp_path / "take.markers.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["#", "Name", "Start", "End", "Length"]
    assert rows[1] == ["R1", "bar 1", "0:00:00.500000", "0:00:02.500000", "0:00:02.000000"]
    assert rows[1830] == ["R1830", "bar 1830", "1:00:58.500000", "1:01:00.500000", "0:00:02.000000"]
    assert rows[1831:] == [
        ["M1", "kick", "0:00:00.012346", "", ""],
        ["M2", "hihat_pedal", "0:00:00.500000", "", ""],
        ["M3", "side_stick", "0:01:01.250000", "", ""],
        ["M4", "kick", "1:01:01.500000", "", ""],
    ]


def test_reaper_markers_and_regions_read_back(tmp_path):
    tempo_map = TempoMap((0.0, 9.7, 17.0), (0.0, 20.0, 32.0), TEMPO_MAP.meters)
    export.write(replace(LONG_TAKE, rhythm=Rhythm(tempo_map, 1.0, False)), tmp_path / "take.markers.csv")
    with open(tmp_path / "take.markers.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def seconds(field: str, kind: str) -> list[float]:
        clocks = (row[field].split(":") for row in rows if row["#"].startswith(kind))
        return [int(hours) * 3600 + int(minutes) * 60 + float(rest) for hours, minutes, rest in clocks]

    assert seconds("Start", "M") == to_the_microsecond(h.time for h in MANY)
    assert [row["Name"] for row in rows if row["#"].startswith("M")] == [h.articulation for h in MANY]
    bars = tempo_map.downbeats(LONG_TAKE.duration)
    assert seconds("Start", "R") == to_the_microsecond(bars[:-1])
    assert seconds("End", "R") == to_the_microsecond(bars[1:])
    assert seconds("Length", "R") == to_the_microsecond(np.diff(bars))


@pytest.mark.parametrize("format", export.FORMATS)
def test_an_empty_transcription_is_a_valid_file(tmp_path, format):
    path = tmp_path / "silence"
    export.write(Transcription((), 3.0), path, format)
    read = {
        "mid": read_midi,
        "csv": lambda p: list(csv.DictReader(p.read_text().splitlines())),
        "json": lambda p: read_json(p).hits,
        "audacity": lambda p: p.read_text(),
        "reaper": lambda p: p.read_text().splitlines()[1:],
        "musicxml": lambda p: ElementTree.parse(p).findall(".//unpitched"),
        "dawproject": lambda p: ElementTree.fromstring(zipfile.ZipFile(p).read("project.xml")).findall(".//Note"),
        "rpp": lambda p: [line for line in p.read_text().splitlines() if line.split()[0] == "E"][1:],
        "chart": lambda p: [line for line in p.read_text().splitlines() if " = N " in line],
    }
    assert len(read[format](path)) == 0


LONG = pytest.param("a" * 245 + ".json", marks=pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter"))


@pytest.mark.parametrize("name", ["Größe ドラム 🥁.mid", "two words.csv", LONG])
def test_unusual_names_and_missing_folders_work(tmp_path, name):
    export.write(TAKE, tmp_path / "neu" / "é" / name)
    assert [p.name for p in (tmp_path / "neu" / "é").iterdir()] == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
@pytest.mark.parametrize("format", [name for name, format in export.FORMATS.items() if format.names_recording])
def test_a_recording_whose_name_is_no_text_is_named_as_it_is_printed(tmp_path, format):
    recording = write_audio(tmp_path / "a.wav", beat(1.0)).rename(tmp_path / os.fsdecode(b"bad\xff \x1b.wav"))
    take, path = replace(TAKE, rhythm=Rhythm(TEMPO_MAP, 0.9, False)), tmp_path / "out" / "take"
    export.write(take, path, format, recording=recording)
    content = path.read_bytes()
    if format == "dawproject":
        with zipfile.ZipFile(path) as file:
            content = file.read("project.xml")
            ElementTree.fromstring(file.read("metadata.xml"))
    if format in ("dawproject", "musicxml"):
        ElementTree.fromstring(content)
    assert "bad\ufffd \\x1b".encode() in content


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_a_reaper_project_finds_a_recording_whose_name_is_no_text(tmp_path):
    recording = write_audio(tmp_path / "a.wav", beat(1.0)).rename(tmp_path / os.fsdecode(b"bad\xff.wav"))
    path = export.write(TAKE, tmp_path / "take.rpp", recording=recording)
    assert b'FILE "bad\xff.wav"' in path.read_bytes()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    def fail(transcription, path, options):
        path.write_text("half")
        raise error

    (tmp_path / "take.csv").write_text("old")
    monkeypatch.setitem(export.FORMATS, "csv", export.Format("csv", fail))
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


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1}', "JSON, but not a transcription: give a file written by"),
        ("[1]", "JSON, but not a transcription: give a file written by"),
        ("hello", "not JSON"),
        ('{"format": "drumscribe.transcription", "version": 2}', r"a broken transcription \(hits is missing\)"),
        (None, "cannot be read: No such file"),
    ],
)
def test_it_is_said_why_a_file_is_no_transcription(tmp_path, text, why):
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(LabelError, match=rf"x\.json: {why}"):
        read_json(tmp_path / "x.json")


def edited(tmp_path, edit) -> Path:
    """A JSON file with other readings, edited by hand."""
    other = Rhythm(TempoMap.steady(60.0), 0.3, True, probability=0.3, relation="half the tempo")
    rhythm = Rhythm(TempoMap.steady(120.0), 0.7, True, probability=0.7, alternatives=(other,))
    path = tmp_path / "x.json"
    hits = tuple(Hit(0.25 * i, ("kick", "snare")[i % 2], 90) for i in range(8))
    export.write(Transcription(hits, 4.0, "m", rhythm), path)
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    return path


def test_hits_may_be_in_any_order(tmp_path):
    plain = read_json(edited(tmp_path, lambda content: None))
    assert read_json(edited(tmp_path, lambda content: content["hits"].reverse())) == plain


LATER = {"quarter": 4.0, "numerator": 3, "denominator": 4}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda c: c["hits"][0].update(note=999), "note 999 is outside MIDI"),
        (lambda c: c["hits"][0].update(note=-5), "note -5 is outside MIDI"),
        (lambda c: c["hits"][0].update(articulation="\ud800", instrument="\ud800"), "is no text"),
        (lambda c: c.update(model="\ud800"), "is no text"),
        (lambda c: c["rhythm"]["alternatives"][0].update(relation="\udc00"), "is no text"),
        (lambda c: c["rhythm"]["alternatives"][0]["tempo_map"].update(quarters=[0, 1e10]), "are no tempo"),
        (lambda c: c["rhythm"]["alternatives"][0]["tempo_map"].update(seconds=[0, 1e400]), "a tempo map without end"),
        (lambda c: c["rhythm"]["alternatives"][0].update(probability=float("nan")), "probability nan"),
        (
            lambda c: c["rhythm"]["tempo_map"]["meters"].append(LATER | {"quarter": float("nan")}),
            "quarter 0 and ascend",
        ),
        (lambda c: c["rhythm"]["tempo_map"]["meters"].append(LATER | {"quarter": 1e400}), "a tempo map without end"),
        (lambda c: c["rhythm"]["tempo_map"]["meters"].append(LATER | {"quarter": 1e300}), "a meter at quarter 1e"),
    ],
)
def test_what_nobody_can_have_played_is_refused(tmp_path, edit, why):
    with pytest.raises(LabelError, match=rf"x\.json: a broken transcription \(.*{why}"):
        read_json(edited(tmp_path, edit))


def test_a_rhythm_that_claims_to_be_steady_and_is_not_has_words(tmp_path):
    def edit(content):
        content["rhythm"]["tempo_map"].update(seconds=[0, 1, 3], quarters=[0, 2, 4])

    assert str(read_json(edited(tmp_path, edit)).rhythm) == "60 to 120 BPM, 4/4"
