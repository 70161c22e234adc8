"""Folders of one-shots: read for what they say they are, refused or listed where they do not say it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import kick, snare, write_audio

pytest.importorskip("librosa")

from drumscribe.training.cli import main
from drumscribe.training.data.names import Reading, read_name
from drumscribe.training.data.samples import read_samples
from drumscribe.training.data.sources import RATE
from drumscribe.training.data.splits import check_apart, choose, hold_out
from drumscribe.training.rendering.stretching import StretchSettings, shift_pitch, stretch_shot, stretch_time

from drumscribe.errors import DrumscribeError
from drumscribe.music.drums import ARTICULATIONS, Articulation
from drumscribe.synthesis.effects import rms


def noise(seed: int, seconds: float = 0.2) -> np.ndarray:
    """A burst that is like no other seed's."""
    t = np.arange(int(RATE * seconds)) / RATE
    return (0.5 * np.random.default_rng(seed).uniform(-1, 1, len(t)) * np.exp(-20 * t)).astype(np.float32)


def write_all(folder: Path, *names: str) -> None:
    """A different sound in each file."""
    for seed, name in enumerate(names):
        write_audio(folder / name, noise(seed))


def write_manifest(folder: Path, *rows: dict[str, str]) -> None:
    with open(folder / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, {key: None for row in rows for key in row})
        writer.writeheader()
        writer.writerows(rows)


def reasons(listed) -> dict[str, str]:
    return {entry.path.name: entry.reason for entry in listed}


@pytest.mark.parametrize("articulation", ARTICULATIONS, ids=lambda a: a.name)
def test_every_articulation_is_read_from_its_name(articulation: Articulation) -> None:
    assert read_name(articulation.name.replace("_", " ").title()).role == articulation.name


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("kick/01", "kick"),
        ("BD1", "kick"),
        ("808BD", "kick"),
        ("Kick (Hard) 02", "kick"),
        ("Kit A/Bass Drum/hit_1", "kick"),
        ("Snare_03", "snare"),
        ("snares/Snare-Top", "snare"),
        ("SD_rimshot", "rimshot"),
        ("rim", "rimshot"),
        ("Snare Cross Stick", "side_stick"),
        ("CH 2", "hihat_closed"),
        ("HiHatClosed_02", "hihat_closed"),
        ("OHH", "hihat_open"),
        ("hihat-open", "hihat_open"),
        ("hats/808 open 3", "hihat_open"),
        ("Hi-Hat Pedal", "hihat_pedal"),
        ("floor tom", "tom_low"),
        ("Toms/low_01", "tom_low"),
        ("Hi Tom", "tom_high"),
        ("rack tom 2", "tom"),
        ("Cymbals/ride 2", "ride"),
        ("Ride Bell", "ride_bell"),
        ("ride_cymbal_bell_2", "ride_bell"),
        ("Cymbal Crash 1", "crash"),
        ("splash", "crash"),
        ("clap", "clap"),
        ("Claps/909", "clap"),
        ("perc/cowbell 1", "percussion"),
    ],
)
def test_names_are_read_as_musicians_mean_them(name: str, role: str) -> None:
    assert read_name(name).role == role


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("perc_kick_snare", "percussion or kick or snare"),
        ("Tom's snare", "tom or snare"),
        ("kick/snare_1", "kick or snare"),
        ("snare_OH", "snare or hihat open"),
        ("crash ride", "crash or ride"),
        ("hit", "hit: a stroke of anything"),
        ("bass_C2", "bass: a bass drum or a bass guitar"),
        ("bell", "bell: of a ride, or a bell"),
        ("cymbal_open", "open cymbal: a cymbal or a hihat"),
        ("snare_roll", "roll: more than one stroke"),
        ("hihat loop 120", "loop: more than one stroke"),
        ("01 take", ""),
    ],
)
def test_what_is_not_clear_is_not_guessed(name: str, reason: str) -> None:
    assert read_name(name) == Reading(None, reason)


