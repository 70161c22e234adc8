"""From a folder of samples, or a corrected take, to hits: what is learned, what is refused, and what is said of it."""

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr
from click.testing import CliRunner
from conftest import RATE, kick, snare, write_audio

from drumscribe import Transcriber
from drumscribe.cli import main
from drumscribe.evaluate.annotations import Track, read_events
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import score
from drumscribe.finetune.learners import open_learner
from drumscribe.finetune.samples import find_samples, read_name, read_samples
from drumscribe.finetune.takes import read_take
from drumscribe.formats.export import read, write
from drumscribe.hearing.passages import Moments
from drumscribe.kits import library
from drumscribe.kits.kit import Kit
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.network.model_file import load_model_info, model_file

FRAMES = load_model_info().spectrogram
KIT = Path(__file__).parents[2] / "examples" / "kit"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(library, "folder", lambda: tmp_path / "home" / "kits")
    return tmp_path / "home" / "kits"


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(*words, code: int = 1) -> str:
    """The one line that a command ends with."""
    result = run(*words)
    assert result.exit_code == code, result.output
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("Error: ")
    assert "Traceback" not in result.output
    return line


def hum(rng: np.random.Generator) -> np.ndarray:
    """A short "mm" at some low pitch."""
    t = np.arange(int(0.25 * RATE)) / RATE
    hz = rng.uniform(110, 150)
    voice = sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k**2 for k in range(1, 6))
    return (0.4 * voice * np.minimum(1, t / 0.015) * np.exp(-9 * t) * rng.uniform(0.4, 1)).astype(np.float32)


def whistle(rng: np.random.Generator) -> np.ndarray:
    """A short whistle that falls or rises a little, with some breath in it."""
    t = np.arange(int(0.2 * RATE)) / RATE
    hz = rng.uniform(1100, 1600) * (1 + rng.uniform(-0.5, 0.5) * t)
    sound = np.sin(2 * np.pi * np.cumsum(hz) / RATE) + 0.03 * rng.standard_normal(len(t))
    return (0.4 * sound * np.minimum(1, t / 0.02) * np.exp(-10 * t) * rng.uniform(0.4, 1)).astype(np.float32)


def tap(rng: np.random.Generator) -> np.ndarray:
    """A knock on wood."""
    t = np.arange(int(0.15 * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * hz * rng.uniform(0.97, 1.03) * t) * np.exp(-60 * t) for hz in (310, 720, 1450))
    return (0.25 * tones * rng.uniform(0.4, 1)).astype(np.float32)


def alone(sound: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(RATE // 10, np.float32), sound, np.zeros(RATE // 4, np.float32)])


def write_samples(folder: Path, makers: dict, count: int = 5, seed: int = 1) -> Path:
    rng = np.random.default_rng(seed)
    for name, make in makers.items():
        for number in range(count):
            write_audio(folder / name / f"{number}.wav", alone(make(rng)))
    return folder


def sequence(makers: dict, seed: int = 2, count: int = 24) -> tuple[np.ndarray, list[tuple[float, str]]]:
    rng, names = np.random.default_rng(seed), list(makers)
    out, strokes, at = 3e-4 * rng.standard_normal(int(RATE * (count * 0.45 + 1))).astype(np.float32), [], 0.3
    for _ in range(count):
        name = names[rng.integers(len(names))]
        sound = makers[name](rng)
        out[round(at * RATE) : round(at * RATE) + len(sound)] += sound
        strokes.append((at, name))
        at += rng.uniform(0.3, 0.5)
    return out, strokes


def f_of(heard: list[tuple[float, str]], played: list[tuple[float, str]]) -> float:
    hits = sum(any(name == other and abs(time - at) < 0.05 for at, other in heard) for time, name in played)
    return 2 * hits / (len(heard) + len(played))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my_kicks", "kick"),
        ("Snare_03", "snare"),
        ("CHH 2", "hihat_closed"),
        ("hat", "hihat_closed"),
        ("open hihat", "hihat_open"),
        ("floor-tom", "tom_low"),
        ("hand claps", "clap"),
        ("stomp", None),
        ("table-low", None),
    ],
)
def test_names_of_folders_say_what_is_in_them(text: str, name: str | None) -> None:
    assert read_name(text) == name


