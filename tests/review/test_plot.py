"""Pictures show what was heard, page by page, and where matplotlib is missing that is said."""

import sys

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import write_audio
from fakes import FakeTranscriber

from drumscribe.cli import main
from drumscribe.errors import DrumscribeError
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.review.plotting import PlotError, Section, write_plot

TAKE = Transcription(
    (Hit(0.5, "kick", 100), Hit(1.0, "hihat_closed", 30)), 2.0, "", Rhythm(TempoMap.steady(120, 0.5), 1.0, True)
)


@pytest.fixture
def image():
    pytest.importorskip("matplotlib")
    from matplotlib import image

    return image.imread


def noise(tmp_path, seconds: float):
    samples = 0.1 * np.random.default_rng(0).standard_normal(int(8000 * seconds))
    return write_audio(tmp_path / "noise.wav", samples.astype(np.float32), 8000)


def of_colour(picture: np.ndarray, colour: str) -> np.ndarray:
    wanted = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.abs(picture[..., :3] - wanted).max(axis=-1) < 0.02


def has_colour(picture: np.ndarray, colour: str) -> bool:
    return bool(of_colour(picture, colour).any())


def test_a_picture_shows_hits_in_the_colours_of_their_instruments(tmp_path, take, image):
    assert write_plot(take, TAKE, tmp_path / "new" / "take.png") == [tmp_path / "new" / "take.png"]
    picture = image(tmp_path / "new" / "take.png")
    assert picture.shape[1] == 1200
    assert has_colour(picture, "#c0392b") and has_colour(picture, "#b7950b")
    write_plot(take, Transcription((), 2.0), tmp_path / "empty.png")
    assert not has_colour(image(tmp_path / "empty.png"), "#c0392b")


def test_beats_and_bars_are_drawn(tmp_path, take, image):
    write_plot(take, TAKE, tmp_path / "with.png")
    write_plot(take, Transcription(TAKE.hits, 2.0, "", Rhythm(None, 0.0, False)), tmp_path / "without.png")
    a, b = image(tmp_path / "with.png"), image(tmp_path / "without.png")
    assert a.shape == b.shape
    assert (np.abs(a - b).max(axis=-1) > 0.1).any(axis=0).sum() >= 4  # three beats, one of them a bar


def test_a_hit_at_the_very_beginning_is_drawn_whole(tmp_path, take, image):
    def width_at(time: float) -> int:
        write_plot(take, Transcription((Hit(time, "kick", 100),), 2.0), tmp_path / "hit.png")
        return int(of_colour(image(tmp_path / "hit.png"), "#c0392b").any(axis=0).sum())

    assert width_at(0.0) == pytest.approx(width_at(1.0), abs=1)


@pytest.mark.parametrize(
    ("rhythm", "said"), [(TAKE.rhythm, ": 120 BPM, 4/4"), (Rhythm(None, 0.5, False), ": free time"), (None, "")]
)
def test_the_title_is_the_name_with_tempo_and_meter(tmp_path, take, image, recwarn, rhythm, said):
    take = take.rename(tmp_path / "$a$ Größe ドラム.wav")
    write_plot(take, Transcription(TAKE.hits, 2.0, "", rhythm), tmp_path / "take.svg")
    comments = (tmp_path / "take.svg").read_text(encoding="utf-8")  # of what is drawn as paths
    assert f"<!-- {take.name}{said} -->" in comments
    assert not recwarn.list


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_text_is_drawn_all_the_same(tmp_path, take, image):
    take = take.rename(tmp_path / "caf\udce9.wav")
    assert write_plot(take, TAKE, tmp_path / "take.png")


@pytest.mark.parametrize(("seconds", "pages"), [(70.0, 3), (33.0, 2)])
def test_long_recordings_are_shared_out_evenly_over_pages(tmp_path, image, seconds, pages):
    written = write_plot(noise(tmp_path, seconds), TAKE, tmp_path / "song.png")
    assert [path.name for path in written] == [f"song-{i}.png" for i in range(1, pages + 1)]
    assert len({image(path).shape for path in written}) == 1


def test_a_recording_of_just_a_page_is_a_page(tmp_path, image):
    assert [p.name for p in write_plot(noise(tmp_path, 32.0), TAKE, tmp_path / "a.pdf")] == ["a.pdf"]
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_without_matplotlib_one_line_says_what_to_install(tmp_path, take, monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PlotError, match=r'pip install "drumscribe\[plot\]"'):
        write_plot(take, TAKE, tmp_path / "take.png")


def test_a_file_that_is_no_picture_is_named(tmp_path, take):
    with pytest.raises(DrumscribeError, match=r"take\.gif: must end in"):
        write_plot(take, TAKE, tmp_path / "take.gif")


def test_the_command_prints_the_pages(tmp_path, take, image, monkeypatch):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    result = CliRunner().invoke(main, ["plot", str(take), "--out", str(tmp_path / "take.png")])
    assert (result.exit_code, result.stdout.split()) == (0, [str(tmp_path / "take.png")])
    assert image(tmp_path / "take.png").shape[1] == 1200


def test_the_command_says_that_nothing_was_heard(tmp_path, take, image):
    from drumscribe.formats import export

    export.write(Transcription((), 2.0), tmp_path / "empty.json")
    words = ["plot", str(take), "-o", str(tmp_path / "a.png"), "-t", str(tmp_path / "empty.json")]
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stderr) == (0, "note: no drums were heard\n")


def test_a_recording_is_not_drawn_over(tmp_path, take):
    named = take.rename(tmp_path / "take.png")
    result = CliRunner().invoke(main, ["plot", str(named), "-o", str(named)])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "take.png: this is the recording itself" in result.stderr


def test_a_pdf_is_one_file_of_pages(tmp_path, image):
    assert write_plot(noise(tmp_path, 70.0), TAKE, tmp_path / "song.pdf") == [tmp_path / "song.pdf"]
    assert (tmp_path / "song.pdf").read_bytes().count(b"/Type /Page ") == 3


def test_a_section_is_drawn_larger(tmp_path, image):
    recording = noise(tmp_path, 70.0)
    section = Section.of(recording, 1.5, 3.5)
    write_plot(recording, TAKE, tmp_path / "part.png", section)
    assert Section.of(recording, 60.0, 90.0) == Section(60.0, 70.0)
    hits = Transcription((Hit(2.5, "kick", 100), Hit(5.0, "snare", 100)), 70.0)
    write_plot(recording, hits, tmp_path / "part.png", section)
    picture = image(tmp_path / "part.png")
    lanes = of_colour(picture, "#c0392b")
    drawn = np.flatnonzero(lanes.any(axis=0))
    assert 0.45 < drawn.mean() / picture.shape[1] < 0.6, "the middle of what is shown"
    assert not has_colour(picture, "#2471a3"), "what is outside is not"


def test_a_section_shows_the_sound_that_is_there(tmp_path, take, image):
    transcription = Transcription((), 2.0)
    write_plot(take, transcription, tmp_path / "whole.png", Section(0.0, 2.0))
    write_plot(take, transcription, tmp_path / "late.png", Section(1.0, 2.0))
    whole, late = (image(tmp_path / name)[..., 0] for name in ("whole.png", "late.png"))
    half = whole[:, whole.shape[1] // 2 :]
    assert abs(late.mean() - half.mean()) < 0.1
