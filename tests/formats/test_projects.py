"""Projects open with the recording, its bars and its drums in place: read back as the programs read them."""

import re
import zipfile
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import beat, write_audio

from drumscribe.errors import AudioError
from drumscribe.formats.export import write
from drumscribe.formats.midi import MidiOptions
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription

SCHEMAS = Path(__file__).parents[3] / "shared" / "schemas"

DRIFTING = TempoMap((0.4, 4.4, 8.0), (0.0, 8.0, 15.0), (MeterChange(0.0, Meter(4, 4)), MeterChange(8.0, Meter(7, 8))))
HITS = tuple(
    Hit(float(DRIFTING.seconds_at(i / 2)) + 0.004 * (i % 3), ("kick", "hihat_closed", "snare")[i % 3], 60 + i)
    for i in range(30)
)
PLAYED = Transcription(HITS, 10.0, "", Rhythm(DRIFTING, 1.0, False))


@pytest.fixture
def song(tmp_path):
    return write_audio(tmp_path / "take one.wav", np.stack([beat(10.0)] * 2, axis=1))


def opened(path: Path) -> tuple[ElementTree.Element, zipfile.ZipFile]:
    file = zipfile.ZipFile(path)
    return ElementTree.fromstring(file.read("project.xml")), file


def clock(points: list[tuple[float, float]]):
    """Seconds of a position in quarters, from tempi that hold: pairs of a position and a tempo."""

    def seconds(quarter: float) -> float:
        total = 0.0
        for (begin, tempo), (end, _) in zip(points, [*points[1:], (np.inf, 0.0)], strict=True):
            if quarter > begin:
                total += (min(quarter, end) - begin) * 60.0 / tempo
        return total

    return seconds


def tempos(root) -> list[tuple[float, float]]:
    return [(float(p.get("time")), float(p.get("value"))) for p in root.find(".//TempoAutomation").iter("RealPoint")]


def test_notes_of_a_dawproject_sound_when_they_were_played(tmp_path, song):
    write(PLAYED, tmp_path / "a.dawproject", recording=song)
    root, _ = opened(tmp_path / "a.dawproject")
    seconds = clock(tempos(root))
    notes = [(seconds(float(n.get("time"))), int(n.get("key")), float(n.get("vel"))) for n in root.iter("Note")]
    assert [time for time, _, _ in notes] == pytest.approx([hit.time for hit in HITS], abs=0.001)
    assert [key for _, key, _ in notes] == [hit.note for hit in HITS]
    assert [round(127 * velocity) for _, _, velocity in notes] == [hit.velocity for hit in HITS]


def test_bars_of_a_dawproject_are_those_of_the_playing(tmp_path):
    write(PLAYED, tmp_path / "a.dawproject")
    root, _ = opened(tmp_path / "a.dawproject")
    seconds = clock(tempos(root))
    meters = [(seconds(float(p.get("time"))), p.get("numerator"), p.get("denominator"))
              for p in root.iter("TimeSignaturePoint")]  # fmt: skip
    assert [(round(time, 3), f"{n}/{d}") for time, n, d in meters][-2:] == [(0.4, "4/4"), (4.4, "7/8")]
    marks = {m.get("name"): seconds(float(m.get("time"))) for m in root.iter("Marker")}
    assert any(name.endswith("7/8") and time == pytest.approx(4.4, abs=0.001) for name, time in marks.items())


def test_a_dawproject_contains_the_recording_from_its_first_sample(tmp_path, song):
    write(PLAYED, tmp_path / "a.dawproject", recording=song)
    root, file = opened(tmp_path / "a.dawproject")
    (audio,) = root.iter("Audio")
    assert file.read(audio.find("File").get("path")) == song.read_bytes()
    assert (audio.get("sampleRate"), audio.get("channels"), float(audio.get("duration"))) == ("44100", "2", 10.0)
    (clip,) = [c for c in root.iter("Clip") if c.find("Audio") is not None]
    assert (float(clip.get("time")), float(clip.get("playStart")), clip.get("contentTimeUnit")) == (0.0, 0.0, "seconds")
    assert clock(tempos(root))(float(clip.get("duration"))) == pytest.approx(10.0, abs=0.002)
    assert ElementTree.fromstring(file.read("metadata.xml")).findtext("Title") == "take one"


def test_a_dawproject_that_begins_with_a_bar_cuts_the_recording(tmp_path, song):
    write(PLAYED, tmp_path / "a.dawproject", None, MidiOptions(start_at_bar=True), recording=song)
    root, _ = opened(tmp_path / "a.dawproject")
    (clip,) = [c for c in root.iter("Clip") if c.find("Audio") is not None]
    assert float(clip.get("playStart")) == pytest.approx(0.4, abs=1e-6)
    first = min(float(note.get("time")) for note in root.iter("Note"))
    assert first == pytest.approx(0.0, abs=0.01)


def test_every_reference_in_a_dawproject_has_its_object(tmp_path, song):
    write(PLAYED, tmp_path / "a.dawproject", None, MidiOptions(split_tracks=True), recording=song)
    root, _ = opened(tmp_path / "a.dawproject")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    named = {element.get(key) for element in root.iter() for key in ("track", "destination", "parameter")} - {None}
    assert named <= set(ids)
    assert [t.get("name") for t in root.iter("Track")] == ["take one", "Kick", "Snare", "Hihat", "Master"]


def test_the_same_transcription_gives_the_same_dawproject(tmp_path, song):
    for name in ("a", "b"):
        write(PLAYED, tmp_path / f"{name}.dawproject", recording=song)
    assert (tmp_path / "a.dawproject").read_bytes() == (tmp_path / "b.dawproject").read_bytes()