def test_a_folder_is_one_sound_or_a_folder_for_each(tmp_path: Path) -> None:
    makers = {"stomp": tap, "hat": tap}
    write_samples(tmp_path / "two", makers, 2)
    assert {name: len(paths) for name, paths in find_samples(tmp_path / "two").items()} == {
        "stomp": 2,
        "hihat_closed": 2,
    }
    assert list(find_samples(tmp_path / "two" / "stomp")) == ["stomp"]
    assert list(find_samples(tmp_path / "two" / "stomp", "kick")) == ["kick"]
    for number in range(2):
        write_audio(tmp_path / "flat" / f"kick {number}.wav", alone(kick()))
        write_audio(tmp_path / "flat" / f"snare {number}.wav", alone(snare()))
    assert {name: len(paths) for name, paths in find_samples(tmp_path / "flat").items()} == {"kick": 2, "snare": 2}


def test_a_longer_recording_is_cut_at_its_strokes(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    sound = np.concatenate([np.concatenate([alone(tap(rng)), np.zeros(RATE // 5)]) for _ in range(7)])
    path = write_audio(tmp_path / "taps.wav", sound.astype(np.float32))
    samples = read_samples("tap", [path], FRAMES)
    assert len(samples.kept) == 7 and not samples.refused
    for sample in samples.kept:
        before = sample.shot.samples[: max(0, sample.shot.onset - 100)]
        assert (
            np.max(np.abs(before), initial=0.0) < 0.05 < np.max(np.abs(sample.shot.samples[sample.shot.onset :][:900]))
        )


def test_samples_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number in range(4):
        write_audio(tmp_path / f"good {number}.wav", alone(tap(rng)))
    one = tap(rng)
    write_audio(tmp_path / "again.wav", alone(tap(np.random.default_rng(1))))
    write_audio(tmp_path / "clipped.wav", np.clip(alone(50 * one), -1, 1))
    write_audio(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    write_audio(tmp_path / "two.wav", alone(np.concatenate([one[:5000], tap(rng)])))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    samples = read_samples("tap", sorted(tmp_path.glob("*.wav")), FRAMES)
    reasons = dict(samples.refused)
    assert len(samples.kept) == 4
    assert "copy" in reasons["good 0.wav"] or "copy" in reasons["again.wav"]
    assert "clipped" in reasons["clipped.wav"]
    assert "silent" in reasons["silent.wav"]
    assert "two hits" in reasons["two.wav"]
    assert "broken.wav" in reasons


def test_samples_may_have_any_rate_and_level_and_be_in_two_folders(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    folders = itertools.cycle(("kick", "Kicks 2"))
    for rate, gain in ((RATE, 3.0), (48000, 0.01), (22050, 1.0), (96000, 0.3)):
        sound = soxr.resample(alone(tap(rng)), RATE, rate)
        write_audio(tmp_path / next(folders) / f"{rate}.wav", gain * sound, rate, subtype="FLOAT")
    found = find_samples(tmp_path)
    assert [len(paths) for paths in found.values()] == [4]
    samples = read_samples("kick", found["kick"], FRAMES).kept
    assert len(samples) == 4
    for sample in samples:
        assert np.abs(sample.shot.samples).max() == pytest.approx(1.0)
        loudest = np.argmax(np.abs(sample.shot.samples))
        assert 0 <= loudest - sample.shot.onset < 0.01 * RATE


def test_the_example_of_the_manual_does_what_it_says(tmp_path: Path, home: Path) -> None:
    take, reference = KIT / "take.ogg", read_events(KIT / "take.csv")

    def heard(*options) -> float:
        result = run("transcribe", take, "--out", tmp_path / "midi", "-q", "-j", "1", *options)
        assert result.exit_code == 0, result.output
        return score([Track("take", reference, read_events(tmp_path / "midi" / "take.mid"))], 0.05).row(MICRO).f

    before = heard()
    made = run("finetune", "--samples", KIT / "samples", "--name", "table")
    assert made.exit_code == 0, made.output
    for words in ("kick", "snare", "hihat_closed", "precision", "is expected of it", "--kit table"):
        assert words in made.output
    after = heard("--kit", "table")
    assert 1 - after < 0.4 * (1 - before)
    assert (home / "table.kit").stat().st_size < 100_000
    assert "table: " in run("kits", "list").output
    assert "base" in run("kits", "show", "table").output
    assert run("kits", "remove", "table").exit_code == 0
    assert "none yet" in run("kits", "list").output
    assert "no kit 'table'" in refused("transcribe", take, "--out", tmp_path, "--kit", "table", code=2)


def test_whistles_and_hums_become_instruments_with_names_and_notes_of_their_own(tmp_path: Path) -> None:
    makers = {"whistle": whistle, "hum": hum}
    samples, kit = write_samples(tmp_path / "mouth", makers), tmp_path / "mouth.kit"
    made = run("finetune", "--samples", samples, "--only", "--note", "hum=35", "--name", kit)
    assert made.exit_code == 0, made.output
    sound, played = sequence(makers)
    found = Transcriber(kit=library.load(kit)).transcribe_array(sound, RATE)
    assert f_of([(hit.time, hit.instrument) for hit in found.hits], played) > 0.9
    assert {(hit.instrument, hit.note) for hit in found.hits} == {("whistle", 60), ("hum", 35)}
    for name in ("hits.json", "hits.csv", "hits.mid", "hits.labels.txt", "hits.markers.csv"):
        write(found, tmp_path / name)
    assert read(tmp_path / "hits.json").hits[0].note == found.hits[0].note
    assert len(read_events(tmp_path / "hits.mid")) == len(found.hits)


def test_a_kit_for_one_sound_leaves_the_other_drums_alone(tmp_path: Path) -> None:
    kit = tmp_path / "tap.kit"
    samples = write_samples(tmp_path / "s", {"tap": tap}, 6)
    assert run("finetune", "--samples", samples, "--name", kit).exit_code == 0
    song = KIT.parent / "songs" / "rock.ogg"
    plain, with_kit = (Transcriber(kit=k).transcribe_file(song).hits for k in (None, library.load(kit)))
    ours = [hit for hit in with_kit if hit.instrument != "tap"]
    assert len(set(plain) & set(ours)) >= 0.97 * max(len(plain), len(ours))
    assert len(with_kit) - len(ours) < 0.06 * len(plain), "hardly any tap is heard where there is none"


@pytest.mark.parametrize(("folder", "instrument"), [("kick", "kick"), ("snare", "snare"), ("hat", "hihat_closed")])
def test_a_kit_for_one_drum_hears_that_drum_of_other_kits_as_the_model_does(
    folder: str, instrument: str, tmp_path: Path
) -> None:
    kit = tmp_path / "one.kit"
    made = run("finetune", "--samples", KIT / "samples" / folder, "--as", instrument, "--name", kit)
    assert made.exit_code == 0, made.output
    plain, with_kit = Transcriber(), Transcriber(kit=library.load(kit))
    lost = []
    for reference in sorted((KIT.parent / "references").rglob("*.csv")):
        (song,) = (KIT.parent / "songs").rglob(f"{reference.stem}.*")
        played = read_events(reference)
        f = []
        for transcriber in (plain, with_kit):
            write(transcriber.transcribe_file(song), tmp_path / "song.mid")
            track = Track(song.stem, played, read_events(tmp_path / "song.mid"))
            f.append(score([track], 0.05).row(MICRO).f)
        lost.append(f[0] - f[1])
    assert np.mean(lost) <= 0.01, lost


def test_a_corrected_take_teaches_the_next(tmp_path: Path) -> None:
    makers = {"kick": tap, "snare": hum}
    second, wanted = sequence(makers, 6)

    def f_with(kit: Kit | None) -> float:
        hits = Transcriber(kit=kit).transcribe_array(second, RATE).hits
        return f_of([(hit.time, hit.instrument) for hit in hits], wanted)

    reached = []
    for session in (5, 15, 25):
        first, played = sequence(makers, session, 30)
        take = write_audio(tmp_path / "take.wav", first)
        labels = Transcription(tuple(Hit(time, name, 90) for time, name in played), len(first) / RATE)
        write(labels, tmp_path / "take.mid")
        kit = tmp_path / f"{session}.kit"
        made = run("finetune", "--from-take", take, "--labels", tmp_path / "take.mid", "--name", kit)
        assert made.exit_code == 0, made.output
        reached.append(f_with(library.load(kit)))
    assert np.mean(reached) > max(0.9, f_with(None))


@pytest.mark.parametrize(("model", "is_raised"), [("base", True), ("live", False)])
def test_a_quiet_take_is_learned_from_as_it_will_be_heard(tmp_path: Path, model: str, is_raised: bool) -> None:
    sound, played = sequence({"kick": tap, "snare": hum}, 5, 12)
    write(Transcription(tuple(Hit(time, name, 90) for time, name in played), 9.0), tmp_path / "take.mid")
    learner, sound = open_learner(model_file(model)), sound / np.max(np.abs(sound))

    def moments_at(level_db: float) -> Moments:
        samples = sound * np.float32(10.0 ** (level_db / 20.0))
        take = write_audio(tmp_path / "take.wav", samples, subtype="FLOAT")
        return read_take(take, tmp_path / "take.mid", learner, {}).moments

    common, quiet = moments_at(-12.0), moments_at(-50.0)
    alike = len(quiet) == len(common) and np.allclose(quiet.odds, common.odds, atol=0.05)
    assert alike == is_raised


def test_labels_of_another_recording_are_refused(tmp_path: Path) -> None:
    sound, played = sequence({"kick": tap}, 5, 12)
    take = write_audio(tmp_path / "take.wav", sound)
    write(Transcription(tuple(Hit(t + 0.15, "kick", 90) for t, _ in played), 9.0), tmp_path / "other.mid")
    line = refused("finetune", "--from-take", take, "--labels", tmp_path / "other.mid", "--name", tmp_path / "x.kit")
    assert "is it of this recording" in line
    assert not (tmp_path / "x.kit").exists()


def test_wrong_labels_among_the_samples_are_found_and_named(tmp_path: Path) -> None:
    samples = write_samples(tmp_path / "s", {"whistle": whistle, "tap": tap}, 7)
    shutil.move(samples / "tap" / "3.wav", samples / "whistle" / "strange.wav")
    made = run("finetune", "--samples", samples, "--only", "--name", tmp_path / "x.kit")
    assert made.exit_code == 0, made.output
    assert "strange.wav: sounds like tap" in " ".join(made.output.split())


def test_of_few_samples_one_that_sounds_like_another_sound_is_named_and_kept(tmp_path: Path) -> None:
    samples = write_samples(tmp_path / "s", {"whistle": whistle, "tap": tap}, 4)
    shutil.move(samples / "tap" / "3.wav", samples / "whistle" / "strange.wav")
    made = run("finetune", "--samples", samples, "--only", "--name", tmp_path / "x.kit")
    assert made.exit_code == 0, made.output
    output = " ".join(made.output.split())
    assert "strange.wav: sounds like tap; kept" in output
    assert "were left out" not in output


def test_sounds_that_are_the_same_are_told_and_not_learned(tmp_path: Path) -> None:
    samples = write_samples(tmp_path / "s", {"dum": tap, "dam": tap}, 5)
    result = run("finetune", "--samples", samples, "--only", "--name", tmp_path / "x.kit")
    assert "dum and dam can hardly be told apart" in result.output or "dam and dum" in result.output
    assert result.exit_code == 1 and "no kit is written" in result.stderr
    assert not (tmp_path / "x.kit").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "no recordings" in refused("finetune", "--samples", tmp_path / "none")
    assert "absent: no such folder" in refused("finetune", "--samples", tmp_path / "absent")
    line = refused("finetune", "--samples", tmp_path / "nome")
    assert f"nome: no such folder; did you mean {tmp_path / 'none'}?" in line
    (tmp_path / "kick.wav").touch()
    assert "kick.wav: a file, not a folder of samples" in refused("finetune", "--samples", tmp_path / "kick.wav")


def test_one_sample_is_too_few(tmp_path: Path) -> None:
    samples = write_samples(tmp_path / "s", {"tap": tap}, 1)
    assert "tap: at least 3 samples are needed, and 1 of 1 can be used" in refused("finetune", "--samples", samples)


def test_copies_of_one_sample_are_too_few(tmp_path: Path) -> None:
    for number in range(5):
        write_audio(tmp_path / "kicks" / f"{number}.wav", alone(0.2 * (number + 1) * kick()))
    line = refused("finetune", "--samples", tmp_path / "kicks")
    assert "1 of 5 can be used" in line and "copy" in line


def test_whole_songs_are_no_samples(tmp_path: Path) -> None:
    shutil.copytree(KIT.parent / "songs", tmp_path / "kick")
    line = refused("finetune", "--samples", tmp_path, "--as", "kick")
    assert "song" in line


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--samples", "a", "--from-take", "b", "--labels", "c"),
        ("--from-take", "b"),
        ("--labels", "b"),
        ("--samples", "a", "--name", "../x"),
        ("--samples", "a", "--note", "kick"),
        ("--samples", "a", "--note", "kick=128"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: tuple[str, ...]) -> None:
    assert run("finetune", *words).exit_code == 2


def test_a_kit_in_json_keeps_its_notes(tmp_path: Path) -> None:
    hits = (Hit(0.5, "stomp", 80, 0.9, 35), Hit(0.7, "kick", 90), Hit(0.9, "hihat_closed", 70, 0.8, 22))
    write(Transcription(hits, 1.0), tmp_path / "x.json")
    assert read(tmp_path / "x.json").hits == hits
    assert [hit.instrument for hit in hits] == ["stomp", "kick", "hihat"]
    content = json.loads((tmp_path / "x.json").read_text())
    content["hits"][0]["instrument"] = "kick"
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(Exception, match="is not an articulation"):
        read(tmp_path / "x.json")
