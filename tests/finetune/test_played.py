"""Strokes that are played in: a recording stands in for the microphone."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, kick, write_audio
from test_finetune import KIT, hum, refused, run, tap, whistle

from drumscribe.finetune.played import PlayedIn, Stroke
from drumscribe.kits import library
from drumscribe.kits.kit import read_kit
from drumscribe.live import inputs
from drumscribe.network.model_file import load_model_info
from drumscribe.sound.audio import load

FRAMES = load_model_info().spectrogram


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(library, "folder", lambda: tmp_path / "home")
    monkeypatch.setattr(inputs, "RecordingInput", partial(inputs.RecordingInput, speed=1000.0))
    return tmp_path / "home"


def room(seconds: float, level: float = 2e-4) -> np.ndarray:
    noise = np.random.default_rng(3).standard_normal(round(seconds * RATE))
    return (level * noise).astype(np.float32)


def performance(strokes: Sequence[tuple[float, np.ndarray]], seconds: float, level: float = 2e-4) -> np.ndarray:
    out = room(seconds, level)
    for at, sound in strokes:
        start = round(at * RATE)
        out[start : start + len(sound)] += sound[: len(out) - start]
    return np.clip(out, -1.0, 1.0)


def heard(sound: np.ndarray, names: Sequence[str], count: int = 5, block: int = 441) -> tuple[PlayedIn, list[Stroke]]:
    played = PlayedIn(names, count, FRAMES)
    strokes = [s for at in range(0, len(sound), block) for s in played.push(sound[at : at + block])]
    return played, strokes + played.flush()


def problems(strokes: Sequence[tuple[float, np.ndarray]], level: float = 2e-4) -> list[str]:
    """What is said of each stroke of one sound: its number, or the beginning of what is wrong with it."""
    _, found = heard(performance(strokes, strokes[-1][0] + 1.0, level), ["tap"], 9)
    return [str(stroke.number) if stroke.problem is None else stroke.problem.split(":")[0] for stroke in found]


def taps(count: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [tap(rng) for _ in range(count)]


def test_each_stroke_is_counted_and_its_fault_named() -> None:
    a, b, c, d, e, f = taps(6)
    strokes = [
        (0.5, a),  # while the room is listened to
        (1.5, a),
        (2.0, b),
        (2.5, 9.0 * c),
        (3.0, 0.05 * d),
        (3.5, c),
        (3.56, d),
        (4.0, e),
        (4.5, f),
    ]
    assert problems(strokes) == ["1", "2", "clipped", "too soft", "two at once", "3", "4"]


def test_strokes_near_the_noise_of_the_room_are_too_soft_and_the_noise_is_no_stroke() -> None:
    a, b, _, _ = taps(4)
    assert problems([(1.5, a), (2.0, 0.12 * a), (2.5, b)], level=5e-3) == ["1", "too soft", "2"]
    assert heard(room(6.0, 0.02), ["tap"])[1] == []


def test_of_a_sound_that_is_always_two_at_once_it_is_accepted() -> None:
    claps = [(1.5 + 0.5 * i + late, sound) for i, sound in enumerate(taps(5)) for late in (0.0, 0.04)]
    assert problems(claps) == ["two at once"] * 3 + ["1", "2"]


def test_the_next_sound_begins_after_a_rest() -> None:
    rng = np.random.default_rng(5)
    times = [1.5, 2.0, 2.5, 3.0, 3.5]  # two taps too many
    strokes = [(at, tap(rng)) for at in times] + [(at, kick() * rng.uniform(0.5, 1)) for at in (5.0, 5.7, 6.4)]
    played, found = heard(performance(strokes, 8.0), ["tap", "kick"], 3)
    assert [(s.sound, s.number, (s.problem or "")[:9]) for s in found] == [
        *[("tap", 1, ""), ("tap", 2, ""), ("tap", 3, "")],
        *[("kick", 0, "too early"), ("kick", 0, "too early")],
        *[("kick", 1, ""), ("kick", 2, ""), ("kick", 3, "")],
    ]
    assert played.wanted is None and played.done
    for sound, starts in zip(played.samples(), (times[:3], [5.0, 5.7, 6.4]), strict=True):
        at = [float(sample.origin.split()[-2]) for sample in sound.kept]
        np.testing.assert_allclose(at, starts, atol=0.02)


def test_the_size_of_the_blocks_changes_nothing() -> None:
    sound = performance([(1.5 + 0.4 * i, one) for i, one in enumerate(taps(5))], 4.0)
    (small, few), (large, many) = heard(sound, ["tap"], block=100), heard(sound, ["tap"], block=30000)
    assert few == many and len(few) == 5
    for one, other in zip(small.samples()[0].kept, large.samples()[0].kept, strict=True):
        np.testing.assert_array_equal(one.shot.samples, other.shot.samples)


def played_kit(folder: Path, rate: int) -> Path:
    """The samples of the example, played in one after another, at another rate than the model's."""
    at, strokes = 1.3, []
    for name in ("kick", "snare", "hat"):
        for path in sorted((KIT / "samples" / name).glob("*.flac")):
            strokes.append((at, 0.7 * load(path, RATE)))
            at += 0.8
        at += 1.2
    path = write_audio(folder / "at_44100.wav", performance(strokes, at))
    return write_audio(folder / "device.wav", load(path, rate), rate)