@pytest.mark.parametrize("transcription", [PLAYED, Transcription((), 1.0), Transcription(HITS, 10.0)])
def test_a_dawproject_is_valid(tmp_path, song, transcription):
    """Validated only where the schema and xmlschema are at hand."""
    xmlschema = pytest.importorskip("xmlschema")
    if not SCHEMAS.is_dir():
        pytest.skip("no schema of DAWproject beside this checkout")
    write(transcription, tmp_path / "a.dawproject", recording=song)
    _, file = opened(tmp_path / "a.dawproject")
    for name, schema in (("project.xml", "dawproject-Project.xsd"), ("metadata.xml", "dawproject-MetaData.xsd")):
        xmlschema.XMLSchema(str(SCHEMAS / schema)).validate(file.read(name).decode())


def blocks(text: str, name: str) -> list[str]:
    """The contents of the blocks of a REAPER project that begin with a name."""
    found, open_at = [], []
    for line in text.splitlines():
        if line.strip().startswith("<"):
            open_at.append([line.strip()[1:]])
        elif line.strip() == ">":
            block = open_at.pop()
            if block[0].split()[0] == name:
                found.append("\n".join(block))
            if open_at:
                open_at[-1] += block
        elif open_at:
            open_at[-1].append(line.strip())
    assert not open_at
    return found


def rpp_notes(text: str) -> list[tuple[float, int, int]]:
    """Seconds, notes and velocities of the MIDI in a project, by the tempi of its envelope."""
    (envelope,) = blocks(text, "TEMPOENVEX")
    points = [tuple(map(float, m.groups())) for m in re.finditer(r"^PT (\S+) (\S+)", envelope, re.M)]
    at = [0.0]
    for (begin, tempo), (end, _) in pairwise(points):
        at.append(at[-1] + (end - begin) * tempo / 60.0)
    seconds = clock([(quarter, tempo) for quarter, (_, tempo) in zip(at, points, strict=True)])
    notes, tick = [], 0
    (source,) = [block for block in blocks(text, "SOURCE") if block.startswith("SOURCE MIDI")]
    division = int(re.search(r"HASDATA 1 (\d+) QN", source)[1])
    for match in re.finditer(r"^E (\d+) (\w+) (\w+) (\w+)", source, re.M):
        tick += int(match[1])
        if match[2] == "99":
            notes.append((seconds(tick / division), int(match[3], 16), int(match[4], 16)))
    return notes


def test_notes_of_a_reaper_project_sound_when_they_were_played(tmp_path, song):
    write(PLAYED, tmp_path / "a.rpp", recording=song)
    notes = rpp_notes((tmp_path / "a.rpp").read_text())
    assert [time for time, _, _ in notes] == pytest.approx([hit.time for hit in HITS], abs=0.001)
    assert [(note, velocity) for _, note, velocity in notes] == [(hit.note, hit.velocity) for hit in HITS]


def test_a_reaper_project_has_the_recording_beside_it(tmp_path, song):
    write(PLAYED, tmp_path / "projects" / "a.rpp", recording=song)
    text = (tmp_path / "projects" / "a.rpp").read_text()
    (source,) = [block for block in blocks(text, "SOURCE") if "FILE" in block]
    named = re.search('FILE "(.*)"', source)[1]
    assert (tmp_path / "projects" / named).resolve() == song
    item = next(block for block in blocks(text, "ITEM") if "FILE" in block)
    assert "POSITION 0.0" in item and "LENGTH 10.0" in item and "SOFFS 0.0" in item


def test_meters_and_markers_of_a_reaper_project(tmp_path):
    write(PLAYED, tmp_path / "a.rpp")
    text = (tmp_path / "a.rpp").read_text()
    points = re.findall(r"PT (\S+) \S+ 1 (\d+) 0 1", text)
    meters = [(round(float(at), 3), f"{int(code) & 65535}/{int(code) >> 16}") for at, code in points]
    assert meters[-2:] == [(0.4, "4/4"), (4.4, "7/8")]
    assert re.search('MARKER 2 4.4.* "116.7 BPM, 7/8" 0', text) or re.search('MARKER \\d 4.4.*7/8" 0', text)


def test_names_with_quotes_do_not_break_a_reaper_project(tmp_path):
    song = write_audio(tmp_path / "it's `loud`.wav", beat(2.0))
    write(PLAYED, tmp_path / "a.rpp", recording=song)
    text = (tmp_path / "a.rpp").read_text()
    assert len(blocks(text, "TRACK")) == 2
    assert 'NAME "it\'s `loud`"' in text


@pytest.mark.parametrize("name", ["a.dawproject", "a.rpp"])
def test_a_project_is_saved_from_python_with_its_recording_or_the_notes_alone(tmp_path, song, name):
    def saved(**options) -> tuple[list, int]:
        path = PLAYED.save(tmp_path / name, **options)
        if name == "a.rpp":
            text = path.read_text()
            return rpp_notes(text), text.count("<SOURCE WAVE")
        root, _ = opened(path)
        return [float(note.get("time")) for note in root.iter("Note")], len(list(root.iter("Audio")))

    with_sound, without = saved(recording=song), saved()
    assert len(with_sound[0]) == len(HITS)
    assert with_sound == (without[0], 1)
    assert without[1] == 0
    with pytest.raises(AudioError, match=r"none\.wav: cannot be read"):
        PLAYED.save(tmp_path / name, recording=tmp_path / "none.wav")
