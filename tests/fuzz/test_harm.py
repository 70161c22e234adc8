"""Files made to do harm: each kind that once did is answered in one line, before memory or time are spent."""

import json
import os
import random
import zipfile
from pathlib import Path

import mido
import pytest
from click.testing import CliRunner

from drumscribe.batch.places import inside, nameable
from drumscribe.batch.plan import plan
from drumscribe.cli import main
from drumscribe.errors import DrumscribeError, LabelError, ModelError, printable
from drumscribe.evaluate.annotations import read_events
from drumscribe.formats.drum_maps import load_drum_map
from drumscribe.formats.reading import read
from drumscribe.kits.kit import KitError, read_kit
from drumscribe.network import trial
from drumscribe.network.bundled import models_folder
from drumscribe.network.classifier import Classifier
from drumscribe.network.model_file import load_model_info
from drumscribe.sound.wav_repair import find_lost_sound

TINY = models_folder() / "tiny.int8.tflite"


def packed(path: Path, compression: int, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "."), content)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_kit_that_unpacks_to_more_than_a_kit_is_refused(tmp_path: Path, compression: int) -> None:
    bomb = packed(tmp_path / "x.kit", compression, kit_json=b" " * 5_000_000, numbers_f32=b"")
    with pytest.raises(KitError, match="packed as no kit is, or larger"):
        read_kit(bomb)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_card_that_unpacks_to_more_than_a_card_is_refused(tmp_path: Path, compression: int) -> None:
    bomb = packed(tmp_path / "x.tflite", compression, drumscribe_json=b" " * 5_000_000)
    with pytest.raises(ModelError, match="packed as none is, or too large"):
        load_model_info(bomb)


def model_with(tmp_path: Path, **changes) -> Path:
    """The smallest model under another card."""
    with zipfile.ZipFile(TINY) as archive:
        card = json.loads(archive.read("drumscribe.json"))
        start = min(entry.header_offset for entry in archive.infolist())
    path = tmp_path / "x.tflite"
    path.write_bytes(TINY.read_bytes()[:start])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("drumscribe.json", json.dumps(card | changes))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"context": 1024, "chunk": 2048},
        {"context": -1},
        {"context": 1.5},
        {"chunk": 10**9},
        {"embedding": "many"},
        {"thresholds": [0.5]},
        {"thresholds": [float("nan")] * 6},
        {"weights": [[1e300]] * 6},
        {"columns": {"instruments": ["kick", "kick"], "articulations": []}},
        {"spectrogram": {"rate": 44100, "hop": 0}},
        {"spectrogram": {"window": 10**9}},
        {"percussion": None},
        {"name": ["x"]},
    ],
)
def test_a_card_of_a_network_that_cannot_be_is_refused(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(ModelError, match=r"drumscribe\.json is damaged"):
        load_model_info(model_with(tmp_path, **changes))


@pytest.mark.skipif(os.name == "nt", reason="the process that dies is a shell script")
def test_a_network_that_ends_its_process_ends_none_but_its_own(tmp_path: Path, monkeypatch) -> None:
    path, dying = tmp_path / "x.tflite", tmp_path / "python"
    path.write_bytes(TINY.read_bytes())
    dying.write_text("#!/bin/sh\nkill -ABRT $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(dying))
    with pytest.raises(ModelError, match=r"x\.tflite: this model ends the process that runs it"):
        Classifier(path)


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_a_damaged_network_is_one_line(tmp_path: Path, seed: int) -> None:
    chance, content = random.Random(seed), bytearray(TINY.read_bytes())
    for _ in range(12):
        content[chance.randrange(120_000 if seed % 2 else 4000)] = chance.choice((0, 255, 1, 8))
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.tflite: "):
        Classifier(path)


def test_a_sound_model_from_elsewhere_is_tried_once(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(TINY.read_bytes())
    Classifier(path)
    monkeypatch.setattr(trial, "subprocess", None)
    Classifier(path)


def midi(path: Path, *messages, division: int = 480) -> Path:
    file = mido.MidiFile(ticks_per_beat=division)
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=36, velocity=9, channel=9), *messages]))
    file.save(path)
    return path


def test_a_tempo_that_makes_more_beats_than_memory_is_refused(tmp_path: Path) -> None:
    fast = mido.MetaMessage("set_tempo", tempo=1)
    end = mido.Message("note_on", note=36, velocity=9, channel=9, time=2**28 - 1)
    with pytest.raises(LabelError, match=r"quarters in .* are no tempo"):
        read(midi(tmp_path / "x.mid", fast, *[end] * 8, division=1))


def test_ticks_that_are_none_are_refused(tmp_path: Path) -> None:
    path = midi(tmp_path / "x.mid")
    content = bytearray(path.read_bytes())
    content[12:14] = b"\xe7\x00"
    path.write_bytes(content)
    with pytest.raises(LabelError, match="its frames have no ticks"):
        read_events(path)