def test_a_folder_is_read_and_what_is_not_clear_is_listed(tmp_path: Path) -> None:
    names = ("kick/a.wav", "Snare_03.flac", "CH 2.wav", "perc_kick_snare.wav", "hit.wav", "Tom's snare.wav", "x.wav")
    write_all(tmp_path, *names, ".hidden_kick.wav")
    (tmp_path / "readme.txt").write_text("kick")
    lines: list[str] = []
    found = read_samples(tmp_path, report=lines.append)
    assert {s.path.name: (s.instrument, s.articulation) for s in found.samples} == {
        "a.wav": ("kick", "kick"),
        "Snare_03.flac": ("snare", "snare"),
        "CH 2.wav": ("hihat", "hihat_closed"),
    }
    assert set(reasons(found.ambiguous)) == {"perc_kick_snare.wav", "hit.wav", "Tom's snare.wav"}
    assert set(reasons(found.unknown)) == {"x.wav"}
    assert not found.problems
    assert len(lines) == 4
    assert all("\n" not in line for line in lines)


def test_families_are_kits_and_folders_below_a_class(tmp_path: Path) -> None:
    write_all(
        tmp_path, "808/kick/1.wav", "909/snare 1.wav", "hats/606/closed.wav", "hats/606/soft/closed.wav", "ride.wav"
    )
    found = read_samples(tmp_path).samples
    assert [s.family for s in found] == ["808", "909", "606", "606", "ride.wav"]


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_any_rate_is_resampled_and_the_attack_found(tmp_path: Path, rate: int) -> None:
    rest = np.zeros(round(0.2 * rate), np.float32)
    for name, sound in (("kick", kick(rate)), ("snare", snare(rate))):
        write_audio(tmp_path / f"{name}.wav", np.concatenate([rest, 0.1 * sound, 2 * rest]), rate)
    for sample in read_samples(tmp_path).samples:
        shot = sample.sound
        assert np.abs(shot.samples).max() == pytest.approx(1.0)
        assert abs(np.argmax(np.abs(shot.samples) > 0.02) - shot.onset) < 0.005 * RATE
        assert len(shot.samples) < 0.4 * RATE, "silence around a stroke is cut off"
        assert shot.samples.dtype == np.float32


def test_channels_are_mixed(tmp_path: Path) -> None:
    write_audio(tmp_path / "kick.wav", np.stack([kick(), 0.5 * kick()], axis=1))
    write_audio(tmp_path / "snare.wav", snare())
    assert all(s.sound.samples.ndim == 1 for s in read_samples(tmp_path).samples)


def test_files_that_cannot_be_used_are_listed_and_the_others_serve(tmp_path: Path) -> None:
    write_all(tmp_path, "kick.wav", "snare.wav", "clap.flac")
    (tmp_path / "kick_broken.wav").write_bytes(b"RIFF and no more")
    (tmp_path / "kick_empty.wav").write_bytes(b"")
    (tmp_path / "kick_cut.flac").write_bytes((tmp_path / "clap.flac").read_bytes()[:2000])
    (tmp_path / "kick.m4a").write_bytes(b"0000ftyp")
    write_audio(tmp_path / "kick_silent.wav", np.zeros(4000, np.float32))
    write_audio(tmp_path / "kick_wrong.wav", np.full(4000, np.nan, np.float32), subtype="FLOAT")
    write_audio(tmp_path / "kick_20_minutes.wav", np.zeros(20 * 60 * 8000, np.float32), 8000, subtype="PCM_U8")
    found = read_samples(tmp_path)
    assert [s.path.name for s in found.samples] == ["clap.flac", "kick.wav", "snare.wav"]
    why = reasons(found.problems)
    assert why["kick_20_minutes.wav"] == "lasts 20 minutes, which is no one-shot (10 s at most)"
    assert why["kick_silent.wav"] == "is silent"
    assert "NaN" in why["kick_wrong.wav"]
    assert "0 bytes" in why["kick_empty.wav"]
    assert set(why) == {path.name for path in tmp_path.iterdir()} - {"kick.wav", "snare.wav", "clap.flac"}
    assert all("\n" not in reason for reason in why.values())


