"""`drumscribe groove` prints and writes how far from the grid each drum plays."""

import pytest
from click.testing import CliRunner
from conftest import beat, write_audio

from drumscribe.cli import main
from drumscribe.formats.export import write
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription


@pytest.fixture
def run(tmp_path):
    """Run on four bars whose snare is 20 ms late."""
    hits = tuple(Hit(0.5 * i + 0.02 * (i % 2), ("kick", "snare")[i % 2], 90) for i in range(16))
    write(Transcription(hits, 8.5, "", Rhythm(TempoMap.steady(120.0), 1.0, True)), tmp_path / "a.json")
    song = write_audio(tmp_path / "song.wav", beat(8.5))
    return lambda *args: CliRunner().invoke(
        main, ["groove", str(song), "-t", str(tmp_path / "a.json"), *map(str, args)]
    )


def test_the_table_says_who_is_late(run):
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "song.wav: 120 BPM, 4/4"
    rows = [line.split() for line in result.stdout.splitlines()[2:]]
    assert ["snare", "all", "8", "+20.0", "0.0"] in rows
    assert len(rows) == 2
    assert len(run("--places").stdout.splitlines()) == 2 + 6


def test_a_table_and_a_picture_are_written(run, tmp_path):
    pytest.importorskip("matplotlib")
    assert run("-o", tmp_path / "a.csv", "-o", tmp_path / "a.png").exit_code == 0
    assert (tmp_path / "a.csv").read_text().startswith("drum,position,")
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("args", "message"),
    [(("-o", "a.doc"), "must end in .csv or .png"), (("--steps", "1/5"), "is not a grid")],
)
def test_a_mistake_is_named_in_one_line(run, args, message):
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["groove", "plot", "score", "listen"])
@pytest.mark.parametrize("given", ["-t", "--beats"])
def test_what_is_read_is_not_overwritten(tmp_path, command, given):
    out = tmp_path / f"a.{ {'groove': 'csv', 'plot': 'png', 'score': 'musicxml', 'listen': 'wav'}[command] }"
    song = write_audio(tmp_path / "song.wav", beat(2.0))
    out.write_text("".join(f"{0.5 * beat} {1 + beat % 4}\n" for beat in range(8)))
    result = CliRunner().invoke(main, [command, str(song), given, str(out), "-o", str(out), "--overwrite"])
    assert result.exit_code == 2
    assert result.stderr.endswith(f"{out.name}: this file is an input: give the output another name\n")
    assert out.read_text().startswith("0.0 1")


def test_no_numbered_name_is_that_of_the_transcription(run, tmp_path):
    (tmp_path / "b.csv").write_text("mine")
    song, source = tmp_path / "song.wav", tmp_path / "b (1).csv"
    assert CliRunner().invoke(main, ["convert", str(tmp_path / "a.json"), "-o", str(source)]).exit_code == 0
    before = source.read_text()
    words = ["-t", str(source), "--tempo", "120", "-o", str(tmp_path / "b.csv")]
    result = CliRunner().invoke(main, ["groove", str(song), *words])
    assert result.exit_code == 0, result.output
    assert source.read_text() == before and (tmp_path / "b (2).csv").read_text().startswith("drum,position,")
    words = ["convert", str(source), "--quantize", "1/16", "-o", str(tmp_path / "b.csv")]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert source.read_text() == before
