"""What is to be heard is heard when it should be."""

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from conftest import RATE, beat, write_audio
from fakes import FakeTranscriber

from drumscribe.cli import main
from drumscribe.errors import AudioError, DrumscribeError
from drumscribe.formats import export
from drumscribe.music.drums import ARTICULATIONS
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.review.sonification import render_hits, write_check
from drumscribe.synthesis.synthetic_drums import make_clicks, make_drums

HITS = tuple(Hit(0.1 + 0.13 * i, a.name, 40 + 6 * i) for i, a in enumerate(ARTICULATIONS))
TAKE = Transcription(HITS, 2.0)


def silence(tmp_path, seconds: float = 2.0):
    return write_audio(tmp_path / "silence.wav", np.zeros(int(seconds * RATE), np.float32))


@pytest.mark.parametrize("make", [make_clicks, make_drums])
def test_every_articulation_has_a_sound_that_ends(make):
    for articulation in ARTICULATIONS:
        sound = make(RATE)[articulation.name]
        assert np.abs(sound).max() == pytest.approx(1.0)
        assert np.argmax(np.abs(sound) > 0.05) < 0.005 * RATE
        assert np.abs(sound[-20:]).max() < 0.05
        assert len(sound) < 2 * RATE


@pytest.mark.parametrize("sound", ["clicks", "drums"])
def test_a_hit_sounds_at_its_time_and_the_louder_the_louder(tmp_path, sound):
    hits = (Hit(0.5, "side_stick", 50), Hit(1.5, "side_stick", 120))
    write_check(silence(tmp_path), Transcription(hits, 2.0), tmp_path / "check.wav", sound)
    samples, rate = soundfile.read(tmp_path / "check.wav")
    assert (rate, samples.shape) == (RATE, (2 * RATE,))
    heard = np.flatnonzero(np.abs(samples) > 0.01)
    assert heard[0] == pytest.approx(0.5 * RATE, abs=0.003 * RATE)
    assert np.abs(samples[: int(1.4 * RATE)]).max() < 0.5 * np.abs(samples[int(1.4 * RATE) :]).max()
    second = heard[heard > RATE][0]
    assert second == pytest.approx(1.5 * RATE, abs=0.003 * RATE)


def test_split_has_the_recording_left_and_the_transcription_right(tmp_path, take):
    write_check(take, Transcription((Hit(1.0, "kick", 100),), 2.0), tmp_path / "check.flac", "drums", split=True)
    samples, _ = soundfile.read(tmp_path / "check.flac")
    np.testing.assert_allclose(samples[:, 0], np.clip(beat(), -1, 1), atol=1e-3)
    assert np.abs(samples[:RATE, 1]).max() == 0
    assert np.abs(samples[RATE:, 1]).max() > 0.3


def test_on_top_of_the_recording_both_are_heard(tmp_path, take):
    write_check(take, Transcription((), 2.0), tmp_path / "without.wav")
    write_check(take, TAKE, tmp_path / "with.wav")
    without, both = (soundfile.read(tmp_path / name)[0] for name in ("without.wav", "with.wav"))
    np.testing.assert_allclose(without, 0.6 * np.clip(beat(), -1, 1), atol=1e-3)
    assert np.abs(both - without).max() > 0.1
    assert np.abs(both).max() <= 1


@pytest.mark.parametrize("length", [100, 4096, 50_000])
def test_any_block_size_sounds_the_same(length):
    sounds = make_drums(RATE)
    whole = next(render_hits(HITS, sounds, [2 * RATE], RATE))
    lengths = [length] * (2 * RATE // length) + [2 * RATE % length]
    np.testing.assert_allclose(np.concatenate(list(render_hits(HITS, sounds, lengths, RATE))), whole, atol=1e-6)


def test_other_rates_and_formats_are_heard(tmp_path):
    recording = write_audio(tmp_path / "a.ogg", np.stack([beat(rate=22050)] * 2, axis=1), 22050)
    write_check(recording, TAKE, tmp_path / "new" / "check.wav")
    assert soundfile.info(tmp_path / "new" / "check.wav").duration == pytest.approx(2.0, abs=0.001)


def test_what_cannot_be_read_leaves_nothing_behind(tmp_path):
    (tmp_path / "no.wav").write_text("no")
    with pytest.raises(AudioError, match=r"no\.wav"):
        write_check(tmp_path / "no.wav", TAKE, tmp_path / "out" / "check.wav")
    assert not list((tmp_path / "out").iterdir())


def test_a_file_that_is_no_sound_is_named(tmp_path, take):
    with pytest.raises(DrumscribeError, match=r"check\.mp3: must end in \.wav or \.flac"):
        write_check(take, TAKE, tmp_path / "check.mp3")


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def test_the_command_writes_what_is_heard(run, tmp_path, take):
    result = run("listen", take, "--out", tmp_path / "check.wav", "--sound", "drums", "--split")
    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / "check.wav"))
    assert soundfile.info(tmp_path / "check.wav").channels == 2


@pytest.mark.parametrize("ending", ["mid", "json"])
def test_the_command_takes_a_transcription_that_exists(run, tmp_path, ending):
    export.write(Transcription((Hit(1.0, "side_stick", 127),), 2.0), tmp_path / f"take.{ending}")
    given = ("--transcription", tmp_path / f"take.{ending}")
    assert run("listen", silence(tmp_path), "-o", tmp_path / "check.wav", *given).exit_code == 0
    samples, _ = soundfile.read(tmp_path / "check.wav")
    assert np.flatnonzero(np.abs(samples) > 0.01)[0] == pytest.approx(RATE, abs=200)


def test_the_command_says_in_a_line_what_is_wrong(run, tmp_path, take):
    for given in (["-t", take], ["-t", tmp_path / "none.mid"], ["-t", tmp_path / "none.json"]):
        result = run("listen", take, "-o", tmp_path / "check.wav", *given)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert "Traceback" not in result.stderr


def test_the_recording_is_not_written_over(run, tmp_path, take):
    before = take.read_bytes()
    (tmp_path / "below").mkdir()
    result = run("listen", take, "-o", tmp_path / "below" / ".." / "take.wav")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "take.wav: this is the recording itself" in result.stderr
    assert take.read_bytes() == before
    with pytest.raises(DrumscribeError, match="is the recording itself"):
        write_check(take, TAKE, take)


def test_another_ending_is_refused_before_anything_is_heard(run, tmp_path):
    result = run("listen", tmp_path / "none.wav", "-o", tmp_path / "check.mp3")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "check.mp3: must end in .wav or .flac" in result.stderr


def test_the_command_says_that_nothing_was_heard(run, tmp_path):
    export.write(Transcription((), 2.0), tmp_path / "empty.json")
    result = run("listen", silence(tmp_path), "-o", tmp_path / "check.wav", "-t", tmp_path / "empty.json")
    assert (result.exit_code, result.stderr) == (0, "note: no drums were heard\n")
