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