def test_a_kit_is_learned_from_what_is_played_in(tmp_path: Path, home: Path) -> None:
    device = played_kit(tmp_path, 48000)
    result = run("finetune", "--listen", "--sounds", "kick, snare,hat", "--device", device, "--name", "table")
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    asked = [lines.index(next(line for line in lines if line.startswith(f"{name}: "))) for name in ("kick", "snare")]
    assert lines[asked[0] + 1 : asked[1]] == [f"kick {n} of 5" for n in range(1, 6)]
    assert "on recordings like these samples" in result.output
    assert lines[-1] == "next: drumscribe transcribe SONGS --kit table"
    kit = read_kit(home / "table.kit")
    assert [(sound.name, sound.samples) for sound in kit.sounds] == [("kick", 5), ("snare", 5), ("hihat_closed", 5)]


def test_a_recording_that_ends_too_early_is_told_and_nothing_is_written(tmp_path: Path, home: Path) -> None:
    rng = np.random.default_rng(2)
    strokes = [(1.5 + 0.5 * i, hum(rng)) for i in range(3)] + [(4.5 + 0.5 * i, whistle(rng)) for i in range(2)]
    device = write_audio(tmp_path / "short.wav", performance(strokes, 6.5))
    words = "--sounds", "hum,whistle", "--count", 3, "--device", device
    assert "whistle: at least 3 samples are needed, and 2 of 2" in refused("finetune", "--listen", *words)
    assert not home.exists()


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, home: Path, monkeypatch) -> None:
    def interrupted(self):
        yield room(1.5)[:, None]
        yield performance([(0.1, taps(1)[0])], 1.0)[:, None]
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs.RecordingInput.func, "blocks", interrupted)
    device = write_audio(tmp_path / "any.wav", room(1.0))
    result = run("finetune", "--listen", "--sounds", "tap", "--device", device)
    assert result.exit_code == 130
    assert "tap 1 of 5" in result.output and result.output.strip().endswith("Stopped.")
    assert not home.exists()


def test_without_the_extra_it_says_how_to_install_it(home: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert 'pip install "drumscribe[live]"' in refused("finetune", "--listen", "--sounds", "kick", code=2)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--listen", "--sounds", "kick", "--samples", "a"), "either --samples, or"),
        (("--listen", "--sounds", "kick", "--from-take", "a", "--labels", "b"), "either --samples, or"),
        (("--listen",), "--listen and --sounds go together"),
        (("--samples", "a", "--sounds", "kick"), "--listen and --sounds go together"),
        (("--samples", "a", "--count", "5"), "--count and --device are for --listen"),
        (("--listen", "--sounds", "kick", "--as", "snare"), "--as names the --samples"),
        (("--listen", "--sounds", "kick,kicks"), "name each sound once"),
        (("--listen", "--sounds", ","), "name each sound once"),
        (("--listen", "--sounds", "kik,snare"), "did you mean kick?"),
        (("--listen", "--sounds", "kick", "--device", "x.wav", "--note", "snare=40"), "no such sound"),
    ],
)
def test_options_that_do_not_belong_together_are_refused_in_one_line(words: tuple[str, ...], line: str) -> None:
    result = run("finetune", *words)
    assert result.exit_code in (1, 2)
    assert line in result.stderr.strip().splitlines()[-1]