def test_the_same_sound_is_known_in_another_container_and_level(tmp_path: Path) -> None:
    sound = np.rint(noise(1) * 16000).astype(np.int16)
    write_audio(tmp_path / "kick a.wav", sound)
    write_audio(tmp_path / "kick b.flac", np.concatenate([np.zeros(500, np.int16), 2 * sound]))
    write_audio(tmp_path / "snare.wav", noise(2))
    found = read_samples(tmp_path)
    assert [s.path.name for s in found.samples] == ["kick a.wav", "snare.wav"]
    assert reasons(found.problems) == {"kick b.flac": f"the same sound as {tmp_path / 'kick a.wav'}"}


def test_a_sound_with_two_names_is_used_under_neither(tmp_path: Path) -> None:
    for name in ("kick.wav", "snare.wav"):
        write_audio(tmp_path / name, noise(1))
    write_audio(tmp_path / "clap.wav", noise(2))
    found = read_samples(tmp_path)
    assert [s.path.name for s in found.samples] == ["clap.wav"]
    assert "called snare here and kick there" in reasons(found.problems)["snare.wav"]


def test_the_same_sound_in_training_and_validation_is_found(tmp_path: Path) -> None:
    for folder in ("training", "validation"):
        write_audio(tmp_path / folder / "kick" / f"of {folder}.wav", noise(1))
        write_audio(tmp_path / folder / f"snare {folder}.wav", noise(2 + len(folder)))
    training, validation = (read_samples(tmp_path / folder).samples for folder in ("training", "validation"))
    with pytest.raises(
        DrumscribeError, match=r"of validation\.wav: the same sound is in training, as .*of training\.wav"
    ):
        check_apart(training, validation)
    check_apart(training, validation[1:])


def test_a_manifest_says_what_names_do_not(tmp_path: Path) -> None:
    write_all(tmp_path, *(f"{i}.wav" for i in range(6)))
    shared = {"kit": "k"}
    write_manifest(
        tmp_path,
        {
            "file": "0.wav",
            "instrument": "hh_closed",
            "articulation": "closed",
            "split": "train",
            "family": "a",
            **shared,
        },
        {"file": "1.wav", "instrument": "snare", "articulation": "rimshot", "split": "train", "family": "a", **shared},
        {"file": "2.wav", "instrument": "ride", "articulation": "bell", "split": "validation", "family": "b", **shared},
        {"file": "3.wav", "instrument": "kick", "split": "validation", **shared},
        {"file": "4.wav", "instrument": "crash", "articulation": "bell", "split": "train", **shared},
        {"file": "5.wav", "instrument": "tom", "articulation": "tom_high", "split": "train", **shared},
        {"file": "none.wav", "instrument": "kick", "split": "train", **shared},
    )
    found = read_samples(tmp_path, "train")
    assert [s.articulation for s in found.samples] == ["hihat_closed", "rimshot", "tom_high"]
    assert [s.family for s in found.samples] == ["a", "a", "k"]
    assert "no label would be right" in reasons(found.ambiguous)["4.wav"]
    assert "cannot be read" in reasons(found.problems)["none.wav"]
    assert [s.articulation for s in read_samples(tmp_path, "validation").samples] == ["ride_bell", "kick"]


def test_a_manifest_tells_the_attack(tmp_path: Path) -> None:
    write_all(tmp_path, "0.wav", "1.wav")
    rows = [{"file": f"{i}.wav", "label": name, "onset_s": "0.012"} for i, name in enumerate(("Kick", "SD"))]
    write_manifest(tmp_path, *rows)
    assert [s.sound.onset for s in read_samples(tmp_path).samples] == [round(0.012 * RATE)] * 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"path": "0.wav", "label": "kick"}, "needs the columns file and instrument"),
        ({"file": "0.wav", "label": "kick", "onset_s": "early"}, "line 2: onset_s is 'early'"),
    ],
)
def test_a_wrong_manifest_is_one_line(tmp_path: Path, row: dict, words: str) -> None:
    write_manifest(tmp_path, row)
    with pytest.raises(DrumscribeError, match=words) as caught:
        read_samples(tmp_path)
    assert "manifest.csv" in str(caught.value)


