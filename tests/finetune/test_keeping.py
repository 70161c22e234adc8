"""Samples that are kept beside a kit: more of them, two kits in one, and a kit for a new model."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import write_audio
from test_finetune import hum, refused, run, sequence, tap, whistle, write_samples

from drumscribe.finetune import conclusion
from drumscribe.finetune.keeping import joined, keep_samples, kept_samples
from drumscribe.finetune.samples import MAX_SAMPLES, SoundSamples
from drumscribe.finetune.strokes import Sample
from drumscribe.formats.export import write
from drumscribe.kits import library
from drumscribe.kits.kit import KitError
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.synthesis.one_shots import OneShot

RATE = 44100


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(library, "folder", lambda: tmp_path / "home")
    return tmp_path / "home"


def some_samples(name: str, count: int = 3, seed: int = 1) -> SoundSamples:
    rng = np.random.default_rng(seed)
    shots = [OneShot(rng.uniform(-1, 1, 6000).astype(np.float32), 10 * n) for n in range(count)]
    return SoundSamples(name, [Sample(f"{name} {n}", shot) for n, shot in enumerate(shots)])


def test_samples_are_read_as_they_were_kept(tmp_path: Path) -> None:
    sounds = [some_samples("kick"), some_samples("bdüm", 4)]
    path = keep_samples(sounds, RATE, tmp_path / "a.kit")
    assert path.parent == tmp_path
    for sound, found in zip(sounds, kept_samples(tmp_path / "a.kit", RATE), strict=True):
        assert found.name == sound.name
        for own, other in zip(sound.kept, found.kept, strict=True):
            assert (own.origin, own.shot.onset) == (other.origin, other.shot.onset)
            np.testing.assert_allclose(own.shot.samples, other.shot.samples, atol=1e-4)


def test_files_that_are_no_samples_are_refused(tmp_path: Path) -> None:
    kit = tmp_path / "a.kit"
    with pytest.raises(KitError, match=r"not kept.*--keep-samples"):
        kept_samples(kit, RATE)
    path = keep_samples([some_samples("kick")], RATE, kit)
    with pytest.raises(KitError, match="44100 Hz, and the model needs 48000 Hz"):
        kept_samples(kit, 48000)
    content = path.read_bytes()
    for wrong in (b"RIFF", content[: len(content) // 2]):
        path.write_bytes(wrong)
        with pytest.raises(KitError, match="damaged"):
            kept_samples(kit, RATE)
    card = {"rate": RATE, "samples": [{"sound": "kick", "origin": "x", "onset": 0, "length": 99}]}
    with open(path, "wb") as file:
        np.savez(file, card=np.frombuffer(json.dumps(card).encode(), np.uint8), numbers=np.zeros(50, "<i2"))
    with pytest.raises(KitError, match="damaged"):
        kept_samples(kit, RATE)


def test_of_more_samples_than_are_learned_from_some_of_each_part_are_taken() -> None:
    (sound,) = joined([[some_samples("kick", MAX_SAMPLES)], [some_samples("kick", 20, seed=2)]], RATE)
    assert len(sound.kept) == MAX_SAMPLES
    assert len([s for s in sound.kept if s.origin == "kick 0"]) == 2


def test_samples_that_are_there_already_are_not_taken_twice() -> None:
    (sound,) = joined([[some_samples("kick", 4)], [some_samples("kick", 6)]], RATE)
    assert (len(sound.kept), len(sound.refused)) == (6, 4)


def test_finetune_and_kits_show_print_the_same_f(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(conclusion, "_micro_f", lambda *_: (0.8746, 0.5))  # 0.875 in three digits, which would be 0.88
    samples = write_samples(tmp_path / "samples", {"hum": hum, "whistle": whistle}, 5)
    made = run("finetune", "--samples", samples, "--only", "--name", "mouth")
    assert "F 0.87 is expected" in made.output
    assert "F 0.87 is expected" in run("kits", "show", "mouth").output
    assert "F 0.87 expected" in run("kits", "list").output


def test_a_kit_takes_more_samples_and_another_kit_and_is_remade(tmp_path: Path, home: Path) -> None:
    first = write_samples(tmp_path / "first", {"hum": hum, "whistle": whistle}, 5)
    made = run("finetune", "--samples", first, "--only", "--note", "hum=35", "--name", "mouth", "--keep-samples")
    assert made.exit_code == 0, made.output
    assert "on recordings like these samples" in " ".join(made.output.split())
    assert "kept its samples in" in made.output

    first_counts = {sound.name: sound.samples for sound in library.load("mouth").sounds}
    more = write_samples(tmp_path / "more", {"tap": tap}, 3, seed=9)
    added = run("finetune", "--samples", more, "--name", "mouth", "--add")
    assert added.exit_code == 0, added.output
    kit = library.load("mouth")
    assert {sound.name: sound.samples for sound in kit.sounds} == first_counts | {"tap": 3}
    assert {sound.name: sound.note for sound in kit.sounds}["hum"] == 35
    assert kit.only and kit.promised is not None

    taps = write_samples(tmp_path / "taps", {"tap": tap}, 4, seed=5)
    assert run("finetune", "--samples", taps, "--only", "--name", "table", "--keep-samples").exit_code == 0
    merged = run("kits", "merge", "mouth", "table", "--name", "both")
    assert merged.exit_code == 0, merged.output
    both = {sound.name: sound.samples for sound in library.load("both").sounds}
    assert both == first_counts | {"tap": 7}
    assert "--overwrite" in refused("kits", "merge", "mouth", "table", "--name", "both")

    path = library.existing("mouth")
    assert "already" in run("kits", "remake", "mouth").output
    with zipfile.ZipFile(path) as archive:
        card, numbers = json.loads(archive.read("kit.json")), archive.read("numbers.f32")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kit.json", json.dumps(card | {"fingerprint": "0" * 16, "model": "base 0.1.0"}))
        archive.writestr("numbers.f32", numbers)
    remade = run("kits", "remake")
    assert remade.exit_code == 0, remade.output
    assert library.load("mouth").fingerprint == kit.fingerprint
    counts = [{(s.name, s.note, s.samples) for s in found.sounds} for found in (kit, library.load("mouth"))]
    assert counts[0] == counts[1]

    listed, shown = run("kits", "list").output, run("kits", "show", "mouth").output
    assert "mouth: hum, whistle, tap (only these, not the model's other drums)" in listed and "expected" in listed
    assert "its samples are kept" in shown
    assert run("kits", "remove", "mouth").exit_code == 0
    assert not [file for file in home.iterdir() if file.name.startswith("mouth")], "nor are its samples left"


def test_a_corrected_take_adds_the_strokes_that_are_alone_in_it(tmp_path: Path) -> None:
    first = write_samples(tmp_path / "first", {"snare": whistle, "kick": tap}, 5)
    made = run("finetune", "--samples", first, "--only", "--name", "desk", "--keep-samples")
    assert made.exit_code == 0, made.output
    before = {sound.name: sound.samples for sound in library.load("desk").sounds}
    sound, played = sequence({"snare": whistle, "kick": tap}, 5, 12)
    take = write_audio(tmp_path / "take.wav", sound)
    hits = [Hit(time, name, 90) for time, name in played]
    together = [Hit(hits[0].time + 0.01, name, 90) for name in ("snare", "kick") if name != hits[0].articulation]
    write(Transcription((hits[0], *together, *hits[1:]), len(sound) / RATE), tmp_path / "take.mid")
    added = run("finetune", "--from-take", take, "--labels", tmp_path / "take.mid", "--name", "desk", "--add")
    assert added.exit_code == 0, added.output
    assert "struck together with another" in " ".join(added.output.split())
    own = {name: sum(hit.articulation == name for hit in hits[1:]) for name in before}
    assert {s.name: s.samples for s in library.load("desk").sounds} == {n: before[n] + own[n] for n in before}
    assert "take.wav" in library.load("desk").source


def test_a_kit_of_a_take_that_is_written_as_text_keeps_its_samples(tmp_path: Path) -> None:
    sound, played = sequence({"kick": tap}, 5, 12)
    take = write_audio(tmp_path / "take.wav", sound)
    (tmp_path / "take.txt").write_text("".join(f"{time:.3f}\t{name}\n" for time, name in played), encoding="utf-8")
    words = "finetune", "--from-take", take, "--labels", tmp_path / "take.txt", "--name", "desk"
    made = run(*words, "--keep-samples")
    assert made.exit_code == 0, made.output
    (kept,) = kept_samples(library.existing("desk"), RATE)
    assert (kept.name, len(kept.kept)) == ("kick", 12)


def test_a_sound_that_is_struck_too_rarely_in_a_take_is_named(tmp_path: Path) -> None:
    sound, played = sequence({"kick": tap}, 5, 12)
    take = write_audio(tmp_path / "take.wav", sound)
    names = [*["kick"] * (len(played) - 1), "side_stick"]
    lines = (f"{time:.3f}\t{name}\n" for (time, _), name in zip(played, names, strict=True))
    (tmp_path / "take.txt").write_text("".join(lines), encoding="utf-8")
    words = "finetune", "--from-take", take, "--labels", tmp_path / "take.txt", "--name", "desk"
    for more in (["--keep-samples"], ["--add"]):
        made = run(*words, *more)
        assert made.exit_code == 0, made.output
        told = " ".join(made.output.split())
        assert "not used, side_stick: take.wav: fewer than 3 strokes: left to the model" in told
        assert "not used, kick: side_stick" not in told
        assert [sound.name for sound in library.load("desk").sounds] == ["kick"]


def test_kits_without_samples_are_left_as_they_are_and_named(tmp_path: Path) -> None:
    taps = write_samples(tmp_path / "taps", {"tap": tap}, 4)
    assert run("finetune", "--samples", taps, "--only", "--name", "table").exit_code == 0
    before = library.existing("table").read_bytes()
    assert "--keep-samples" in refused("finetune", "--samples", taps, "--name", "table", "--add", code=2)
    assert "at least two" in refused("kits", "merge", "table", "table", "--name", "x")
    assert library.existing("table").read_bytes() == before


def test_a_note_for_a_sound_that_there_is_not_is_found_before_anything_is_learned(tmp_path: Path, monkeypatch) -> None:
    def never(model):
        raise AssertionError("learning has begun")

    monkeypatch.setattr("drumscribe.finetune.learners.open_learner", never)
    taps = write_samples(tmp_path / "taps", {"tap": tap}, 4)
    line = refused("finetune", "--samples", taps, "--name", "table", "--note", "tip=40")
    assert "--note tip: there is no such sound" in line


@pytest.mark.parametrize(
    "words",
    [
        ("--from-take", "b", "--labels", "c", "--add", "--live"),
        ("--samples", "a", "--add", "--live"),
        ("--samples", "a", "--add", "--name", "none"),
    ],
)
def test_options_that_contradict_each_other_are_refused(words: tuple[str, ...]) -> None:
    assert run("finetune", *words).exit_code == 2
