"""Clips of one hit at a time and of performances: labelled exactly, and the same whatever makes them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import kick, snare, write_audio

pytest.importorskip("librosa")

from drumscribe.training.cli import main
from drumscribe.training.data.names import TOM
from drumscribe.training.data.samples import Sample, read_samples
from drumscribe.training.data.sources import RATE
from drumscribe.training.features.batches import read_library
from drumscribe.training.features.streams import (
    ClipPlan,
    PerformanceSource,
    make_clips,
    stream_frames,
    stream_sound,
    write_cache,
)
from drumscribe.training.features.targets import TargetMaker
from drumscribe.training.rendering.clips import ROLES
from drumscribe.training.rendering.sequences import SequenceMaker, SequenceSettings, SequenceSource, read_backgrounds
from drumscribe.training.rendering.stretching import StretchSettings

from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import read_events
from drumscribe.music.drums import INSTRUMENTS
from drumscribe.network.model_card import Columns
from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram
from drumscribe.synthesis.augmentation import AugmentSettings
from drumscribe.synthesis.effects import rms
from drumscribe.synthesis.one_shots import OneShot

CLEAN = SequenceSettings(noisy=0.0)
SETTINGS = SpectrogramSettings()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two kicks of one kit, one of another, and a snare."""
    folder = tmp_path_factory.mktemp("samples")
    for i, name in enumerate(("a/kick 1", "a/kick 2", "b/kick", "a/snare")):
        drum = snare() if "snare" in name else kick()
        drum = drum * np.exp(-(5.0 + i) * np.arange(len(drum)) / RATE)
        write_audio(folder / f"{name}.wav", np.concatenate([np.zeros(500), drum]).astype(np.float32))
    return folder


@pytest.fixture(scope="module")
def samples(folder: Path) -> tuple[Sample, ...]:
    return read_samples(folder).samples


@pytest.fixture(scope="module")
def source(folder: Path, tmp_path_factory) -> SequenceSource:
    noise = tmp_path_factory.mktemp("noise")
    write_audio(noise / "ambi_hum.flac", 0.1 * np.sin(np.arange(RATE) / 50).astype(np.float32))
    return SequenceSource(folder, labels=("kick", "snare"), noise=noise)