def test_what_leaves_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrumscribeError, match="no such folder"):
        read_samples(tmp_path / "none")
    with pytest.raises(DrumscribeError, match="no sound in it"):
        read_samples(tmp_path)
    write_all(tmp_path, "kick 1.wav", "kick 2.wav")
    with pytest.raises(DrumscribeError, match=r"one class alone \(kick\)"):
        read_samples(tmp_path).check()
    with pytest.raises(DrumscribeError, match=r"no samples of snare, tom$"):
        read_samples(tmp_path, labels=("kick", "snare", "tom"))
    write_audio(tmp_path / "snare.wav", noise(5))
    (tmp_path / "Toms").mkdir()
    with pytest.raises(DrumscribeError, match="Toms: an empty class: no sound in it"):
        read_samples(tmp_path).check()
    assert set(read_samples(tmp_path, labels=("kick", "snare")).by_instrument()) == {"kick", "snare"}


@pytest.fixture
def kits(tmp_path: Path) -> Path:
    """Six kits; the first has ten times as many snares as the others."""
    names = [f"kit {k}/{drum} {i}.wav" for k in range(6) for drum in ("kick", "snare") for i in range(2)]
    write_all(tmp_path, *names, *(f"kit 0/snare {i}.wav" for i in range(2, 20)))
    return tmp_path


def test_whole_families_are_held_out(kits: Path) -> None:
    samples = read_samples(kits).samples
    for seed in range(5):
        training, held = hold_out(samples, 0.3, seed)
        check_apart(training, held)
        assert set(training) | set(held) == set(samples)
        for name in ("kick", "snare"):
            count = sum(s.instrument == name for s in samples)
            assert 0 < sum(s.instrument == name for s in held) <= 0.5 * count
    assert hold_out(samples, 0.3, 1) == hold_out(samples, 0.3, 1)
    assert len({hold_out(samples, 0.3, seed)[1] for seed in range(5)}) > 1


def test_one_family_cannot_be_held_out(tmp_path: Path) -> None:
    write_all(tmp_path, "a/kick.wav", "a/snare.wav", "b/kick.wav", "c/kick.wav")
    with pytest.raises(DrumscribeError, match="snare: no family of its samples can be held out"):
        hold_out(read_samples(tmp_path).samples, 0.3, 1)


def test_a_choice_is_balanced_over_classes_and_families(kits: Path) -> None:
    samples = read_samples(kits).samples
    chosen = choose(samples, 6, 1)
    for name in ("kick", "snare"):
        assert {s.family for s in chosen if s.instrument == name} == {f"kit {k}" for k in range(6)}
    assert len(chosen) == 12
    assert set(choose(samples, 3, 1)) < set(chosen), "a smaller choice is part of a larger one"
    assert choose(samples, 6, 1) == chosen != choose(samples, 6, 2)
    assert len(choose(samples, 1000, 1)) == len(samples)


def test_stretching_keeps_pitch_and_shifting_keeps_length() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)

    def pitch(sound: np.ndarray) -> float:
        middle = sound[len(sound) // 4 : -len(sound) // 4]
        return float(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 4 * RATE))) / 4)

    stretched, shifted = stretch_time(tone, 0.8), shift_pitch(tone, RATE, 3.0)
    assert (len(stretched), len(shifted)) == (pytest.approx(RATE / 0.8, abs=2), RATE)
    assert pitch(stretched) == pytest.approx(440, rel=0.01)
    assert pitch(shifted) == pytest.approx(440 * 2 ** (3 / 12), rel=0.01)


def test_stretched_strokes_keep_their_attack() -> None:
    from drumscribe.synthesis.one_shots import OneShot

    shot = OneShot(np.concatenate([np.zeros(2000, np.float32), noise(1, 0.5)]), 2000)
    for seed in range(12):
        varied = stretch_shot(shot, RATE, np.random.default_rng(seed), StretchSettings())
        start = varied.onset - 0.01 * RATE
        assert rms(varied.samples[: int(start)]) < 0.02
        loud = int(np.argmax(np.abs(varied.samples) > 0.3 * np.abs(varied.samples).max()))
        assert abs(loud - varied.onset) < 0.008 * RATE


