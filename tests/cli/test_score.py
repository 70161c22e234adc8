"""`drumscribe score` writes what a drummer reads, from a recording or from a corrected transcription."""

import errno
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from fakes import FakeTranscriber

from drumscribe.cli import main
from drumscribe.formats.export import write
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription


def run(*args):
    return CliRunner().invoke(main, ["score", *map(str, args)])


@pytest.fixture
def song(tmp_path):
    return write_audio(tmp_path / "My song.wav", beat(8.5))


@pytest.fixture
def corrected(tmp_path):
    """Four bars of kick and snare."""
    hits = tuple(Hit(0.5 * i + 0.02, ("kick", "snare")[i % 2], 90) for i in range(16))
    path = tmp_path / "corrected.json"
    write(Transcription(hits, 8.5, "", Rhythm(TempoMap.steady(120.0), 1.0, True)), path)
    return path


def test_a_recording_without_bars_is_not_written_down(song, tmp_path, monkeypatch):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)  # which finds no rhythm
    result = run(song, "--out", tmp_path / "a.musicxml")
    assert result.exit_code == 1
    assert "played in free time, without bars to write down: give the tempo or the beats" in result.stderr
    assert not (tmp_path / "a.musicxml").exists()


def test_a_transcription_needs_no_recording(song, corrected, tmp_path):
    for command, output in (("score", ("--out", "x.musicxml")), ("groove", ()), ("grid", ())):
        out = [tmp_path / word if word.startswith("x") else word for word in output]
        alone = CliRunner().invoke(main, [command, str(corrected), *map(str, out)])
        assert alone.exit_code == 0, alone.output
        if not out:
            both = CliRunner().invoke(main, [command, str(song), "-t", str(corrected)])
            assert alone.stdout.splitlines()[1:] == both.stdout.splitlines()[1:]
    score = ElementTree.parse(tmp_path / "x.musicxml")
    assert len(score.findall(".//note/unpitched")) == 16


def test_a_corrected_transcription_becomes_a_score(song, corrected, tmp_path):
    result = run(song, "--transcription", corrected, "--out", tmp_path / "a.musicxml")
    assert result.exit_code == 0, result.output
    root = ElementTree.parse(tmp_path / "a.musicxml").getroot()
    assert root.findtext("work/work-title") == "My song"
    assert len(list(root.iter("measure"))) == 4


def test_title_voices_and_repeats_can_be_chosen(song, corrected, tmp_path):
    options = ("--title", "Étude", "--voices", 1, "--repeats", "--steps", "1/8")
    assert run(song, "-t", corrected, "-o", tmp_path / "a.musicxml", *options).exit_code == 0
    root = ElementTree.parse(tmp_path / "a.musicxml").getroot()
    assert root.findtext("work/work-title") == "Étude"
    assert {note.findtext("voice") for note in root.iter("note")} == {"1"}
    assert root.find(".//measure-repeat") is not None


def test_a_picture_is_drawn(song, corrected, tmp_path):
    pytest.importorskip("verovio")
    pytest.importorskip("cairosvg")
    result = run(song, "-t", corrected, "-o", tmp_path / "a.pdf")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_musicxml_is_a_format_like_others(corrected, tmp_path):
    assert CliRunner().invoke(main, ["convert", str(corrected), "-o", str(tmp_path / "b.musicxml")]).exit_code == 0
    assert len(list(ElementTree.parse(tmp_path / "b.musicxml").getroot().iter("measure"))) == 4


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--out", "a.doc"), "must end in .musicxml or .svg"),
        (("--out", "a.musicxml", "--steps", "1/5"), "'1/5' is not a grid"),
    ],
)
def test_a_mistake_is_named_in_one_line(song, corrected, args, message):
    result = run(song, "-t", corrected, *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "name"), [("score", "a.musicxml"), ("listen", "a.wav"), ("groove", "a.csv"), ("plot", "a.svg")]
)
def test_what_was_edited_or_is_of_something_else_is_kept(song, corrected, tmp_path, command, name):
    if command == "plot":
        pytest.importorskip("matplotlib")

    def again(*args):
        result = CliRunner().invoke(
            main, [command, str(song), "-t", str(corrected), "-o", str(tmp_path / name), *map(str, args)]
        )
        assert result.exit_code == 0, result.output
        return result

    numbered = tmp_path / name.replace("a.", "a (1).")
    again()
    assert "kept" not in again().stderr
    assert not numbered.exists(), "its own file is replaced"
    (tmp_path / name).write_text("mine")
    assert "is kept: wrote a (1)" in again().stderr
    assert (tmp_path / name).read_text() == "mine"
    assert numbered.stat().st_size > 100
    again("--overwrite")
    assert (tmp_path / name).read_bytes() != b"mine"


@pytest.mark.parametrize("command", ["score", "plot"])
def test_each_page_that_was_edited_is_kept(tmp_path, command):
    pytest.importorskip({"score": "verovio", "plot": "matplotlib"}[command])
    seconds, song = 150.0, tmp_path / "a.wav"
    write_audio(song, beat(seconds, 8000), 8000)
    names = ("kick", "hihat_closed", "snare", "tom_low")
    hits = tuple(Hit(0.125 * i + 0.02, names[i % 4], 90) for i in range(1180))
    write(Transcription(hits, seconds, "", Rhythm(TempoMap.steady(120.0), 1.0, True)), tmp_path / "t.json")

    def again(*args):
        words = [command, str(song), "-t", str(tmp_path / "t.json"), "-o", str(tmp_path / "s.svg"), *args]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        return result

    again()
    pages = sorted(path.name for path in tmp_path.glob("*.svg"))
    assert len(pages) > 2
    (tmp_path / "s-9.svg").write_text("of another recording")
    assert again().stderr == "", "no page that is not written matters"
    (tmp_path / "s-2.svg").write_text("mine")
    assert "s-2.svg was edited" in again().stderr
    assert (tmp_path / "s-2.svg").read_text() == "mine"
    assert all((tmp_path / page.replace("s-", "s (1)-")).exists() for page in pages)
    again("--overwrite")
    assert (tmp_path / "s-2.svg").read_text() != "mine"


@pytest.mark.parametrize(
    ("command", "name"),
    [("score", "a.musicxml"), ("score", "a.svg"), ("listen", "a.wav"), ("groove", "a.csv"), ("plot", "a.svg")],
)
def test_a_full_disk_is_told_in_one_line(song, corrected, tmp_path, monkeypatch, command, name):
    pytest.importorskip("verovio" if name == "a.svg" else "drumscribe")

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("drumscribe.files._sync", full)
    words = [command, str(song), "-t", str(corrected), "-o", str(tmp_path / name)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert result.stderr == f"Error: {tmp_path / name}: cannot be written: No space left on device\n"
    assert not (tmp_path / name).exists()