def test_labels_say_what_sounds_where(samples) -> None:
    clip = SequenceMaker(samples, settings=CLEAN).clip(1, 0, 8.0)
    assert len(clip.sound) == 8 * RATE
    assert len(clip.times) > 6
    assert {ROLES[role] for role in clip.roles} == {"kick", "snare"}
    for time, role in zip(clip.times, clip.roles, strict=True):
        at = round(float(time) * RATE)
        assert rms(clip.sound[at + 5 : at + 600]) > 0
        stroke = clip.sound[at : at + RATE // 10]
        high = rms(np.diff(stroke)) / rms(stroke)
        assert (high > 0.3) == (ROLES[role] == "snare")


def test_one_hit_sounds_at_a_time_with_silence_between(samples) -> None:
    settings = replace(CLEAN, silence=(0.1, 0.4), longest=0.2)
    clip = SequenceMaker(samples, settings=settings).clip(2, 0, 10.0)
    for time in clip.times:
        at = round(float(time) * RATE)
        before = clip.sound[max(0, at - RATE // 12) : at - RATE // 40]
        assert not before.any()
    assert np.diff(clip.times).min() > 0.1
    assert np.diff(clip.times).max() < 0.4 + 0.2 + 0.06


def test_velocity_is_loudness(samples) -> None:
    kicks = [s for s in samples if s.path.name == "kick.wav"]
    clip = SequenceMaker(kicks, settings=CLEAN).clip(3, 0, 30.0)
    starts = [round(float(time) * RATE) for time in clip.times]
    peaks = np.array([np.abs(clip.sound[at : at + 4000]).max() for at in starts])
    np.testing.assert_allclose(20 * np.log10(peaks), 30 * (clip.velocities - 1.0), atol=0.1)
    assert clip.velocities.min() < 0.4
    assert clip.velocities.max() > 0.8


def test_instruments_are_even_whatever_there_is_of_them(samples) -> None:
    maker = SequenceMaker(samples, settings=replace(CLEAN, silence=(0.01, 0.05)))
    roles = np.concatenate([maker.clip(4, i).roles for i in range(8)])
    assert np.mean(roles == ROLES.index("kick")) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("recorded", "low"), [(0.0, False), (1.0, True)])
def test_noise_fills_the_silences_artificial_or_recorded(samples, recorded: float, low: bool) -> None:
    hum = (np.sqrt(2) * np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE)).astype(np.float32)
    settings = SequenceSettings(noisy=1.0, noise_db=(-50.0, -50.0), recorded=recorded)
    noisy = SequenceMaker(samples, (hum,), settings).clip(5, 0)
    start = noisy.sound[: int((noisy.times[0] - 0.02) * RATE)]
    assert 20 * np.log10(rms(noisy.sound[-20:]) + 1e-9) < 0
    level = 20 * np.log10(rms(start))
    assert level == pytest.approx(-50.0, abs=3.0)
    assert (np.argmax(np.abs(np.fft.rfft(start, RATE))) == pytest.approx(50, abs=8)) == low


@pytest.mark.parametrize(("hz", "name"), [(80, "tom_low"), (120, "tom_mid"), (180, "tom_high")])
def test_a_tom_of_unknown_pitch_is_labelled_by_its_pitch(hz: float, name: str) -> None:
    t = np.arange(RATE // 2) / RATE
    shot = OneShot((np.sin(2 * np.pi * hz * t) * np.exp(-8 * t)).astype(np.float32), 0)
    sample = Sample(Path("tom.wav"), TOM, "tom", "kit", "", "0", shot)
    assert {ROLES[r] for r in SequenceMaker([sample], settings=CLEAN).clip(1, 0).roles} == {name}


def test_a_clip_depends_on_seed_and_index_alone(samples) -> None:
    settings = SequenceSettings(augment=AugmentSettings(), stretch=StretchSettings())
    first, second = (SequenceMaker(samples, settings=settings) for _ in range(2))
    first.clip(1, 0)
    np.testing.assert_array_equal(first.clip(1, 2).sound, second.clip(1, 2).sound)
    assert not np.array_equal(first.clip(1, 2).sound, second.clip(1, 3).sound)
    assert not np.array_equal(first.clip(1, 2).sound, second.clip(2, 2).sound)


def test_augmented_strokes_keep_their_times(samples) -> None:
    settings = replace(CLEAN, augment=AugmentSettings().without("noise", "codec", "room"), velocity=(1.0, 1.0))
    clip = SequenceMaker(samples, settings=settings).clip(6, 0, 20.0)
    for time in clip.times:
        at = round(float(time) * RATE)
        around = np.abs(clip.sound[at - 900 : at + 900])
        assert around[:700].max() < 0.2 * around.max()


def test_without_recorded_noise_one_line_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    assert read_backgrounds(tmp_path, lines.append) == ()
    assert len(lines) == 1
    assert "sonic-pi-samples" in lines[0]
    write_audio(tmp_path / "vinyl_hiss.flac", 0.1 * snare())
    write_audio(tmp_path / "bass_c.flac", 0.1 * kick())
    (recording,) = read_backgrounds(tmp_path, lines.append)
    assert rms(recording) == pytest.approx(1.0, abs=1e-3)
    assert len(lines) == 1


def test_no_samples_make_no_sequences() -> None:
    with pytest.raises(DrumscribeError, match="no samples"):
        SequenceMaker(())


def test_any_number_of_processes_makes_the_same_clips(source: SequenceSource) -> None:
    plan = ClipPlan(source, 3, 5, 2.0)
    alone, together = list(make_clips(plan)), list(make_clips(plan, jobs=2))
    assert len(alone) == 5
    for one, other in zip(alone, together, strict=True):
        for name in ("sound", "times", "roles", "velocities"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_source_that_cannot_be_used_says_so_from_another_process(tmp_path: Path) -> None:
    with pytest.raises(DrumscribeError, match="no folder oneshots in it"):
        list(make_clips(ClipPlan(PerformanceSource(tmp_path, tmp_path), 1, 1), jobs=2))


def test_a_cache_holds_what_the_stream_gives(source: SequenceSource, tmp_path: Path) -> None:
    plan = ClipPlan(source, 3, 3, 2.0)
    paths = write_cache(plan, tmp_path / "cache", SETTINGS)
    library = read_library(paths)
    for i, clip in enumerate(make_clips(plan)):
        frames = compute_spectrogram(clip.sound, SETTINGS).astype(np.float16)
        np.testing.assert_array_equal(library.frames[i], frames)
        np.testing.assert_array_equal(library.times[i], clip.times)
        np.testing.assert_array_equal(library.roles[i], clip.roles)
    written = paths[0].stat().st_mtime_ns
    assert write_cache(plan, tmp_path / "cache", SETTINGS) == paths
    assert paths[0].stat().st_mtime_ns == written


def test_a_cache_that_cannot_be_written_is_one_line(source: SequenceSource, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DrumscribeError, match=r"file.*cannot be written"):
        write_cache(ClipPlan(source, 1, 1, 1.0), tmp_path / "file" / "cache", SETTINGS)


def test_clips_stream_as_datasets(source: SequenceSource) -> None:
    pytest.importorskip("tensorflow")
    plan = ClipPlan(source, 3, 3, 2.0)
    clips = list(make_clips(plan))
    targets = TargetMaker(Columns(INSTRUMENTS, ()), SETTINGS.frame_rate)
    sounds, frames = stream_sound(plan), stream_frames(plan, SETTINGS, targets)
    assert sounds.element_spec[0].shape == (2 * RATE,)
    for _ in range(2):  # a second pass gives the same again
        for clip, (sound, times, roles, velocities) in zip(clips, sounds.as_numpy_iterator(), strict=True):
            np.testing.assert_array_equal(sound, clip.sound)
            np.testing.assert_array_equal(times, clip.times)
            np.testing.assert_array_equal(roles, clip.roles)
            np.testing.assert_array_equal(velocities, clip.velocities)
    (batch, answers) = next(frames.batch(3).as_numpy_iterator())
    np.testing.assert_array_equal(batch[1], compute_spectrogram(clips[1].sound, SETTINGS))
    assert batch.shape[:2] == answers.shape[:2] == (3, 201)
    at = round(float(clips[0].times[0]) * SETTINGS.frame_rate)
    assert answers[0, at, : len(INSTRUMENTS)].max() > 0.6


def run(*arguments) -> tuple[int, list[str]]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output.strip().splitlines()


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """A sound of each class."""
    for i, name in enumerate(("kick", "snare", "hat", "tom", "crash")):
        drum = kick() * np.exp(-i * np.arange(len(kick())) / RATE)
        write_audio(tmp_path / "five" / f"{name}.wav", drum.astype(np.float32))
    return tmp_path / "five"


@pytest.mark.filterwarnings("ignore:.*recorded noise")
def test_the_synth_command_writes_sound_and_labels(five: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, lines = run("synth", "sequences", "--samples", five, "--out", out, "--clips", 2, "--seconds", 3)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["1-00000.csv", "1-00000.wav", "1-00001.csv", "1-00001.wav"]
    assert len(read_events(out / "1-00000.csv")) > 1
    assert sum("strokes" in line for line in lines) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sequences",), "sequences need --samples"),
        (("performances", "--data", "."), "performances need --data and --cache"),
        (("sequences", "--samples", "none"), "none: no such folder"),
    ],
)
def test_what_synth_lacks_is_told(tmp_path: Path, arguments, words: str) -> None:
    code, lines = run("synth", *arguments, "--out", tmp_path)
    assert code != 0
    assert words in lines[-1]


@pytest.mark.filterwarnings("ignore:.*recorded noise")
def test_clips_that_cannot_be_written_are_one_line(five: Path) -> None:
    out = five / "kick.wav" / "out"
    code, lines = run("synth", "sequences", "--samples", five, "--out", out, "--seconds", 1)
    assert code == 1
    assert "cannot be written" in lines[-1]