def test_a_meter_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="numerator must be 1 to 64"):
        read(midi(tmp_path / "x.mid", mido.MetaMessage("time_signature", numerator=210)))


def song(path: Path, **changes) -> Path:
    hit = {"time": 0.5, "articulation": "kick", "instrument": "kick", "note": 36, "velocity": 90, "confidence": 0.9}
    tempo_map = {"seconds": [0, 0.5], "quarters": [0, 1], "meters": [{"quarter": 0, "numerator": 4, "denominator": 4}]}
    parts = {"hit": hit, "tempo_map": tempo_map, "head": {"duration": 10.0}}
    for name, value in changes.items():
        part = next(part for part in parts.values() if name in part)
        part[name] = value
    rhythm = {"confidence": 1.0, "steady": True, "tempo_map": tempo_map}
    facts = {"format": "drumscribe.transcription", "version": 2, "model": "", "rhythm": rhythm, "hits": [hit]}
    path.write_text(json.dumps(facts | parts["head"]))
    return path


def test_a_song_that_is_sound_is_read(tmp_path: Path) -> None:
    assert len(read(song(tmp_path / "x.json")).hits) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"velocity": float("inf")},
        {"velocity": 0},
        {"time": float("nan")},
        {"confidence": "x"},
        {"duration": 1e300},
        {"quarters": [0, 1e12]},
        {"seconds": [0, 1e-9]},
        {"seconds": [0, float("inf")]},
    ],
)
def test_values_that_nobody_plays_are_refused(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(LabelError, match=r"x\.json: "):
        read(song(tmp_path / "x.json", **changes))


@pytest.mark.parametrize("line", ["0.5,inf", "0.5,-1", "0.5,1e400", "1e300,90", "nan,90"])
def test_lines_that_nobody_plays_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"time,velocity\n{line}\n")
    with pytest.raises(LabelError, match="line 2"):
        read_events(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("x.json", "[" * 100_000), ("x.toml", "a = " + "[" * 100_000)),
        ("x.toml", "[notes]\nkick" + ".a" * 900 + " = 1"),
    ],
)
def test_bottomless_nesting_ends_in_one_line(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DrumscribeError, match=name):
        load_drum_map(str(path)) if name.endswith("toml") else read(path)


def test_a_header_that_declares_gigabytes_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt \xf0\xff\xff\x7f" + bytes(200))
    import tracemalloc

    tracemalloc.start()
    assert find_lost_sound(path) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_names_cannot_do_anything_to_a_terminal(tmp_path: Path) -> None:
    name = "\x1b]0;mine\x07\x9b31m\u202egnp.wav"
    assert printable(name) == "\\x1b]0;mine\\x07\\x9b31m\\u202egnp.wav"
    if os.name == "nt":
        return
    folder = tmp_path / "in"
    folder.mkdir()
    for made in (name, f"b{name}"):
        (folder / made).write_bytes(b"no sound")
    for path in (folder, folder / name):
        done = CliRunner().invoke(main, ["transcribe", str(path), "--out", str(tmp_path / "out"), "--jobs", "1"])
        assert done.exit_code == 1
        assert "\\x1b]0;mine" in done.output
        assert not set(done.output) & set("\x1b\x07\x9b\u202e")


def test_outputs_stay_in_their_folder(tmp_path: Path, monkeypatch) -> None:
    assert inside(Path("/a/../../b/x.wav")) == Path("b/x.wav")
    monkeypatch.chdir(tmp_path)
    for folder in ("songs/one", "songs/two"):
        Path(folder).mkdir(parents=True)
        Path(folder, "a.wav").touch()
    jobs = plan(["songs/*/../one/*.wav", "songs/*/../../songs/two/*.wav"], "out").jobs
    assert [".." in job.outputs[0].parts for job in jobs] == [False] * len(jobs)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *(("CON.wav", "CON_.wav"), ("lpt1", "lpt1_"), ("a/nul.tar.gz", "a/nul_.tar.gz"), ("a?.wav", "a_.wav")),
        *(("end. ", "end_"), ("console.wav", "console.wav")),
    ],
)
def test_names_that_windows_reserves_are_avoided_there(name: str, allowed: str) -> None:
    assert nameable(Path(name), windows=True) == Path(allowed)
    assert nameable(Path(name), windows=False) == Path(name)


def test_kits_remove_removes_nothing_but_kits(tmp_path: Path) -> None:
    path = tmp_path / "thesis.kit"
    path.write_text("years of work")
    done = CliRunner().invoke(main, ["kits", "remove", str(path)])
    assert done.exit_code == 1 and "not a drumscribe kit" in done.output
    assert path.exists()