def run(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_the_data_command_counts_and_lists_and_by_itself_tells_where_more_is(tmp_path: Path) -> None:
    write_all(tmp_path, "a/kick 1.wav", "b/kick 2.wav", "a/snare.wav", "hit.wav")
    code, output = run("data", "--samples", tmp_path)
    assert code == 0
    for words in ("kick", "snare", "hit: a stroke of anything", "hit.wav"):
        assert words in output
    assert "https://" not in output
    code, output = run("data")
    assert code == 0
    assert "Groove MIDI Dataset" in output
    assert "sonic-pi-samples" in output


def test_classes_may_be_articulations_or_names_of_ones_own(tmp_path: Path) -> None:
    names = ("kick", "hihat_open", "hihat", "foot_stomp")
    folders = ("Kick", "Open Hihat", "Closed Hihat", "Foot Stomp")
    write_all(tmp_path, *(f"a/{name}/1.wav" for name in folders), "b/foot_stomp 02.wav", "b/clap.wav")
    found = read_samples(tmp_path, labels=names)
    assert {s.path.relative_to(tmp_path).as_posix(): s.instrument for s in found.samples} == {
        "a/Kick/1.wav": "kick",
        "a/Open Hihat/1.wav": "hihat_open",
        "a/Closed Hihat/1.wav": "hihat",
        "a/Foot Stomp/1.wav": "foot_stomp",
        "b/foot_stomp 02.wav": "foot_stomp",
    }
    assert {s.family for s in found.samples if s.instrument == "foot_stomp"} == {"a", "b"}


def test_the_index_with_its_gaps_filled_in_is_a_manifest(tmp_path: Path) -> None:
    write_all(tmp_path, "a/kick.wav", "snare.wav", "toms/low.wav", "ohh.wav", "ride bell.wav", "clap.wav", "hit.wav")
    before = read_samples(tmp_path).samples
    index = tmp_path / "index.csv"
    assert run("data", "--samples", tmp_path, "--index", index)[0] == 0
    text = index.read_text(encoding="utf-8")
    assert "hit.wav,,,,,,hit: a stroke of anything" in text
    (tmp_path / "manifest.csv").write_text(text.replace("hit.wav,,,", "hit.wav,tom,tom_mid,"), encoding="utf-8")
    after = {s.path: s for s in read_samples(tmp_path).samples}
    assert after.pop(tmp_path / "hit.wav").articulation == "tom_mid"
    assert [(s.path, s.articulation, s.family, s.sha256) for s in after.values()] == [
        (s.path, s.articulation, s.family, s.sha256) for s in sorted(before, key=lambda s: s.path)
    ]


@pytest.mark.parametrize(
    ("names", "words"), [(("kick.wav",), "one class alone (kick)"), ((), "no sound in it"), (("x.wav",), "no sample")]
)
def test_data_that_cannot_be_learned_from_ends_in_an_error(tmp_path: Path, names, words: str) -> None:
    write_all(tmp_path, *names)
    code, output = run("data", "--samples", tmp_path)
    assert code == 1
    assert words in output.strip().splitlines()[-1]


def test_training_data_that_is_not_whole_is_told_in_full(tmp_path: Path) -> None:
    write_all(tmp_path / "oneshots", "kick.wav", "snare.wav")
    code, output = run("data", "--data", tmp_path)
    assert code == 1
    last = output.strip().splitlines()[-1]
    for missing in ("info.csv", "no recordings to accompany drums", "manifest.csv"):
        assert missing in last


def test_an_index_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    write_all(tmp_path, "kick.wav", "snare.wav")
    code, output = run("data", "--samples", tmp_path, "--index", tmp_path / "kick.wav" / "index.csv")
    assert code == 1
    assert "index.csv: cannot be written" in output.strip().splitlines()[-1]
