"""Patterns are shown as they were played."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from fakes import FakeTranscriber

from drumscribe.cli import main
from drumscribe.errors import RhythmError
from drumscribe.formats import export
from drumscribe.music.tempo_map import Meter, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid
from drumscribe.review.step_grid import format_step_grid, make_step_grid

EITHER = Grid.parse("1/16+1/8t")


def take(*notes: tuple[float, str, int], meter: Meter | None = None) -> Transcription:
    """Notes at quarters, from one second on at 120."""
    hits = sorted((Hit(1 + at / 2, name, velocity) for at, name, velocity in notes), key=lambda h: h.time)
    return Transcription(tuple(hits), 30.0, "", Rhythm(TempoMap.steady(120, 1.0, meter), 1.0, True))


ROCK = [(b * 4 + i / 2, "hihat_closed", 100 if i % 2 == 0 else 70) for b in range(2) for i in range(8)] + [
    (0, "kick", 110), (2, "kick", 90), (2.75, "kick", 80), (1, "snare", 115), (3, "snare", 115), (3.75, "snare", 20),
    (4, "kick", 110), (6, "kick", 90), (4.94, "snare", 40), (5, "snare", 115), (7, "snare", 115), (4, "crash", 120),
]  # fmt: skip


def test_a_pattern_reads_like_a_step_sequencer():
    assert format_step_grid(make_step_grid(take(*ROCK), EITHER, 4), 120) == [
        "             |bar 1                           |bar 2                           |",
        "             |1       2       3       4       |1       2       3       4       |",
        "crash        |. . . . . . . . . . . . . . . . |X . . . . . . . . . . . . . . . |",
        "hihat closed |X . x . X . x . X . x . X . x . |X . x . X . x . X . x . X . x . |",
        "snare        |. . . . X . . . . . . . X . . o |. . . . f . . . . . . . X . . . |",
        "kick         |X . . . . . . . x . . x . . . . |X . . . . . . . x . . . . . . . |",
    ]


def test_narrow_terminals_get_bars_below_each_other():
    lines = format_step_grid(make_step_grid(take(*ROCK), EITHER, 4), 60)
    assert len(lines) == 13
    assert [line.count("|") for line in lines if line] == [2] * 12
    assert "bar 2" in lines[7]


def test_as_many_bars_as_wanted():
    assert len(make_step_grid(take(*ROCK), EITHER, 1)) == 1


def test_triplets_and_other_meters_have_their_own_steps():
    shuffle = [(b * 4 + i / 3, "ride", 90) for b in range(4) for i in range(12)]
    bar = make_step_grid(take(*shuffle), EITHER, 1)[0]
    assert (bar.steps, bar.beats, bar.lanes) == (12, (0, 3, 6, 9), (("ride", "x" * 12),))
    seven = [(b * 3.5 + i / 2, "hihat_closed", 90) for b in range(4) for i in range(7)]
    bar = make_step_grid(take(*seven, meter=Meter(7, 8)), Grid.parse("1/8"), 1)[0]
    assert (bar.steps, bar.beats) == (7, (0, 1, 2, 3, 4, 5, 6))
    six = [(b * 3 + i / 2, "ride", 90) for b in range(4) for i in range(6)]
    bar = make_step_grid(take(*six, meter=Meter(6, 8)), Grid.parse("1/16"), 1)[0]
    assert (bar.steps, bar.beats) == (12, (0, 6))


def test_an_upbeat_is_in_the_bar_that_it_belongs_to():
    first, second = make_step_grid(take((-1, "snare", 90), (-0.5, "snare", 90), (0, "kick", 90)), Grid.parse("1/8"), 2)
    assert (first.lanes, second.lanes) == ((("snare", "......xx"),), (("kick", "x......."),))


def test_a_roll_is_told():
    roll = [(4 + i * 0.09, "snare", 80) for i in range(11)]
    lanes = dict(make_step_grid(take(*ROCK[:8], *roll), Grid.parse("1/16"), 2)[1].lanes)
    assert lanes["snare"].startswith("rrrr") or lanes["snare"].startswith("xrrr")


def test_no_hits_and_free_time_are_told():
    with pytest.raises(RhythmError, match="no hits were detected"):
        make_step_grid(take(), EITHER, 4)
    with pytest.raises(RhythmError, match="free time"):
        make_step_grid(replace(take(*ROCK), rhythm=Rhythm(None, 0.0, False)), EITHER, 4)
    assert len(make_step_grid(take((2, "kick", 90)), EITHER, 4)) == 1


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    export.write(take(*ROCK), tmp_path / "rock.json")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("ending", ["json", "mid"])
def test_the_command_prints_the_pattern_of_a_file(run, tmp_path, ending):
    export.write(take(*ROCK), tmp_path / f"rock.{ending}")
    result = run("grid", "rock.wav", "--transcription", tmp_path / f"rock.{ending}", "--steps", "1/16")
    assert result.exit_code == 0
    assert result.output.startswith("rock.wav: 120 BPM, 4/4\n")
    assert "X . . . . . . . x . . x . . . . |" in result.output
    assert result.output.isascii()


def test_the_command_says_in_a_line_what_is_wrong(run, tmp_path, take):
    export.write(Transcription((), 2.0), tmp_path / "empty.json")
    for words, message, code in (
        (("--steps", "1/5", "-t", tmp_path / "rock.json"), "is not a grid", 2),
        (("--tempo-range", "fast", "-t", tmp_path / "rock.json"), "write it like 70-140", 2),
        (("--model", "missing", "--steps", "1/16"), "missing: no such model file", 2),
        (("-t", tmp_path / "empty.json"), "no hits were detected", 1),
    ):
        result = run("grid", take, *words)
        assert result.exit_code == code
        assert message in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.fixture
def long(tmp_path):
    """Rock at 120 quarters per minute, long enough to be counted."""
    hits = [(4 * bar + quarter, name, velocity) for bar in range(8) for quarter, name, velocity in ROCK if quarter < 4]
    export.write(take(*hits), tmp_path / "long.json")
    return tmp_path / "long.json"


def test_the_command_says_that_no_tempo_fits(run, long):
    result = run("grid", "rock.wav", "-t", long, "--tempo-range", "118-119")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: no tempo from 118 to 119 BPM fits the playing: there are no bars to show")
    assert len(result.stderr.splitlines()) == 1


def test_the_command_says_that_another_tempo_was_heard(run, long):
    result = run("grid", "rock.wav", "-t", long, "--tempo", "105")
    assert result.exit_code == 0
    assert result.stderr == "note: asked for 105 BPM, detected 120 BPM, 4/4\n"
